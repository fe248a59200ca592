import type { SharedV4Warning } from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';
import { BODY_RULES } from '../../src/engine/body-rules';
import type { KimiCall } from '../../src/engine/kimi-call';
import type { KimiChatRequestBody } from '../../src/engine/kimi-chat-request-body';
import { transformRequestBody } from '../../src/engine/transform-request-body';
import { knownModel } from '../../src/models/known-models';

type Case = {
  title: string;
  body: Partial<KimiChatRequestBody>;
  call?: Partial<KimiCall> & { modelId?: string };
  expected: Record<string, unknown>;
  warnings?: Array<Partial<SharedV4Warning>>;
};

const toolCalls = [{ id: 'a', type: 'function' as const, function: { name: 'f', arguments: '{}' } }];

/** At least one case per rule; the last test proves that each needs its rule and no other. */
const CASES: Record<string, Case[]> = {
  'model-slug': [
    { title: 'an alias', body: { model: 'kimi-for-coding' }, call: { modelId: 'k2p5' }, expected: { model: 'k2p5' } },
  ],
  thinking: [
    {
      title: 'an effort for a model without a list',
      body: {},
      call: { effort: { value: 'high', argument: 'x' } },
      expected: { thinking: { type: 'enabled' }, reasoning_effort: 'high' },
    },
    {
      title: 'keep "all" with the kimi-code identity, at the default effort',
      body: {},
      call: { modelId: 'k3', keepsReasoningByDefault: true },
      expected: { thinking: { type: 'enabled', effort: 'max', keep: 'all' } },
    },
    {
      title: 'no keep when thinking is off',
      body: {},
      call: { options: { reasoningHistory: 'preserved' }, effort: { value: 'off', argument: 'x' } },
      expected: { thinking: { type: 'disabled' } },
    },
    {
      title: 'no keep by option, though the identity keeps',
      body: {},
      call: { options: { reasoningHistory: 'interleaved' }, keepsReasoningByDefault: true, effort: { value: 'on', argument: 'x' } },
      expected: { thinking: { type: 'enabled' } },
    },
    {
      title: 'an unlisted level, with a warning',
      body: {},
      call: { modelId: 'k3', effort: { value: 'medium', argument: 'x' } },
      expected: { thinking: { type: 'enabled', effort: 'high' } },
      warnings: [{ type: 'compatibility', feature: 'reasoning' }],
    },
  ],
  'omit-content-beside-tool-calls': [null, '', ' \n'].map(content => ({
    title: `content ${JSON.stringify(content)}`,
    body: { messages: [{ role: 'assistant' as const, content, reasoning_content: 'r', tool_calls: toolCalls }] },
    expected: { messages: [{ role: 'assistant', reasoning_content: 'r', tool_calls: toolCalls }] },
  })),
  'replay-reasoning-content': [
    {
      title: 'a space for the coding endpoint without keep',
      body: { messages: [{ role: 'assistant', content: 'x', tool_calls: toolCalls }] },
      expected: { messages: [{ role: 'assistant', content: 'x', tool_calls: toolCalls, reasoning_content: ' ' }] },
    },
    {
      title: 'the empty string on every assistant message with keep "all"',
      body: { messages: [{ role: 'assistant', content: 'x' }] },
      call: { options: { reasoningHistory: 'preserved' }, effort: { value: 'on', argument: 'x' } },
      expected: { messages: [{ role: 'assistant', content: 'x', reasoning_content: '' }] },
    },
    {
      title: 'a space on the platform, also with keep "all"',
      body: { messages: [{ role: 'assistant', content: 'x' }] },
      call: { service: 'platform', options: { reasoningHistory: 'preserved' }, effort: { value: 'on', argument: 'x' } },
      expected: { messages: [{ role: 'assistant', content: 'x', reasoning_content: ' ' }] },
    },
  ],
  'plain-tools': [
    {
      title: 'strict',
      body: { tools: [{ type: 'function', function: { name: 'f', parameters: {}, strict: true } }] },
      expected: { tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] },
    },
  ],
  'max-completion-tokens': [{ title: 'a limit', body: { max_tokens: 100 }, expected: { max_completion_tokens: 100 } }],
  'drop-refused-settings': [
    {
      title: 'sampling of a fixed model',
      body: { temperature: 0.2, top_p: 0.5, presence_penalty: 1, frequency_penalty: 1, seed: 7 },
      expected: {},
      warnings: ['temperature', 'topP', 'frequencyPenalty', 'presencePenalty', 'seed'].map(feature => ({ type: 'unsupported' as const, feature })),
    },
    {
      title: 'only the seed of a free model',
      body: { temperature: 0.2, seed: 7 },
      call: { modelId: 'kimi-k2-turbo-preview', service: 'platform' },
      expected: { temperature: 0.2 },
      warnings: [{ type: 'unsupported', feature: 'seed' }],
    },
  ],
  'prompt-cache-key': [
    { title: 'the option', body: {}, call: { options: { promptCacheKey: 'p' }, sessionId: 's' }, expected: { prompt_cache_key: 'p' } },
    { title: 'the session header', body: {}, call: { sessionId: 's' }, expected: { prompt_cache_key: 's' } },
  ],
};

function run({ body, call: { modelId = 'kimi-for-coding', ...call } = {} }: Case, rules = BODY_RULES) {
  const warnings: SharedV4Warning[] = [];
  const full: KimiCall = {
    model: knownModel(modelId, call.service ?? 'coding'),
    service: 'coding',
    keepsReasoningByDefault: false,
    options: {},
    effort: { value: undefined, argument: 'reasoning' },
    sessionId: undefined,
    warnings: [],
    ...call,
  };
  const result = transformRequestBody(structuredClone({ model: modelId, messages: [], ...body }), full, rules, warning => warnings.push(warning));
  return { body: result, warnings };
}

function passes(testCase: Case, rules = BODY_RULES): boolean {
  const { body, warnings } = run(testCase, rules);
  try {
    expectCase(testCase, body, warnings);
    return true;
  } catch {
    return false;
  }
}

function expectCase(testCase: Case, body: KimiChatRequestBody, warnings: SharedV4Warning[]) {
  expect(body).toEqual({
    model: testCase.body.model ?? testCase.call?.modelId ?? 'kimi-for-coding',
    messages: [],
    ...testCase.expected,
    ...(testCase.expected.messages ? { thinking: body.thinking } : {}),
  });
  expect(warnings).toEqual((testCase.warnings ?? []).map(warning => expect.objectContaining(warning)));
}

describe('body rules', () => {
  for (const [name, cases] of Object.entries(CASES)) {
    it.each(cases)(`${name}: $title`, testCase => {
      const { body, warnings } = run(testCase);
      expectCase(testCase, body, warnings);
    });
  }

  it('has at least one case for every rule, and rules with unique names and a source', () => {
    expect(Object.keys(CASES)).toEqual(BODY_RULES.map(rule => rule.name));
    for (const rule of BODY_RULES) {
      expect(rule.source).toMatch(/wire\.md|decisions\.md|peers\.md/);
    }
  });

  it.each(BODY_RULES.map(rule => rule.name))('removing %s fails its own cases and no others', name => {
    const rules = BODY_RULES.filter(rule => rule.name !== name);
    for (const [owner, cases] of Object.entries(CASES)) {
      for (const testCase of cases) {
        expect(passes(testCase, rules), `${owner}: ${testCase.title}`).toBe(owner !== name);
      }
    }
  });
});
