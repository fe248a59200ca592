/**
 * One POST to the OAuth host. Not a library for OAuth: those are stricter than the official client in what they call an
 * error, while `invalid_grant` counts at any status here, and a lenient success must not cost a login that is already
 * rotated (docs/decisions.md#18-oauth4webapi-made-lenient; docs/wire.md#oauth4webapi-is-stricter). No answer is kept in
 * an error, because it may hold tokens.
 */
import { networkFailureCode } from '../api/network-failure';
import { ERROR_BODY_LIMIT, readBody, readRefusal } from '../api/read-body';
import { retryAfterOf } from '../api/retry-after';
import { hideSecrets } from '../errors/hide-secrets';
import { KimiError } from '../errors/kimi-error';
import { untilAborted } from '../transport/wait';
import { OAUTH_CLIENT_ID } from '../upstream';
import { oauthEndpoint, type OAuthHost } from './oauth-host';
import { anySignal } from '../transport/any-signal';

/** A JSON object that a server sent; nothing is known of its fields. */
export type OAuthBody = Readonly<Record<string, unknown>>;

/** What to ask for, and how to read the answer. */
export type OAuthRequest<T> = {
  path: string;
  /**
   * The fields beside `client_id`, which goes first as in the official client (docs/wire.md#device-authorization,
   * #refresh-request).
   */
  form: Readonly<Record<string, string>>;
  /** Reads a success; `undefined` where it is none, whatever its status says. */
  parse(body: OAuthBody): T | undefined;
};

/**
 * What came of it. `error` is the OAuth code (`invalid_grant`, …) where the body has one, and only to compare; `reason`
 * is what may be shown: without the tokens and codes that were sent or received.
 */
export type OAuthAnswer<T> =
  | { outcome: 'success'; value: T }
  | {
      outcome: 'refused';
      status: number;
      error?: string | undefined;
      reason: string;
      retryAfterMs?: number | undefined;
    }
  | { outcome: 'unreachable'; reason: string; isTimeout: boolean };

/** As in the official client (docs/wire.md#oauth-timeout), in ms. */
export const TIME_LIMIT_MS = 30_000;

/**
 * @throws KimiInvalidArgumentError for http to another machine, the abort reason of the caller's signal, and any
 *   `KimiError` of `fetch`
 */
export async function oauthRequest<T>(
  host: OAuthHost,
  { path, form, parse }: OAuthRequest<T>,
  abortSignal?: AbortSignal | undefined,
): Promise<OAuthAnswer<T>> {
  const { fetch, now = Date.now, timeLimitMs = TIME_LIMIT_MS } = host;
  const url = oauthEndpoint(host, path);
  abortSignal?.throwIfAborted();
  const timeLimit = AbortSignal.timeout(timeLimitMs);
  const signal = anySignal(timeLimit, abortSignal);
  const ask = async (): Promise<OAuthAnswer<T>> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
      body: new URLSearchParams({ client_id: OAUTH_CLIENT_ID, ...form }),
      redirect: 'manual',
      signal,
    });
    return judge(response, await readObject(response, signal), { form, parse }, now);
  };
  try {
    // Not every host's `fetch` heeds its signal.
    return await untilAborted(ask(), signal);
  } catch (error) {
    abortSignal?.throwIfAborted();
    if (KimiError.isInstance(error)) {
      throw error;
    }
    return {
      outcome: 'unreachable',
      reason: timeLimit.aborted
        ? `no answer within ${timeLimitMs / 1000} s`
        : hideSecrets(networkFailureCode(error), { secrets: secretsOf(form) }),
      isTimeout: timeLimit.aborted,
    };
  }
}

/** By status and body alone; content types and challenges of this server mean nothing. */
function judge<T>(
  response: Response,
  { body, isTooLarge }: ReadBody,
  { form, parse }: Pick<OAuthRequest<T>, 'form' | 'parse'>,
  now: () => number,
): OAuthAnswer<T> {
  const { status, ok, headers } = response;
  const error = typeof body?.error === 'string' ? body.error : undefined;
  const what = isTooLarge ? 'an answer above 64 kB' : oauthCode(error, [...secretsOf(form), ...secretsOf(body ?? {})]);
  const reason = what === undefined ? `HTTP ${status}` : `HTTP ${status}, ${what}`;
  if (ok && error === undefined) {
    const value = body === undefined ? undefined : parse(body);
    return value === undefined ? { outcome: 'refused', status, reason } : { outcome: 'success', value };
  }
  // Whole ms, because a `Date` drops the fraction.
  const time = Math.floor(now());
  const retryAfter = retryAfterOf(headers, time)?.getTime();
  const retryAfterMs = retryAfter === undefined ? undefined : Math.max(0, retryAfter - time);
  return { outcome: 'refused', status, error, reason, retryAfterMs };
}

/** OAuth codes are words; anything else could be an echo of what was sent, and so could a word. */
function oauthCode(error: string | undefined, secrets: string[]): string | undefined {
  if (error === undefined) {
    return undefined;
  }
  return /^[a-z_]{1,60}$/.test(error) ? hideSecrets(error, { secrets }) : 'an unknown error';
}

/** What may not be shown of a form or an answer. */
function secretsOf(fields: OAuthBody): string[] {
  return ['refresh_token', 'access_token', 'device_code'].flatMap(name => textField(fields[name]) ?? []);
}

type ReadBody = { body: OAuthBody | undefined; isTooLarge: boolean };

/** @throws what broke the connection: half an answer may be a success, so it is none of the refusals */
async function readObject(response: Response, abortSignal: AbortSignal): Promise<ReadBody> {
  const { text, end, cause } = response.ok
    ? await readBody(response, ERROR_BODY_LIMIT, abortSignal)
    : await readRefusal(response, abortSignal);
  if (end === 'broken') {
    throw cause;
  }
  const isTooLarge = end === 'cut';
  try {
    const body: unknown = JSON.parse(text);
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
    return { body: isObject ? (body as OAuthBody) : undefined, isTooLarge };
  } catch {
    return { body: undefined, isTooLarge };
  }
}

/** A field of text that is there and not empty. */
export function textField(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A field of seconds, not below 0; this server may send numbers as text. */
export function secondsField(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number.parseFloat(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}
