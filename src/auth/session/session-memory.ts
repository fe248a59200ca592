/**
 * What a process knows of its logins, and what it makes of a record: is it usable, due or dead, by the policy and by
 * what was heard of it. No I/O.
 */
import type { KimiCredentialBinding, KimiCredentials, KimiOAuthCredentials } from '../../credentials/credential-store';
import type { Log } from '../../log/log';
import type { Sleep } from '../../transport/wait';
import type { OAuthHost } from '../oauth-host';
import { judgeToken } from '../refresh-policy';
import type { BoundStore } from './bound-store';
import type { SessionMemory, SessionRegistry } from './session-registry';

/** What the parts of a session work with; defaults are filled in. */
export type SessionContext = OAuthHost & {
  store: BoundStore;
  /** What its login was issued for. */
  issuedFor: KimiCredentialBinding;
  memory: SessionMemory;
  registry: SessionRegistry;
  /** Wall clock in ms. */
  now: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicNow: () => number;
  sleep: Sleep;
  /** A sentence that says what to run. */
  remedy: string;
  /** Tells a person what no request fails for. */
  warn: (message: string) => void;
  /** Resolves when a request whose token is usable has waited long enough for a renewal; rejects when that is over. */
  patience: (renewalEnded: AbortSignal) => Promise<void>;
  onCredentials?: ((credentials: KimiCredentials) => void | Promise<void>) | undefined;
  log?: (() => Log | undefined) | undefined;
};

/** After so long a save that failed is repeated. */
export const SAVE_PAUSE_MS = 30_000;

/** How many refused and spent tokens a process remembers. One is enough at a time; the rest is for late answers. */
const REMEMBERED = 64;

/**
 * After a refresh that did not come about, a token that still lives is used for at least so long before the next try.
 */
const PAUSE_AFTER_FAILURE_MS = 30_000;

/** `isUsable`: not dead, though perhaps due. */
export type TokenState = { state: 'valid' | 'due' | 'dead'; isUsable: boolean };

/** What the record in hand is now. */
export function tokenState({ memory, now, monotonicNow }: SessionContext): TokenState {
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
export function isBackingOff(context: SessionContext): boolean {
  const { backoff } = context.memory;
  if (backoff === undefined) {
    return false;
  }
  const pause = Math.max(tokenState(context).isUsable ? PAUSE_AFTER_FAILURE_MS : 0, backoff.failure.retryAfterMs ?? 0);
  return context.monotonicNow() < backoff.since + pause;
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
  memory.backoff = undefined;
}

/** Forgets the login, not which tokens are dead. */
export function forget({ memory }: SessionContext): void {
  Object.assign(memory, {
    held: undefined,
    backoff: undefined,
    unsaved: undefined,
    refusedUntil: undefined,
    isRevoked: false,
  });
}

/**
 * What counts where the store holds `record`: the login that could not be saved over it, and the end of the chain that
 * this process has made of it. The record itself where there is neither.
 */
export function newestOf(context: SessionContext, record: KimiCredentials): KimiCredentials;
export function newestOf(context: SessionContext, record: KimiCredentials | undefined): KimiCredentials | undefined;
export function newestOf(context: SessionContext, record: KimiCredentials | undefined): KimiCredentials | undefined {
  const { unsaved } = context.memory;
  const first = unsaved !== undefined && unsaved.over === tokenOf(record) ? unsaved.login : record;
  return first?.type === 'oauth' ? endOfChain(context, first) : first;
}

/** The login itself unless this process has spent its refresh token. */
export function endOfChain(context: SessionContext, record: KimiOAuthCredentials): KimiOAuthCredentials {
  const successors = context.registry.successors();
  const next = (login: KimiOAuthCredentials) => successors.get(spentKey(context, login.refreshToken));
  let newest = record;
  for (let later = next(newest); later !== undefined; later = next(newest)) {
    newest = later;
  }
  return newest === record ? record : { ...newest, issuedFor: context.issuedFor };
}

/** By hosts, too: what came of a token at one host is nothing for another one, whoever holds a copy of it. */
function spentKey({ issuedFor: { oauthHost, apiOrigin } }: SessionContext, refreshToken: string): string {
  return `${oauthHost} ${apiOrigin} ${refreshToken}`;
}

/**
 * Remembers that a refresh token is spent, and what came of it. A server may give an old one out again: then that one
 * is not.
 */
export function rememberSpent(context: SessionContext, spent: string, successor: KimiOAuthCredentials): void {
  const successors = context.registry.successors();
  if (spent !== successor.refreshToken) {
    successors.set(spentKey(context, spent), successor);
    dropOldest(successors);
  }
  // So the chains end, always.
  successors.delete(spentKey(context, successor.refreshToken));
}

/** Remembers that a token is refused. */
export function rememberDead({ memory }: SessionContext, token: string): void {
  memory.dead.add(token);
  dropOldest(memory.dead);
}

/** What tells one credential from another; `undefined` for none. */
export function tokenOf(credentials: KimiCredentials | undefined): string | undefined {
  return credentials?.type === 'oauth' ? `${credentials.accessToken}\n${credentials.refreshToken}` : credentials?.key;
}

function dropOldest(remembered: Map<string, unknown> | Set<string>): void {
  const [oldest] = remembered.keys();
  if (remembered.size > REMEMBERED && oldest !== undefined) {
    remembered.delete(oldest);
  }
}
