import { z } from 'zod/v4';
import { isErrorBody, type WireErrorBody } from '../api/error-body';

/** Errors for events that are error bodies, by the event as it was parsed. */
const errors = new WeakMap<object, Error>();

/**
 * An error body as openai-compatible wants it: with an `error`, which it reads after `processChunk` has seen the event.
 */
class ReadErrorBody {
  constructor(private readonly body: WireErrorBody) {}

  get error(): unknown {
    return errors.get(this.body) ?? this.body.error ?? this.body;
  }
}

/** Makes `error` what the stream's error part carries for this event. For `processChunk`. */
export function setEventError(event: WireErrorBody, error: Error): void {
  errors.set(event, error);
}

/**
 * Lets openai-compatible recognise Kimi's error bodies. What they are about is judged elsewhere: whole answers in
 * errors/chat-failure.ts, events of a stream through {@link setEventError}, because the schema knows nothing of the
 * call.
 */
export const kimiErrorStructure = {
  errorSchema: z.custom<WireErrorBody>(isErrorBody).transform(body => new ReadErrorBody(body)),
  errorToMessage: () => 'error',
};
