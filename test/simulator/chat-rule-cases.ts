import type { ChatBody, ChatMessage } from '../../src/simulator/index';

/** A body that a rule refuses or notices, and its next neighbour that it lets pass. */
export type ChatRuleCase = {
  rule: string;
  service?: 'coding' | 'platform';
  trips: Partial<ChatBody>;
  passes: Partial<ChatBody>;
};

const user: ChatMessage = { role: 'user', content: 'hello' };
const result: ChatMessage = { role: 'tool', tool_call_id: 'a', content: 'sunny' };

function calling(rest: Partial<ChatMessage> = {}): ChatMessage {
  return {
    role: 'assistant',
    reasoning_content: 'hm',
    tool_calls: [{ id: 'a', type: 'function', function: { name: 'weather', arguments: '{}' } }],
    ...rest,
  };
}

function conversation(...messages: ChatMessage[]): Partial<ChatBody> {
  return { messages: [user, ...messages] };
}

function tool(parameters: unknown, name = 'weather'): NonNullable<ChatBody['tools']>[number] {
  return { type: 'function', function: { name, description: 'd', parameters } };
}

/** A tool with one property `x`. */
function property(schema: unknown, rest: object = {}): Partial<ChatBody> {
  return { tools: [tool({ type: 'object', properties: { x: schema }, ...rest })] };
}

function part(content: Record<string, unknown>): Partial<ChatBody> {
  return { messages: [{ role: 'user', content: [{ type: 'text', text: 'look' }, content] }] };
}

function image(url: string): Partial<ChatBody> {
  return part({ type: 'image_url', image_url: { url } });
}

const SEARCH = '{"search_result":{"search_id":"a"},"usage":{"total_tokens":9}}';
const builtin = { type: 'builtin_function', function: { name: '$web_search' } };

/** A search by the platform, and what came back for it. */
function searched(content: unknown): Partial<ChatBody> {
  const tool_calls = [{ id: 'a', type: 'builtin_function', function: { name: '$web_search', arguments: SEARCH } }];
  return { tools: [builtin], ...conversation(calling({ tool_calls }), { ...result, content }) };
}

const string = { type: 'string' };
const choice = { type: 'function', function: { name: 'weather' } };
const tools = [tool({ type: 'object', properties: {} })];

function manyTools(count: number) {
  return Array.from({ length: count }, (_, index) => tool({ type: 'object', properties: {} }, `t${index}`));
}

/** Of a small window, and without efforts. */
const HIGHSPEED = 'kimi-for-coding-highspeed';

