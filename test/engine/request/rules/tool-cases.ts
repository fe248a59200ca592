import { asking, calls, named, result, tool, user, type BodyRuleCase } from './body-rule-case';

const tools = [tool('f'), tool('g')];
const string = { type: 'string' };
const ANY = { type: ['string', 'number', 'boolean', 'object', 'array', 'null'] };

const withTools = (...list: unknown[]) => ({ role: 'system' as const, content: '', tools: list });
const loaded = (...list: unknown[]) => ({ role: 'system' as const, tools: list });
const dynamic = { modelId: 'kimi-k3', service: 'platform' as const };

/** A schema that cannot be made small enough: every property is another one. */
export function hugeSchema(properties: number) {
  return {
    type: 'object',
    properties: Object.fromEntries(
      Array.from({ length: properties }, (_, index) => [
        `p${index}`,
        { ...string, description: `${index} ${'x'.repeat(80)}` },
      ]),
    ),
  };
}

/** Rules of `tools` and `tool_choice`, in the order in which they are applied. */
export const TOOL_CASES: Record<string, BodyRuleCase[]> = {
  'dynamic-tools': [
    {
      title: 'in the message where the model can, and not in the list too',
      body: { messages: [user, withTools(tool('g'))], tools },
      call: dynamic,
      expected: { messages: [user, loaded(tool('g'))], tools: [tool('f')] },
    },
    {
      title: 'in the list where it cannot',
      body: { messages: [user, withTools(tool('g'), tool('h'))], tools },
      expected: { messages: [user], tools: [...tools, tool('h')] },
      warnings: [{ type: 'unsupported', feature: 'dynamic tools' }],
    },
  ],
  'tool-names': [
    {
      title: 'names that Kimi refuses, everywhere',
      body: {
        messages: [
          {
            ...asking(),
            tool_calls: [{ id: 'a', type: 'function', function: { name: '21st.magic', arguments: '{}' } }],
          },
          result('a'),
        ],
        tools: [tool('21st.magic'), tool('m_21st_magic'), tool('a b')],
        tool_choice: named('21st.magic'),
      },
      call: { modelId: 'kimi-k2-turbo-preview', service: 'platform' },
      expected: {
        messages: [
          {
            ...asking(),
            tool_calls: [{ id: 'a', type: 'function', function: { name: 'm_21st_magic_2', arguments: '{}' } }],
          },
          result('a'),
        ],
        tools: [tool('m_21st_magic_2'), tool('m_21st_magic'), tool('a_b')],
        tool_choice: named('m_21st_magic_2'),
      },
    },
    {
      title: 'two tools with one name',
      body: { tools: [tool('f'), tool('f', { type: 'object', properties: { x: string } }), tool('g')] },
      expected: { tools },
      warnings: [{ type: 'other' }],
    },
  ],
  'tool-schemas': [
    {
      title: 'a type that is missing',
      body: { tools: [tool('f', { type: 'object', properties: { x: {} } })] },
      expected: { tools: [tool('f', { type: 'object', properties: { x: ANY } })] },
    },
    {
      title: 'no schema',
      body: { tools: [{ type: 'function', function: { name: 'f' } }] },
      expected: {
        tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }],
      },
    },
    {
      title: 'tools that a message brings',
      body: { messages: [user, loaded(tool('g', { type: 'object', properties: { x: true } }))] },
      call: dynamic,
      expected: { messages: [user, loaded(tool('g', { type: 'object', properties: { x: ANY } }))] },
    },
    {
      title: 'one that stays too large, with a warning',
      body: { tools: [tool('f', hugeSchema(150))] },
      expected: { tools: [tool('f', hugeSchema(150))] },
      warnings: [{ type: 'compatibility', feature: 'schema of tool f' }],
    },
  ],
  'plain-tools': [
    {
      title: 'strict',
      body: { tools: [{ type: 'function', function: { ...tool('f').function, strict: true } }] },
      expected: { tools: [tool('f')] },
    },
    {
      title: 'a builtin function',
      body: { tools: [tool('$web_search', {}), tool('f')] },
      expected: { tools: [{ type: 'builtin_function', function: { name: '$web_search' } }, tool('f')] },
    },
    { title: 'an empty list and its choice', body: { tools: [], tool_choice: 'auto' }, expected: {} },
    {
      title: 'a model without tool use',
      body: { tools, tool_choice: 'required' },
      call: { changes: { toolUse: false } },
      expected: {},
      warnings: [{ type: 'unsupported', feature: 'tools' }],
    },
  ],
  'tool-choice': [
    {
      title: 'required, thinking by default, a model that can stop',
      body: { tools, tool_choice: 'required' },
      expected: { tools, tool_choice: 'required', thinking: { type: 'disabled' } },
      warnings: [{ type: 'compatibility', feature: 'toolChoice' }],
    },
    {
      title: 'named, thinking on, a model that can stop',
      body: { tools, tool_choice: named('g'), thinking: { type: 'enabled' }, reasoning_effort: 'high' },
      expected: { tools, tool_choice: named('g'), thinking: { type: 'disabled' } },
      warnings: [{ type: 'compatibility', feature: 'toolChoice' }],
    },
    {
      title: 'required on a model that can stop and has efforts',
      body: { tools, tool_choice: 'required' },
      call: { changes: { efforts: ['low', 'high', 'max'] } },
      expected: { tools, tool_choice: 'required', thinking: { type: 'disabled' } },
      warnings: [{ type: 'compatibility', feature: 'toolChoice' }],
    },
    {
      title: 'named on K3, which takes required',
      body: { tools, tool_choice: named('g') },
      call: { modelId: 'k3' },
      expected: { tools: [tool('g')], tool_choice: 'required' },
      warnings: [{ type: 'compatibility', feature: 'toolChoice' }],
    },
    {
      title: 'required on an always-thinking model without a list',
      body: { tools, tool_choice: 'required' },
      call: { modelId: 'kimi-k2.7-code', service: 'platform' },
      expected: { tools, tool_choice: 'auto' },
      warnings: [{ type: 'compatibility', feature: 'toolChoice' }],
    },
    {
      title: 'named on an always-thinking model without a list',
      body: { tools, tool_choice: named('g') },
      call: { modelId: 'kimi-k2.7-code', service: 'platform' },
      expected: { tools: [tool('g')], tool_choice: 'auto' },
      warnings: [{ type: 'compatibility', feature: 'toolChoice' }],
    },
  ],
  'tool-limit': [
    {
      title: 'the forced one and one that was called stay, the last others go',
      body: {
        messages: [{ ...asking(), tool_calls: calls('a') }, result('a')],
        tools: [...many(128), tool('f'), tool('g')],
        tool_choice: named('g'),
        thinking: { type: 'disabled' },
      },
      expected: {
        messages: [{ ...asking(), tool_calls: calls('a') }, result('a')],
        tools: [...many(126), tool('f'), tool('g')],
        tool_choice: named('g'),
        thinking: { type: 'disabled' },
      },
      warnings: [
        { type: 'unsupported', feature: 'tools', details: 'Kimi takes at most 128 tools; not sent: t126, t127.' },
      ],
    },
    {
      title: 'tools of a message count',
      body: { messages: [user, loaded(tool('late'))], tools: many(128) },
      call: { changes: { dynamicTools: true } },
      expected: { messages: [user, loaded()], tools: many(128) },
      warnings: [{ type: 'unsupported', feature: 'tools', details: 'Kimi takes at most 128 tools; not sent: late.' }],
    },
  ],
};

function many(count: number) {
  return Array.from({ length: count }, (_, index) => tool(`t${index}`));
}
