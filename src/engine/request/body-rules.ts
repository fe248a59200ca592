import type { BodyRule } from './body';
import { maxCompletionTokens, messageSize } from './rules/limits';
import { media } from './rules/media';
import { dropBlankText, dropEmptyAssistant, messageName, omitContentBesideToolCalls, partial } from './rules/messages';
import { responseFormat } from './rules/response-format';
import {
  dropRefusedSettings,
  logprobs,
  modelSlug,
  prediction,
  promptCacheKey,
  safetyIdentifier,
} from './rules/settings';
import { replayReasoningContent, thinking } from './rules/thinking';
import { pairToolCalls, toolCallArguments, toolCallIds } from './rules/tool-calls';
import { toolChoice, toolLimit } from './rules/tool-choice';
import { dynamicTools, plainTools, toolNames, toolSchemas } from './rules/tools';

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
  // A named tool that is sent alone leaves no others.
  toolLimit,

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
  logprobs,
  prediction,
  // Measure the finished messages.
  messageSize,
  maxCompletionTokens,
];
