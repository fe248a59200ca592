/** The token endpoint: its answer as a record, and the refresh grant. */
import type { KimiCredentialBinding, KimiOAuthCredentials } from '../credentials/credential-store';
import { hideSecrets } from '../errors/hide-secrets';
import { KimiError } from '../errors/kimi-error';
import { sleep as realSleep, type Sleep } from '../transport/wait';
import { TOKEN_PATH } from '../upstream';
import type { OAuthHost } from './oauth-host';
import {
  oauthRequest,
  secondsField,
  textField,
  TIME_LIMIT_MS,
  type OAuthAnswer,
  type OAuthBody,
} from './oauth-request';

/**
 * What access tokens of Kimi live, in seconds (docs/wire.md#token-lifetime). Counts where an answer does not say: its
 * refresh token is already the only one.
 */
const USUAL_LIFETIME = 900;

/** Pauses before the second and the third try (docs/wire.md#refresh-request). */
const PAUSES_MS = [1000, 2000];

/** A `Retry-After` up to this is waited for; the store's lock is held meanwhile. A longer one is for the caller. */
const LONGEST_PAUSE_MS = 10_000;

/**
 * A success of the token endpoint (RFC 6749, 5.1), as lenient as the official client
 * (docs/decisions.md#18-oauth4webapi-made-lenient; docs/wire.md#token-response).
 */
export type TokenResponse = {
  accessToken: string;
  /** Absent where the one that was sent stays (RFC 6749, 6; docs/decisions.md#17-kept-refresh-token). */
  refreshToken: string | undefined;
  /** In seconds. */
  expiresIn: number;
  scope: string | undefined;
  tokenType: string;
};

/** `undefined` for what is no login: without a token, or with one that is not used as a bearer (RFC 6749, 7.1). */
export function parseTokenResponse(body: OAuthBody): TokenResponse | undefined {
  const accessToken = textField(body.access_token);
  const tokenType = textField(body.token_type) ?? 'Bearer';
  if (accessToken === undefined || tokenType.toLowerCase() !== 'bearer') {
    return undefined;
  }
  return {
    accessToken,
    refreshToken: textField(body.refresh_token),
    expiresIn: secondsField(body.expires_in) || USUAL_LIFETIME,
    scope: typeof body.scope === 'string' ? body.scope : undefined,
    tokenType,
  };
}

/**
 * Whether one of the tokens has characters that no token has (RFC 6749, A.12 and A.17), and an access token none that a
 * header cannot carry: what cannot be sent is not saved in the place of a login.
 */
export function hasUnusableToken({ accessToken, refreshToken = 'none' }: TokenResponse): boolean {
  return !/^[\x21-\x7e]+$/.test(accessToken) || !/^[\x20-\x7e]+$/.test(refreshToken);
}

/** What an answer with such a token is called. */
export const UNUSABLE_TOKEN = 'a token with characters that no token has';

/**
 * The record of a token answer.
 * @param options.sentAt when it was asked for, in ms: the token is not older than that
 * @param options.issuedFor what the login is for
 * @param options.previous the login that was refreshed: what the answer does not say stays (RFC 6749, 6;
 *   docs/decisions.md#17-kept-refresh-token)
 */
export function toCredentials(
  { accessToken, refreshToken, expiresIn, scope, tokenType }: TokenResponse,
  {
    sentAt,
    issuedFor,
    previous,
  }: {
    sentAt: number;
    issuedFor?: KimiCredentialBinding | undefined;
    previous?: KimiOAuthCredentials | undefined;
  },
): KimiOAuthCredentials {
  return {
    type: 'oauth',
    accessToken,
    refreshToken: refreshToken ?? previous?.refreshToken ?? '',
    expiresAt: Math.floor(sentAt / 1000) + expiresIn,
    expiresIn,
    scope: scope ?? previous?.scope ?? '',
    tokenType,
    ...(issuedFor === undefined ? {} : { issuedFor }),
  };
}

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
      /** The server took the refresh token, which may be spent now, and gave nothing for it that can be used. */
      mayBeSpent?: boolean | undefined;
    };

