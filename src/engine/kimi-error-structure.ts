import { z } from 'zod/v4';

/** An error body of any shape, or an event that is one. */
type ErrorBody = Record<string, unknown>;

/** Errors for events that are error bodies, by the event as it was parsed. */
const errors = new WeakMap<object, Error>();

/** An error body as openai-compatible wants it: with an `error`, which it reads after `processChunk` has seen the event. */
class ReadErrorBody {
  constructor(private readonly body: ErrorBody) {}

  get error(): unknown {
    return errors.get(this.body) ?? this.body.error ?? this.body;
  }
}

/** Whether this is an error body of one of the shapes of wire.md 8.2, and no part of an answer. */
export function isErrorBody(value: unknown): value is ErrorBody {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return false;
  }
  const body = value as ErrorBody;
  return body.error != null || (!('choices' in body) && [body.message, body.detail, body.error_description].some(text => typeof text === 'string'));
}

/** Makes `error` what the stream's error part carries for this event. For `processChunk`. */
export function setEventError(event: ErrorBody, error: Error): void {
  errors.set(event, error);
}

/**
 * Lets openai-compatible recognise Kimi's error bodies. What they are about is judged elsewhere: whole answers in errors/chat-failure.ts,
 * events of a stream through {@link setEventError}, because the schema knows nothing of the call.
 */
export const kimiErrorStructure = {
  errorSchema: z.custom<ErrorBody>(isErrorBody).transform(body => new ReadErrorBody(body)),
  errorToMessage: () => 'error',
};
