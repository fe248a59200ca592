/** An error body of any shape, or an event that is one. */
export type ErrorBody = Record<string, unknown>;

/** Whether this is an error body of one of the shapes of wire.md 8.2, and no part of an answer. */
export function isErrorBody(value: unknown): value is ErrorBody {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return false;
  }
  const body = value as ErrorBody;
  const texts = [body.message, body.detail, body.error_description];
  return body.error != null || (!('choices' in body) && texts.some(text => typeof text === 'string'));
}
