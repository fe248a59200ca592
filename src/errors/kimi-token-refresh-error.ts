import { AISDKError, APICallError } from '@ai-sdk/provider';
import { printableText } from './printable-text';

const code = 'KIMI_TOKEN_REFRESH';
const marker = `ai-sdk-provider-kimi.error.${code}`;
const symbol = Symbol.for(marker);

/**
 * The access token could not be renewed now; the sign-in is kept. An `APICallError`, so that the AI SDK retries it by
 * itself, after the `retry-after` of the OAuth host if it gave one. Carries no request body: that was the refresh
 * token. Has no `cause` either: the AI SDK replaces an error with a network error behind it by one of its own
 * (`handleFetchError`), and the message says what it was.
 */
export class KimiTokenRefreshError extends APICallError {
  readonly [symbol] = true;

  /** Stable, machine-readable name of the case, as in `KimiError`. */
  readonly code = code;

  /** Where the login is. */
  readonly source: string;

  /**
   * @param options.isRetryable false where the same request would fail again, @default true
   * @param options.retryAfterMs how long the OAuth host asked to wait
   */
  constructor({
    url,
    source,
    message,
    statusCode,
    retryAfterMs,
    isRetryable = true,
  }: {
    url: string;
    source: string;
    message: string;
    statusCode?: number | undefined;
    retryAfterMs?: number | undefined;
    isRetryable?: boolean | undefined;
  }) {
    super({
      message: printableText(message),
      url,
      requestBodyValues: {},
      isRetryable,
      ...(statusCode === undefined ? {} : { statusCode }),
      ...(retryAfterMs === undefined
        ? {}
        : { responseHeaders: { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) } }),
    });
    this.name = 'KimiTokenRefreshError';
    this.source = source;
  }

  static override isInstance(error: unknown): error is KimiTokenRefreshError {
    return AISDKError.hasMarker(error, marker);
  }
}
