/**
 * Brings a session to a usable credential: does what the state machine says, against the store and the OAuth host. One
 * runs at a time per login and process. Nothing is sent or saved without the store's lock, and nothing is used before
 * it is saved.
 */
import type { CredentialLock, KimiCredentials, KimiOAuthCredentials } from '../../credentials/credential-store';
import { KimiCredentialStoreError, KimiLoginRequiredError } from '../../errors/kimi-error';
import { KimiTokenRefreshError } from '../../errors/kimi-token-refresh-error';
import { TOKEN_PATH } from '../../upstream';
import { refreshTokens, type RefreshResult } from '../token-endpoint';
import {
  holdNew,
  holdRead,
  isBackingOff,
  newestOf,
  rememberDead,
  rememberSpent,
  tokenState,
  type RefreshFailure,
  type SessionContext,
} from './session-memory';
import { transition, type SessionAction, type SessionEvent, type SessionState } from './session-state';
import { assertHeld, loadRecord, saveRecord, underLock, writeTombstone } from './session-store';

/** After so long a save that failed is repeated. */
const SAVE_PAUSE_MS = 30_000;

/** How long a peer that has just rotated may need to save (docs/wire.md#peer-rotation). */
const PEER_PAUSE_MS = 100;

/** How often a lock may be lost (this process was stopped for long) before it is an error. */
const LOCK_TRIES = 3;

/** One run, and what its steps leave to those that follow. */
type Renewal = SessionContext & {
  abortSignal: AbortSignal;
  /** The logins that it saved, in order. */
  rotations: KimiCredentials[];
  /** Why the last refresh did not come about. */
  failure: RefreshFailure | undefined;
};

type Lock = CredentialLock | undefined;

/**
 * @param abortSignal stops the renewal up to the moment before the refresh token is sent, never after
 * @throws KimiLoginRequiredError, KimiTokenRefreshError, KimiCredentialStoreError, the abort reason
 */
export async function renew(context: SessionContext, abortSignal: AbortSignal): Promise<KimiCredentials> {
  const renewal: Renewal = { ...context, abortSignal, rotations: [], failure: undefined };
  try {
    return await run(renewal, startState(context));
  } finally {
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
  const { memory, monotonicNow, store, abortSignal } = renewal;
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
      if (KimiCredentialStoreError.isInstance(error) && error.operation !== 'save' && tokenState(renewal).isUsable) {
        // The store is out of reach, but what we have still works.
        memory.saveAgainAt = memory.saveAgainAt === undefined ? undefined : monotonicNow() + SAVE_PAUSE_MS;
        return backOff(renewal, { outcome: 'unavailable', reason: error.message, retryable: true });
      }
      throw error;
    }
  }
}

/** Everything that happens under one lock. */
async function runLocked(renewal: Renewal, state: SessionState, lock: Lock): Promise<KimiCredentials> {
  let step = transition(state, await find(renewal, lock));
  while (step.action === 'refresh' || step.action === 'lookForPeer') {
    const event = step.action === 'refresh' ? await refresh(renewal, lock) : await lookForPeer(renewal, lock);
    step = transition(step.state, event);
  }
  if (step.action === 'writeTombstone') {
    await writeTombstone(renewal.store, loginInHand(renewal), lock);
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
  memory.saveAgainAt = undefined;
  if (record === undefined) {
    memory.held = undefined;
    return 'foundNothing';
  }
  const newest = record.type === 'oauth' ? newestOf(renewal, record) : record;
  holdRead(renewal, newest);
  if (newest !== record) {
    if (lock === undefined && store.withLock !== undefined) {
      return 'foundDue';
    }
    await saveAgain(renewal, newest, lock);
  }
  const { state } = tokenState(renewal);
  return state === 'valid' ? 'foundValid' : state === 'due' ? 'foundDue' : 'foundDead';
}

/**
 * The login that an earlier save lost. Its failure was reported then; here the login goes on in memory, and is tried
 * again later.
 */
async function saveAgain(renewal: Renewal, lost: KimiCredentials, lock: Lock): Promise<void> {
  const { memory, store, monotonicNow } = renewal;
  try {
    await saveRecord(store, lost, lock);
    renewal.rotations.push(lost);
  } catch (error) {
    if (isLockLost(error)) {
      throw error;
    }
    memory.saveAgainAt = monotonicNow() + SAVE_PAUSE_MS;
  }
}

async function refresh(renewal: Renewal, lock: Lock): Promise<SessionEvent> {
  const { memory, monotonicNow, store } = renewal;
  if (memory.backoff !== undefined && isBackingOff(renewal)) {
    renewal.failure = memory.backoff.failure;
    return 'unavailable';
  }
  const result = await exchange(renewal, loginInHand(renewal), lock);
  if (result.outcome === 'unavailable') {
    renewal.failure = result;
    return 'unavailable';
  }
  if (result.outcome === 'rejected') {
    return 'rejected';
  }
  try {
    await saveRecord(store, result.credentials, lock);
    renewal.rotations.push(result.credentials);
  } catch (error) {
    memory.saveAgainAt = monotonicNow();
    throw error;
  } finally {
    // Not before the save: other requests would use it. But after a failed one, too: nobody else has it.
    holdNew(renewal, result.credentials);
  }
  return 'rotated';
}

/** One refresh token goes out once, also when two stores of this process hold it. */
async function exchange(renewal: Renewal, credentials: KimiOAuthCredentials, lock: Lock): Promise<RefreshResult> {
  const exchanges = renewal.registry.exchanges();
  const key = `${renewal.oauthHost} ${credentials.refreshToken}`;
  for (let running = exchanges.get(key); running !== undefined; running = exchanges.get(key)) {
    try {
      return await running;
    } catch {
      // The other one lost its lock, or nobody waited for it any more: nothing was sent. Now it is our turn.
    }
  }
  const newest = newestOf(renewal, credentials);
  if (newest !== credentials) {
    return { outcome: 'rotated', credentials: newest };
  }
  const started = send(renewal, credentials, lock).finally(() => exchanges.delete(key));
  exchanges.set(key, started);
  return started;
}

async function send(renewal: Renewal, credentials: KimiOAuthCredentials, lock: Lock): Promise<RefreshResult> {
  const result = await refreshTokens(credentials, { ...renewal, beforeSend: () => assertMayBeSpent(renewal, lock) });
  if (result.outcome === 'rotated') {
    rememberSpent(renewal, credentials.refreshToken, result.credentials);
  }
  return result;
}

/** All that must be sure at the moment before a refresh token leaves, because it works once. */
async function assertMayBeSpent({ store, abortSignal }: Renewal, lock: Lock): Promise<void> {
  await assertHeld(store, lock);
  abortSignal.throwIfAborted();
}

async function lookForPeer(renewal: Renewal, lock: Lock): Promise<SessionEvent> {
  const { memory, sleep } = renewal;
  const rejected = loginInHand(renewal);
  rememberDead(renewal, rejected.refreshToken);
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

/** In the states that refresh or end a login there is one, and keys are in neither. */
function loginInHand({ memory }: Renewal): KimiOAuthCredentials {
  return memory.held?.credentials as KimiOAuthCredentials;
}

function isLockLost(error: unknown): boolean {
  return KimiCredentialStoreError.isInstance(error) && error.reason === 'lock-lost';
}

/** Nothing usable is in the store; says why, where, and what to run. */
function loginRequiredError({ memory, remedy, store }: Renewal, state: SessionState): KimiLoginRequiredError {
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
function tokenRefreshError(
  { oauthHost, store }: Renewal,
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