/** Options of {@link refreshTokens}. */
export type RefreshOptions = OAuthHost & {
  sleep?: Sleep | undefined;
  /** Milliseconds of a clock that never jumps. @default performance.now */
  monotonicNow?: (() => number) | undefined;
  /** Called right before each try; what it throws ends the refresh before anything is sent. */
  beforeSend?: (() => void | Promise<void>) | undefined;
};

/**
 * The refresh grant, three tries on network failures, 429, 5xx, and a 401 or 403 that is no OAuth error. All of them
 * and the pauses between have one time limit, `timeLimitMs`, because others wait for the lock
 * (docs/decisions.md#52-slow-renewals). Not again after a good status, whatever the body: the token may be spent.
 * Rejected: `invalid_grant` with any status, any OAuth error with 401 or 403 (docs/wire.md#rejected-refresh,
 * docs/decisions.md#51-who-may-end-a-login).
 */
export async function refreshTokens(
  credentials: KimiOAuthCredentials,
  options: RefreshOptions,
): Promise<RefreshResult> {
  const { sleep = realSleep, now = Date.now, monotonicNow = () => performance.now(), beforeSend } = options;
  const { timeLimitMs = TIME_LIMIT_MS } = options;
  const end = monotonicNow() + timeLimitMs;
  for (let tries = 0; ; tries++) {
    await beforeSend?.();
    const sentAt = now();
    let answer: OAuthAnswer<TokenResponse>;
    try {
      answer = await oauthRequest(
        { ...options, timeLimitMs: Math.max(1, Math.ceil(end - monotonicNow())) },
        {
          path: TOKEN_PATH,
          form: { grant_type: 'refresh_token', refresh_token: credentials.refreshToken },
          parse: parseTokenResponse,
        },
      );
    } catch (error) {
      // A redirect, a host that is not https: a setting is wrong, the login is not.
      if (KimiError.isInstance(error)) {
        const reason = hideSecrets(error.message, { secrets: [credentials.refreshToken] });
        return { outcome: 'unavailable', reason, retryable: false };
      }
      throw error;
    }
    if (answer.outcome === 'success') {
      if (hasUnusableToken(answer.value)) {
        return { outcome: 'unavailable', reason: UNUSABLE_TOKEN, retryable: false, mayBeSpent: true };
      }
      return {
        outcome: 'rotated',
        credentials: toCredentials(answer.value, { ...options, sentAt, previous: credentials }),
      };
    }
    if (answer.outcome === 'unreachable' && answer.isTimeout) {
      return { outcome: 'unavailable', reason: `no answer within ${timeLimitMs / 1000} s`, retryable: true };
    }
    const failure = judge(answer);
    if (failure.outcome === 'rejected' || !failure.retryable) {
      return failure;
    }
    const pause = Math.max(PAUSES_MS[tries] ?? Number.POSITIVE_INFINITY, failure.retryAfterMs ?? 0);
    if (pause > LONGEST_PAUSE_MS || monotonicNow() + pause >= end) {
      return failure;
    }
    await sleep(pause);
  }
}

function judge(
  answer: Exclude<OAuthAnswer<unknown>, { outcome: 'success' }>,
): Exclude<RefreshResult, { outcome: 'rotated' }> {
  if (answer.outcome === 'unreachable') {
    return { outcome: 'unavailable', reason: answer.reason, retryable: true };
  }
  const { status, error, reason, retryAfterMs } = answer;
  // Only who speaks OAuth may end a login: a 401 or 403 without an OAuth error is of a proxy or a firewall.
  const isUnauthorized = status === 401 || status === 403;
  if (error === 'invalid_grant' || (isUnauthorized && error !== undefined)) {
    return { outcome: 'rejected' };
  }
  const retryable = isUnauthorized || status === 429 || status >= 500;
  const mayBeSpent = status < 300 && error === undefined;
  return { outcome: 'unavailable', reason, retryable, status, retryAfterMs, ...(mayBeSpent && { mayBeSpent }) };
}
