/** A scripted answer as it goes on the wire: its parts, the deltas of a stream or one completion, and its usage. */
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

/** What all chunks of an answer have in common. */
type AnswerHead = { id: string; created: number; model: string };

/** The body of a chat completion that is not streamed. */
export function chatCompletion(
  answer: ScriptedAnswer,
  parts: readonly FilledPart[],
  head: AnswerHead,
  usage: Record<string, unknown> | undefined,
  hasLogprobs: boolean,
): Record<string, unknown> {
  const join = (type: 'reasoning' | 'text'): string | undefined => {
    const texts = parts
      .filter(part => part.type !== 'tool-call')
      .filter(part => part.type === type)
      .map(part => part.text);
    return texts.length > 0 ? texts.join('') : undefined;
  };
  const reasoning = join('reasoning');
  const calls = parts.filter(part => part.type === 'tool-call');
  return {
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: join('text') ?? '',
          ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
          ...(calls.length > 0 && {
            tool_calls: calls.map((call, index) => ({
              index,
              id: call.id,
              type: 'function',
              function: { name: call.name, arguments: call.arguments },
            })),
          }),
        },
        ...(hasLogprobs ? logprobsOf(join('text')) : {}),
        finish_reason: finishReasonOf(answer, parts),
        ...(usage && (answer.usageAt === 'choice' || answer.usageAt === 'both') && { usage }),
      },
    ],
    ...(usage && answer.usageAt !== 'choice' && { usage }),
  };
}

/** The `chat.completion.chunk` objects of a streamed answer, in order. */
export function chatEvents(
  answer: ScriptedAnswer,
  parts: readonly FilledPart[],
  head: AnswerHead,
  usage: Record<string, unknown> | undefined,
  usageAt: 'choice' | 'top-level' | 'both',
  hasLogprobs: boolean,
): Record<string, unknown>[] {
  const chunk = (rest: Record<string, unknown>): Record<string, unknown> => ({
    id: head.id,
    object: 'chat.completion.chunk',
    created: head.created,
    model: head.model,
    ...rest,
  });
  const events = answerDeltas(answer, parts).map(delta =>
    chunk({ choices: [{ index: 0, delta, ...(hasLogprobs ? logprobsOf(delta.content) : {}), finish_reason: null }] }),
  );
  const last = {
    index: 0,
    delta: {},
    finish_reason: finishReasonOf(answer, parts),
    ...(usage && usageAt !== 'top-level' && { usage }),
  };
  events.push(chunk({ choices: [last] }));
  if (usage && usageAt !== 'choice') {
    events.push(chunk({ choices: [], usage }));
  }
  return events;
}

/** One token of the whole piece. */
function logprobsOf(text: unknown): { logprobs?: object } {
  return typeof text === 'string' && text !== ''
    ? { logprobs: { content: [{ token: text, logprob: -0.1, bytes: null, top_logprobs: [] }] } }
    : {};
}

/** The `delta` objects of a streamed answer, in order. */
function answerDeltas(answer: ScriptedAnswer, parts: readonly FilledPart[]): Record<string, unknown>[] {
  const size = answer.chunkSize ?? 12;
  const deltas: Record<string, unknown>[] = [{ role: 'assistant', content: '' }];
  const calls = parts.filter(part => part.type === 'tool-call');
  let run: FilledToolCall[] = [];
  const flush = (): void => {
    const fragments = run.map(call => callFragments(call, calls.indexOf(call), size));
    deltas.push(
      ...(answer.interleaveToolCalls ? alternate(fragments) : fragments.flat()).map(fragment => ({
        tool_calls: [fragment],
      })),
    );
    run = [];
  };
  for (const part of parts) {
    if (part.type === 'tool-call') {
      run.push(part);
      continue;
    }
    flush();
    const key = part.type === 'reasoning' ? 'reasoning_content' : 'content';
    deltas.push(...pieces(part.text, size).map(text => ({ [key]: text })));
  }
  flush();
  return deltas;
}

function callFragments(call: FilledToolCall, index: number, size: number): Record<string, unknown>[] {
  const has = (quirk: string): boolean => call.quirks?.some(candidate => candidate === quirk) ?? false;
  // At least two pieces, so that "first" and "last" are different fragments.
  const texts = ['', ...pieces(call.arguments, size)];
  const nameAt = has('arguments-before-name') ? texts.length - 1 : 0;
  const idAt = has('missing-id') ? -1 : has('late-id') ? texts.length - 1 : 0;
  return texts.flatMap((text, position) => {
    const fragment = {
      ...(has('missing-index') ? {} : { index }),
      ...(position === idAt ? { id: call.id } : {}),
      ...(position === 0 ? { type: 'function' } : {}),
      function: { ...(position === nameAt ? { name: call.name } : {}), arguments: text },
    };
    return has('empty-entries') ? [has('missing-index') ? {} : { index }, fragment] : [fragment];
  });
}

function alternate<T>(lists: readonly T[][]): T[] {
  const longest = Math.max(0, ...lists.map(list => list.length));
  return Array.from({ length: longest }, (_, position) =>
    lists.flatMap(list => list.slice(position, position + 1)),
  ).flat();
}

/** Splits by characters, never inside a surrogate pair; an empty text is one empty piece. */
function pieces(text: string, size: number): string[] {
  const characters = [...text];
  const count = Math.max(1, Math.ceil(characters.length / size));
  return Array.from({ length: count }, (_, position) =>
    characters.slice(position * size, (position + 1) * size).join(''),
  );
}

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
