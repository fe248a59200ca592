/** A refresh token works once, so it goes out once: under the lock, and also when two stores of this process hold it. */
import type { CredentialLock, KimiOAuthCredentials } from '../../credentials/credential-store';
import { refreshTokens, type RefreshResult } from '../token-endpoint';
import { endOfChain, rememberSpent, type SessionContext } from './session-memory';
import { assertHeld } from './session-store';

type Sending = SessionContext & {
  /** Until the request leaves. */
  abortSignal: AbortSignal;
};

type Lock = CredentialLock | undefined;

/** What came of the refresh token of `credentials`, now or before. @throws `lock-lost`, the abort reason */
export async function sendOnce(
  context: Sending,
  credentials: KimiOAuthCredentials,
  lock: Lock,
): Promise<RefreshResult> {
  const exchanges = context.registry.exchanges();
  const key = `${context.oauthHost} ${credentials.refreshToken}`;
  for (let running = exchanges.get(key); running !== undefined; running = exchanges.get(key)) {
    try {
      return ofItsOwn(context, await running);
    } catch {
      // The other one lost its lock, or nobody waited for it any more: nothing was sent. Now it is our turn.
    }
  }
  const newest = endOfChain(context, credentials);
  if (newest !== credentials) {
    return { outcome: 'rotated', credentials: newest };
  }
  const started = send(context, credentials, lock).finally(() => exchanges.delete(key));
  exchanges.set(key, started);
  return started;
}

/** Another store of this process has sent the same refresh token: the answer is this one's, too, under its own name. */
function ofItsOwn({ issuedFor }: Sending, result: RefreshResult): RefreshResult {
  return result.outcome === 'rotated' ? { ...result, credentials: { ...result.credentials, issuedFor } } : result;
}

async function send(context: Sending, credentials: KimiOAuthCredentials, lock: Lock): Promise<RefreshResult> {
  const result = await refreshTokens(credentials, { ...context, beforeSend: () => assertMayBeSpent(context, lock) });
  if (result.outcome === 'rotated') {
    rememberSpent(context, credentials.refreshToken, result.credentials);
  }
  return result;
}

/** All that must be sure at the moment before a refresh token leaves. */
async function assertMayBeSpent({ store, abortSignal }: Sending, lock: Lock): Promise<void> {
  await assertHeld(store, lock);
  abortSignal.throwIfAborted();
}
