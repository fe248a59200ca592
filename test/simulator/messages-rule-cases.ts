import { signatureOf, type ContentBlock, type MessagesBody } from '../../src/simulator/index';

/** A body of the Anthropic wire that a rule refuses or notices, and its next neighbour that it lets pass. */
export type MessagesRuleCase = {
  rule: string;
  service?: 'coding' | 'platform';
  trips: Partial<MessagesBody>;
  passes: Partial<MessagesBody>;
  /** Headers of the first. */
  headers?: Record<string, string | undefined>;
};

type Message = MessagesBody['messages'][number];

const user: Message = { role: 'user', content: 'hello' };
const thought: ContentBlock = { type: 'thinking', thinking: 'hm', signature: signatureOf('hm') };
const call: ContentBlock = { type: 'tool_use', id: 'a', name: 'weather', input: { city: 'Paris' } };
const result: ContentBlock = { type: 'tool_result', tool_use_id: 'a', content: 'sunny' };

function conversation(assistant: readonly ContentBlock[], ...answers: readonly ContentBlock[]): Partial<MessagesBody> {
  return {
    messages: [user, { role: 'assistant', content: assistant }, ...(answers.length > 0 ? [says(...answers)] : [])],
  };
}

function says(...content: readonly ContentBlock[]): Message {
  return { role: 'user', content };
}

function look(block: ContentBlock): Partial<MessagesBody> {
  return { messages: [says({ type: 'text', text: 'look' }, block)] };
}

function base64(mediaType: string, data = 'AAAA'): ContentBlock {
  const [type] = mediaType.split('/');
  return { type, source: { type: 'base64', media_type: mediaType, data } };
}

function url(address: string, type = 'image'): ContentBlock {
  return { type, source: { type: 'url', url: address } };
}

function tool(schema: unknown, name = 'weather'): NonNullable<MessagesBody['tools']>[number] {
  return { name, description: 'd', input_schema: schema };
}

/** A tool with one property `x`. */
function property(schema: unknown, rest: object = {}): Partial<MessagesBody> {
  return { tools: [tool({ type: 'object', properties: { x: schema }, ...rest })] };
}

function thinkingAgain(block: ContentBlock): Partial<MessagesBody> {
  return conversation([block, { type: 'text', text: 'sunny' }], { type: 'text', text: 'and tomorrow?' });
}

const string = { type: 'string' };
const tools = [tool({ type: 'object', properties: {} })];

function manyTools(count: number): Partial<MessagesBody> {
  return { tools: Array.from({ length: count }, (_, index) => tool({ type: 'object', properties: {} }, `t${index}`)) };
}

function cachedBlocks(count: number): Partial<MessagesBody> {
  const cached = { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } };
  return { system: [cached], messages: [says(...Array.from({ length: count - 1 }, () => cached))] };
}

/** Of a small window, and without efforts. */
const HIGHSPEED = 'kimi-for-coding-highspeed';

