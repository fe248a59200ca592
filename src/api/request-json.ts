import type { ZodType } from 'zod/v4';
import { extractResponseHeaders, safeParseJSON } from '@ai-sdk/provider-utils';
import type { FetchFunction } from '../transport/fetch';
import { isTooDeep } from '../transport/json-depth';
import type { SilenceLimit } from '../transport/silence-limit';
import { connectionFailure, oversizedAnswer, toKimiAPIError, unreadableAnswer, type Exchange } from './api-failure';
import { isNetworkFailure } from './network-failure';
import { readBody, readRefusal } from './read-body';
import { anySignal } from '../transport/any-signal';

/** The official client gives its account calls 8 s (docs/wire.md#account-call-timeout). */
export const ACCOUNT_TIME_LIMIT_MS = 8_000;

/** One request to an endpoint of the API. */
export type TextRequest = {
  /** Signs in and identifies. */
  fetch: FetchFunction;
  url: string;
  /** @default 'GET', or 'POST' with a `body` */
  method?: string | undefined;
  /** @default 'application/json' */
  accept?: string | undefined;
  /** Sent besides `Accept` and `Content-Type`, with names in lower case. */
  headers?: Record<string, string> | undefined;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, with its type, in place of a `body`. It is read anew where it is sent again. */
  file?: Blob | undefined;
  /** What else the runtime's `fetch` is told. */
  init?: RequestInit | undefined;
  /** How many bytes of a good answer are read; a longer one is an error. */
  limit: number;
  /** How long all of it may take, in ms. @default 8000 */
  timeLimitMs?: number | undefined;
  /** In place of `timeLimitMs`, where it takes as long as it takes: how long nothing may happen. */
  silence?: SilenceLimit | undefined;
  abortSignal?: AbortSignal | undefined;
  /** Where the credential came from that was sent, for messages. */
  credentialSource?: (() => string | undefined) | undefined;
  /** The credentials that were sent, so that no error shows them. */
  secrets?: (() => Iterable<string>) | undefined;
};

/** One that answers with JSON. */
export type JSONRequest<T> = TextRequest & {
  /** What a good answer is. */
  schema: ZodType<T>;
};

/**
 * Asks an endpoint of the API and gives its answer as a typed value, for every endpoint alike.
 * @throws KimiAPIError for a refusal, an answer that is none or too large, and a network failure; what `fetch` throws
 *   besides (a login is required, a redirect is not followed); the reason of `abortSignal`
 */
export async function requestJSON<T>({ schema, ...request }: JSONRequest<T>): Promise<T> {
  return requestText(request, async (text, exchange) => {
    const parsed = await safeParseJSON({ text });
    const answer = parsed.success && !isTooDeep(text) ? schema.safeParse(parsed.value) : undefined;
    if (answer?.success !== true) {
      throw unreadableAnswer(exchange, text);
    }
    return answer.data;
  });
}

/**
 * The same for an answer of any kind.
 * @param read makes the value of the text, or throws; `exchange` is what an error is made of
 * @throws as `requestJSON`
 */
export async function requestText<T>(
  request: TextRequest,
  read: (text: string, exchange: Exchange) => T | Promise<T>,
): Promise<T> {
  const {
    fetch,
    url,
    body,
    limit,
    timeLimitMs = ACCOUNT_TIME_LIMIT_MS,
    silence,
    abortSignal,
    credentialSource,
    secrets,
  } = request;
  const timeLimit = silence === undefined ? AbortSignal.timeout(timeLimitMs) : silence.signal;
  const signal = anySignal(timeLimit, abortSignal);
  const exchange: Exchange = { url, requestBodyValues: body ?? {}, secrets };
  try {
    silence?.wait();
    const response = await fetch(url, { ...request.init, ...sent(request), signal });
    Object.assign(exchange, { statusCode: response.status, responseHeaders: extractResponseHeaders(response) });
    exchange.credentialSource = credentialSource?.();
    if (!response.ok) {
      throw toKimiAPIError(exchange, (await readRefusal(response, signal)).text);
    }
    const { text, end, cause } = await readBody(response, limit, signal, silence);
    if (end === 'cut') {
      throw oversizedAnswer(exchange, text, limit);
    }
    if (end === 'broken') {
      throw connectionFailure(exchange, cause);
    }
    return await read(text, exchange);
  } catch (error) {
    abortSignal?.throwIfAborted();
    if (timeLimit.aborted) {
      const { reason } = timeLimit;
      const what = silence === undefined ? `no answer within ${timeLimitMs / 1000} s` : (reason as Error).message;
      throw connectionFailure(exchange, undefined, what);
    }
    throw isNetworkFailure(error) ? connectionFailure(exchange, error) : error;
  } finally {
    silence?.pause();
  }
}

/** Method, headers and body. */
function sent({ method, accept = 'application/json', headers, body, file }: TextRequest): RequestInit {
  const all = { ...headers, Accept: accept };
  if (file !== undefined) {
    return { method: method ?? 'POST', headers: { ...all, 'Content-Type': file.type }, body: file };
  }
  return body === undefined
    ? { method: method ?? 'GET', headers: all }
    : {
        method: method ?? 'POST',
        headers: { ...all, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      };
}
