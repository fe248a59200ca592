/**
 * What a session makes of a record: is it usable, due or dead, by the policy and by what this process knows. No I/O.
 */
import type { KimiCredentials, KimiOAuthCredentials } from '../credentials/credential-store';
import { judgeToken } from './refresh-policy';
import type { SessionContext } from './session-context';

/** How many refused and spent tokens a process remembers. One is enough at a time; the rest is for late answers. */
const REMEMBERED = 64;

/**
 * After a refresh that did not come about, a token that still lives is used for at least so long before the next try.
 */
const PAUSE_AFTER_FAILURE_MS = 30_000;

/** `isUsable`: not dead, though perhaps due. */
export type RecordVerdict = { state: 'valid' | 'due' | 'dead'; isUsable: boolean };

/** Judges the record in hand. */
export function judgeHeld({ memory, now, monotonicNow }: SessionContext): RecordVerdict {
  const { held, dead } = memory;
  if (held === undefined) {
    return { state: 'dead', isUsable: false };
  }
  const { credentials } = held;
  if (credentials.type === 'api-key') {
    return { state: 'valid', isUsable: true };
  }
  const isRefused = dead.has(credentials.accessToken);
  if (credentials.refreshToken === '') {
    // A token from outside, such as a variable. It can't be renewed, and its end may be unknown: it is used until it is
    // refused.
    return credentials.accessToken === '' || isRefused
      ? { state: 'dead', isUsable: false }
      : { state: 'valid', isUsable: true };
  }
  if (dead.has(credentials.refreshToken) || (isRefused && monotonicNow() < (memory.refusedUntil ?? 0))) {
    return { state: 'dead', isUsable: false };
  }
  if (isRefused || credentials.accessToken === '') {
    return { state: 'due', isUsable: false };
  }
  const { due, secondsLeft } = judgeToken({
    expiresAt: credentials.expiresAt,
    expiresIn: credentials.expiresIn,
    now: now(),
    knownAgeMs: held.ageMs + monotonicNow() - held.since,
  });
  return { state: due ? 'due' : 'valid', isUsable: secondsLeft > 0 };
}

/**
 * Whether no refresh is to be sent now, because the last one did not come about: for a while as long as the token in
 * hand lives, and for as long as the OAuth host asked in any case.
 */
export function isHeldOff(context: SessionContext): boolean {
  const { holdOff } = context.memory;
  if (holdOff === undefined) {
    return false;
  }
  const pause = Math.max(judgeHeld(context).isUsable ? PAUSE_AFTER_FAILURE_MS : 0, holdOff.failure.retryAfterMs ?? 0);
  return context.monotonicNow() < holdOff.since + pause;
}

/** Takes a record in hand that was read from the store. One that is in hand already keeps its known age. */
export function holdRead({ memory, now, monotonicNow }: SessionContext, credentials: KimiCredentials): void {
  if (memory.held !== undefined && tokenOf(memory.held.credentials) === tokenOf(credentials)) {
    memory.held = { ...memory.held, credentials };
    return;
  }
  const ageMs =
    credentials.type === 'oauth' ? Math.max(0, (credentials.expiresIn - credentials.expiresAt) * 1000 + now()) : 0;
  memory.held = { credentials, ageMs, since: monotonicNow(), replacesRejected: false };
}

/** Takes a record in hand that has just been made: by a login, a refresh, a person. */
export function holdNew({ memory, monotonicNow }: SessionContext, credentials: KimiCredentials): void {
  const before = memory.held?.credentials;
  const replacesRejected = before?.type === 'oauth' && memory.dead.has(before.accessToken);
  memory.held = { credentials, ageMs: 0, since: monotonicNow(), replacesRejected };
  memory.isRevoked = false;
  memory.holdOff = undefined;
}

/** The end of the chain that this process has made of a record: the record itself unless its refresh token is spent. */
export function newestOf({ registry }: SessionContext, record: KimiOAuthCredentials): KimiOAuthCredentials {
  let newest = record;
  for (
    let next = registry.successors().get(newest.refreshToken);
    next !== undefined;
    next = registry.successors().get(newest.refreshToken)
  ) {
    newest = next;
  }
  return newest;
}

/**
 * Remembers that a refresh token is spent, and what came of it. A server may give an old one out again: then that one
 * is not.
 */
export function rememberSpent({ registry }: SessionContext, spent: string, successor: KimiOAuthCredentials): void {
  const successors = registry.successors();
  if (spent !== successor.refreshToken) {
    successors.set(spent, successor);
    dropOldest(successors);
  }
  // So the chains end, always.
  successors.delete(successor.refreshToken);
}

/** Remembers that a token is refused. */
export function rememberDead({ memory }: SessionContext, token: string): void {
  memory.dead.add(token);
  dropOldest(memory.dead);
}

function tokenOf(credentials: KimiCredentials): string {
  return credentials.type === 'oauth' ? `${credentials.accessToken}\n${credentials.refreshToken}` : credentials.key;
}

function dropOldest(remembered: Map<string, unknown> | Set<string>): void {
  const [oldest] = remembered.keys();
  if (remembered.size > REMEMBERED && oldest !== undefined) {
    remembered.delete(oldest);
  }
}
