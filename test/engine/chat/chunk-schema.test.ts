import { OpenAICompatibleChatLanguageModel } from '@ai-sdk/openai-compatible';
import { asSchema, type FlexibleSchema } from '@ai-sdk/provider-utils';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlainChunk, withShortCut } from '../../../src/engine/chat/chunk-schema';

const model = new OpenAICompatibleChatLanguageModel('kimi', {
  provider: 'kimi.chat',
  url: () => '',
  headers: () => ({}),
});
const original = Reflect.get(model, 'chunkSchema') as FlexibleSchema<Chunk>;

type Chunk = { choices: Array<{ finish_reason?: unknown; delta?: Record<string, unknown> | null }> };

const odd = fc.constantFrom<unknown>(undefined, null, '', 'text', 0, 1, true, [], {}, [{ type: 'text', text: 'a' }]);
const orOdd = (usual: unknown) => fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, odd);
const toolCall = fc.record(
  {
    index: orOdd(0),
    id: orOdd('call-1'),
    type: fc.constant('function'),
    function: fc.oneof(
      { weight: 6, arbitrary: fc.record({ name: orOdd('f'), arguments: orOdd('{}') }, { requiredKeys: [] }) },
      odd,
    ),
    extra_content: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, odd),
  },
  { requiredKeys: [] },
);
const delta = fc.record(
  {
    role: orOdd('assistant'),
    content: orOdd('a'),
    reasoning_content: orOdd('b'),
    reasoning: orOdd(null),
    refusal: orOdd(null),
    tool_calls: fc.oneof(fc.array(toolCall, { maxLength: 2 }), odd),
    unknown: odd,
  },
  { requiredKeys: [] },
);
const choice = fc.record(
  {
    index: fc.constant(0),
    delta: fc.oneof({ weight: 6, arbitrary: delta }, odd),
    finish_reason: orOdd(null),
    logprobs: odd,
  },
  { requiredKeys: [] },
);
const chunk = fc.record(
  {
    id: orOdd('chat-1'),
    created: orOdd(1),
    model: orOdd('kimi'),
    choices: fc.oneof({ weight: 6, arbitrary: fc.array(fc.oneof({ weight: 8, arbitrary: choice }, odd)) }, odd),
    usage: orOdd(null),
    error: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, odd),
  },
  { requiredKeys: [] },
);

/** What openai-compatible reads of a chunk that was accepted. */
function readBy(value: Chunk): unknown {
  const { choices, ...rest } = value;
  return [
    rest,
    choices.map(({ finish_reason: reason, delta: fields }) => {
      const { role, content, reasoning_content: thought, reasoning, refusal, tool_calls: calls } = fields ?? {};
      const read = (
        calls as Array<{ index: unknown; id: unknown; function: Record<string, unknown> }> | undefined
      )?.map(({ index, id, function: called }) => [index, id, called.name, called.arguments]);
      return [reason, fields == null, role, content, thought, reasoning, refusal ?? undefined, read];
    }),
  ];
}

describe('the short cut around the schema of openai-compatible', () => {
  it('accepts only what the schema accepts, and changes nothing that is read', async () => {
    let plain = 0;
    await fc.assert(
      fc.asyncProperty(chunk, async value => {
        const theirs = await asSchema(original).validate?.(value);
        const refused = Symbol('refused');
        const ours = await asSchema(withShortCut(original, () => refused as never)).validate?.(value);
        const isRefused = ours?.success === false || (ours?.value as unknown) === refused;
        expect(isRefused).toBe(theirs?.success === false);
        if (isPlainChunk(value)) {
          plain++;
          expect(theirs?.success).toBe(true);
        }
        if (ours?.success && theirs?.success) {
          expect(readBy(ours.value)).toEqual(readBy(theirs.value));
        }
      }),
      { numRuns: 3000 },
    );
    expect(plain).toBeGreaterThan(100);
  });

  it('is taken by what Kimi sends', () => {
    const head = { id: 'chat-1', object: 'chat.completion.chunk', created: 1, model: 'kimi-for-coding' };
    for (const fields of [
      { role: 'assistant', content: '' },
      { reasoning_content: 'a' },
      { content: 'b' },
      { tool_calls: [{ index: 0, id: 'f:0', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{' } }] },
    ]) {
      expect(isPlainChunk({ ...head, choices: [{ index: 0, delta: fields, finish_reason: null }] })).toBe(true);
    }
  });
});
