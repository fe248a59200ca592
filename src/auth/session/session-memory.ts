/**
 * What a process knows of its logins, and what it makes of a record: is it usable, due or dead, by the policy and by
 * what was heard of it. No I/O.
 */
import { describeBinding, type BindingClaim } from '../../credentials/credential-binding';
import type {
  CredentialStore,
  KimiCredentialBinding,
  KimiCredentials,
  KimiOAuthCredentials,
} from '../../credentials/credential-store';
import type { KimiCredentialStoreError } from '../../errors/kimi-error';
import type { Log } from '../../log/log';
import type { Sleep } from '../../transport/wait';
import type { OAuthHost } from '../oauth-host';
import { judgeToken } from '../refresh-policy';
import type { RefreshResult } from '../token-endpoint';
import type { BoundStore } from './bound-store';
import { createLocalLock, type StoreLock } from './local-lock';

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

/** What a process knows of one login. Lives as long as the process; forgotten by `logout`. */
export type SessionMemory = {
  /** The record in hand. */
  held?: HeldCredentials | undefined;
  /** The renewal under way, if any: the single flight. */
  flight?: SessionFlight | undefined;
  /** The newest login, where the store could not keep it. */
  unsaved?: UnsavedLogin | undefined;
  /** The last refresh did not come about; since when, on the monotonic clock. */
  backoff?: { since: number; failure: RefreshFailure } | undefined;
  /** Until then no further refresh is tried for a login whose renewed token the API refused, too. */
  refusedUntil?: number | undefined;
  /** The store said that the login is dead. */
  isRevoked: boolean;
  /** Access tokens that the API refused and refresh tokens that the OAuth host refused: never sent again. Bounded. */
  dead: Set<string>;
};

/** A login that only this process has. It counts for as long as the store holds what it held then. */
export type UnsavedLogin = {
  login: KimiCredentials;
  /** What the store held, as `tokenOf` gives it; `undefined` for nothing. */
  over: string | undefined;
  /** It came of a renewal, so what the store holds is spent. Else a person has made it. */
  isRenewed: boolean;
  /** When to try again to save it, on the monotonic clock. */
  tryAgainAt: number;
};

export type HeldCredentials = {
  credentials: KimiCredentials;
  /** How old the token was known to be when it came in hand, in ms, and when that was, on the monotonic clock. */
  ageMs: number;
  since: number;
  /** It was asked for because the API had refused the one before, and the API has not taken it yet. */
  replacesRejected: boolean;
};

/** `storeError`: nothing was sent, because the store could not have kept what comes. */
export type RefreshFailure = Extract<RefreshResult, { outcome: 'unavailable' }> & {
  storeError?: KimiCredentialStoreError | undefined;
};

export type SessionFlight = {
  result: Promise<KimiCredentials>;
  /** Resolves when those whose token is usable go on without the result. */
  late: Promise<undefined>;
  waiters: number;
  unwanted: AbortController;
  /** `hasLock`: of the store; what is left of it has a limit of its own. */
  progress: { hasLock: boolean };
  /** It goes on though nobody waits for it. */
  isInBackground: boolean;
};

/**
 * What the sessions of one process share. Two copies of this package, and a provider that a host builds
 * twice, must not refresh one login twice (docs/decisions.md#22-single-flight).
 */
export type SessionRegistry = {
  /**
   * The memory of a login. Without `shareAs` it belongs to the store object: two stores may name the same `location`
   * and still be two people's logins (memory stores; two databases), and nothing may mix those. Nor may it mix what one
   * store is used for: each host and account has a memory of its own.
   */
  memoryOf(store: CredentialStore, shareAs: string | undefined, issuedFor: KimiCredentialBinding): SessionMemory;
  /** Who was the first to use a record of this store that does not say for whom it is. */
  claimOf(store: CredentialStore): BindingClaim;
  /** Keeps the sessions of one store apart where the store has no lock of its own. */
  lockOf(store: CredentialStore): StoreLock;
  /** Refreshes under way, by OAuth host and refresh token: whatever the store, one refresh token is sent once. */
  exchanges(): Map<string, Promise<RefreshResult>>;
  /**
   * What came of refresh tokens that this process has spent, by hosts and token. A store that still gives one out was
   * not saved to, or is a copy.
   */
  successors(): Map<string, KimiOAuthCredentials>;
};

/**
 * The process's registry, the only global of this package. The number is that of its layout: copies of this package
 * with another layout do not meet.
 */
export function processSessionRegistry(): SessionRegistry {
  const shared = globalThis as { [key: symbol]: Record<string, SessionRegistry> | undefined };
  const key = Symbol.for('ai-sdk-provider-kimi.sessions');
  const byLayout = (shared[key] ??= {});
  return (byLayout['3'] ??= createSessionRegistry());
}

/** A registry of its own, as another process would have it. */
export function createSessionRegistry(): SessionRegistry {
  // Everything behind closures: `inspect` of globalThis shows no token.
  const byKey = new Map<string, SessionMemory>();
  const byStore = new WeakMap<CredentialStore, Map<string, SessionMemory>>();
  const claims = new WeakMap<CredentialStore, BindingClaim>();
  const locks = new WeakMap<CredentialStore, StoreLock>();
  const exchanges = new Map<string, Promise<RefreshResult>>();
  const successors = new Map<string, KimiOAuthCredentials>();
  return {
    memoryOf(store, shareAs, issuedFor) {
      const ofStore = byStore.get(store) ?? new Map<string, SessionMemory>();
      if (shareAs === undefined) {
        byStore.set(store, ofStore);
      }
      const memories = shareAs === undefined ? ofStore : byKey;
      const key = `${describeBinding(issuedFor)} ${shareAs ?? ''}`;
      const memory = memories.get(key) ?? { isRevoked: false, dead: new Set() };
      memories.set(key, memory);
      return memory;
    },
    exchanges: () => exchanges,
    claimOf(store) {
      const claim = claims.get(store) ?? {};
      claims.set(store, claim);
      return claim;
    },
    lockOf(store) {
      const lock = locks.get(store) ?? createLocalLock();
      locks.set(store, lock);
      return lock;
    },
    successors: () => successors,
  };
}

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
