/**
 * Brings a session to a usable credential: does what the state machine says, against the store and the OAuth host. One
 * runs at a time per login and process. Nothing is sent or saved without the store's lock, and nothing is used before
 * it is saved.
 */
import type { CredentialLock, KimiCredentials, KimiOAuthCredentials } from '../credentials/credential-store';
import { KimiCredentialStoreError } from '../errors/kimi-credential-store-error';
import type { SessionContext } from './session-context';
import { loginRequiredError, tokenRefreshError } from './session-errors';
import { holdNew, holdRead, isHeldOff, judgeHeld, newestOf, rememberDead, rememberSpent } from './session-record';
import type { RefreshFailure } from './session-registry';
import { transition, type SessionAction, type SessionEvent, type SessionState } from './session-state';
import { assertHeld, loadRecord, saveRecord, underLock } from './session-store';
import { refreshTokens, type RefreshResult } from './token-endpoint';

/** After so long a save that failed is repeated. */
const SAVE_PAUSE_MS = 30_000;

/** How long a peer that has just rotated may need to save (wire.md 3.2). */
const PEER_PAUSE_MS = 100;

/** How often a lock may be lost (this process was stopped for long) before it is an error. */
const LOCK_TRIES = 3;

/**
 * @param abortSignal stops the renewal up to the moment before the refresh token is sent, never after
 * @throws KimiLoginRequiredError, KimiTokenRefreshError, KimiCredentialStoreError, the abort reason
 */
export async function renew(context: SessionContext, abortSignal: AbortSignal): Promise<KimiCredentials> {
  const rotations: KimiCredentials[] = [];
  const run = createRun(context, abortSignal, rotations);
  try {
    return await run(startState(context));
  } finally {
    for (const credentials of rotations) {
      await context.onCredentials?.(credentials);
    }
  }
}

/** The state that the session is in between two renewals. */
function startState(context: SessionContext): SessionState {
  if (context.memory.isRevoked) {
    return 'revoked';
  }
  return context.memory.held === undefined ? 'missing' : transition('valid', 'outdated').state;
}

