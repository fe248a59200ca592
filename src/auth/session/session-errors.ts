/** What a session says when it has no usable credential, or cannot keep the one it has. */
import { KimiCredentialStoreError, KimiLoginRequiredError } from '../../errors/kimi-error';
import { KimiTokenRefreshError } from '../../errors/kimi-token-refresh-error';
import { TOKEN_PATH } from '../../upstream';
import type { SessionContext } from './session-memory';
import type { RefreshFailure } from './session-registry';
import type { SessionState } from './session-state';

/** The store cannot keep what would come, so the refresh token stayed here. */
export function spentNothingError(error: KimiCredentialStoreError): KimiCredentialStoreError {
  return withMessage(
    error,
    `${error.message} The access token has ended and was not renewed, because the new login could not be kept. ` +
      'Nothing was sent: the saved login still works once this is mended.',
  );
}

/** The newest login is only in this process; after a renewal the old one is spent. */
export function notSavedError({ store, memory, remedy }: SessionContext, error: unknown): KimiCredentialStoreError {
  const { location } = store;
  const cause = KimiCredentialStoreError.isInstance(error)
    ? error
    : new KimiCredentialStoreError({ location, operation: 'save', reason: 'failed', message: 'The store failed.' });
  if (memory.unsaved?.isRenewed === false) {
    return newLoginNotSavedError(cause);
  }
  // A lost lock says that nothing was sent, which is not so here.
  const why = cause.reason === 'lock-lost' ? 'the lock was lost while it was renewed.' : cause.message;
  return withMessage(
    { location, operation: 'save', reason: cause.reason, cause: cause.cause },
    `The Kimi login was renewed, but the new one could not be saved: ${why} What ${location} holds no longer works. ` +
      'This process goes on with the new login and tries again to save it; if it ends before that, the login is ' +
      `lost. Then sign in again: ${remedy}`,
  );
}

/** A login or key that a person has just made. */
export function newLoginNotSavedError(error: KimiCredentialStoreError): KimiCredentialStoreError {
  return withMessage(
    error,
    `${error.message} You are signed in in this process only, which tries again to save it; if it ends before that, ` +
      'sign in again.',
  );
}

function withMessage(
  { location, operation, reason, cause }: Pick<KimiCredentialStoreError, 'location' | 'operation' | 'reason' | 'cause'>,
  message: string,
): KimiCredentialStoreError {
  return new KimiCredentialStoreError({ location, operation, reason, message, cause });
}

/** Nothing usable is in the store; says why, where, and what to run. */
export function loginRequiredError(
  { memory, remedy, store }: SessionContext,
  state: SessionState,
): KimiLoginRequiredError {
  const source = store.location;
  if (state === 'missing') {
    const message = `Not signed in to Kimi: nothing is stored in ${source}. ${remedy}`;
    return new KimiLoginRequiredError({ reason: 'missing', source, message });
  }
  const credentials = memory.held?.credentials;
  if (credentials?.type === 'oauth' && credentials.accessToken !== '' && !memory.dead.has(credentials.refreshToken)) {
    const message = `The Kimi API refuses the login in ${source} (HTTP 401), and renewing it did not help. ${remedy}`;
    return new KimiLoginRequiredError({ reason: 'rejected', source, message });
  }
  const message = `The Kimi login in ${source} has ended: the server no longer accepts it. ${remedy}`;
  return new KimiLoginRequiredError({ reason: 'revoked', source, message });
}

/** The login is fine as far as anybody knows, but its access token is not, and could not be renewed. */
export function tokenRefreshError(
  { oauthHost, store, remedy }: SessionContext,
  { reason, retryable, status, retryAfterMs, mayBeSpent, storeError }: RefreshFailure,
): KimiTokenRefreshError | KimiCredentialStoreError {
  if (storeError !== undefined) {
    return storeError;
  }
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
      `The Kimi access token could not be renewed at ${oauthHost} (${reason}). ` +
      (mayBeSpent === true
        ? `What ${store.location} holds was not changed, but the server took its refresh token and gave nothing for ` +
          `it that can be used: the login may be spent. ${advice} If it was, sign in again: ${remedy}`
        : `Your sign-in in ${store.location} is kept. ${advice}`),
  });
}
