import { APICallError, InvalidResponseDataError, JSONParseError, TypeValidationError } from '@ai-sdk/provider';
import {
  connectionFailure,
  failure,
  hostOf,
  toKimiAPIError,
  unreadableAnswer,
  type Exchange,
} from '../api/api-failure';
import { isNetworkFailure, networkFailureMessage } from '../api/network-failure';
import { KimiAPIError, type KimiAPIErrorCode } from '../errors/kimi-api-error';
import { KimiInvalidArgumentError } from '../errors/kimi-error';
import { KimiTokenRefreshError } from '../errors/kimi-token-refresh-error';
import type { AnswerFault } from '../stream/answer-fault';

/** What a failed call rejects with: ours for everything that the network or the server did, anything else as it is. */
export function answerFailure(error: unknown, exchange: Exchange): unknown {
  if (error instanceof RangeError && exchange.statusCode === undefined) {
    // What cannot be written as JSON never leaves: schemas have a limit of their own, the messages are the caller's.
    return new KimiInvalidArgumentError({
      argument: 'prompt',
      message: 'The messages cannot be sent: a value in them is nested too deeply, or they are too long for one text.',
    });
  }
  if (InvalidResponseDataError.isInstance(error)) {
    return answerFaultError('empty', exchange);
  }
  if (JSONParseError.isInstance(error) || TypeValidationError.isInstance(error)) {
    // Both quote what they could not read: no cause.
    return answerFaultError('malformed', exchange);
  }
  if (isNetworkFailure(error)) {
    return connectionFailure(exchange, error.cause ?? error, error.message);
  }
  if (!APICallError.isInstance(error) || KimiAPIError.isInstance(error) || KimiTokenRefreshError.isInstance(error)) {
    return error;
  }
  const { url, requestBodyValues, statusCode, responseHeaders, responseBody, cause } = error;
  const { credentialSource, identity, secrets } = exchange;
  const answered: Exchange = {
    url,
    requestBodyValues,
    statusCode,
    responseHeaders,
    credentialSource,
    identity,
    secrets,
  };
  if (statusCode === undefined) {
    return connectionFailure(answered, cause, error.message);
  }
  if (statusCode < 400) {
    return responseBody === undefined
      ? answerFaultError('connection', answered, cause)
      : unreadableAnswer(answered, responseBody);
  }
  return toKimiAPIError(answered, responseBody ?? '', { cause });
}

/** The error for an answer that began well. */
export function answerFaultError(fault: AnswerFault, exchange: Exchange, cause?: unknown): KimiAPIError {
  const host = hostOf(exchange.url);
  const why = cause === undefined ? '' : ` (${networkFailureMessage(cause)})`;
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
      malformed: ['KIMI_ANSWER_INVALID', `${host} sent an event that is no part of an answer. Try again.`],
      'too-large': [
        'KIMI_ANSWER_INVALID',
        `The answer of ${host} is larger than it may be${why}. Check the "baseURL" setting and proxies in between; ` +
          'the setting "limits.eventBytes" allows larger events.',
      ],
    } satisfies Record<AnswerFault, [KimiAPIErrorCode, string]>
  )[fault];
  const isRetryable = fault !== 'too-large';
  return failure(exchange, { code, reason: fault, isRetryable, message, cause });
}