function createRun(context: SessionContext, abortSignal: AbortSignal, rotations: KimiCredentials[]) {
  const { memory, monotonicNow, sleep, store } = context;
  let failure: RefreshFailure | undefined;

  async function run(start: SessionState): Promise<KimiCredentials> {
    let step = transition(start, 'wanted');
    if (step.action === 'read') {
      step = transition(step.state, await find(undefined));
    }
    if (step.action !== 'lock') {
      return finish(step);
    }
    for (let tries = 1; ; tries++) {
      try {
        return await underLock(context, async lock => lockedSteps(step.state, lock), abortSignal);
      } catch (error) {
        if (isLockLost(error) && tries < LOCK_TRIES) {
          continue;
        }
        if (KimiCredentialStoreError.isInstance(error) && error.operation !== 'save' && judgeHeld(context).isUsable) {
          // The store is out of reach, but what we have still works.
          memory.saveAgainAt = memory.saveAgainAt === undefined ? undefined : monotonicNow() + SAVE_PAUSE_MS;
          return holdOff({ outcome: 'unavailable', reason: error.message, retryable: true });
        }
        throw error;
      }
    }
  }

  /** Everything that happens under one lock. */
  async function lockedSteps(state: SessionState, lock: CredentialLock | undefined): Promise<KimiCredentials> {
    let step = transition(state, await find(lock));
    while (step.action === 'refresh' || step.action === 'lookForPeer') {
      step = transition(step.state, step.action === 'refresh' ? await refresh(lock) : await lookForPeer(lock));
    }
    if (step.action === 'bury') {
      await bury(lock);
    }
    return finish(step);
  }

  function finish({ state, action }: { state: SessionState; action: SessionAction }): KimiCredentials {
    memory.isRevoked = state === 'revoked';
    const held = memory.held?.credentials;
    if (action === 'use' && held !== undefined) {
      return held;
    }
    if (action === 'useWhileItLasts' && failure !== undefined) {
      return holdOff(failure);
    }
    throw loginRequiredError(context, state);
  }

  /** Reads the store and takes in hand what it holds, or what this process has already made of it. */
  async function find(lock: CredentialLock | undefined): Promise<SessionEvent> {
    const record = await loadRecord(context);
    memory.saveAgainAt = undefined;
    if (record === undefined) {
      memory.held = undefined;
      return 'foundNothing';
    }
    const newest = record.type === 'oauth' ? newestOf(context, record) : record;
    holdRead(context, newest);
    if (newest !== record) {
      if (lock === undefined && store.withLock !== undefined) {
        return 'foundDue';
      }
      await saveAgain(newest, lock);
    }
    const { state } = judgeHeld(context);
    return state === 'valid' ? 'foundValid' : state === 'due' ? 'foundDue' : 'foundDead';
  }

  /**
   * The login that an earlier save lost. Its failure was reported then; here the login goes on in memory, and is tried
   * again later.
   */
  async function saveAgain(credentials: KimiCredentials, lock: CredentialLock | undefined): Promise<void> {
    try {
      await saveRecord(context, credentials, lock);
    } catch (error) {
      if (isLockLost(error)) {
        throw error;
      }
      memory.saveAgainAt = monotonicNow() + SAVE_PAUSE_MS;
    }
  }

  async function refresh(lock: CredentialLock | undefined): Promise<SessionEvent> {
    const spent = memory.held?.credentials as KimiOAuthCredentials;
    if (memory.holdOff !== undefined && isHeldOff(context)) {
      failure = memory.holdOff.failure;
      return 'unavailable';
    }
    const result = await exchange(spent, lock);
    if (result.outcome === 'unavailable') {
      failure = result;
      return 'unavailable';
    }
    if (result.outcome === 'rejected') {
      return 'rejected';
    }
    rotations.push(result.credentials);
    try {
      await saveRecord(context, result.credentials, lock);
    } catch (error) {
      memory.saveAgainAt = monotonicNow();
      throw error;
    } finally {
      // Not before the save: other requests would use it. But after a failed one, too: nobody else has it.
      holdNew(context, result.credentials);
    }
    return 'rotated';
  }

  /** One refresh token goes out once, also when two stores of this process hold it. */
  async function exchange(credentials: KimiOAuthCredentials, lock: CredentialLock | undefined): Promise<RefreshResult> {
    const exchanges = context.registry.exchanges();
    const key = `${context.oauthHost} ${credentials.refreshToken}`;
    for (let running = exchanges.get(key); running !== undefined; running = exchanges.get(key)) {
      try {
        return await running;
      } catch {
        // The other one lost its lock, or nobody waited for it any more: nothing was sent. Now it is our turn.
      }
    }
    const newest = newestOf(context, credentials);
    if (newest !== credentials) {
      return { outcome: 'rotated', credentials: newest };
    }
    const started = send(credentials, lock).finally(() => exchanges.delete(key));
    exchanges.set(key, started);
    return started;
  }

  async function send(credentials: KimiOAuthCredentials, lock: CredentialLock | undefined): Promise<RefreshResult> {
    const result = await refreshTokens(credentials, {
      ...context,
      beforeSend: async () => {
        await assertHeld(store.location, lock);
        abortSignal.throwIfAborted();
      },
    });
    if (result.outcome === 'rotated') {
      rememberSpent(context, credentials.refreshToken, result.credentials);
    }
    return result;
  }

  async function lookForPeer(lock: CredentialLock | undefined): Promise<SessionEvent> {
    const rejected = memory.held?.credentials as KimiOAuthCredentials;
    rememberDead(context, rejected.refreshToken);
    await sleep(PEER_PAUSE_MS);
    const event = await find(lock);
    const found = memory.held?.credentials;
    return event === 'foundDead' && found?.type === 'oauth' && found.refreshToken === rejected.refreshToken
      ? 'foundRejected'
      : event;
  }

  /**
   * The tombstone, in the form that the official client writes and reads, too (wire.md 3.2): nobody sends this login
   * again.
   */
  async function bury(lock: CredentialLock | undefined): Promise<void> {
    const dead = memory.held?.credentials as KimiOAuthCredentials;
    // Where it cannot be saved, this process knows the login to be dead all the same; that is what the person needs to
    // hear.
    await saveRecord(context, { ...dead, accessToken: '', refreshToken: '', expiresAt: 0, expiresIn: 0 }, lock).catch(
      () => undefined,
    );
  }

  /** Goes on with the token in hand while it lives, and leaves the OAuth host alone for a while. */
  function holdOff(cause: RefreshFailure): KimiCredentials {
    if (memory.holdOff?.failure !== cause) {
      memory.holdOff = { since: monotonicNow(), failure: cause };
    }
    const held = memory.held?.credentials;
    if (held !== undefined && judgeHeld(context).isUsable) {
      return held;
    }
    throw tokenRefreshError(context, cause);
  }

  return run;
}

function isLockLost(error: unknown): boolean {
  return KimiCredentialStoreError.isInstance(error) && error.reason === 'lock-lost';
}
