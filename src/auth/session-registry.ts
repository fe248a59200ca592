import type { CredentialStore, KimiCredentials, KimiOAuthCredentials } from '../credentials/credential-store';
import type { RefreshResult } from './token-endpoint';

/** What a process knows of one login. Lives as long as the process; forgotten by `logout`. */
export type SessionMemory = {
  /** The record in hand. */
  held?: HeldCredentials | undefined;
  /** The renewal under way, if any: the single flight. */
  flight?: SessionFlight | undefined;
  /** The save after the last rotation failed; when to try again, on the monotonic clock. */
  saveAgainAt?: number | undefined;
  /** The last refresh did not come about; since when, on the monotonic clock. */
  holdOff?: { since: number; failure: RefreshFailure } | undefined;
  /** Until then no further refresh is tried for a login whose renewed token the API refused, too. */
  refusedUntil?: number | undefined;
  /** The store said that the login is dead. */
  isRevoked: boolean;
  /** Access tokens that the API refused and refresh tokens that the OAuth host refused: never sent again. Bounded. */
  dead: Set<string>;
};

export type HeldCredentials = {
  credentials: KimiCredentials;
  /** How old the token was known to be when it came in hand, in ms, and when that was, on the monotonic clock. */
  ageMs: number;
  since: number;
  /** It was asked for because the API had refused the one before, and the API has not taken it yet. */
  replacesRejected: boolean;
};

export type RefreshFailure = Extract<RefreshResult, { outcome: 'unavailable' }>;

export type SessionFlight = { result: Promise<KimiCredentials>; waiters: number; unwanted: AbortController };

/**
 * What the sessions of one process share. Two copies of this package (ESM and CJS), and a provider that a host builds
 * twice, must not refresh one login twice (decisions.md 22).
 */
export type SessionRegistry = {
  /**
   * The memory of a login. Without `shareAs` it belongs to the store object: two stores may name the same `location`
   * and still be two people's logins (memory stores; two databases), and nothing may mix those.
   */
  memoryOf(store: CredentialStore, shareAs: string | undefined): SessionMemory;
  /** Refreshes under way, by OAuth host and refresh token: whatever the store, one refresh token is sent once. */
  exchanges(): Map<string, Promise<RefreshResult>>;
  /**
   * What came of refresh tokens that this process has spent. A store that still gives one out was not saved to, or is a
   * copy.
   */
  successors(): Map<string, KimiOAuthCredentials>;
};

/** The process's registry. The number is that of its layout: copies of this package with another layout do not meet. */
export function processSessionRegistry(): SessionRegistry {
  const shared = globalThis as { [key: symbol]: Record<string, SessionRegistry> | undefined };
  const key = Symbol.for('ai-sdk-provider-kimi.sessions');
  const byLayout = (shared[key] ??= {});
  return (byLayout['1'] ??= createSessionRegistry());
}

/** A registry of its own, as another process would have it. */
export function createSessionRegistry(): SessionRegistry {
  // Everything behind closures: `inspect` of globalThis shows no token.
  const byKey = new Map<string, SessionMemory>();
  const byStore = new WeakMap<CredentialStore, SessionMemory>();
  const exchanges = new Map<string, Promise<RefreshResult>>();
  const successors = new Map<string, KimiOAuthCredentials>();
  return {
    memoryOf(store, shareAs) {
      const memory = (shareAs === undefined ? byStore.get(store) : byKey.get(shareAs)) ?? {
        isRevoked: false,
        dead: new Set(),
      };
      if (shareAs === undefined) {
        byStore.set(store, memory);
      } else {
        byKey.set(shareAs, memory);
      }
      return memory;
    },
    exchanges: () => exchanges,
    successors: () => successors,
  };
}
