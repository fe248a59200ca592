import * as oauth from 'oauth4webapi';
import type { KimiOAuthCredentials } from '../credentials/credential-store';
import { KimiError } from '../errors/kimi-error';
import { oauthRequest, type OAuthAnswer, type OAuthHost } from './oauth-request';
import { sleep as realSleep, type Sleep } from '../transport/wait';
import { normalizeTokenResponse, toCredentials } from './token-response';

/** Pauses before the second and the third try (wire.md 3.2; B:59448-59501). */
const PAUSES_MS = [1000, 2000];

/** A `Retry-After` up to this is waited for; the store's lock is held meanwhile. A longer one is for the caller. */
const LONGEST_PAUSE_MS = 10_000;

/**
 * `rotated`: the new login; the refresh token that was sent is spent. `rejected`: the login is dead.
 * `unavailable`: nothing is known to have changed; `retryable` false where the same request would fail again.
 */
export type RefreshResult =
  | { outcome: 'rotated'; credentials: KimiOAuthCredentials }
  | { outcome: 'rejected' }
  | {
      outcome: 'unavailable';
      reason: string;
      retryable: boolean;
      status?: number | undefined;
      retryAfterMs?: number | undefined;
    };

/** Options of {@link refreshTokens}. */
export type RefreshOptions = OAuthHost & {
  sleep?: Sleep | undefined;
  /** Called right before each try; what it throws ends the refresh before anything is sent. */
  beforeSend?: (() => void | Promise<void>) | undefined;
};

/**
 * The refresh grant, three tries on 429, 5xx and network failures. Rejected: `invalid_grant` with any status, 401, 403
 * (wire.md 14, trap 11).
 */
export async function refreshTokens(
  credentials: KimiOAuthCredentials,
  options: RefreshOptions,
): Promise<RefreshResult> {
  const { sleep = realSleep, now = Date.now, beforeSend } = options;
  for (let tries = 0; ; tries++) {
    await beforeSend?.();
    const sentAt = now();
    let answer: OAuthAnswer<unknown>;
    try {
      answer = await requestRefresh(credentials, options);
    } catch (error) {
      // A redirect, a host that is not https: a setting is wrong, the login is not.
      if (KimiError.isInstance(error)) {
        return { outcome: 'unavailable', reason: error.message, retryable: false };
      }
      throw error;
    }
    if (answer.outcome === 'success') {
      return { outcome: 'rotated', credentials: toCredentials(answer.body, { sentAt, previous: credentials }) };
    }
    const failure = judge(answer);
    if (failure.outcome === 'rejected' || !failure.retryable) {
      return failure;
    }
    const pause = Math.max(PAUSES_MS[tries] ?? Number.POSITIVE_INFINITY, failure.retryAfterMs ?? 0);
    if (pause > LONGEST_PAUSE_MS) {
      return failure;
    }
    await sleep(pause);
  }
}

function requestRefresh(credentials: KimiOAuthCredentials, host: OAuthHost): Promise<OAuthAnswer<unknown>> {
  return oauthRequest(host, {
    send: (server, client, clientAuth, options) =>
      oauth.refreshTokenGrantRequest(server, client, clientAuth, credentials.refreshToken, options),
    process: (server, client, response) => oauth.processRefreshTokenResponse(server, client, response),
    normalize: normalizeTokenResponse,
  });
}

function judge(
  answer: Exclude<OAuthAnswer<unknown>, { outcome: 'success' }>,
): Exclude<RefreshResult, { outcome: 'rotated' }> {
  if (answer.outcome === 'unreachable') {
    return { outcome: 'unavailable', reason: answer.reason, retryable: true };
  }
  const { status, error, retryAfterMs } = answer;
  if (error === 'invalid_grant' || status === 401 || status === 403) {
    return { outcome: 'rejected' };
  }
  const reason = error === undefined ? `HTTP ${status}` : `HTTP ${status}, ${oauthCode(error)}`;
  return { outcome: 'unavailable', reason, retryable: status === 429 || status >= 500, status, retryAfterMs };
}

/** OAuth codes are words; anything else could be an echo of what was sent. */
function oauthCode(error: string): string {
  return /^[a-z_]{1,60}$/.test(error) ? error : 'an unknown error';
}
