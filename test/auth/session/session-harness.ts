import { bindingOf } from '../../../src/credentials/credential-binding';
import { createAuthSession, type AuthSessionOptions } from '../../../src/auth/session/auth-session';
import { createSessionRegistry } from '../../../src/auth/session/session-registry';
import type { CredentialStore, KimiCredentials, KimiOAuthCredentials } from '../../../src/credentials/credential-store';
import { KimiCredentialStoreError } from '../../../src/errors/kimi-error';
import type { KimiSimulator } from '../../../src/simulator/index';

/** The simulator's tokens as a record, dated by its clock. */
export function signedIn(simulator: KimiSimulator): KimiOAuthCredentials {
  const { access_token, refresh_token, expires_in, scope, token_type } = simulator.signIn();
  return {
    type: 'oauth',
    accessToken: access_token,
    refreshToken: refresh_token,
    expiresAt: Math.floor(simulator.clock.now() / 1000) + expires_in,
    expiresIn: expires_in,
    scope,
    tokenType: token_type,
    issuedFor: bindingOf(simulator),
  };
}

/** A store that several sessions share, with a lock, that counts and can be made to fail. */
export type SharedStore = CredentialStore & {
  record: KimiCredentials | undefined;
  log: string[];
  failNext: { load?: Error; save?: Error; prepareSave?: Error };
  /** Called when a session has the lock and is about to read. */
  loseLock(): void;
  holdLock(): Promise<() => void>;
};

export function sharedStore(record?: KimiCredentials): SharedStore {
  let tail: Promise<unknown> = Promise.resolve();
  let generation = 0;
  const store: SharedStore = {
    location: 'shared test store',
    record,
    log: [],
    failNext: {},
    async load() {
      store.log.push('load');
      const failure = store.failNext.load;
      if (failure !== undefined) {
        delete store.failNext.load;
        throw failure;
      }
      return structuredClone(store.record);
    },
    async save(credentials) {
      const failure = store.failNext.save;
      if (failure !== undefined) {
        delete store.failNext.save;
        throw failure;
      }
      store.log.push('save');
      store.record = structuredClone(credentials);
    },
    async prepareSave() {
      const failure = store.failNext.prepareSave;
      if (failure !== undefined) {
        delete store.failNext.prepareSave;
        throw failure;
      }
      return async () => {};
    },
    async clear() {
      store.log.push('clear');
      store.record = undefined;
    },
    async withLock(callback, { abortSignal } = {}) {
      const before = tail;
      let release: () => void = () => undefined;
      tail = new Promise<void>(resolve => {
        release = resolve;
      });
      try {
        await Promise.race([
          before,
          new Promise((_resolve, reject) => abortSignal?.addEventListener('abort', () => reject(abortSignal.reason))),
        ]);
        const own = generation;
        return await callback({
          assertHeld: () => {
            if (generation !== own) {
              throw new KimiCredentialStoreError({
                location: store.location,
                operation: 'lock',
                reason: 'lock-lost',
                message: 'lock lost',
              });
            }
          },
        });
      } finally {
        release();
      }
    },
    loseLock() {
      generation++;
    },
    async holdLock() {
      let release: () => void = () => undefined;
      const held = new Promise<void>(resolve => {
        release = resolve;
      });
      await new Promise<void>(resolve => {
        void store.withLock?.(async () => {
          resolve();
          await held;
        });
      });
      return release;
    },
  };
  return store;
}

/** A session as another process would have it, on the simulator's clock; `slept` is what it waited, in ms. */
export function session(simulator: KimiSimulator, store: CredentialStore, options: Partial<AuthSessionOptions> = {}) {
  const slept: number[] = [];
  const created = createAuthSession({
    store,
    fetch,
    oauthHost: simulator.oauthHost,
    apiOrigin: new URL(simulator.apiBaseURL).origin,
    now: simulator.clock.now,
    monotonicNow: simulator.clock.now,
    registry: createSessionRegistry(),
    // A loaded machine is slow; who tests patience brings a clock.
    patience: () => new Promise(() => {}),
    sleep: async (milliseconds, abortSignal) => {
      abortSignal?.throwIfAborted();
      slept.push(milliseconds);
      simulator.clock.advance(milliseconds);
    },
    ...options,
  });
  return Object.assign(created, { slept });
}
