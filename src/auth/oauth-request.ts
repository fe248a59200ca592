/**
 * One POST to the OAuth host. oauth4webapi makes the request and validates a success; status and body are judged here,
 * raw, because it is stricter than the official client in what it calls an OAuth error (decisions.md 18; tooling.md 6).
 * Its errors carry the body, and so the tokens, as their `cause`: none leaves this file.
 */
import * as oauth from 'oauth4webapi';
import { KimiError } from '../errors/kimi-error';
import { KimiInvalidArgumentError } from '../errors/kimi-invalid-argument-error';
import type { FetchFunction } from '../transport/fetch-function';
import { DEVICE_AUTHORIZATION_PATH, OAUTH_CLIENT_ID, TOKEN_PATH } from '../upstream';
import { isLoopbackHost } from './loopback-host';
import { untilAborted } from '../transport/wait';

/** How the OAuth host is reached. */
export type OAuthHost = {
  /** Does the request; already carries the identity. Never the authorised fetch. */
  fetch: FetchFunction;
  /** `https://auth.kimi.com`; plain http only for loopback. */
  oauthHost: string;
  /** Clock in ms since the epoch. @default Date.now */
  now?: (() => number) | undefined;
  /** How long one POST may take, in ms. @default 30 s, as in the official client (wire.md 2) */
  timeLimitMs?: number | undefined;
};

/** The two steps of an oauth4webapi exchange, and what to fill into its answer. */
export type OAuthExchange<T> = {
  send(
    server: oauth.AuthorizationServer,
    client: oauth.Client,
    clientAuth: oauth.ClientAuth,
    options: oauth.TokenEndpointRequestOptions,
  ): Promise<Response>;
  process(server: oauth.AuthorizationServer, client: oauth.Client, response: Response): Promise<T>;
  /** Makes a success of this server conform to what oauth4webapi insists on. */
  normalize(body: Record<string, unknown>): Record<string, unknown>;
};

/** What came of it. `error` is the OAuth code (`invalid_grant`, …) where the body has one. */
export type OAuthAnswer<T> =
  | { outcome: 'success'; value: T; body: Readonly<Record<string, unknown>> }
  | { outcome: 'refused'; status: number; error?: string | undefined; retryAfterMs?: number | undefined }
  | { outcome: 'unreachable'; reason: string };

/**
 * @throws KimiInvalidArgumentError for http to another machine, the abort reason of the caller's signal, and any
 *   `KimiError` of `fetch`
 */
export async function oauthRequest<T>(
  { fetch, oauthHost, now = Date.now, timeLimitMs = 30_000 }: OAuthHost,
  exchange: OAuthExchange<T>,
  abortSignal?: AbortSignal | undefined,
): Promise<OAuthAnswer<T>> {
  const timeLimit = AbortSignal.timeout(timeLimitMs);
  const signal = abortSignal === undefined ? timeLimit : AbortSignal.any([abortSignal, timeLimit]);
  const client: oauth.Client = { client_id: OAUTH_CLIENT_ID };
  const server = serverAt(oauthHost);
  let answer: RawAnswer | undefined;
  const request = exchange.send(server, client, oauth.None(), {
    signal,
    [oauth.allowInsecureRequests]: server.issuer.startsWith('http:'),
    [oauth.customFetch]: async (url: string, init: unknown) => {
      answer = await read(await fetch(url, init as RequestInit), now);
      return answer.body === undefined
        ? new Response(null, { status: 500 })
        : Response.json(exchange.normalize(answer.body));
    },
  });
  let response: Response;
  try {
    abortSignal?.throwIfAborted();
    response = await untilAborted(request, signal);
  } catch (error) {
    abortSignal?.throwIfAborted();
    if (KimiError.isInstance(error)) {
      throw error;
    }
    return {
      outcome: 'unreachable',
      reason: timeLimit.aborted ? `no answer within ${timeLimitMs / 1000} s` : networkReason(error),
    };
  }
  const { status, body = {}, retryAfterMs } = answer as RawAnswer;
  const error = typeof body.error === 'string' ? body.error : undefined;
  if (status >= 200 && status < 300 && error === undefined) {
    try {
      return { outcome: 'success', value: await exchange.process(server, client, response), body };
    } catch {
      return { outcome: 'refused', status };
    }
  }
  return { outcome: 'refused', status, error, retryAfterMs };
}

type RawAnswer = { status: number; body: Record<string, unknown> | undefined; retryAfterMs: number | undefined };

async function read(response: Response, now: () => number): Promise<RawAnswer> {
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  return {
    status: response.status,
    body: isObject ? (body as Record<string, unknown>) : undefined,
    retryAfterMs: retryAfter(response.headers.get('retry-after'), now),
  };
}

/** Seconds or a date (RFC 9110, 10.2.3), as ms from now. */
function retryAfter(header: string | null, now: () => number): number | undefined {
  if (header === null) {
    return undefined;
  }
  const milliseconds = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined;
}

function serverAt(oauthHost: string): oauth.AuthorizationServer {
  const host = oauthHost.replace(/\/+$/, '');
  const url = URL.canParse(host) ? new URL(host) : undefined;
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && isLoopbackHost(url.hostname))) {
    throw new KimiInvalidArgumentError({
      argument: 'oauthHost',
      message:
        'The OAuth host must be an https URL (plain http only on this machine), not ' +
        `${JSON.stringify(oauthHost)}: logins are sent there.`,
    });
  }
  return {
    issuer: host,
    token_endpoint: host + TOKEN_PATH,
    device_authorization_endpoint: host + DEVICE_AUTHORIZATION_PATH,
  };
}

/**
 * The system's code (`ECONNREFUSED`) where there is one. Not the message: a host's own `fetch` may quote the request
 * there.
 */
function networkReason(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { code } = current as { code?: unknown };
    if (typeof code === 'string') {
      return code;
    }
  }
  return error instanceof Error ? error.name : 'unknown error';
}
