import { StreamEvent } from './stream-event';

/**
 * What can be wrong with an answer that began well:
 * - `cut`: it ended without a finish reason and without the event that says that all is said
 * - `connection`: the connection broke while it was read
 * - `empty`, `thinking-only`: it has neither text nor a tool call (docs/wire.md#empty-answers)
 * - `malformed`: an event of it is not JSON
 * - `too-large`: an event of it, or what is kept of it until its end, has more bytes than the limit
 */
export type AnswerFault = 'cut' | 'connection' | 'empty' | 'thinking-only' | 'malformed' | 'too-large';

/** Marks an event that the server did not send. */
const ANSWER_FAULT_KEY = 'kimiAnswerFault';

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
