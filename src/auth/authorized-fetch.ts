import { isTokenRefused } from '../api/classify';
import { readRefusal } from '../api/read-body';
import { KimiLoginRequiredError } from '../errors/kimi-error';
import { KimiTokenRefreshError } from '../errors/kimi-token-refresh-error';
import type { Log } from '../log/log';
import type { FetchFunction } from '../transport/fetch';
import type { CredentialProvider, RequestCredential } from './credential-provider';

/** Headers that carry a credential on one of the two wires; ours goes in the first (docs/decisions.md#71-bearer-on-both-wires). */
const CREDENTIAL_HEADERS = ['authorization', 'x-api-key'];

/** Options of {@link createAuthorizedFetch}. */
export type AuthorizedFetchOptions = {
  /** Does the request; already carries the identity. */
  fetch: FetchFunction;
  /** Origin of the API that the credential is for. Requests to any other go out without credential. */
  apiOrigin: string;
  credentials: CredentialProvider;
  log?: Log | undefined;
};

/**
 * A `fetch` that authorises every request to the API, and all of the 401 rule:
 *
 * | answer | then |
 * | --- | --- |
 * | 401 about the token, a login | refresh against the refused token, send once more |
 * | the second one is a 401 about the token | `KimiLoginRequiredError` (`rejected`); `KimiTokenRefreshError` if the token was not a fresh one |
 * | 401 about the token, but the body was a stream | refresh, so that the next request works; this one's 401 is passed on |
 * | 401 to a key | passed on, the next request looks for a new key |
 * | 401 about plan, model or context; 402; 403 | passed on |
 * | anything else | passed on untouched |
 *
 * A 401 has no stream behind it, so nothing is sent again after the first streamed byte.
 * @throws what `CredentialProvider` throws
 */
export function createAuthorizedFetch({ fetch, apiOrigin, credentials, log }: AuthorizedFetchOptions): FetchFunction {
  return async (input, init) => {
    if (!isAt(apiOrigin, input)) {
      return fetch(input, withAuthorization(input, init, undefined));
    }
    const abortSignal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const credential = await credentials.getCredential({ abortSignal });
    const replayable = isReplayable(input, init);
    const first = await fetch(input, withAuthorization(input, init, credential));
    if (first.status !== 401) {
      credentials.markAccepted?.(credential.token);
    }
    if (first.status === 401 && credential.kind === 'api-key') {
      credentials.markRejected?.(credential.token);
    }
    if (first.status !== 401 || credential.kind === 'api-key' || credentials.refresh === undefined) {
      return first;
    }
    const firstBody = (await readRefusal(first, abortSignal)).text;
    if (!isTokenRefused(firstBody)) {
      return withBody(first, firstBody);
    }
    log?.info('token refused', { source: credential.source, next: replayable ? 'renewed and sent again' : 'renewed' });
    const renewed = await credentials.refresh({ rejectedToken: credential.token, abortSignal });
    if (!replayable) {
      return withBody(first, firstBody);
    }
    const second = await fetch(input, withAuthorization(input, init, renewed));
    if (second.status !== 401) {
      credentials.markAccepted?.(renewed.token);
      return second;
    }
    const secondBody = (await readRefusal(second, abortSignal)).text;
    if (renewed.kind === 'api-key' || !isTokenRefused(secondBody)) {
      return withBody(second, secondBody);
    }
    throw refusedTwice(
      input instanceof Request ? input.url : input,
      renewed,
      credentials.markRejected?.(renewed.token) ?? false,
    );
  };
}

/** Most requests are ours, and of those a look at the beginning is enough. */
function isAt(origin: string, input: RequestInfo | URL): boolean {
  return typeof input === 'string' && input.startsWith(`${origin}/`)
    ? true
    : new URL(input instanceof Request ? input.url : input).origin === origin;
}

function refusedTwice(url: string | URL, { source, remedy }: RequestCredential, mayStillHelp: boolean): Error {
  const { origin, pathname } = new URL(url);
  if (mayStillHelp) {
    return new KimiTokenRefreshError({
      url: origin + pathname,
      source,
      statusCode: 401,
      message:
        `${origin} refuses the access token of the login in ${source} (HTTP 401). Your sign-in is kept, the ` +
        'token will be renewed. Try again.',
    });
  }
  return new KimiLoginRequiredError({
    reason: 'rejected',
    source,
    message: `${origin} refuses the Kimi login in ${source} (HTTP 401), also after it was renewed. ${remedy}`,
  });
}

/** A response whose body was read, as if it had not been. */
function withBody({ status, statusText, headers }: Response, body: string): Response {
  return new Response(body, { status, statusText, headers });
}

/**
 * The caller's request with our authorization, or with none. What the caller, a host or an SDK set is gone in any case:
 * a header that was meant for Kimi must not reach another origin.
 */
function withAuthorization(
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  credential: RequestCredential | undefined,
): RequestInit {
  const given = init?.headers ?? (input instanceof Request ? input.headers : undefined);
  const entries =
    given === undefined ? [] : given instanceof Headers || Array.isArray(given) ? [...given] : Object.entries(given);
  // A plain object, as the AI SDK passes one: host fetches that spread the headers keep working.
  const headers: Record<string, string> = {};
  for (const [name, value] of entries as Array<[string, string]>) {
    if (!CREDENTIAL_HEADERS.includes(name.toLowerCase())) {
      headers[name] = value;
    }
  }
  if (credential !== undefined) {
    headers.Authorization = `Bearer ${credential.token}`;
  }
  return { ...init, headers };
}

function isReplayable(input: RequestInfo | URL, init: RequestInit | undefined): boolean {
  const body = init?.body;
  if (body === undefined || body === null) {
    return !(input instanceof Request) || input.body === null;
  }
  return (
    typeof body === 'string' ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body) ||
    body instanceof FormData ||
    body instanceof URLSearchParams ||
    body instanceof Blob
  );
}
