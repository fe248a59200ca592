import { StreamEvent } from '../stream-event';

/**
 * What can be wrong with an answer that began well:
 * - `cut`: it ended without a finish reason and without `[DONE]`
 * - `connection`: the connection broke while it was read
 * - `empty`, `thinking-only`: it has neither text nor a tool call (wire.md 7, B:196419-196440)
 * - `malformed`: an event of it is not JSON
 */
export type AnswerFault = 'cut' | 'connection' | 'empty' | 'thinking-only' | 'malformed';

/** Marks an event that the server did not send. */
export const ANSWER_FAULT_KEY = 'kimiAnswerFault';

/**
 * The event that reports a fault to whoever reads the stream. Has an `error`, as the server's own error events have.
 */
export function faultEvent<Chunk extends object>(fault: AnswerFault): StreamEvent<Chunk> {
  const chunk = { error: { message: fault, type: fault }, [ANSWER_FAULT_KEY]: fault };
  return StreamEvent.with(chunk as unknown as Chunk);
}

/** The fault that an event reports; `undefined` for an event of the server. */
export function answerFaultOf(event: unknown): AnswerFault | undefined {
  return (event as { [ANSWER_FAULT_KEY]?: AnswerFault } | null | undefined)?.[ANSWER_FAULT_KEY];
}