const REQUEST_CASES: readonly MessagesRuleCase[] = [
  { rule: 'messages-max-tokens', trips: { max_tokens: undefined }, passes: { max_tokens: 1 } },
  { rule: 'messages-max-tokens', trips: { max_tokens: 0 }, passes: { max_tokens: 1_048_576 } },
  {
    rule: 'messages-tool-schema-missing',
    trips: { tools: [...tools, { name: 'now' }] },
    passes: { tools: [{ ...tools[0], type: 'custom', cache_control: { type: 'ephemeral' } }] },
  },
  { rule: 'messages-tool-schema', trips: { tools: [tool({ properties: {} })] }, passes: { tools } },
  {
    rule: 'messages-tool-schema',
    trips: property({ allOf: [{ description: 'anything' }] }),
    passes: property({ anyOf: [string, { type: 'null' }] }),
  },
  {
    rule: 'messages-tool-choice-type',
    trips: { tools, tool_choice: { type: 'required' } },
    passes: { tools, tool_choice: { type: 'auto' } },
  },
  {
    rule: 'messages-tool-choice-while-thinking',
    trips: { tools, tool_choice: { type: 'tool', name: 'weather' } },
    passes: { tools, tool_choice: { type: 'any' } },
  },
  {
    rule: 'messages-tool-choice-while-thinking',
    trips: { model: 'k3', tools, tool_choice: { type: 'tool', name: 'weather' } },
    passes: { tools, tool_choice: { type: 'tool', name: 'weather' }, thinking: { type: 'disabled' } },
  },
  { rule: 'messages-thinking-type', trips: { thinking: { type: 'auto' } }, passes: { thinking: { type: 'disabled' } } },
  {
    rule: 'messages-thinking-adaptive',
    trips: { thinking: { type: 'adaptive' } },
    passes: { thinking: { type: 'enabled' }, output_config: { effort: 'high' } },
  },
  {
    rule: 'messages-thinking-budget',
    trips: { thinking: { type: 'enabled', budget_tokens: 1024 } },
    passes: { thinking: { type: 'enabled' } },
  },
  { rule: 'messages-sampling', trips: { temperature: 0.5 }, passes: { temperature: 1 } },
  { rule: 'messages-sampling', trips: { top_p: 0.95, top_k: 5 }, passes: {} },
  { rule: 'messages-version-header', trips: {}, headers: { 'anthropic-version': undefined }, passes: {} },
  {
    rule: 'messages-context-management-beta',
    trips: { context_management: { edits: [] } },
    passes: {},
  },
  { rule: 'messages-two-credentials', trips: {}, headers: { authorization: 'Bearer other' }, passes: {} },
  {
    rule: 'messages-server-tool',
    trips: { tools: [...tools, { type: 'web_search_20250305', name: 'web_search' }] },
    passes: { tools },
  },
  { rule: 'messages-cache-breakpoints', trips: cachedBlocks(5), passes: cachedBlocks(4) },
  { rule: 'messages-unknown-field', trips: { reasoning_effort: 'low' }, passes: { metadata: { user_id: 's' } } },
];

const HISTORY_CASES: readonly MessagesRuleCase[] = [
  {
    rule: 'messages-role',
    trips: { messages: [user, { role: 'tool', content: 'x' }] },
    passes: { messages: [user, { role: 'system', content: 'x' }] },
  },
  {
    rule: 'messages-block-type',
    trips: look({ type: 'document', source: {} }),
    passes: look({ type: 'video', source: { type: 'base64', media_type: 'video/mp4', data: 'AAAA' } }),
  },
  {
    rule: 'messages-block-type',
    trips: conversation([{ type: 'redacted_thinking', data: 'AAAA' }, call], result),
    passes: conversation([thought, call], result),
  },
  {
    rule: 'messages-result-block-type',
    trips: conversation([thought, call], { ...result, content: [{ type: 'tool_reference', tool_name: 'x' }] }),
    passes: conversation([thought, call], { ...result, content: [base64('image/png'), { type: 'text', text: 'x' }] }),
  },
  {
    rule: 'messages-source-type',
    trips: look({ type: 'image', source: { type: 'file', file_id: 'file-1' } }),
    passes: look(url('ms://file-1')),
  },
  {
    rule: 'messages-thinking-signature',
    trips: thinkingAgain({ ...thought, signature: 'placeholder' }),
    passes: thinkingAgain(thought),
  },
  {
    rule: 'messages-thinking-signature',
    trips: thinkingAgain({ ...thought, signature: signatureOf('other') }),
    passes: thinkingAgain({ type: 'thinking', thinking: 'hm' }),
  },
  {
    rule: 'messages-thinking-reencoded',
    trips: thinkingAgain({ ...thought, signature: signatureOf('hm').replaceAll('+', '-').replaceAll('/', '_') }),
    passes: thinkingAgain(thought),
  },
  {
    rule: 'messages-thinking-signature',
    trips: thinkingAgain({ ...thought, thinking: 'hm ' }),
    passes: thinkingAgain({ ...thought, signature: '' }),
  },
  {
    rule: 'messages-thinking-missing',
    trips: conversation([call], result),
    passes: conversation([{ type: 'thinking', thinking: '' }, call], result),
  },
];

