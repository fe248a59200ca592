/**
 * What the next request is made with: the record in hand while it is good, else what the one renewal under way makes of
 * it; and what the API says of a token afterwards.
 */
import type { KimiCredentials } from '../../credentials/credential-store';
import { untilAborted } from '../../transport/wait';
import { loggedRenewal } from './logged-renewal';
import { renew } from './renewal';
import { isBackingOff, rememberDead, tokenState, type SessionContext } from './session-memory';
import { type SessionFlight } from './session-registry';

/**
 * A token that replaces a refused one and was never taken either means that renewing does not help: it is not tried
 * again for so long.
 */
const REFUSED_PAUSE_MS = 30_000;

/** The record in hand while it is fresh and saved, else what a renewal makes of it. */
export async function currentCredentials(
  context: SessionContext,
  abortSignal: AbortSignal | undefined,
): Promise<KimiCredentials> {
  const { memory, monotonicNow } = context;
  for (;;) {
    abortSignal?.throwIfAborted();
    const { held } = memory;
    const { state, isUsable } = tokenState(context);
    const isFresh = state === 'valid' || (state === 'due' && isUsable && isBackingOff(context));
    const isSaved = memory.unsaved === undefined || monotonicNow() < memory.unsaved.tryAgainAt;
    if (held !== undefined && isFresh && isSaved) {
      return held.credentials;
    }
    const credentials = await joinFlight(context, abortSignal);
    // Another request may have reported it as refused while the renewal was under way.
    if (credentials.type === 'api-key' || !memory.dead.has(credentials.accessToken)) {
      return credentials;
    }
  }
}

/**
 * All who need a renewal wait for the same one; with a token that is usable meanwhile, not for long
 * (docs/decisions.md#52-slow-renewals). It is called off when the last of them has gone, unless it has sent already, or
 * is under way and the last one went on with the old token.
 */
async function joinFlight(context: SessionContext, abortSignal: AbortSignal | undefined): Promise<KimiCredentials> {
  const running = context.memory.flight;
  const flight = running === undefined || running.unwanted.signal.aborted ? startFlight(context) : running;
  flight.waiters++;
  try {
    const inTime = await untilAborted(Promise.race([flight.result, flight.late]), abortSignal);
    return inTime ?? usableMeanwhile(context, flight) ?? (await untilAborted(flight.result, abortSignal));
  } finally {
    flight.waiters--;
    if (flight.waiters === 0 && !flight.isInBackground) {
      flight.unwanted.abort(abortSignal?.reason);
    }
  }
}

/** The token in hand, where a request can be made with it. */
function usableMeanwhile(context: SessionContext, flight: SessionFlight): KimiCredentials | undefined {
  const { memory, monotonicNow, store } = context;
  if (memory.held === undefined || !tokenState(context).isUsable) {
    return undefined;
  }
  if (flight.progress.hasLock) {
    flight.isInBackground = true;
  } else if (!isBackingOff(context)) {
    // Whoever has the lock is renewing this login. The next ones need not wait to learn the same.
    const reason = `the lock of ${store.location} is taken`;
    memory.backoff = { since: monotonicNow(), failure: { outcome: 'unavailable', reason, retryable: true } };
  }
  return memory.held.credentials;
}

function startFlight(context: SessionContext): SessionFlight {
  const { memory, patience } = context;
  const unwanted = new AbortController();
  const ended = new AbortController();
  const progress = { hasLock: false };
  const { promise: settled, resolve: onSettled } = Promise.withResolvers<void>();
  const onLocked = (): void => {
    progress.hasLock = true;
  };
  const result = loggedRenewal(context, () => renew(context, unwanted.signal, { onLocked, onSettled })).finally(() => {
    ended.abort();
    if (memory.flight === flight) {
      memory.flight = undefined;
    }
  });
  // Everybody may have gone when it fails.
  result.catch(() => undefined);
  const late = patience(ended.signal).then(
    () => undefined,
    // Nobody waits for it any more; to resolve now could beat the result.
    () => new Promise<never>(() => {}),
  );
  const flight: SessionFlight = { result, late, waiters: 0, unwanted, progress, settled, isInBackground: false };
  memory.flight = flight;
  return flight;
}

/** When the renewal under way, if any, is done with the store, however it went. */
export async function renewalEnded({ memory }: SessionContext): Promise<void> {
  await memory.flight?.settled;
}

/** The API refused the token, and another one is wanted in its place. */
export function markReplaced(context: SessionContext, token: string): void {
  const { held } = context.memory;
  rememberDead(context, token);
  if (held?.replacesRejected === true) {
    markRejected(context, token);
  }
}

/**
 * The API refused the replacement, too, or a saved key.
 * @returns whether a later request may still fare better
 */
export function markRejected(context: SessionContext, token: string): boolean {
  const { memory, monotonicNow } = context;
  const { held } = memory;
  if (held?.credentials.type === 'api-key' && held.credentials.key === token) {
    // Not dead: a 401 to a key may be about the plan.
    memory.held = undefined;
    return true;
  }
  rememberDead(context, token);
  const wasFresh =
    held?.replacesRejected === true && held.credentials.type === 'oauth' && held.credentials.accessToken === token;
  if (wasFresh) {
    memory.refusedUntil = monotonicNow() + REFUSED_PAUSE_MS;
  }
  return !wasFresh;
}

/** The API took the token. */
export function markAccepted({ memory: { held } }: SessionContext, token: string): void {
  if (held?.replacesRejected !== true) {
    return;
  }
  const { credentials } = held;
  if (token === (credentials.type === 'oauth' ? credentials.accessToken : credentials.key)) {
    held.replacesRejected = false;
  }
}
