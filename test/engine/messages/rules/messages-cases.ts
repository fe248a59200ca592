import { ORIGIN } from '../../../../src/engine/request/body';
import { asking, named, result, tool, user, type BodyRuleCase } from '../../request/rules/body-rule-case';

const PNG = 'iVBORw0KGgo=';
const image = (url: string) => ({ type: 'image_url', image_url: { url } });
const assistant = (...content: unknown[]) => ({ role: 'assistant', content });
const text = (value: string) => ({ type: 'text', text: value });
const thinking = (value: string, signature?: string) => ({
  type: 'thinking',
  thinking: value,
  ...(signature === undefined ? {} : { signature }),
});
const toolUse = (id: string, input: unknown = {}) => ({ type: 'tool_use', id, name: 'f', input });
const call = (id: string, input: string) => ({
  id,
  type: 'function' as const,
  function: { name: 'f', arguments: input },
});
const form = (name: string) => ({ name, description: 'd', input_schema: { type: 'object', properties: {} } });
const cached = { cache_control: { type: 'ephemeral' } };

/** What makes of a request in the words of chat one of the Anthropic wire, in the order in which it is applied. */
export const MESSAGES_CASES: Record<string, BodyRuleCase[]> = {
  'thinking-fields': [
    {
      title: 'an effort is no field of thinking',
      body: { thinking: { type: 'enabled', effort: 'high' } },
      expected: { thinking: { type: 'enabled' }, output_config: { effort: 'high' } },
    },
    {
      title: 'nor is what is kept',
      body: { thinking: { type: 'enabled', keep: 'all' } },
      expected: {
        thinking: { type: 'enabled' },
        context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
      },
    },
    {
      title: 'the level of a model without a list',
      body: { thinking: { type: 'enabled' }, reasoning_effort: 'low' },
      expected: { thinking: { type: 'enabled' }, output_config: { effort: 'low' } },
    },
  ],
  'tool-form': [
    {
      title: 'name, description and schema',
      body: { tools: [tool('f')] },
      expected: { tools: [form('f')] },
    },
    {
      title: "none of Kimi's own functions",
      body: { tools: [{ type: 'builtin_function', function: { name: '$web_search' } }], tool_choice: 'auto' },
      expected: {},
      warnings: [{ type: 'unsupported', feature: 'tools' }],
    },
  ],
  'tool-choice-form': [
    {
      title: 'required is any',
      body: { tool_choice: 'required' },
      expected: { tool_choice: { type: 'any' } },
    },
    {
      title: 'a named tool',
      body: { tool_choice: named('f') },
      expected: { tool_choice: { type: 'tool', name: 'f' } },
    },
  ],
  'media-blocks': [
    {
      title: 'bytes and references, of images and videos',
      body: {
        messages: [
          {
            role: 'user',
            content: [
              image(`data:image/png;base64,${PNG}`),
              image('ms://a'),
              { type: 'video_url', video_url: { url: 'ms://b' } },
            ],
          },
        ],
      },
      expected: {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
              { type: 'image', source: { type: 'url', url: 'ms://a' } },
              { type: 'video', source: { type: 'url', url: 'ms://b' } },
            ],
          },
        ],
      },
    },
  ],
  'system-prompt': [
    {
      title: 'at the beginning, and in mid-conversation',
      body: {
        messages: [
          { role: 'system', content: 'Be brief.' },
          user,
          { role: 'assistant', content: [text('hi')] },
          { role: 'system', content: 'Now be long.' },
        ],
      },
      expected: {
        system: [text('Be brief.')],
        messages: [user, assistant(text('hi')), { role: 'user', content: [text('<system>Now be long.</system>')] }],
      },
    },
    {
      title: 'the last one of a prompt that has nothing else is the user',
      body: {
        messages: [
          { role: 'system', content: 'a' },
          { role: 'system', content: 'b' },
        ],
      },
      expected: { system: [text('a')], messages: [{ role: 'user', content: [text('b')] }] },
    },
  ],
  'assistant-blocks': [
    {
      title: 'in the order in which it was said, signatures as they came',
      body: {
        messages: [
          {
            role: 'assistant',
            content: 'ab',
            reasoning_content: 'onetwo',
            tool_calls: [call('c1', '{"x":1}'), call('c2', '{}')],
            [ORIGIN]: {
              blocks: [
                thinking('one', 'sig+/='),
                text('a'),
                { type: 'tool-call' },
                thinking('two'),
                { type: 'redacted_thinking', data: 'xyz' },
                text('b'),
                text(' '),
                { type: 'tool-call' },
              ],
            },
          } as never,
        ],
      },
      expected: {
        messages: [
          {
            ...assistant(
              thinking('one', 'sig+/='),
              text('a'),
              toolUse('c1', { x: 1 }),
              thinking('two'),
              { type: 'redacted_thinking', data: 'xyz' },
              text('b'),
              toolUse('c2'),
            ),
          },
        ],
      },
    },
    {
      title: 'thinking that was padded, or moved to the message',
      body: { messages: [{ ...asking('a'), reasoning_content: ' ' }] },
      expected: { messages: [assistant(thinking(' '), toolUse('a'))] },
    },
    {
      title: 'arguments that are no object',
      body: { messages: [{ ...asking(), tool_calls: [call('a', '{"x":'), call('b', '[1]')] }] },
      expected: {
        messages: [assistant(thinking('r'), toolUse('a', { input: '{"x":' }), toolUse('b', { input: [1] }))],
      },
    },
  ],
  'tool-results': [
    {
      title: 'text, and an error',
      body: { messages: [{ ...result('a', 'no'), [ORIGIN]: { isError: true } }] },
      expected: {
        messages: [
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'no', is_error: true }] },
        ],
      },
    },
  ],
  'merged-turns': [
    {
      title: 'the user twice',
      body: { messages: [user, { role: 'user', content: [text('again')] }] },
      expected: { messages: [{ role: 'user', content: [text('hello'), text('again')] }] },
    },
  ],
  'max-tokens': [
    {
      title: 'what chat calls max_completion_tokens',
      body: { max_completion_tokens: 5 },
      expected: { max_tokens: 5 },
    },
    {
      title: 'at most the window, where there is none',
      body: {},
      call: { options: {}, changes: { contextLength: 4096 } },
      expected: { max_tokens: 4096 },
    },
    {
      title: 'cannot be left to the server',
      body: {},
      call: { options: { outputLimit: 'server-default' } },
      expected: { max_tokens: 128_000 },
      warnings: [{ type: 'compatibility', feature: 'outputLimit' }],
    },
  ],
  'output-format': [
    {
      title: 'a schema',
      body: {
        response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema: { type: 'object' } } },
      },
      expected: { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
    },
    {
      title: 'no schema is told',
      body: { response_format: { type: 'json_object' } },
      expected: { system: [text('You MUST answer with a JSON object and nothing else.')] },
    },
  ],
  'stop-sequences': [{ title: 'by their name here', body: { stop: ['x'] }, expected: { stop_sequences: ['x'] } }],
  'cache-affinity': [
    { title: 'by their name here', body: { prompt_cache_key: 's' }, expected: { metadata: { user_id: 's' } } },
  ],
  'known-fields': [
    {
      title: 'what this wire has no name for',
      body: { seed: 1, user: undefined, messages: [{ role: 'user', content: [text('hello')], name: 'Ann' }] },
      expected: { messages: [{ role: 'user', content: [text('hello')] }] },
      warnings: [
        { type: 'unsupported', feature: 'seed' },
        { type: 'unsupported', feature: 'messages.name' },
      ],
    },
  ],
  'cache-control': [
    {
      title: 'on system prompt, last tool and last block',
      body: {
        system: [text('a'), text('b')],
        tools: [{ name: 'f' }, { name: 'g' }] as never,
        messages: [user, { role: 'assistant', content: [text('x'), thinking('y')] }] as never,
      },
      expected: {
        system: [text('a'), { ...text('b'), ...cached }],
        tools: [{ name: 'f' }, { name: 'g', ...cached }],
        messages: [user, assistant({ ...text('x'), ...cached }, thinking('y'))],
      },
    },
    {
      title: 'on a text alone',
      body: { messages: [user] },
      expected: { messages: [{ role: 'user', content: [{ ...text('hello'), ...cached }] }] },
    },
  ],
};