/** What this wire has in common with chat; `trips` of each is refused with the words of chat. */
const SHARED_CASES: readonly MessagesRuleCase[] = [
  { rule: 'image-url-not-inline', trips: look(url('https://example.com/a.png')), passes: look(url('ms://file-1')) },
  { rule: 'image-type', trips: look(base64('image/tiff')), passes: look(base64('image/png')) },
  {
    rule: 'file-reference-unknown',
    trips: look(url('ms://other', 'video')),
    passes: look(url('ms://file-1', 'video')),
  },
  {
    rule: 'message-size',
    trips: { model: 'k3', messages: [{ role: 'user', content: 'a'.repeat(2_097_152) }] },
    passes: { model: 'k3', ...look(base64('image/png', 'A'.repeat(3_000_000))) },
  },
  {
    rule: 'context-length',
    trips: { model: HIGHSPEED, messages: [{ role: 'user', content: '你'.repeat(262_144) }] },
    passes: { model: HIGHSPEED, max_tokens: 262_144 },
  },
  {
    rule: 'media-unsupported-by-model',
    trips: { model: 'k3-256k', ...look(base64('video/mp4')) },
    passes: { model: 'k3', ...look(base64('video/mp4')) },
  },
  {
    rule: 'inline-image-size',
    trips: look(base64('image/png', 'A'.repeat(8_000_000))),
    passes: look(base64('image/png')),
  },
  {
    rule: 'effort-unlisted',
    trips: { model: 'k3', output_config: { effort: 'medium' } },
    passes: { model: 'k3', output_config: { effort: 'max' } },
  },
  {
    rule: 'effort-seen-as-overload',
    trips: { model: HIGHSPEED, output_config: { effort: 'max' } },
    passes: { model: HIGHSPEED, output_config: { effort: 'medium' } },
  },
  {
    rule: 'thinking-cannot-be-disabled',
    trips: { model: 'k3', thinking: { type: 'disabled' } },
    passes: { model: 'k3', thinking: { type: 'enabled' } },
  },
  { rule: 'too-many-tools', trips: manyTools(129), passes: manyTools(128) },
  { rule: 'tool-name-duplicated', trips: { tools: [tools[0]!, tools[0]!] }, passes: { tools } },
  { rule: 'tool-name-invalid', trips: { tools: [tool({ type: 'object' }, '21st_magic')] }, passes: { tools } },
  { rule: 'tool-strict', trips: { tools: [{ ...tools[0], strict: true }] }, passes: { tools } },
  {
    rule: 'response-format-schema',
    trips: { output_config: { format: { schema: { type: 'object', properties: { a: {} } } } } },
    passes: { output_config: { format: { schema: { type: 'object', properties: { a: string } } } } },
  },
  {
    rule: 'empty-content-beside-tool-calls',
    trips: conversation([thought, { type: 'text', text: '' }, call], result),
    passes: conversation([thought, { type: 'text', text: 'wait' }, call], result),
  },
  {
    rule: 'empty-assistant-message',
    trips: conversation([{ type: 'text', text: '' }], { type: 'text', text: 'so?' }),
    passes: conversation([thought], { type: 'text', text: 'so?' }),
  },
  {
    rule: 'tool-message-without-call',
    trips: { messages: [says(result)] },
    passes: conversation([thought, call], result),
  },
  {
    rule: 'tool-call-id-not-found',
    trips: conversation([thought, call], result, { ...result, tool_use_id: 'b' }),
    passes: conversation([thought, call], result),
  },
  {
    rule: 'tool-results-missing',
    trips: conversation([thought, call], { type: 'text', text: 'first' }, result),
    passes: conversation([thought, call], result, { type: 'text', text: 'last' }),
  },
  {
    rule: 'blank-text-part',
    trips: { messages: [says({ type: 'text', text: ' ' })] },
    passes: { messages: [says({ type: 'text', text: 'x' })] },
  },
  {
    rule: 'repeated-tool-call-id',
    trips: conversation([thought, call, call], result),
    passes: conversation([thought, call, { ...call, id: 'b' }], result, { ...result, tool_use_id: 'b' }),
  },
];

export const MESSAGES_RULE_CASES: readonly MessagesRuleCase[] = [...REQUEST_CASES, ...HISTORY_CASES, ...SHARED_CASES];
