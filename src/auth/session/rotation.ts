/**
 * One refresh of a login under the store's lock, from the proof that its answer can be kept to the save
 * (docs/decisions.md#39-save-before-spend), and what becomes of a login that could not be saved.
 */
import type { CredentialLock, KimiCredentials, KimiOAuthCredentials } from '../../credentials/credential-store';
import { KimiCredentialStoreError } from '../../errors/kimi-error';
import { sendOnce } from './send-once';
import { notSavedError, spentNothingError, tokenRefreshError } from './session-errors';
import { holdNew, isBackingOff, SAVE_PAUSE_MS, tokenOf, tokenState, type SessionContext } from './session-memory';
import type { RefreshFailure } from './session-registry';
import type { SessionEvent } from './session-state';
import { prepareSave, saveRecord } from './session-store';

/** One run, and what its steps leave to those that follow. */
export type Renewal = SessionContext & {
  abortSignal: AbortSignal;
  /** The logins that it saved, in order. */
  rotations: KimiCredentials[];
  /** Why the last refresh did not come about. */
  failure: RefreshFailure | undefined;
  /** A refresh token was spent, and what came of it is not in the store yet. */
  isUnsaved: boolean;
  onLocked: () => void;
};

export type Lock = CredentialLock | undefined;

export const STILL_VALID =
  'The access token in hand is still valid, so requests go on with it; when it has ended, they need the store.';

/** The login that an earlier save lost. It goes on in memory, and is tried again later. */
export async function saveAgain(
  renewal: Renewal,
  { over, login }: { over: KimiCredentials | undefined; login: KimiCredentials },
  lock: Lock,
): Promise<void> {
  const { memory, store, monotonicNow, warn } = renewal;
  try {
    await saveRecord(store, login, lock);
    renewal.rotations.push(login);
    renewal.isUnsaved = false;
    memory.unsaved = undefined;
  } catch (error) {
    if (isLockLost(error)) {
      throw error;
    }
    const isRenewed = memory.unsaved?.isRenewed ?? true;
    memory.unsaved = { login, over: tokenOf(over), isRenewed, tryAgainAt: monotonicNow() + SAVE_PAUSE_MS };
    warn(notSavedError(renewal, error).message);
  }
}

export async function refresh(renewal: Renewal, lock: Lock): Promise<SessionEvent> {
  const { memory, store } = renewal;
  if (memory.backoff !== undefined && isBackingOff(renewal)) {
    renewal.failure = memory.backoff.failure;
    return 'unavailable';
  }
  const login = loginInHand(renewal);
  let release: () => Promise<void>;
  try {
    release = await prepareSave(store, login, lock);
  } catch (error) {
    if (isLockLost(error) || !KimiCredentialStoreError.isInstance(error)) {
      throw error;
    }
    renewal.failure = unsavable(renewal, error);
    return 'unsavable';
  }
  try {
    return await refreshAndSave(renewal, login, lock);
  } finally {
    await release();
  }
}

/** Nothing is sent whose answer could not be kept (docs/decisions.md#39-save-before-spend). */
function unsavable(renewal: Renewal, error: KimiCredentialStoreError): RefreshFailure {
  if (tokenState(renewal).isUsable) {
    renewal.warn(`${error.message} ${STILL_VALID}`);
  }
  return { outcome: 'unavailable', reason: error.message, retryable: true, storeError: spentNothingError(error) };
}

async function refreshAndSave(renewal: Renewal, login: KimiOAuthCredentials, lock: Lock): Promise<SessionEvent> {
  const { memory, monotonicNow, store } = renewal;
  const result = await sendOnce(renewal, login, lock);
  if (result.outcome === 'unavailable') {
    renewal.failure = result;
    if (result.mayBeSpent === true && tokenState(renewal).isUsable) {
      // No request fails for it yet.
      renewal.warn(tokenRefreshError(renewal, result).message);
    }
    return 'unavailable';
  }
  if (result.outcome === 'rejected') {
    return 'rejected';
  }
  renewal.isUnsaved = true;
  try {
    await saveRecord(store, result.credentials, lock);
    renewal.rotations.push(result.credentials);
    renewal.isUnsaved = false;
    memory.unsaved = undefined;
  } catch (error) {
    const { over, isRenewed } = memory.unsaved ?? { over: tokenOf(login), isRenewed: true };
    memory.unsaved = { login: result.credentials, over, isRenewed, tryAgainAt: monotonicNow() };
    if (isLockLost(error)) {
      throw error;
    }
    throw lost(renewal, error);
  } finally {
    // Not before the save: other requests would use it. But after a failed one, too: nobody else has it.
    holdNew(renewal, result.credentials);
  }
  return 'rotated';
}

/** Told in any case: whoever asked may be gone, or ask for something that can fail without harm. */
export function lost(renewal: Renewal, error: unknown): KimiCredentialStoreError {
  const notSaved = notSavedError(renewal, error);
  renewal.warn(notSaved.message);
  return notSaved;
}

/** In the states that refresh or end a login there is one, and keys are in neither. */
export function loginInHand({ memory }: Renewal): KimiOAuthCredentials {
  return memory.held?.credentials as KimiOAuthCredentials;
}

export function isLockLost(error: unknown): boolean {
  return KimiCredentialStoreError.isInstance(error) && error.reason === 'lock-lost';
}
