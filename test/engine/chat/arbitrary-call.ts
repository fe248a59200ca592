import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4ToolResultOutput,
} from '@ai-sdk/provider';
import fc from 'fast-check';
import { arbitrarySchema } from '../../json-schema/arbitrary-schema';

type Part<Role extends LanguageModelV4Message['role']> = Extract<
  LanguageModelV4Message,
  { role: Role }
>['content'] extends (infer P)[]
  ? P
  : never;

/** Ids as models and hosts write them: native ones, repeated ones, too long ones, none. */
const id = fc.constantFrom('a', 'b', 'call_1', 'functions.f:0', 'functions_f_0', 'x'.repeat(70), '', 'é');
const toolName = fc.constantFrom('f', 'g', '21st', 'm_21st', 'mcp.server.tool', '$web_search');
const text = fc.constantFrom('', ' ', '\n', 'hello', '你好 👋', '<|tool_calls_section_begin|>');
const bytes = Uint8Array.from(Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ', 'base64'));
const input = fc.constantFrom<unknown>({}, { city: 'Rome' }, '{"city":', '', undefined, '{"a":1}');

const image: fc.Arbitrary<Part<'user'>> = fc.constantFrom(
  { type: 'file', mediaType: 'image/png', data: { type: 'data', data: bytes } },
  { type: 'file', mediaType: 'image/*', data: { type: 'url', url: new URL('ms://file-1') } },
  { type: 'file', mediaType: 'image', data: { type: 'reference', reference: { kimi: 'file-2' } } },
  { type: 'file', mediaType: 'text/plain', data: { type: 'text', text: 'in a file' } },
);
const foreignFile = fc.constantFrom(
  { type: 'file', mediaType: 'audio/wav', data: { type: 'data', data: bytes } } as const,
  { type: 'file', mediaType: 'application/pdf', data: { type: 'data', data: bytes } } as const,
  { type: 'file', mediaType: 'image/svg+xml', data: { type: 'data', data: 'AAAA' } } as const,
  { type: 'file', mediaType: 'image/png', data: { type: 'url', url: new URL('https://example.com/x.png') } } as const,
);

const output: fc.Arbitrary<LanguageModelV4ToolResultOutput> = fc.oneof(
  fc.record({ type: fc.constantFrom('text' as const, 'error-text' as const), value: text }),
  fc.record({
    type: fc.constantFrom('json' as const, 'error-json' as const),
    value: fc.constantFrom(null, {}, 'x', [1]),
  }),
  fc.record({ type: fc.constant('execution-denied' as const), reason: fc.constantFrom('', 'no') }),
  fc.record({
    type: fc.constant('content' as const),
    value: fc.array(
      fc.oneof(
        text.map(value => ({ type: 'text' as const, text: value })),
        image as fc.Arbitrary<never>,
        foreignFile,
      ),
      { maxLength: 3 },
    ),
  }),
);
const toolResult = fc.record({ type: fc.constant('tool-result' as const), toolCallId: id, toolName, output });

const message: fc.Arbitrary<LanguageModelV4Message> = fc.oneof(
  fc.record({ role: fc.constant('system' as const), content: text }),
  text.map(content => ({ role: 'developer', content }) as unknown as LanguageModelV4Message),
  fc.record({
    role: fc.constant('user' as const),
    content: fc.array(
      fc.oneof(
        text.map(value => ({ type: 'text' as const, text: value })),
        image,
      ),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      role: fc.constant('assistant' as const),
      content: fc.array(
        fc.oneof(
          text.map(value => ({ type: 'text' as const, text: value })),
          text.map(value => ({ type: 'reasoning' as const, text: value })),
          {
            weight: 3,
            arbitrary: fc.record({ type: fc.constant('tool-call' as const), toolCallId: id, toolName, input }),
          },
          toolResult,
        ),
        { maxLength: 4 },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      role: fc.constant('tool' as const),
      content: fc.array(
        fc.oneof(
          { weight: 5, arbitrary: toolResult },
          fc.constant({ type: 'tool-approval-response' as const, approvalId: 'x', approved: false }),
        ),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
);

const tools = fc.array(
  fc.oneof(
    {
      weight: 9,
      arbitrary: fc.record({
        type: fc.constant('function' as const),
        name: toolName,
        description: text,
        inputSchema: arbitrarySchema as fc.Arbitrary<never>,
        strict: fc.boolean(),
      }),
    },
    fc.constant({ type: 'provider' as const, id: 'kimi.search' as const, name: 'search', args: {} }),
  ),
  { maxLength: 4 },
);

/** Any call of a model that sees images: conversations as hosts leave them behind, tools, and every setting. */
export const arbitraryCall: fc.Arbitrary<LanguageModelV4CallOptions> = fc.record(
  {
    prompt: fc
      .array(message, { maxLength: 8 })
      .map(messages => [...messages, { role: 'user' as const, content: [{ type: 'text' as const, text: 'go on' }] }]),
    tools,
    toolChoice: fc.oneof(
      fc.constantFrom({ type: 'auto' as const }, { type: 'none' as const }, { type: 'required' as const }),
      toolName.map(name => ({ type: 'tool' as const, toolName: name })),
    ),
    temperature: fc.constantFrom(0, 1),
    topP: fc.constantFrom(0.5, 0.95),
    seed: fc.constant(1),
    presencePenalty: fc.constant(1),
    maxOutputTokens: fc.constantFrom(1, 100_000),
    stopSequences: fc.constant(['END']),
    responseFormat: fc.oneof(
      fc.constantFrom({ type: 'text' as const }, { type: 'json' as const }),
      fc.record({
        type: fc.constant('json' as const),
        schema: arbitrarySchema as fc.Arbitrary<never>,
        name: fc.constantFrom('an answer', 'x'),
      }),
    ),
    reasoning: fc.constantFrom('provider-default' as const, 'none' as const, 'low' as const, 'xhigh' as const),
    providerOptions: fc.record(
      {
        kimi: fc.record(
          {
            reasoningHistory: fc.constantFrom('preserved', 'interleaved'),
            reasoningEffort: fc.constantFrom('auto', 'off', 'on', 'high'),
            promptCacheKey: fc.constant('k'),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<never>,
  },
  { requiredKeys: ['prompt'] },
);
