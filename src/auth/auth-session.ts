import type { CredentialStore, KimiCredentials } from '../credentials/credential-store';
import { KimiCredentialStoreError } from '../errors/kimi-credential-store-error';
import { deviceLogin, type OnVerification } from './device-login';
import { pollDeviceLogin, startDeviceLogin, type DeviceLoginState } from './device-login';
import { foreignKey } from './foreign-key';
import type { OAuthHost } from './oauth-host';
import type { CredentialProvider, RequestCredential } from './request-credential';
import type { SessionContext } from './session-context';
import { holdNew, isHeldOff, judgeHeld, rememberDead } from './session-record';
import { processSessionRegistry, type SessionFlight, type SessionRegistry } from './session-registry';
import { renew } from './session-renewal';
import { sessionStatus, type SessionStatus } from './session-status';
import { clearRecord, loadRecord, saveRecord, underLock } from './session-store';
import { sleep as realSleep, type Sleep } from '../transport/wait';
import { untilAborted } from '../transport/wait';

/**
 * A token that replaces a refused one and was never taken either means that renewing does not help: it is not tried
 * again for so long.
 */
const REFUSED_PAUSE_MS = 30_000;

/** Options of {@link createAuthSession}. */
export type AuthSessionOptions = OAuthHost & {
  /** Keeps one login; is not touched before the first use. */
  store: CredentialStore;
  /**
   * Sessions of this process with the same text are one: one read, one refresh. For stores that are known to be the
   * same place: slot and location. Default: the store object itself, because a `location` is for people and may name
   * two logins.
   */
  shareAs?: string | undefined;
  /** What a person does who is not signed in. @default 'Sign in: npx ai-sdk-provider-kimi login' */
  remedy?: string | undefined;
  /**
   * Called with each new login, after it was saved, before it is used: by a login, a refresh or a saved key of this
   * process.
   */
  onCredentials?: ((credentials: KimiCredentials) => void | Promise<void>) | undefined;
  /** Milliseconds of a clock that never jumps. @default performance.now */
  monotonicNow?: (() => number) | undefined;
  sleep?: Sleep | undefined;
  /** What sessions share. @default one per process, also across copies of this package */
  registry?: SessionRegistry | undefined;
};

/** One saved login. Every method may throw `KimiCredentialStoreError`, and the reason of its `abortSignal`. */
export interface AuthSession extends CredentialProvider {
  refresh: NonNullable<CredentialProvider['refresh']>;
  markAccepted: NonNullable<CredentialProvider['markAccepted']>;
  markRejected: NonNullable<CredentialProvider['markRejected']>;
  /**
   * An access token (or the saved key) that is good for the next request. @throws KimiLoginRequiredError,
   * KimiTokenRefreshError
   */
  getAccessToken(options?: { abortSignal?: AbortSignal | undefined }): Promise<string>;
  /** The device login, from the code to the saved record. @throws KimiDeviceLoginError */
  login(options: { onVerification: OnVerification; abortSignal?: AbortSignal | undefined }): Promise<void>;
  /** Saves a login or a key that came from elsewhere. */
  save(credentials: KimiCredentials): Promise<void>;
  /** Removes the login from the store. */
  logout(): Promise<void>;
  /** What the store holds now. Sends nothing. */
  status(): Promise<SessionStatus>;
  /** First step of a login in a web app. @throws KimiDeviceLoginError */
  startDeviceLogin(options?: { abortSignal?: AbortSignal | undefined }): Promise<DeviceLoginState>;
  /**
   * Further steps; at `done` the login is saved. Fit to be sent to a browser as it is. @throws KimiDeviceLoginError,
   * KimiInvalidArgumentError
   */
  pollDeviceLogin(
    state: unknown,
    options?: { abortSignal?: AbortSignal | undefined },
  ): Promise<{ status: 'pending' | 'slow_down'; state: DeviceLoginState } | { status: 'done' }>;
}

/**
 * The session of one login (decisions.md 16 to 22). No I/O and no timer until it is asked for something. Closures, not
 * a class: nothing of it shows in `inspect` or JSON.
 */
