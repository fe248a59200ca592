import { ACCESS_RULES } from './access-rules';
import { ANSWER_RULES } from './answer-rules';
import type { ChatRule } from './chat-rule';
import { MEDIA_RULES } from './media-rules';
import { MESSAGE_RULES } from './message-rules';
import { OAUTH_RULES } from './oauth-rules';
import { SAMPLING_RULES } from './sampling-rules';
import type { SimulatorRule, SimulatorRuleRow } from './simulator-rule';
import { THINKING_RULES } from './thinking-rules';
import { TOOL_RULES } from './tool-rules';
import { TOOL_SCHEMA_RULES } from './tool-schema-rules';
import { OFFICIAL_CLIENT_EVIDENCE } from './official-client-evidence';

/** The rules of the chat body in the order in which they are asked. The first refusal is the answer. */
export const CHAT_RULES: readonly ChatRule[] = [
  ...MEDIA_RULES,
  ...SAMPLING_RULES,
  ...THINKING_RULES,
  ...TOOL_RULES,
  ...TOOL_SCHEMA_RULES,
  ...MESSAGE_RULES,
];

/** Every answer, refusal and notice of the simulator, with its source. */
export const SIMULATOR_RULES: readonly SimulatorRuleRow[] = [
  ...Object.values<SimulatorRule>(OAUTH_RULES),
  ...Object.values<SimulatorRule>(ACCESS_RULES),
  ...Object.values<SimulatorRule>(ANSWER_RULES),
  ...CHAT_RULES.map(({ check: _check, ...row }): SimulatorRule => row),
].map(row => {
  const officialClient = OFFICIAL_CLIENT_EVIDENCE[row.rule];
  return { ...row, ...(officialClient && { officialClient }), exercisedByOfficialClient: officialClient !== undefined };
});
