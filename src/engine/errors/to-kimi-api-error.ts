import { readCredentialSource } from '../../transport/credential-source';
import { hidePrompt } from '../../errors/hide-prompt';
import { KimiAPIError } from '../../errors/kimi-api-error';
import { API_BASE_URLS, KEY_CONSOLE_URLS, TRACE_ID_HEADER, type KimiRegion, type KimiService } from '../../upstream';
import { readErrorBody, redactSecrets } from '../../api/error-body';
import { withoutRetryWords } from './host-retry-words';
import { explainError } from './kimi-error-advice';
import { findErrorRow } from './kimi-error-table';
import { LONGEST_RETRY_WAIT, resetTimeOf, retryAfterOf } from '../../api/retry-after';

/** The request and the head of its answer. */
export type Exchange = {
  url: string;
  requestBodyValues: unknown;
  /** Absent where no answer came. */
  statusCode?: number | undefined;
  responseHeaders?: Record<string, string> | undefined;
};

/** As much of the server's text as a message repeats. */
const LONGEST_QUOTE = 300;

/**
 * The error for an answer that is one: a refusal, or an error in the middle of an answer.
 * @param body text of the answer, or the event
 * @param options.inAnswer the body is an event of a stream that began well, so the status says nothing
 * @param options.now milliseconds since the epoch, @default Date.now()
 */
export function toKimiAPIError(
  exchange: Exchange,
  body: unknown,
  { inAnswer = false, cause, now = Date.now() }: { inAnswer?: boolean; cause?: unknown; now?: number } = {},
): KimiAPIError {
  const { url, statusCode, responseHeaders } = exchange;
  // As text, whatever it is: keys and tokens are found there.
  const received = typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
  const { message: said, types, data, isPage } = readErrorBody(received);
  const text = said ?? '';
  const status = inAnswer ? statusIn(data) : statusCode;
  const row = findErrorRow({ status, text, types, isPage });
  const isQuota = row?.code === 'KIMI_QUOTA_EXHAUSTED';
  const retryAfter = inAnswer ? undefined : retryAfterOf(responseHeaders, now);
  const resetsAt = isQuota ? resetTimeOf(data, text, responseHeaders, now) : undefined;
  const isRetryable =
    row?.retryable === true && (retryAfter === undefined || retryAfter.getTime() - now < LONGEST_RETRY_WAIT);
  const source = readCredentialSource(responseHeaders);
  const host = hostOf(url);

  const sentences = [
    row === undefined
      ? `${host} answered with an error that is not known here.`
      : explainError(row.reason, {
          host,
          credential: source === undefined ? 'your credential' : `the credential from ${source}`,
          console: consoleOf(url),
          reset: resetsAt === undefined ? '' : ` It is fresh again at ${isoOf(resetsAt)}.`,
        }),
    row?.retryable === true && !isRetryable && retryAfter !== undefined
      ? `It asks to wait until ${isoOf(retryAfter)}.`
      : '',
    answerOf(status, hidePrompt(text, exchange.requestBodyValues)),
  ];
  const message = sentences.filter(sentence => sentence !== '').join(' ');
  const responseBody = redactSecrets(received);
  return new KimiAPIError({
    ...exchange,
    code: row?.code ?? 'KIMI_UNKNOWN',
    reason: row?.reason ?? 'unknown',
    message: isRetryable ? message : withoutRetryWords(message),
    isRetryable,
    responseBody: isRetryable ? responseBody : withoutRetryWords(responseBody),
    data,
    traceId: traceIdOf(responseHeaders),
    source,
    retryAfter,
    resetsAt,
    cause,
  });
}

/** Host and port, for messages. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** The server's id of a request, from the headers of the answer (wire.md 7). */
export function traceIdOf(headers: Readonly<Record<string, string>> | undefined): string | undefined {
  return headers?.[TRACE_ID_HEADER] || undefined;
}

function answerOf(status: number | undefined, text: string): string {
  // A data URL or a long echo would be prompt text.
  const quote = redactSecrets(text)
    .replace(/data:[\w/+.-]*;base64,[\w+/=]*/g, 'data:…')
    .replace(/\s+/g, ' ')
    .trim();
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

function consoleOf(url: string): string {
  const host = hostOf(url);
  for (const service of Object.keys(API_BASE_URLS) as KimiService[]) {
    for (const region of Object.keys(API_BASE_URLS[service]) as KimiRegion[]) {
      if (new URL(API_BASE_URLS[service][region]).host === host) {
        return KEY_CONSOLE_URLS[service][region];
      }
    }
  }
  return new URL(url).pathname.includes('/coding/')
    ? KEY_CONSOLE_URLS.coding['mainland-cn']
    : KEY_CONSOLE_URLS.platform.global;
}

function isoOf(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}
