import type { ChatSubject } from '../rules/chat-rule';
import { estimatePromptTokens, estimateTokens } from '../rules/media-rules';
import type { FilledPart } from './answer-parts';
import type { ScriptedAnswer } from './scripted-answer';

/**
 * The `usage` object of an answer; `undefined` when the script wants none. Where the script does not say, prompt tokens
 * are estimated, and cached ones are what the last call with the same `prompt_cache_key` had as its prompt.
 */
export function chatUsage(
  answer: ScriptedAnswer,
  parts: readonly FilledPart[],
  subject: ChatSubject,
  promptsByCacheKey: Map<string, number>,
): Record<string, unknown> | undefined {
  if (answer.usage === false) {
    return undefined;
  }
  const given = answer.usage ?? {};
  const prompt = given.promptTokens ?? estimatePromptTokens(subject);
  const cached = given.cachedTokens ?? cachedBefore(subject, prompt, promptsByCacheKey);
  const completion =
    given.completionTokens ??
    parts.reduce((sum, part) => sum + estimateTokens(part.type === 'tool-call' ? part.arguments : part.text), 0);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(answer.cachedTokensAt === 'prompt_tokens_details'
      ? { prompt_tokens_details: { cached_tokens: cached } }
      : { cached_tokens: cached }),
    ...(given.reasoningTokens === undefined
      ? {}
      : { completion_tokens_details: { reasoning_tokens: given.reasoningTokens } }),
  };
}

function cachedBefore({ body }: ChatSubject, prompt: number, promptsByCacheKey: Map<string, number>): number {
  if (typeof body.prompt_cache_key !== 'string') {
    return 0;
  }
  const key = `${String(body.model)} ${body.prompt_cache_key}`;
  const before = promptsByCacheKey.get(key) ?? 0;
  promptsByCacheKey.set(key, prompt);
  return Math.min(before, prompt);
}
