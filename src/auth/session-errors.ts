import { KimiLoginRequiredError } from '../errors/kimi-login-required-error';
import { KimiTokenRefreshError } from '../errors/kimi-token-refresh-error';
import { TOKEN_PATH } from '../upstream';
import type { SessionContext } from './session-context';
import type { RefreshFailure } from './session-registry';
import type { SessionState } from './session-state';

/** Nothing usable is in the store; says why, where, and what to run. */
export function loginRequiredError(
  { memory, remedy, store }: SessionContext,
  state: SessionState,
): KimiLoginRequiredError {
  const source = store.location;
  if (state === 'missing') {
    return new KimiLoginRequiredError({
      reason: 'missing',
      source,
      message: `Not signed in to Kimi: nothing is stored in ${source}. ${remedy}`,
    });
  }
  const credentials = memory.held?.credentials;
  if (credentials?.type === 'oauth' && credentials.accessToken !== '' && !memory.dead.has(credentials.refreshToken)) {
    return new KimiLoginRequiredError({
      reason: 'rejected',
      source,
      message: `The Kimi API refuses the login in ${source} (HTTP 401), and renewing it did not help. ${remedy}`,
    });
  }
  return new KimiLoginRequiredError({
    reason: 'revoked',
    source,
    message: `The Kimi login in ${source} has ended: the server no longer accepts it. ${remedy}`,
  });
}

/** The login is fine as far as anybody knows, but its access token is not, and could not be renewed. */
export function tokenRefreshError(
  { oauthHost, store }: SessionContext,
  { reason, retryable, status, retryAfterMs }: RefreshFailure,
): KimiTokenRefreshError {
  const advice = retryable
    ? 'Try again; if it lasts, check the network and proxy.'
    : 'If it lasts, check KIMI_CODE_OAUTH_HOST and the "oauthHost" and "region" settings.';
  return new KimiTokenRefreshError({
    url: `${oauthHost}${TOKEN_PATH}`,
    source: store.location,
    statusCode: status,
    retryAfterMs,
    isRetryable: retryable,
    message:
      `The Kimi access token could not be renewed at ${oauthHost} (${reason}). Your sign-in in ${store.location} ` +
      `is kept. ${advice}`,
  });
}
