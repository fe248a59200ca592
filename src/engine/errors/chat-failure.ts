import { APICallError, InvalidResponseDataError } from '@ai-sdk/provider';
import { hidePrompt } from '../../errors/hide-prompt';
import { KimiAPIError, type KimiAPIErrorCode, type KimiAPIErrorOptions } from '../../errors/kimi-api-error';
import { KimiTokenRefreshError } from '../../errors/kimi-token-refresh-error';
import type { AnswerFault } from '../../stream/answer-fault';
import { isErrorBody } from '../../api/error-body';
import { readErrorBody, redactSecrets } from '../../api/error-body';
import { withoutRetryWords } from './host-retry-words';
import { hostOf, toKimiAPIError, traceIdOf, type Exchange } from './to-kimi-api-error';

/** What a failed call rejects with: ours for everything that the network or the server did, anything else as it is. */
export function chatFailure(error: unknown, exchange: Exchange): unknown {
  if (InvalidResponseDataError.isInstance(error)) {
    return answerFaultError('empty', exchange);
  }
  if (!APICallError.isInstance(error) || KimiAPIError.isInstance(error) || KimiTokenRefreshError.isInstance(error)) {
    return error;
  }
  const { url, requestBodyValues, statusCode, responseHeaders, responseBody, cause } = error;
  const answered: Exchange = { url, requestBodyValues, statusCode, responseHeaders };
  if (statusCode === undefined) {
    return failure(answered, {
      code: 'KIMI_CONNECTION_FAILED',
      reason: 'unreachable',
      isRetryable: true,
      message:
        `${hostOf(url)} could not be reached: ${messageOf(cause) ?? error.message}. ` +
        'Check the network, a proxy in between, or the "baseURL" setting.',
      cause,
    });
  }
  if (statusCode < 400) {
    return responseBody === undefined
      ? answerFaultError('connection', answered, cause)
      : unreadableAnswer(answered, responseBody);
  }
  return toKimiAPIError(answered, responseBody ?? '', { cause });
}

/** The error for an answer with a good status that is none: an error body, a page, or torn JSON. */
export function unreadableAnswer(exchange: Exchange, body: string): KimiAPIError {
  const { data, isPage, message } = hidePrompt(readErrorBody(body), exchange.requestBodyValues);
  if (isErrorBody(data)) {
    return toKimiAPIError(exchange, body, { inAnswer: true });
  }
  const host = hostOf(exchange.url);
  const title = message === undefined ? '' : ` titled "${message}"`;
  const isTorn = !isPage && typeof data === 'string' && /^[{[]/.test(data);
  const text = isTorn
    ? `The answer of ${host} is not whole. Try again.`
    : `${host} answered with something that is no chat answer${isPage ? `: a page${title}` : ''}. ` +
      'Check the "baseURL" setting, the variable KIMI_CODE_BASE_URL, and proxies in between.';
  return failure(exchange, {
    code: 'KIMI_ANSWER_INVALID',
    reason: isTorn ? 'torn' : isPage ? 'page' : 'no-answer',
    isRetryable: isTorn,
    message: isTorn ? text : withoutRetryWords(text),
    responseBody: isTorn ? redactSecrets(body) : withoutRetryWords(redactSecrets(body)),
    data,
  });
}

/** The error for an answer that began well. */
export function answerFaultError(fault: AnswerFault, exchange: Exchange, cause?: unknown): KimiAPIError {
  const host = hostOf(exchange.url);
  const why = cause === undefined ? '' : ` (${messageOf(cause)})`;
  const [code, message] = (
    {
      cut: ['KIMI_ANSWER_CUT', `The answer of ${host} ended in the middle. Try again.`],
      connection: ['KIMI_ANSWER_CUT', `The connection to ${host} broke in the middle of the answer${why}. Try again.`],
      empty: ['KIMI_ANSWER_EMPTY', `${host} gave an empty answer, without text and without a tool call. Try again.`],
      'thinking-only': [
        'KIMI_ANSWER_EMPTY',
        `${host} gave an answer of thinking alone, without text and without a tool call. ` +
          'Try again; if that goes on, leave maxOutputTokens out or raise it: thinking counts towards it.',
      ],
      malformed: ['KIMI_ANSWER_INVALID', `${host} sent an event that is not JSON. Try again.`],
    } satisfies Record<AnswerFault, [KimiAPIErrorCode, string]>
  )[fault];
  return failure(exchange, { code, reason: fault, isRetryable: true, message, cause });
}

function failure(
  exchange: Exchange,
  error: Pick<KimiAPIErrorOptions, 'code' | 'reason' | 'isRetryable' | 'message' | 'responseBody' | 'data' | 'cause'>,
): KimiAPIError {
  return new KimiAPIError({ ...exchange, ...error, traceId: traceIdOf(exchange.responseHeaders) });
}

/** What a network error says, which `fetch` hides in the cause of its own. */
function messageOf(cause: unknown): string | undefined {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (!(inner instanceof Error)) {
    return inner === undefined ? undefined : String(inner);
  }
  const { code } = inner as { code?: unknown };
  return inner.message || (typeof code === 'string' ? code : inner.name);
}
