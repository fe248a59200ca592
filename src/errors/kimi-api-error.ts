import { AISDKError, APICallError } from '@ai-sdk/provider';
import { printableText } from './printable-text';

const marker = 'ai-sdk-provider-kimi.error.KIMI_API';
const symbol = Symbol.for(marker);

/**
 * What an answer of the API that is an error is about. Stable; tell cases apart by this, not by status or text: Kimi
 * uses one status and type for several cases (docs/wire.md#one-status-for-several-cases).
 */
export type KimiAPIErrorCode =
  /** The server does not serve this client (403). */
  | 'KIMI_IDENTITY_REFUSED'
  /** The key or token is not accepted (401). */
  | 'KIMI_NOT_AUTHENTICATED'
  /** The account has no active plan (402). */
  | 'KIMI_MEMBERSHIP_REQUIRED'
  /** The model does not exist or is not in the plan (404, 401). */
  | 'KIMI_MODEL_UNAVAILABLE'
  /** The plan has no high-speed model (401, 403). */
  | 'KIMI_HIGH_SPEED_UNAVAILABLE'
  /** The plan's window, week, month or cycle is used up (403, 429). */
  | 'KIMI_QUOTA_EXHAUSTED'
  /** The platform account has no money left (429, 403). */
  | 'KIMI_BALANCE_EXHAUSTED'
  /** Too many requests, or too many at once (429, 403). */
  | 'KIMI_RATE_LIMITED'
  /** The server has more load than it can serve (429, 529, 503). */
  | 'KIMI_OVERLOADED'
  /** Prompt and output do not fit into the model's or the plan's context (400, 401). */
  | 'KIMI_CONTEXT_TOO_LONG'
  /** The request has too many bytes (413, 400). */
  | 'KIMI_REQUEST_TOO_LARGE'
  /** Refused by content moderation (400). */
  | 'KIMI_CONTENT_FILTERED'
  /** A tool's or an output's JSON schema or name is not accepted (400). */
  | 'KIMI_SCHEMA_REFUSED'
  /** An earlier assistant message lacks its `reasoning_content` (400). */
  | 'KIMI_REASONING_MISSING'
  /** An image, video or file is not accepted (400). */
  | 'KIMI_MEDIA_REFUSED'
  /** Anything else about the request (400, 422). */
  | 'KIMI_REQUEST_INVALID'
  /** Refused for another reason (403). */
  | 'KIMI_PERMISSION_DENIED'
  /** A web page that was asked for has no text (404), or is not fetched (403). */
  | 'KIMI_PAGE_UNREADABLE'
  /** The URL is not one of the API (404, 405). */
  | 'KIMI_NOT_FOUND'
  /** The server failed (408, 409, 5xx, or an error in the middle of an answer). */
  | 'KIMI_SERVER_ERROR'
  /** The server could not be reached, or the connection broke before the answer. */
  | 'KIMI_CONNECTION_FAILED'
  /** The answer broke off. */
  | 'KIMI_ANSWER_CUT'
  /** The answer has neither text nor a tool call. */
  | 'KIMI_ANSWER_EMPTY'
  /** The answer is not one of the API: a page of a proxy, or broken JSON. */
  | 'KIMI_ANSWER_INVALID'
  /** None of the above. */
  | 'KIMI_UNKNOWN';

/** What {@link KimiAPIError} is made of. */
export type KimiAPIErrorOptions = {
  code: KimiAPIErrorCode;
  reason: string;
  message: string;
  url: string;
  requestBodyValues: unknown;
  isRetryable: boolean;
  statusCode?: number | undefined;
  responseHeaders?: Record<string, string> | undefined;
  responseBody?: string | undefined;
  data?: unknown;
  traceId?: string | undefined;
  source?: string | undefined;
  retryAfter?: Date | undefined;
  resetsAt?: Date | undefined;
  cause?: unknown;
};

/**
 * An answer of the API that is an error, an answer that broke off or is empty, or no answer. An `APICallError` of every
 * AI SDK major, so that retries and hosts treat it as one; `code` says which case it is and `message` what to do.
 *
 * `requestBodyValues` holds the prompt, as the AI SDK's contract has it; it can be read, but is not shown by
 * `console.log` and not serialised. `responseBody` and `data` are the body as the server sent it; what any of it
 * repeats of the credential or of the prompt is left out. In opencode alone, which retries by words, an error that is
 * final says them otherwise (docs/decisions.md#85-softer-words-in-opencode).
 */
export class KimiAPIError extends APICallError {
  readonly [symbol] = true;

  /** Stable, machine-readable name of the case, for example `KIMI_QUOTA_EXHAUSTED`. */
  readonly code: KimiAPIErrorCode;

  /** The case within the code, for example `weekly` for `KIMI_QUOTA_EXHAUSTED`. */
  readonly reason: string;

  /** The server's id of this request, which support asks for. */
  readonly traceId: string | undefined;

  /** Where the refused credential came from; for 401, 402 and 403. */
  readonly source: string | undefined;

  /**
   * When the server wants to be asked again, where it says so. A minute or more from now: not retryable
   * (docs/decisions.md#32-long-waits-are-not-retried).
   */
  readonly retryAfter: Date | undefined;

  /**
   * When the quota is fresh again: by the answer, else by `GET /usages`, which is asked once a minute at most and for a
   * second at most (docs/decisions.md#63-usage-and-balance). `undefined` where neither says.
   */
  readonly resetsAt: Date | undefined;

  constructor({
    code,
    reason,
    message,
    url,
    requestBodyValues,
    isRetryable,
    traceId,
    source,
    retryAfter,
    resetsAt,
    cause,
    data,
    ...answer
  }: KimiAPIErrorOptions) {
    super({
      message: printableText(message),
      url,
      requestBodyValues,
      isRetryable,
      ...(answer.statusCode === undefined ? {} : { statusCode: answer.statusCode }),
      ...(answer.responseHeaders === undefined ? {} : { responseHeaders: answer.responseHeaders }),
      ...(answer.responseBody === undefined ? {} : { responseBody: answer.responseBody }),
      ...(cause === undefined ? {} : { cause }),
      ...(data === undefined ? {} : { data }),
    });
    this.name = 'KimiAPIError';
    this.code = code;
    this.reason = reason;
    this.traceId = traceId;
    this.source = source;
    this.retryAfter = retryAfter;
    this.resetsAt = resetsAt;
    Object.defineProperty(this, 'requestBodyValues', {
      value: requestBodyValues,
      enumerable: false,
      writable: true,
      configurable: true,
    });
  }

  static override isInstance(error: unknown): error is KimiAPIError {
    return AISDKError.hasMarker(error, marker);
  }
}

/** The same refusal in other words: what it was about was known only where it was asked for. */
export function changedAPIError(
  error: KimiAPIError,
  change: Pick<KimiAPIErrorOptions, 'code' | 'reason' | 'message'>,
): KimiAPIError {
  const { url, requestBodyValues, isRetryable, statusCode, responseHeaders, responseBody, data, cause } = error;
  const { traceId, source, retryAfter, resetsAt } = error;
  const answer = { url, requestBodyValues, isRetryable, statusCode, responseHeaders, responseBody, data, cause };
  return new KimiAPIError({ ...answer, traceId, source, retryAfter, resetsAt, ...change });
}
