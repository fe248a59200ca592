/**
 * Everything that a request to the API can come to that is no success, as `KimiAPIError`: a refusal, an answer that is
 * none, no connection.
 */
import { hideInError } from '../errors/hide-in-error';
import { hideSecrets, withoutExact, type Hidden } from '../errors/hide-secrets';
import { KimiAPIError, type KimiAPIErrorOptions } from '../errors/kimi-api-error';
import { BASE_URL_VARIABLE_NAMES } from '../transport/base-url-variables';
import { TRACE_ID_HEADER, TRACK_ID_HEADER } from '../upstream';
import { findErrorRow } from './classify';
import { consoleOf, explainError } from './error-advice';
import type { ErrorRow } from './error-table';
import { isErrorBody, readErrorBody } from './error-body';
import type { SilenceError } from '../transport/silence-limit';
import {
  networkFailureCode,
  networkFailureKind,
  networkFailureMessage,
  type NetworkFailureKind,
} from './network-failure';
import { ERROR_BODY_LIMIT } from './read-body';
import { LONGEST_RETRY_WAIT, resetTimeOf, retryAfterOf } from './retry-after';

/** The request and the head of its answer. */
export type Exchange = {
  url: string;
  requestBodyValues: unknown;
  /** Absent where no answer came. */
  statusCode?: number | undefined;
  responseHeaders?: Record<string, string> | undefined;
  /** Where the credential came from that was sent, for messages. Never a secret. */
  credentialSource?: string | undefined;
  /** Who the request said it came from, for messages: a word of the setting "identity", or a product. */
  identity?: string | undefined;
  /** The credentials that were sent, so that no error shows them. */
  secrets?: (() => Iterable<string>) | undefined;
};

/** As much of the server's text as a message repeats. */
const LONGEST_QUOTE = 300;

/**
 * The error for an answer that is one: a refusal, or an error in the middle of an answer.
 * @param body text of the answer, or the event
 * @param options.inAnswer the body is an event of a stream that began well, so the status says nothing
 * @param options.usedUp what else is known of a used-up plan, for what the answer does not say
 * @param options.now milliseconds since the epoch, @default Date.now()
 */
export function toKimiAPIError(
  exchange: Exchange,
  body: unknown,
  {
    inAnswer = false,
    cause,
    usedUp,
    now = Date.now(),
  }: {
    inAnswer?: boolean;
    cause?: unknown;
    usedUp?: { reason: QuotaReason | undefined; resetsAt: Date | undefined } | undefined;
    now?: number;
  } = {},
): KimiAPIError {
  const { url, statusCode, responseHeaders } = exchange;
  const received = (typeof body === 'string' ? body : (JSON.stringify(body) ?? '')).slice(0, ERROR_BODY_LIMIT);
  const { message: text = '', texts, types, data, isPage } = readErrorBody(received);
  const status = inAnswer ? statusIn(data) : statusCode;
  const row = withWindow(findErrorRow({ status, text: texts.join(' '), types, isPage }), usedUp?.reason);
  const isQuota = row?.code === 'KIMI_QUOTA_EXHAUSTED';
  const retryAfter = inAnswer ? undefined : retryAfterOf(responseHeaders, now);
  const resetsAt = isQuota ? (resetTimeOf(data, text, responseHeaders, now) ?? usedUp?.resetsAt) : undefined;
  const isRetryable =
    row?.retryable === true && (retryAfter === undefined || retryAfter.getTime() - now < LONGEST_RETRY_WAIT);
  const source = status === 401 || status === 402 || status === 403 ? exchange.credentialSource : undefined;
  const host = hostOf(url);
  const shown = shownAnswer(exchange, received);

  const sentences = [
    row === undefined
      ? `${host} answered with an error that is not known here.`
      : explainError(row.reason, {
          host,
          credential: source === undefined ? 'your credential' : `the credential from ${source}`,
          console: consoleOf(url),
          identity: exchange.identity ?? 'unknown',
          reset: resetsAt === undefined ? '' : ` It is fresh again at ${isoOf(resetsAt)}.`,
        }),
    row?.retryable === true && !isRetryable && retryAfter !== undefined
      ? `It asks to wait until ${isoOf(retryAfter)}.`
      : '',
    answerOf(status, shown.text),
  ];
  const message = sentences.filter(sentence => sentence !== '').join(' ');
  return failure(exchange, {
    code: row?.code ?? 'KIMI_UNKNOWN',
    reason: row?.reason ?? 'unknown',
    message,
    isRetryable,
    shown,
    source,
    retryAfter,
    resetsAt,
    cause,
  });
}

