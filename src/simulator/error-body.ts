import type { SimulatorWire } from './recorded-request';

/** `error.type` of the Anthropic wire by status (docs/wire.md#anthropic-errors). */
const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

export function messagesErrorType(status: number): string {
  return TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
}

/** The same of an error inside a stream, which has no status: by its type on chat. */
export function messagesStreamErrorType(type = ''): string {
  if (Object.values(TYPES).includes(type)) {
    return type;
  }
  if (type.includes('overloaded')) {
    return 'overloaded_error';
  }
  return type.includes('rate_limit') ? 'rate_limit_error' : 'api_error';
}

/**
 * An error as the wire has it. What is written as `{ error: { message, type } }` becomes
 * `{ error: { type, message }, type: 'error' }` on the Anthropic wire, so that one script or fault serves both;
 * anything else stays as it is.
 */
export function errorBodyOf(wire: SimulatorWire | undefined, status: number, body: unknown): unknown {
  if (wire !== 'messages' || typeof body !== 'object' || body === null) {
    return body;
  }
  const { error, type } = body as { error?: unknown; type?: unknown };
  return typeof error === 'object' && error !== null && type === undefined
    ? { ...body, error: { ...error, type: messagesErrorType(status) }, type: 'error' }
    : body;
}
