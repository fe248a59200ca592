/** What a scripted answer is made of, whatever the wire: its parts, why it ended, and the tokens that it took. */
import { estimatePromptTokens, estimateTokens } from '../rules/media-rules';
import { toolCallsOf, type ChatBody, type ChatSubject } from '../rules/simulator-rule';
import type { AnswerPart, ScriptedAnswer } from './scripted-answer';

export type FilledToolCall = Extract<AnswerPart, { type: 'tool-call' }> & { id: string; arguments: string };
export type FilledPart = Exclude<AnswerPart, { type: 'tool-call' }> | FilledToolCall;

/** The parts of an answer in order, tool calls with their id and arguments as text. */
export function answerParts(answer: ScriptedAnswer, body: ChatBody): FilledPart[] {
  const parts: readonly AnswerPart[] = answer.parts ?? [
    ...(answer.reasoning === undefined ? [] : [{ type: 'reasoning' as const, text: answer.reasoning }]),
    ...(answer.text === undefined ? [] : [{ type: 'text' as const, text: answer.text }]),
    ...(answer.toolCalls ?? []).map(call => ({ type: 'tool-call' as const, ...call })),
  ];
  let calls = body.messages.reduce((count, message) => count + toolCallsOf(message).length, 0);
  return parts.map(part => {
    if (part.type !== 'tool-call') {
      return part;
    }
    const given = part.arguments ?? {};
    return {
      ...part,
      id: part.id ?? `functions.${part.name}:${calls++}`,
      arguments: typeof given === 'string' ? given : JSON.stringify(given),
    };
  });
}

/** `tool_calls` where the answer has one, else `stop`. */
export function finishReasonOf(answer: ScriptedAnswer, parts: readonly FilledPart[]): string {
  return answer.finishReason ?? (parts.some(part => part.type === 'tool-call') ? 'tool_calls' : 'stop');
}

/** Splits by characters, never inside a surrogate pair; an empty text is one empty piece. */
export function pieces(text: string, size: number): string[] {
  const characters = [...text];
  const count = Math.max(1, Math.ceil(characters.length / size));
  return Array.from({ length: count }, (_, position) =>
    characters.slice(position * size, (position + 1) * size).join(''),
  );
}

/** Tokens of an answer; `prompt` includes the cached ones. */
export type AnswerCounts = {
  prompt: number;
  cached: number;
  completion: number;
  reasoning: number | undefined;
};

/**
 * The tokens of an answer; `undefined` when the script wants no usage. Where the script does not say, prompt tokens are
 * estimated, and cached ones are what the last call with the same cache key had as its prompt.
 */
export function countsOf(
  answer: ScriptedAnswer,
  parts: readonly FilledPart[],
  subject: ChatSubject,
  promptsByCacheKey: Map<string, number>,
): AnswerCounts | undefined {
  if (answer.usage === false) {
    return undefined;
  }
  const given = answer.usage ?? {};
  const prompt = given.promptTokens ?? estimatePromptTokens(subject);
  return {
    prompt,
    cached: given.cachedTokens ?? cachedBefore(subject, prompt, promptsByCacheKey),
    completion:
      given.completionTokens ??
      parts.reduce((sum, part) => sum + estimateTokens(part.type === 'tool-call' ? part.arguments : part.text), 0),
    reasoning: given.reasoningTokens,
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