export function createAuthSession(options: AuthSessionOptions): AuthSession {
  const {
    store,
    registry = processSessionRegistry(),
    shareAs,
    remedy = 'Sign in: npx ai-sdk-provider-kimi login',
  } = options;
  const { now = Date.now, monotonicNow = () => performance.now(), sleep = realSleep } = options;
  const memory = registry.memoryOf(store, shareAs);
  const context: SessionContext = { ...options, registry, memory, now, monotonicNow, sleep, remedy };

  async function current(abortSignal: AbortSignal | undefined): Promise<KimiCredentials> {
    for (;;) {
      abortSignal?.throwIfAborted();
      const { held } = memory;
      const { state, isUsable } = judgeHeld(context);
      const isFresh = state === 'valid' || (state === 'due' && isUsable && isHeldOff(context));
      const isSaved = memory.saveAgainAt === undefined || monotonicNow() < memory.saveAgainAt;
      if (held !== undefined && isFresh && isSaved) {
        return held.credentials;
      }
      const credentials = await joinFlight(abortSignal);
      // Another request may have reported it as refused while the renewal was under way.
      if (credentials.type === 'api-key' || !memory.dead.has(credentials.accessToken)) {
        return credentials;
      }
    }
  }

  /**
   * All who need a renewal wait for the same one. It is called off when the last of them has gone, unless it has sent
   * already.
   */
  async function joinFlight(abortSignal: AbortSignal | undefined): Promise<KimiCredentials> {
    const flight = memory.flight === undefined || memory.flight.unwanted.signal.aborted ? startFlight() : memory.flight;
    flight.waiters++;
    try {
      return await untilAborted(flight.result, abortSignal);
    } finally {
      flight.waiters--;
      if (flight.waiters === 0) {
        flight.unwanted.abort(abortSignal?.reason);
      }
    }
  }

  function startFlight(): SessionFlight {
    const unwanted = new AbortController();
    const result = renew(context, unwanted.signal).finally(() => {
      if (memory.flight === flight) {
        memory.flight = undefined;
      }
    });
    // Everybody may have gone when it fails.
    result.catch(() => undefined);
    const flight: SessionFlight = { result, waiters: 0, unwanted };
    memory.flight = flight;
    return flight;
  }

  async function settled(): Promise<void> {
    await memory.flight?.result.catch(() => undefined);
  }

  async function save(credentials: KimiCredentials): Promise<void> {
    await settled();
    try {
      await underLock(context, lock => saveRecord(context, credentials, lock), undefined);
      memory.saveAgainAt = undefined;
    } finally {
      holdNew(context, credentials);
      await context.onCredentials?.(credentials);
    }
  }

  function toRequestCredential(credentials: KimiCredentials): RequestCredential {
    if (credentials.type === 'oauth') {
      return { kind: 'oauth', token: credentials.accessToken, source: store.location, remedy };
    }
    const foreign = foreignKey(credentials.key, credentials.service);
    const source = foreign === undefined ? store.location : `${store.location}, which holds ${foreign}`;
    return { kind: 'api-key', token: credentials.key, source, remedy };
  }

  function markRejected(token: string): boolean {
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

  function markAccepted(token: string): void {
    if (memory.held?.replacesRejected === true && toRequestCredential(memory.held.credentials).token === token) {
      memory.held.replacesRejected = false;
    }
  }

  return {
    async getCredential({ abortSignal } = {}) {
      return toRequestCredential(await current(abortSignal));
    },
    async getAccessToken({ abortSignal } = {}) {
      return toRequestCredential(await current(abortSignal)).token;
    },
    async refresh({ rejectedToken, abortSignal }) {
      const { held } = memory;
      rememberDead(context, rejectedToken);
      if (held?.replacesRejected === true) {
        markRejected(rejectedToken);
      }
      return toRequestCredential(await current(abortSignal));
    },
    markRejected,
    markAccepted,
    async login({ onVerification, abortSignal }) {
      // A store that cannot be used should say so before the person goes to the browser. A damaged record is no
      // hindrance: it is replaced.
      await loadRecord(context).catch((error: unknown) => {
        if (!KimiCredentialStoreError.isInstance(error) || error.reason !== 'corrupt') {
          throw error;
        }
      });
      // A place that can be read may still be one that cannot be written; the lock is the first thing that a save
      // needs.
      await underLock(context, async () => undefined, abortSignal);
      await save(await deviceLogin({ ...context, onVerification, abortSignal }));
    },
    save,
    async logout() {
      await settled();
      await underLock(context, lock => clearRecord(context, lock), undefined);
      Object.assign(memory, {
        held: undefined,
        holdOff: undefined,
        saveAgainAt: undefined,
        refusedUntil: undefined,
        isRevoked: false,
      });
    },
    status: () => sessionStatus(context),
    startDeviceLogin: ({ abortSignal } = {}) => startDeviceLogin(context, abortSignal),
    async pollDeviceLogin(state, { abortSignal } = {}) {
      const poll = await pollDeviceLogin(context, state, abortSignal);
      if (poll.status !== 'done') {
        return poll;
      }
      await save(poll.credentials);
      return { status: 'done' };
    },
  };
}
