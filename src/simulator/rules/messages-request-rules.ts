import { messagesNotice, messagesRefusal, type MessagesBody, type MessagesRule } from './messages-rule';
import { partsOf, verdict } from './simulator-rule';
import { findingsOf } from './tool-schema-rules';

const EXPECTED_CHOICES = ['auto', 'any', 'tool', 'none'];
const EXPECTED_THINKING = ['adaptive', 'disabled', 'enabled'];
const CONTEXT_BETA = 'context-management-2025-06-27';

function tagText(path: string, found: unknown, expected: readonly string[]): string {
  const tags = expected.map(tag => `'${tag}'`).join(', ');
  return `${path}: Input tag '${String(found)}' found using 'type' does not match any of the expected tags: ${tags}`;
}

/** Everything of a request but its messages: headers, limits, tools, thinking. */
export const MESSAGES_REQUEST_RULES: readonly MessagesRule[] = [
  messagesRefusal({
    rule: 'messages-max-tokens',
    summary: 'No `max_tokens`, or one that is no whole number above 0. Not asked of `count_tokens`.',
    source: 'docs/wire.md#anthropic-body, #anthropic-errors: required by the protocol; the text is not known',
    confidence: 'assumed',
    text: 'max_tokens: …',
    wording: 'ours',
    check({ messagesBody: { max_tokens: tokens } }) {
      if (tokens === undefined || tokens === null) {
        return { text: 'max_tokens: Field required' };
      }
      return verdict(
        true,
        typeof tokens === 'number' && Number.isInteger(tokens) && tokens > 0
          ? undefined
          : 'max_tokens: Input should be greater than or equal to 1',
      );
    },
  }),
  messagesRefusal({
    rule: 'messages-tool-schema-missing',
    summary: 'A tool of the client without `input_schema`.',
    source: 'docs/wire.md#anthropic-errors: required by the protocol; the text is not known',
    confidence: 'assumed',
    text: 'tools.….input_schema: Field required',
    wording: 'ours',
    check({ messagesBody: { tools = [] } }) {
      const index = tools.findIndex(
        tool => (tool.type === undefined || tool.type === 'custom') && tool.input_schema === undefined,
      );
      return verdict(tools.length > 0, index === -1 ? undefined : `tools.${index}.input_schema: Field required`);
    },
  }),
  messagesNotice({
    rule: 'messages-tool-schema',
    summary:
      'A schema that chat would refuse. Nobody reports such a refusal on this wire, and the tools of Claude Code ' +
      'would meet it.',
    source: 'docs/wire.md#schemas-on-the-anthropic-wire, #moonshot-flavored-schemas',
    confidence: 'assumed',
    check(subject) {
      const [fault] = findingsOf(subject).faults;
      return verdict((subject.body.tools ?? []).length > 0, fault && `${fault.rule} at ${fault.path}`);
    },
  }),
  messagesRefusal({
    rule: 'messages-tool-choice-type',
    summary: 'A `tool_choice` that is not an object with type auto, any, tool or none.',
    source: 'docs/wire.md#anthropic-errors: how the server speaks of other types',
    confidence: 'assumed',
    text: 'tool_choice: …',
    wording: 'ours',
    check({ messagesBody: { tool_choice: choice } }) {
      const found: unknown = choice?.type;
      return verdict(
        choice !== undefined,
        choice === undefined || EXPECTED_CHOICES.includes(String(found))
          ? undefined
          : tagText('tool_choice', found, EXPECTED_CHOICES),
      );
    },
  }),
  messagesRefusal({
    rule: 'messages-tool-choice-while-thinking',
    summary: 'A named `tool_choice` while thinking is on; `any` is taken.',
    source: 'docs/wire.md#anthropic-tool-choice',
    confidence: 'reported',
    text: "tool_choice 'specified' is incompatible with thinking enabled",
    wording: 'real',
    check({ messagesBody: { tool_choice: choice }, thinking }) {
      return verdict(
        choice !== undefined && thinking,
        choice?.type === 'tool' && thinking
          ? "tool_choice 'specified' is incompatible with thinking enabled"
          : undefined,
      );
    },
  }),
  messagesRefusal({
    rule: 'messages-thinking-type',
    summary: 'A `thinking.type` other than enabled, disabled and adaptive.',
    source: 'docs/wire.md#anthropic-errors: how the server speaks of other types',
    confidence: 'assumed',
    text: "thinking: Input tag '…' found using 'type' does not match any of the expected tags: …",
    wording: 'ours',
    check({ messagesBody: { thinking } }) {
      return verdict(
        thinking !== undefined,
        thinking === undefined || EXPECTED_THINKING.includes(String(thinking.type))
          ? undefined
          : tagText('thinking', thinking.type, EXPECTED_THINKING),
      );
    },
  }),
  messagesNotice({
    rule: 'messages-thinking-adaptive',
    summary: '`thinking.type: "adaptive"`, which Claude Code sends: reported to reason less. Counts as enabled here.',
    source: 'docs/wire.md#anthropic-protocol',
    confidence: 'reported',
    check: ({ messagesBody: { thinking } }) =>
      verdict(thinking !== undefined, thinking?.type === 'adaptive' ? 'adaptive' : undefined),
  }),
  messagesNotice({
    rule: 'messages-thinking-budget',
    summary: '`thinking.budget_tokens`, which the official client never sends to Kimi; effort is in `output_config`.',
    source: 'docs/wire.md#anthropic-body',
    confidence: 'captured',
    check: ({ messagesBody: { thinking } }) =>
      verdict(
        thinking !== undefined,
        thinking?.budget_tokens === undefined ? undefined : `budget_tokens ${String(thinking.budget_tokens)}`,
      ),
  }),
  messagesNotice({
    rule: 'messages-sampling',
    summary: 'A `temperature` other than 1, `top_p` or `top_k`: what the server makes of them is not known.',
    source: 'docs/wire.md#anthropic-on-the-platform: the platform multiplies temperatures by 0.6',
    confidence: 'reported',
    check({ messagesBody: { temperature, top_p: topP, top_k: topK } }) {
      const given = Object.entries({ temperature, top_p: topP, top_k: topK }).filter(
        ([name, value]) => value !== undefined && !(name === 'temperature' && value === 1),
      );
      return given.length > 0 ? { text: given.map(([name]) => name).join(', ') } : undefined;
    },
  }),
  messagesNotice({
    rule: 'messages-version-header',
    summary: 'No `anthropic-version: 2023-06-01`, which every client sends.',
    source: 'docs/wire.md#anthropic-headers: whether Kimi asks for it is not known',
    confidence: 'captured',
    check: ({ request: { headers } }) =>
      verdict(
        true,
        headers['anthropic-version'] === '2023-06-01' ? undefined : (headers['anthropic-version'] ?? 'no header'),
      ),
  }),
  messagesNotice({
    rule: 'messages-context-management-beta',
    summary: '`context_management` without the beta header of its name, which the clients send with it.',
    source: 'docs/wire.md#anthropic-headers',
    confidence: 'captured',
    check: ({ messagesBody, request: { headers } }) =>
      verdict(
        messagesBody.context_management !== undefined,
        messagesBody.context_management !== undefined && !(headers['anthropic-beta'] ?? '').includes(CONTEXT_BETA)
          ? 'no beta header'
          : undefined,
      ),
  }),
  messagesNotice({
    rule: 'messages-two-credentials',
    summary: 'Two different credentials, in `x-api-key` and in `Authorization`; here the first counts.',
    source: 'docs/wire.md#anthropic-credential: the clients send one of them',
    confidence: 'captured',
    check({ request: { headers } }) {
      const { 'x-api-key': key, authorization } = headers;
      return verdict(
        true,
        key !== undefined && authorization !== undefined && authorization !== `Bearer ${key}`
          ? 'x-api-key and authorization'
          : undefined,
      );
    },
  }),
  messagesNotice({
    rule: 'messages-server-tool',
    summary: 'A tool that the server would have to run, such as `web_search_20250305`; the model does not see it here.',
    source: 'docs/wire.md#anthropic-blocks: results of searches are known to the server; of its tools nothing is said',
    confidence: 'assumed',
    check({ messagesBody: { tools = [] } }) {
      const found = tools.filter(({ type }) => type !== undefined && type !== 'custom');
      return verdict(tools.length > 0, found.length > 0 ? found.map(({ type }) => String(type)).join(', ') : undefined);
    },
  }),
  messagesNotice({
    rule: 'messages-cache-breakpoints',
    summary: 'More than four blocks with `cache_control`, which the protocol does not allow.',
    source: 'docs/wire.md#anthropic-caching: whether Kimi counts them is not known',
    confidence: 'assumed',
    check({ messagesBody }) {
      const count = cacheBreakpoints(messagesBody);
      return verdict(count > 0, count > 4 ? `${count} blocks` : undefined);
    },
  }),
  messagesNotice({
    rule: 'messages-unknown-field',
    summary: 'A top-level field that neither the official client nor Claude Code sends.',
    source: 'docs/wire.md#anthropic-body',
    confidence: 'captured',
    check({ messagesBody }) {
      const unknown = Object.keys(messagesBody).filter(key => !KNOWN_FIELDS.has(key));
      return verdict(true, unknown.length > 0 ? unknown.join(', ') : undefined);
    },
  }),
];

function cacheBreakpoints({ system, tools, messages }: MessagesBody): number {
  const blocks = messages.flatMap(({ content }) => partsOf(content));
  return [
    ...partsOf(system),
    ...partsOf(tools),
    ...blocks,
    ...blocks.flatMap(({ content }) => partsOf(content)),
  ].filter(block => block.cache_control !== undefined && block.cache_control !== null).length;
}

const KNOWN_FIELDS = new Set([
  'model',
  'messages',
  'system',
  'max_tokens',
  'stream',
  'metadata',
  'thinking',
  'output_config',
  'context_management',
  'tools',
  'tool_choice',
  'stop_sequences',
  // Judged by a rule of their own.
  'temperature',
  'top_p',
  'top_k',
]);
