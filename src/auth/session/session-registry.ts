/** What one process has of its logins: a memory for each, shared by all sessions of the process. */
import { describeBinding, type BindingClaim } from '../../credentials/credential-binding';
import type {
  CredentialStore,
  KimiCredentialBinding,
  KimiCredentials,
  KimiOAuthCredentials,
} from '../../credentials/credential-store';
import type { KimiCredentialStoreError } from '../../errors/kimi-error';
import type { RefreshResult } from '../token-endpoint';
import { createLocalLock, type StoreLock } from './local-lock';

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
  /** Resolves when the store is done with, before listeners are told: one of them may log out. */
  settled: Promise<void>;
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