export const CHAT_RULE_CASES: readonly ChatRuleCase[] = [
  {
    rule: 'developer-role',
    trips: { messages: [{ role: 'developer', content: 'x' }, user] },
    passes: { messages: [{ role: 'system', content: 'x' }, user] },
  },
  {
    rule: 'reasoning-content-missing',
    trips: conversation(calling({ reasoning_content: undefined }), result),
    passes: conversation(calling({ reasoning_content: '' }), result),
  },
  {
    rule: 'reasoning-content-missing',
    trips: { model: 'k3', ...conversation(calling({ reasoning_content: undefined }), result) },
    passes: { model: 'k3', ...conversation(calling(), result) },
  },
  {
    rule: 'reasoning-content-missing',
    service: 'platform',
    trips: conversation(calling({ reasoning_content: '' }), result),
    passes: conversation(calling({ reasoning_content: ' ' }), result),
  },
  {
    rule: 'empty-content-beside-tool-calls',
    trips: conversation(calling({ content: '' }), result),
    passes: conversation(calling(), result),
  },
  {
    rule: 'empty-content-beside-tool-calls',
    trips: conversation(calling({ content: [{ type: 'text', text: ' ' }] }), result),
    passes: conversation(calling({ content: 'wait' }), result),
  },
  {
    rule: 'empty-assistant-message',
    trips: conversation({ role: 'assistant', content: '', reasoning_content: '' }, user),
    passes: conversation({ role: 'assistant', content: '', reasoning_content: 'hm' }, user),
  },
  { rule: 'tool-message-without-call', trips: conversation(result), passes: conversation(calling(), result) },
  {
    rule: 'tool-call-id-not-found',
    trips: conversation(calling(), result, { ...result, tool_call_id: 'b' }),
    passes: conversation(calling(), result),
  },
  { rule: 'tool-results-missing', trips: conversation(calling(), user), passes: conversation(calling(), result, user) },
  {
    rule: 'null-content',
    trips: conversation(calling({ content: null }), result),
    passes: conversation(calling(), result),
  },
  { rule: 'blank-text-part', trips: { messages: [{ role: 'user', content: ' ' }] }, passes: {} },
  {
    rule: 'repeated-tool-call-id',
    trips: conversation(calling({ tool_calls: [{ id: 'a' }, { id: 'a' }] }), result),
    passes: conversation(calling(), result),
  },

  { rule: 'refused-temperature', trips: { temperature: 0.5 }, passes: { temperature: 1 } },
  {
    rule: 'refused-temperature',
    trips: { temperature: 1, thinking: { type: 'disabled' } },
    passes: { temperature: 0.6, thinking: { type: 'disabled' } },
  },
  { rule: 'refused-top-p', trips: { top_p: 0.5 }, passes: { top_p: 0.95 } },
  { rule: 'refused-n', trips: { n: 2 }, passes: { n: 1 } },
  { rule: 'refused-presence-penalty', trips: { presence_penalty: 1 }, passes: { presence_penalty: 0 } },
  { rule: 'refused-frequency-penalty', trips: { frequency_penalty: 1 }, passes: { frequency_penalty: 0 } },
  { rule: 'unknown-body-field', trips: { parallel_tool_calls: true, store: false }, passes: { prompt_cache_key: 'k' } },
  { rule: 'max-tokens', trips: { max_tokens: 10 }, passes: { max_completion_tokens: 10 } },

  { rule: 'reasoning-effort-none', trips: { reasoning_effort: 'none' }, passes: { reasoning_effort: 'low' } },
  {
    rule: 'thinking-and-effort',
    trips: { model: 'k3', thinking: { type: 'enabled' }, reasoning_effort: 'low' },
    passes: { model: 'k3', reasoning_effort: 'low' },
  },
  {
    rule: 'thinking-and-effort-on-platform',
    service: 'platform',
    trips: { thinking: { type: 'enabled' }, reasoning_effort: 'low' },
    passes: { thinking: { type: 'enabled' } },
  },
  {
    rule: 'effort-unlisted',
    trips: { model: 'k3', thinking: { type: 'enabled', effort: 'medium' } },
    passes: { model: 'k3', thinking: { type: 'enabled', effort: 'max' } },
  },
  {
    rule: 'effort-unlisted',
    trips: { model: 'k3', reasoning_effort: 'xhigh' },
    passes: { model: 'k3', reasoning_effort: 'high' },
  },
  {
    rule: 'effort-seen-as-overload',
    trips: { model: HIGHSPEED, thinking: { type: 'enabled' }, reasoning_effort: 'max' },
    passes: { model: HIGHSPEED, thinking: { type: 'enabled' }, reasoning_effort: 'medium' },
  },
  {
    rule: 'thinking-cannot-be-disabled',
    trips: { model: 'k3', thinking: { type: 'disabled' } },
    passes: { model: 'k3', thinking: { type: 'enabled' } },
  },
  { rule: 'thinking-type', trips: { thinking: { type: 'adaptive' } }, passes: { thinking: { type: 'disabled' } } },

  {
    rule: 'too-many-tools',
    trips: { tools: manyTools(129) },
    passes: { tools: manyTools(128) },
  },
  { rule: 'tool-name-duplicated', trips: { tools: [tools[0]!, tools[0]!] }, passes: { tools } },
  {
    rule: 'tool-name-invalid',
    trips: { tools: [tool({ type: 'object' }, '21st_magic')] },
    passes: { tools: [{ type: 'builtin_function', function: { name: '$web_search' } }] },
  },
  {
    rule: 'builtin-type',
    service: 'platform',
    trips: { tools: [tool({ type: 'object' }, '$web_search')] },
    passes: { tools: [builtin, ...tools] },
  },
  {
    rule: 'builtin-arguments',
    service: 'platform',
    trips: searched('{"search_result":{"search_id":"b"},"usage":{"total_tokens":9}}'),
    passes: searched('{ "usage": { "total_tokens": 9 }, "search_result": { "search_id": "a" } }'),
  },
  { rule: 'builtin-arguments', service: 'platform', trips: searched('sunny'), passes: searched(SEARCH) },
  {
    rule: 'tool-choice-while-thinking',
    trips: { tools, tool_choice: 'required' },
    passes: { tools, tool_choice: 'required', model: 'k3' },
  },
  {
    rule: 'tool-choice-while-thinking',
    trips: { tools, tool_choice: choice, model: 'k3' },
    passes: { tools, tool_choice: 'auto', model: 'k3' },
  },
  {
    rule: 'tool-strict',
    trips: { tools: [{ type: 'function', function: { name: 'a', parameters: { type: 'object' }, strict: true } }] },
    passes: { tools },
  },
  { rule: 'message-name', trips: { messages: [{ ...user, name: 'ada' }] }, passes: {} },

  { rule: 'schema-root-object', trips: { tools: [tool({ properties: {} })] }, passes: { tools } },
  {
    rule: 'schema-too-large',
    trips: property({ ...string, description: 'd'.repeat(15_000) }),
    passes: property({ ...string, description: 'd'.repeat(14_900) }),
  },
  {
    rule: 'schema-type-missing',
    trips: property({ description: 'anything' }),
    passes: property({ anyOf: [string, { type: 'null' }] }),
  },
  {
    rule: 'schema-type-missing',
    trips: property({ type: 'array', items: {} }),
    passes: property({ type: 'array', items: string }),
  },
  {
    rule: 'schema-enum-without-type',
    trips: property({ enum: ['a', 'b'] }),
    passes: property({ ...string, enum: ['a', 'b'] }),
  },
  {
    rule: 'schema-type-beside-any-of',
    trips: property({ type: 'object', anyOf: [string] }),
    passes: property({ anyOf: [string] }),
  },
  {
    rule: 'schema-boolean',
    trips: property(true),
    passes: property({ type: 'object', additionalProperties: false, properties: {} }),
  },
  {
    rule: 'schema-ref-outside-defs',
    trips: property({ $ref: '#/definitions/y' }, { definitions: { y: string } }),
    passes: property({ $ref: '#/$defs/y' }, { $defs: { y: string } }),
  },
  {
    rule: 'schema-ref-siblings',
    trips: property({ $ref: '#/$defs/y', description: 'd' }, { $defs: { y: string } }),
    passes: property({ $ref: '#/$defs/y' }, { $defs: { y: string } }),
  },
  {
    rule: 'response-format-schema',
    trips: {
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'x', schema: { type: 'object', properties: { a: {} } } },
      },
    },
    passes: {
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'x', schema: { type: 'object', properties: { a: string } } },
      },
    },
  },

  { rule: 'image-url-not-inline', trips: image('https://example.com/a.png'), passes: image('ms://file-1') },
  { rule: 'file-reference-unknown', trips: image('ms://somebody-elses'), passes: image('ms://file-1') },
  { rule: 'image-type', trips: image('data:image/tiff;base64,AAAA'), passes: image('data:image/png;base64,AAAA') },
  {
    rule: 'content-part-type',
    trips: part({ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }),
    passes: image('ms://file-1'),
  },
  // ASCII, so that a 1M context is not what it fails on.
  {
    rule: 'message-size',
    trips: { model: 'k3', messages: [{ role: 'user', content: 'a'.repeat(2_097_152) }] },
    passes: { model: 'k3', ...image(`data:image/png;base64,${'A'.repeat(3_000_000)}`) },
  },
  {
    rule: 'context-length',
    trips: { model: HIGHSPEED, messages: [{ role: 'user', content: '你'.repeat(262_144) }] },
    passes: { model: HIGHSPEED, max_completion_tokens: 262_144 },
  },
  {
    rule: 'media-unsupported-by-model',
    trips: { model: 'k3-256k', ...part({ type: 'video_url', video_url: { url: 'ms://file-1' } }) },
    passes: { model: 'k3', ...part({ type: 'video_url', video_url: { url: 'ms://file-1' } }) },
  },
  {
    rule: 'inline-image-size',
    trips: image(`data:image/png;base64,${'A'.repeat(8_000_000)}`),
    passes: image('data:image/png;base64,AAAA'),
  },
];
