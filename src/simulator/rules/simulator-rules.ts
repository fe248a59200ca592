import type { SimulatorWire } from '../recorded-request';
import { ACCESS_RULES } from './access-rules';
import { ANSWER_RULES } from './answer-rules';
import { FILE_NOT_FOUND, FILE_RULES } from './file-rules';
import { MEDIA_RULES } from './media-rules';
import { MESSAGE_RULES } from './message-rules';
import { MESSAGES_HISTORY_RULES } from './messages-history-rules';
import { MESSAGES_REQUEST_RULES } from './messages-request-rules';
import type { MessagesRule } from './messages-rule';
import { OAUTH_RULES } from './oauth-rules';
import { OFFICIAL_CLIENT_EVIDENCE } from './official-evidence';
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
 * (docs/wire.md#anthropic-history). The others speak of fields that this wire lacks, or have a rule of their own here:
 * of the schema validator of chat nothing is reported here (docs/wire.md#schemas-on-the-anthropic-wire).
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
  const wires = wiresOf(row.rule);
  return {
    ...row,
    ...(wires.length > 0 && { wires }),
    ...(officialClient && { officialClient }),
    exercisedByOfficialClient: officialClient !== undefined,
  };
});

function wiresOf(rule: string): SimulatorWire[] {
  const isAsked = (rules: readonly SimulatorRule[]): boolean => rules.some(candidate => candidate.rule === rule);
  return [...(isAsked(CHAT_RULES) ? ['chat' as const] : []), ...(isAsked(MESSAGES_RULES) ? ['messages' as const] : [])];
}
