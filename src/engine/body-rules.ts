import type { BodyRule } from './body-rule';
import { dropBlankText } from './rules/drop-blank-text';
import { dropEmptyAssistant } from './rules/drop-empty-assistant';
import { dropRefusedSettings } from './rules/drop-refused-settings';
import { dynamicTools } from './rules/dynamic-tools';
import { maxCompletionTokens } from './rules/max-completion-tokens';
import { media } from './rules/media';
import { messageName } from './rules/message-name';
import { messageSize } from './rules/message-size';
import { modelSlug } from './rules/model-slug';
import { omitContentBesideToolCalls } from './rules/omit-content-beside-tool-calls';
import { pairToolCalls } from './rules/pair-tool-calls';
import { partial } from './rules/partial';
import { plainTools } from './rules/plain-tools';
import { promptCacheKey } from './rules/prompt-cache-key';
import { replayReasoningContent } from './rules/replay-reasoning-content';
import { responseFormat } from './rules/response-format';
import { safetyIdentifier } from './rules/safety-identifier';
import { thinking } from './rules/thinking';
import { toolCallArguments } from './rules/tool-call-arguments';
import { toolCallIds } from './rules/tool-call-ids';
import { toolChoice } from './rules/tool-choice';
import { toolNames } from './rules/tool-names';
import { toolSchemas } from './rules/tool-schemas';

/**
 * What Kimi needs beyond openai-compatible, in the order in which it is applied. Where the order matters, the comment
 * says why.
 */
export const BODY_RULES: readonly BodyRule[] = [
  modelSlug,

  // Before the other rules of tools, which must see every tool once and in its place.
  dynamicTools,
  // Before whatever names a tool: `plainTools` cuts builtin ones down to their name, `toolChoice` compares names.
  toolNames,
  toolSchemas,
  plainTools,
  thinking,
  // Looks at whether thinking is on, and may turn it off.
  toolChoice,

  // Before blank text is dropped: it replaces parts by text.
  media,
  // Before results are paired, so that an empty system or user message does not stand between call and result.
  dropBlankText,
  toolCallArguments,
  omitContentBesideToolCalls,
  pairToolCalls,
  // Takes the results that stand behind a message for those of its calls.
  toolCallIds,
  messageName,
  // Before empty assistant messages are dropped, for an empty beginning is one to go on with.
  partial,
  // Before reasoning is padded, for a padded message is no longer empty.
  dropEmptyAssistant,
  // Looks at whether thinking is off.
  replayReasoningContent,

  // May tell the schema in a message.
  responseFormat,
  // Looks at whether thinking is off.
  dropRefusedSettings,
  promptCacheKey,
  safetyIdentifier,
  // Measure the finished messages.
  messageSize,
  maxCompletionTokens,
];