/** What was used up, where the server's text names no window. */
type QuotaReason = '5-hour' | 'weekly' | 'monthly';

function withWindow(row: ErrorRow | undefined, window: QuotaReason | undefined): ErrorRow | undefined {
  return row?.reason === 'period' && window !== undefined ? { ...row, reason: window } : row;
}

/** The error for an answer with a good status that is none: an error body, a page, or torn JSON. */
export function unreadableAnswer(exchange: Exchange, body: string): KimiAPIError {
  const received = body.slice(0, ERROR_BODY_LIMIT);
  const { data, isPage } = readErrorBody(received);
  if (isErrorBody(data)) {
    return toKimiAPIError(exchange, received, { inAnswer: true });
  }
  const host = hostOf(exchange.url);
  const shown = shownAnswer(exchange, received);
  const title = isPage && shown.text !== '' ? ` titled "${shown.text}"` : '';
  const isTorn = !isPage && typeof data === 'string' && /^[{[]/.test(data);
  const text = isTorn
    ? `The answer of ${host} is not whole. Try again.`
    : `${host} answered with something that is no answer of the API${isPage ? `: a page${title}` : ''}. ` +
      `Check the "baseURL" setting, the variable ${BASE_URL_VARIABLE_NAMES}, and proxies in between.`;
  return failure(exchange, {
    code: 'KIMI_ANSWER_INVALID',
    reason: isTorn ? 'torn' : isPage ? 'page' : 'no-answer',
    isRetryable: isTorn,
    message: text,
    shown,
  });
}

/** The error for a good answer of which only the beginning was read. Not retried: the next one would be as large. */
export function oversizedAnswer(exchange: Exchange, beginning: string, limit: number): KimiAPIError {
  const { responseBody, responseHeaders } = shownAnswer(exchange, beginning.slice(0, ERROR_BODY_LIMIT));
  return failure(exchange, {
    code: 'KIMI_ANSWER_INVALID',
    reason: 'too-large',
    isRetryable: false,
    message:
      `The answer of ${hostOf(exchange.url)} is larger than ${limit / 1024 / 1024} MiB, which no answer of Kimi is. ` +
      `Check the "baseURL" setting, the variable ${BASE_URL_VARIABLE_NAMES}, and proxies in between.`,
    shown: { responseBody, responseHeaders },
  });
}

/** What to do about a failure of the network. */
const NETWORK_ADVICE: Record<NetworkFailureKind, string> = {
  unreachable: 'Check the network, a proxy in between, or the "baseURL" setting.',
  dns: 'Its name is not known here: check the network, DNS, or the "baseURL" setting.',
  certificate:
    'Its certificate is not accepted: check this machine\'s clock and the "baseURL" setting; where a proxy opens ' +
    'TLS, set NODE_EXTRA_CA_CERTS to the file with its certificate.',
  timeout: 'Try again; if it lasts, check the network, a proxy in between, or the "baseURL" setting.',
  headers: 'Its answer has more headers than this runtime reads: check a proxy in between, or the "baseURL" setting.',
  'no-http': 'That is no HTTP: check a proxy in between, or the "baseURL" setting.',
};

/** The error for a request that got no answer. */
export function connectionFailure(exchange: Exchange, cause: unknown, message?: string): KimiAPIError {
  const reason = networkFailureKind(cause);
  // These two need a person; the next request would meet the same.
  const isRetryable = reason !== 'certificate' && reason !== 'headers';
  const what = hideSecrets(networkFailureMessage(cause) ?? message, hiddenOf(exchange));
  const advice =
    networkFailureCode(cause) === 'UND_ERR_HEADERS_TIMEOUT'
      ? 'Node\'s own fetch waits 300 s for an answer to begin; a long answer has to be streamed, or needs a "fetch" ' +
        'with another limit.'
      : NETWORK_ADVICE[reason];
  return failure(exchange, {
    code: 'KIMI_CONNECTION_FAILED',
    reason,
    isRetryable,
    message: `${hostOf(exchange.url)} could not be reached: ${what}. ${advice}`,
    cause,
  });
}

/** The error for a request whose answer did not begin in time. */
export function silentServer(exchange: Exchange, { milliseconds }: SilenceError): KimiAPIError {
  return failure(exchange, {
    code: 'KIMI_CONNECTION_FAILED',
    reason: 'timeout',
    isRetryable: true,
    message:
      `${hostOf(exchange.url)} did not begin to answer within ${milliseconds / 1000} s. ${NETWORK_ADVICE.timeout} ` +
      'The setting "limits.firstByteMs" allows more time.',
  });
}

/** What an error shows of an answer. */
type ShownAnswer = Pick<KimiAPIErrorOptions, 'responseBody' | 'responseHeaders' | 'data'>;

type Failure = Omit<KimiAPIErrorOptions, 'url' | 'requestBodyValues' | 'traceId' | keyof ShownAnswer> & {
  /** Absent where the body says no more than the message. */
  shown?: ShownAnswer | undefined;
};

/** Every error of a request to the API: nothing of it repeats the credential or the prompt. */
export function failure(
  exchange: Exchange,
  { shown = shownAnswer(exchange, undefined), cause, message, ...error }: Failure,
): KimiAPIError {
  const { url, statusCode, requestBodyValues } = exchange;
  const { secrets = [] } = hiddenOf(exchange);
  const { responseBody, responseHeaders, data } = shown;
  return new KimiAPIError({
    ...error,
    ...withoutExact({ url, message, requestBodyValues }, secrets),
    statusCode,
    responseHeaders,
    responseBody,
    data,
    traceId: traceIdOf(responseHeaders),
    cause: hideInError(cause, hiddenOf(exchange)),
  });
}

function hiddenOf({ secrets, requestBodyValues }: Exchange): Hidden {
  const { messages, text_query: query } = (requestBodyValues ?? {}) as { messages?: unknown; text_query?: unknown };
  return { secrets: [...(secrets?.() ?? [])], prompts: messages ?? query };
}

/** What may be shown of an answer, and what it says to the reader. */
function shownAnswer(exchange: Exchange, received: string | undefined): ShownAnswer & { text: string } {
  const hidden = hiddenOf(exchange);
  const headers = Object.entries(exchange.responseHeaders ?? {});
  const { body, values } = hideSecrets({ body: received, values: headers.map(([, value]) => value) }, hidden);
  const names = hideSecrets(
    headers.map(([name]) => name),
    { secrets: hidden.secrets },
  );
  const { data, message = '' } = readErrorBody(body ?? '');
  // A prompt that has the words of the body in it may have taken some of its punctuation.
  const sent = typeof data === 'string' ? readErrorBody(received ?? '').data : data;
  return {
    responseBody: body,
    responseHeaders:
      exchange.responseHeaders && Object.fromEntries(names.map((name, index) => [name, values[index] ?? ''])),
    data: typeof sent === typeof data ? data : hideSecrets(sent, hidden),
    text: message,
  };
}

/** Host and port, for messages. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** The server's id of a request, from the headers of the answer (docs/wire.md#trace-id, #web-search-of-the-platform). */
export function traceIdOf(headers: Readonly<Record<string, string>> | undefined): string | undefined {
  return headers?.[TRACE_ID_HEADER] || headers?.[TRACK_ID_HEADER] || undefined;
}

function answerOf(status: number | undefined, text: string): string {
  const quote = text.replace(/\s+/g, ' ').trim();
  const short = quote.length > LONGEST_QUOTE ? `${quote.slice(0, LONGEST_QUOTE)}…` : quote;
  return short === ''
    ? status === undefined
      ? ''
      : `(HTTP ${status})`
    : `Its answer${status === undefined ? '' : ` (HTTP ${status})`}: "${short}"`;
}

/** Some servers put a status into an event: `{error: {code: 429}}`. */
function statusIn(data: unknown): number | undefined {
  const error = (data as { error?: { code?: unknown; status?: unknown; http_code?: unknown } } | undefined)?.error;
  const status = Number(error?.http_code ?? error?.status ?? error?.code);
  return Number.isInteger(status) && status >= 400 && status < 600 ? status : undefined;
}

function isoOf(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}
