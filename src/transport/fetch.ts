import { BASE_URL_VARIABLE_NAMES } from './base-url-variables';
import { hideSecrets, type Hidden } from '../errors/hide-secrets';
import { KimiRedirectError } from '../errors/kimi-error';

/** The part of `fetch` that this package uses and that a user's own `fetch` must provide. */
export type FetchFunction = typeof globalThis.fetch;

const REDIRECT_STATUSES = new Set([301, 302, 303, 307, 308]);

/**
 * Keeps a request on the origin it was made for: a redirect to the same origin is followed once, any other is an error
 * that names both origins. On a cross-origin 307 plain fetch strips only `Authorization`; `x-api-key`, the identity and
 * the prompt would leave (docs/decisions.md#26-redirects-and-headers). With `redirect: 'error'` none is followed.
 */
export function createSameOriginFetch(fetch: FetchFunction): FetchFunction {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : input.toString();
    // Its body can be read once.
    const copy = input instanceof Request ? input.clone() : undefined;
    if (init?.redirect === 'error') {
      return neverRedirected(fetch, input, init, url);
    }
    const response = await fetch(input, { ...init, redirect: 'manual' });
    const target = redirectTarget(url, response);
    if (target === undefined) {
      return response;
    }
    await response.body?.cancel();
    if (target === 'hidden' || target.origin !== new URL(url).origin) {
      throw redirectError(url, placeOf(target, input, init));
    }
    // 307 and 308 keep method and body; the others would turn a POST into a GET, which no Kimi endpoint means.
    const repeated = await fetch(copy === undefined ? target.href : new Request(target.href, copy), {
      ...init,
      redirect: 'manual',
    });
    const further = redirectTarget(target.href, repeated);
    if (further !== undefined) {
      await repeated.body?.cancel();
      throw redirectError(url, placeOf(further, input, init));
    }
    return repeated;
  };
}

/** For who said so: a body that cannot be kept for a second request. */
async function neverRedirected(
  fetch: FetchFunction,
  input: RequestInfo | URL,
  init: RequestInit,
  url: string,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(input, init);
  } catch (error) {
    // Node's word for it; the cause of its TypeError.
    throw /redirect/i.test(String((error as Error | undefined)?.cause)) ? redirectError(url, 'unknown') : error;
  }
  if (redirectTarget(url, response) !== undefined) {
    await response.body?.cancel();
    throw redirectError(url, 'unknown');
  }
  return response;
}

function redirectTarget(url: string, response: Response): URL | 'hidden' | undefined {
  if (response.type === 'opaqueredirect') {
    return 'hidden';
  }
  if (!REDIRECT_STATUSES.has(response.status)) {
    return undefined;
  }
  const location = response.headers.get('location');
  return location !== null && URL.canParse(location, url) ? new URL(location, url) : 'hidden';
}

/** The origin; of a URL without one (`file:`) the scheme. A host can have the name of what it was sent. */
function placeOf(target: URL | 'hidden', ...sent: Parameters<FetchFunction>): string {
  return target === 'hidden'
    ? 'unknown'
    : hideSecrets(target.origin === 'null' ? target.protocol : target.origin, hiddenOf(...sent));
}

/** Credential and prompt of a request. */
function hiddenOf(input: Parameters<FetchFunction>[0], init: RequestInit | undefined): Hidden {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : {}));
  const { body } = init ?? {};
  return {
    secrets: [
      ...['authorization', 'x-api-key'].flatMap(name => headers.get(name)?.replace(/^Bearer /i, '') ?? []),
      ...(body instanceof URLSearchParams ? body.values() : []),
    ],
    prompts: typeof body === 'string' ? [body] : [],
  };
}

function redirectError(url: string, to: string): KimiRedirectError {
  const from = new URL(url).origin;
  return new KimiRedirectError({
    from,
    to,
    message:
      from === to
        ? `${from} answered with more than one redirect. Check the "baseURL" setting, or a proxy in between.`
        : `${from} answered with a redirect to ${to === 'unknown' ? 'another place' : to}, which is not ` +
          `followed: your prompt and credential are meant for ${from} only. ` +
          `If that host is the right one, set "baseURL" or the variable ${BASE_URL_VARIABLE_NAMES} to it.`,
  });
}
