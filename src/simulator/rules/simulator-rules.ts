import { ACCESS_RULES } from './access-rules';
import { ANSWER_RULES } from './answer-rules';
import { FILE_NOT_FOUND, FILE_RULES } from './file-rules';
import { MEDIA_RULES } from './media-rules';
import { MESSAGE_RULES } from './message-rules';
import { MESSAGES_HISTORY_RULES } from './messages-history-rules';
import { MESSAGES_REQUEST_RULES } from './messages-request-rules';
import type { MessagesRule } from './messages-rule';
import { OAUTH_RULES } from './oauth-rules';
import { SAMPLING_RULES } from './sampling-rules';
import type { ChatRule, SimulatorRule, SimulatorRuleRow } from './simulator-rule';
import { THINKING_RULES } from './thinking-rules';
import { TOOL_RULES } from './tool-rules';
import { TOOL_SCHEMA_RULES } from './tool-schema-rules';
import { WEB_RULES } from './web-rules';

/** The rules of the chat body in the order in which they are asked. The first refusal is the answer. */
export const CHAT_RULES: readonly ChatRule[] = [
  ...MEDIA_RULES,
  ...SAMPLING_RULES,
  ...THINKING_RULES,
  ...TOOL_RULES,
  ...TOOL_SCHEMA_RULES,
  ...MESSAGE_RULES,
];

/**
 * What both wires refuse, because the server reads a body of the Anthropic wire as one of chat
 * (docs/wire.md#anthropic-history). The others speak of fields that this wire lacks, or have a rule of their own here.
 */
const SHARED_RULES = new Set([
  'image-url-not-inline',
  'image-type',
  'file-reference-unknown',
  'message-size',
  'context-length',
  'media-unsupported-by-model',
  'inline-image-size',
  'effort-unlisted',
  'effort-seen-as-overload',
  'thinking-cannot-be-disabled',
  'too-many-tools',
  'tool-name-duplicated',
  'tool-name-invalid',
  'tool-strict',
  'schema-root-object',
  'schema-too-large',
  'schema-type-missing',
  'schema-enum-without-type',
  'schema-type-beside-any-of',
  'schema-boolean',
  'schema-ref-outside-defs',
  'schema-ref-siblings',
  'response-format-schema',
  'empty-content-beside-tool-calls',
  'empty-assistant-message',
  'tool-message-without-call',
  'tool-call-id-not-found',
  'tool-results-missing',
  'blank-text-part',
  'repeated-tool-call-id',
]);

/** The rules of the Anthropic body, in the order in which they are asked. */
export const MESSAGES_RULES: readonly MessagesRule[] = [
  ...MESSAGES_REQUEST_RULES,
  ...MESSAGES_HISTORY_RULES,
  ...CHAT_RULES.filter(({ rule }) => SHARED_RULES.has(rule)),
];

/** The same for `count_tokens`, which gives no answer that could be limited. */
export const COUNT_RULES: readonly MessagesRule[] = MESSAGES_RULES.filter(({ rule }) => rule !== 'messages-max-tokens');

/**
 * What `npm run test:official` saw the real `@moonshot-ai/kimi-code` 2.1.0 do; that test fails when this table is not
 * what it sees. `gets`: it received this answer and went on as with Kimi. `passes`: it sent what the rule looks at and
 * was not refused. No entry: the row is only as good as its source.
 */
export const OFFICIAL_CLIENT_EVIDENCE: Readonly<Record<string, 'gets' | 'passes'>> = {
  'access-denied': 'gets',
  'authorization-pending': 'gets',
  'blank-text-part': 'passes',
  'cached-tokens': 'gets',
  'chat-stream': 'gets',
  'content-part-type': 'passes',
  'context-length': 'passes',
  'developer-role': 'passes',
  'device-authorization': 'gets',
  'device-code-expired': 'gets',
  'device-token': 'gets',
  'effort-unlisted': 'passes',
  'empty-assistant-message': 'passes',
  'empty-content-beside-tool-calls': 'passes',
  'identity-gate': 'passes',
  'identity-incomplete': 'passes',
  'image-type': 'passes',
  'image-url-not-inline': 'passes',
  'inline-image-size': 'passes',
  'invalid-client': 'passes',
  'invalid-grant': 'gets',
  'malformed-body': 'passes',
  'media-unsupported-by-model': 'passes',
  'message-name': 'passes',
  'message-size': 'passes',
  'models-list': 'gets',
  'null-content': 'passes',
  'reasoning-content': 'gets',
  'reasoning-content-missing': 'passes',
  'refresh-rotated': 'gets',
  'repeated-tool-call-id': 'passes',
  'schema-boolean': 'passes',
  'schema-enum-without-type': 'passes',
  'schema-root-object': 'passes',
  'schema-too-large': 'passes',
  'schema-type-beside-any-of': 'passes',
  'schema-type-missing': 'passes',
  'slow-down': 'gets',
  'thinking-and-effort': 'passes',
  'thinking-cannot-be-disabled': 'passes',
  'thinking-type': 'passes',
  'too-many-tools': 'passes',
  'tool-call-fragments': 'gets',
  'tool-call-id-not-found': 'passes',
  'tool-message-without-call': 'passes',
  'tool-name-duplicated': 'passes',
  'tool-name-invalid': 'passes',
  'tool-results-missing': 'passes',
  'tool-strict': 'passes',
  'trace-id': 'gets',
  unauthorized: 'gets',
  'unknown-body-field': 'passes',
  'unknown-model': 'passes',
  'unknown-oauth-parameter': 'passes',
  'usage-at-top-level': 'gets',
  'usage-on-choice': 'gets',
  'user-agent-appended': 'passes',
};

/** Every answer, refusal and notice of the simulator, with its source. */
export const SIMULATOR_RULES: readonly SimulatorRuleRow[] = [
  ...Object.values<SimulatorRule>(OAUTH_RULES),
  ...Object.values<SimulatorRule>(ACCESS_RULES),
  ...Object.values<SimulatorRule>(ANSWER_RULES),
  ...FILE_RULES.map(({ check: _check, ...row }): SimulatorRule => row),
  FILE_NOT_FOUND,
  ...Object.values<SimulatorRule>(WEB_RULES),
  ...[...CHAT_RULES, ...MESSAGES_REQUEST_RULES, ...MESSAGES_HISTORY_RULES].map(
    ({ check: _check, ...row }): SimulatorRule => row,
  ),
].map(row => {
  const officialClient = OFFICIAL_CLIENT_EVIDENCE[row.rule];
  return { ...row, ...(officialClient && { officialClient }), exercisedByOfficialClient: officialClient !== undefined };
});
