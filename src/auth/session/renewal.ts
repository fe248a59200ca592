/**
 * Brings a session to a usable credential: does what the state machine says, against the store and the OAuth host. One
 * runs at a time per login and process. Nothing is sent or saved without the store's lock, and nothing is used before
 * it is saved.
 */
import type { KimiCredentials } from '../../credentials/credential-store';
import { KimiCredentialStoreError } from '../../errors/kimi-error';
import { isLockLost, loginInHand, lost, refresh, saveAgain, STILL_VALID, type Lock, type Renewal } from './rotation';
import { loginRequiredError, spentNothingError, tokenRefreshError } from './session-errors';
import { holdRead, newestOf, rememberDead, SAVE_PAUSE_MS, tokenState, type SessionContext } from './session-memory';
import type { RefreshFailure } from './session-registry';
import { transition, type SessionAction, type SessionEvent, type SessionState } from './session-state';
import { loadRecord, underLock, writeTombstone } from './session-store';

/** How long a peer that has just rotated may need to save (docs/wire.md#peer-rotation). */
const PEER_PAUSE_MS = 100;

/** How often a lock may be lost (this process was stopped for long) before it is an error. */
const LOCK_TRIES = 3;

/**
 * @param abortSignal stops the renewal up to the moment before the refresh token is sent, never after
 * @param told.onLocked called when it has the store's lock, before anything is sent
 * @param told.onSettled called when nothing more is sent or saved, before listeners are told
 * @throws KimiLoginRequiredError, KimiTokenRefreshError, KimiCredentialStoreError, the abort reason
 */
export async function renew(
  context: SessionContext,
  abortSignal: AbortSignal,
  { onLocked, onSettled }: { onLocked: () => void; onSettled: () => void },
): Promise<KimiCredentials> {
  const renewal: Renewal = {
    ...context,
    abortSignal,
    onLocked,
    rotations: [],
    failure: undefined,
    isUnsaved: false,
  };
  try {
    return await run(renewal, startState(context));
  } finally {
    onSettled();
    for (const credentials of renewal.rotations) {
      await context.onCredentials?.(credentials);
    }
  }
}

/** The state that the session is in between two renewals. */
function startState({ memory }: SessionContext): SessionState {
  if (memory.isRevoked) {
    return 'revoked';
  }
  return memory.held === undefined ? 'missing' : transition('valid', 'outdated').state;
}

async function run(renewal: Renewal, start: SessionState): Promise<KimiCredentials> {
  const { store, abortSignal } = renewal;
  let step = transition(start, 'wanted');
  if (step.action === 'read') {
    step = transition(step.state, await find(renewal, undefined));
  }
  if (step.action !== 'lock') {
    return finish(renewal, step);
  }
  for (let tries = 1; ; tries++) {
    try {
      return await underLock(store, async lock => runLocked(renewal, step.state, lock), abortSignal);
    } catch (error) {
      if (isLockLost(error) && tries < LOCK_TRIES) {
        continue;
      }
      if (!KimiCredentialStoreError.isInstance(error) || error.operation === 'save') {
        throw error;
      }
      if (renewal.isUnsaved) {
        throw lost(renewal, error);
      }
      if (tokenState(renewal).isUsable) {
        return goOnWithoutStore(renewal, error);
      }
      throw isUnlockable(error) ? spentNothingError(error) : error;
    }
  }
}

/** The lock cannot be made: not that others have it, or had it meanwhile. */
function isUnlockable({ operation, reason }: KimiCredentialStoreError): boolean {
  return operation === 'lock' && reason !== 'locked' && reason !== 'lock-lost';
}

/** The store is out of reach, but what we have still works. */
function goOnWithoutStore(renewal: Renewal, error: KimiCredentialStoreError): KimiCredentials {
  const { memory, monotonicNow, warn } = renewal;
  if (memory.unsaved !== undefined) {
    memory.unsaved.tryAgainAt = monotonicNow() + SAVE_PAUSE_MS;
  }
  if (error.operation !== 'lock' || error.reason !== 'locked') {
    // Peers that are busy are no reason to bother anybody.
    warn(`${error.message} ${STILL_VALID}`);
  }
  return backOff(renewal, { outcome: 'unavailable', reason: error.message, retryable: true });
}

/** Everything that happens under one lock. */
async function runLocked(renewal: Renewal, state: SessionState, lock: Lock): Promise<KimiCredentials> {
  renewal.onLocked();
  let step = transition(state, await find(renewal, lock));
  while (step.action === 'refresh' || step.action === 'lookForPeer') {
    const event = step.action === 'refresh' ? await refresh(renewal, lock) : await lookForPeer(renewal, lock);
    step = transition(step.state, event);
  }
  if (step.action === 'writeTombstone') {
    await writeTombstone(renewal.store, loginInHand(renewal), lock, renewal.warn);
  }
  return finish(renewal, step);
}

function finish(renewal: Renewal, { state, action }: { state: SessionState; action: SessionAction }): KimiCredentials {
  const { memory, failure } = renewal;
  memory.isRevoked = state === 'revoked';
  const held = memory.held?.credentials;
  if (action === 'use' && held !== undefined) {
    return held;
  }
  if (action === 'useWhileItLasts' && failure !== undefined) {
    return backOff(renewal, failure);
  }
  throw loginRequiredError(renewal, state);
}

/** Reads the store and takes in hand what it holds, or what this process has already made of it. */
async function find(renewal: Renewal, lock: Lock): Promise<SessionEvent> {
  const { memory, store } = renewal;
  const record = await loadRecord(store);
  const newest = newestOf(renewal, record);
  if (newest === record) {
    // Saved by now, or a peer's has taken the place of what it followed.
    memory.unsaved = undefined;
  }
  if (newest === undefined) {
    memory.held = undefined;
    return 'foundNothing';
  }
  holdRead(renewal, newest);
  if (newest !== record) {
    if (lock === undefined) {
      return 'foundDue';
    }
    await saveAgain(renewal, { over: record, login: newest }, lock);
  }
  const { state } = tokenState(renewal);
  return state === 'valid' ? 'foundValid' : state === 'due' ? 'foundDue' : 'foundDead';
}

async function lookForPeer(renewal: Renewal, lock: Lock): Promise<SessionEvent> {
  const { memory, sleep } = renewal;
  const rejected = loginInHand(renewal);
  rememberDead(renewal, rejected.refreshToken);
  if (memory.unsaved?.isRenewed === false) {
    // It followed nothing that is in the store: what is there is another login, and may be alive.
    memory.unsaved = undefined;
  }
  await sleep(PEER_PAUSE_MS);
  const event = await find(renewal, lock);
  const found = memory.held?.credentials;
  return event === 'foundDead' && found?.type === 'oauth' && found.refreshToken === rejected.refreshToken
    ? 'foundRejected'
    : event;
}

/** Goes on with the token in hand while it lives, and leaves the OAuth host alone for a while. */
function backOff(renewal: Renewal, failure: RefreshFailure): KimiCredentials {
  const { memory, monotonicNow } = renewal;
  if (memory.backoff?.failure !== failure) {
    memory.backoff = { since: monotonicNow(), failure };
  }
  const held = memory.held?.credentials;
  if (held !== undefined && tokenState(renewal).isUsable) {
    return held;
  }
  throw tokenRefreshError(renewal, failure);
}
