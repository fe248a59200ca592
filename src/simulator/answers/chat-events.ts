import { answerDeltas } from './answer-deltas';
import { finishReasonOf, type FilledPart } from './answer-parts';
import type { ScriptedAnswer } from './scripted-answer';

/** The `chat.completion.chunk` objects of a streamed answer, in order. */
export function chatEvents(
  answer: ScriptedAnswer,
  parts: readonly FilledPart[],
  head: { id: string; created: number; model: string },
  usage: Record<string, unknown> | undefined,
  usageAt: 'choice' | 'top-level' | 'both',
): Record<string, unknown>[] {
  const chunk = (rest: Record<string, unknown>): Record<string, unknown> => ({
    id: head.id,
    object: 'chat.completion.chunk',
    created: head.created,
    model: head.model,
    ...rest,
  });
  const events = answerDeltas(answer, parts).map(delta =>
    chunk({ choices: [{ index: 0, delta, finish_reason: null }] }),
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
