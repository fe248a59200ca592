/** A scripted answer in chat completions: the deltas of a stream, or one completion, and its usage. */
import { finishReasonOf, pieces, type AnswerCounts, type FilledPart, type FilledToolCall } from './answer-parts';
import type { ScriptedAnswer } from './scripted-answer';
import type { AnswerStream } from './send-event-stream';

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

/** The `chat.completion.chunk` events of a streamed answer, in order. */
export function chatStream(
  answer: ScriptedAnswer,
  parts: readonly FilledPart[],
  head: AnswerHead,
  usage: Record<string, unknown> | undefined,
  usageAt: 'choice' | 'top-level' | 'both',
  hasLogprobs: boolean,
): AnswerStream {
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
  return {
    events: events.map(event => ({ data: JSON.stringify(event) })),
    end: { data: '[DONE]' },
    error: error => ({ data: JSON.stringify({ error }) }),
    malformed: { data: '{"id":"chatcmpl-malformed","choices":[{"delta":{"content":' },
    hasSpaces: true,
  };
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

/** The `usage` object of an answer. */
export function chatUsage(answer: ScriptedAnswer, counts: AnswerCounts): Record<string, unknown> {
  const { prompt, cached, completion, reasoning } = counts;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(answer.cachedTokensAt === 'prompt_tokens_details'
      ? { prompt_tokens_details: { cached_tokens: cached } }
      : { cached_tokens: cached }),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}
