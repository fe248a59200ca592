import type { BodyRule } from '../request/body';
import { BODY_RULES } from '../request/body-rules';
import { maxCompletionTokens, messageSize, promptTokens } from '../request/rules/limits';
import { assistantBlocks, mediaBlocks, mergedTurns, systemPrompt, toolResults } from './rules/messages';
import { cacheAffinity, cacheControl, knownFields, maxTokens, outputFormat, stopSequences } from './rules/settings';
import { thinkingFields } from './rules/thinking';
import { toolChoiceForm, toolForm } from './rules/tools';

/**
 * What turns a request in the words of chat, on which all rules of Kimi have been, into one of the Anthropic wire, in
 * the order in which it is applied (docs/decisions.md#70-one-request-for-both-wires).
 */
export const MESSAGES_RULES: readonly BodyRule[] = [
  thinkingFields,
  // May leave no tools, and then no choice.
  toolForm,
  toolChoiceForm,

  // Before the messages that hold parts become blocks of others.
  mediaBlocks,
  systemPrompt,
  assistantBlocks,
  toolResults,
  // After all roles are those of this wire.
  mergedTurns,

  maxTokens,
  // May speak in the system prompt.
  outputFormat,
  stopSequences,
  cacheAffinity,
  // After all fields have got their names.
  knownFields,
  // Marks what is sent.
  cacheControl,
];

/** What is no concern of a prompt that is only counted: how large it and its answer may be. */
const LIMITS: readonly BodyRule[] = [messageSize, maxCompletionTokens, maxTokens];

/**
 * What a prompt goes through that is counted.
 * @param onEstimate told the official client's estimate, of the request in the words of chat
 */
export function countRules(onEstimate: (tokens: number) => void): readonly BodyRule[] {
  const estimate: BodyRule = {
    name: 'estimate',
    summary: 'Measures.',
    source: 'docs/wire.md#token-estimate',
    apply: body => onEstimate(promptTokens(body)),
  };
  return [...BODY_RULES, estimate, ...MESSAGES_RULES].filter(rule => !LIMITS.includes(rule));
}

/** All that a request on the Anthropic wire goes through. */
export const ALL_MESSAGES_RULES: readonly BodyRule[] = [...BODY_RULES, ...MESSAGES_RULES];
