import { bindingOf } from '../../credentials/credential-binding';
import type { CredentialStore, KimiCredentialBinding, KimiCredentials } from '../../credentials/credential-store';
import { KimiCredentialStoreError } from '../../errors/kimi-error';
import type { Log } from '../../log/log';
import { sleep as realSleep, type Sleep } from '../../transport/wait';
import {
  deviceLogin,
  pollDeviceLogin,
  startDeviceLogin,
  type DeviceLoginState,
  type OnVerification,
} from '../device-login';
import { foreignKey, type CredentialProvider, type RequestCredential } from '../credential-provider';
import type { OAuthHost } from '../oauth-host';
import { bindTo, boundStore } from './bound-store';
import { currentCredentials, markAccepted, markRejected, markReplaced, renewalEnded } from './current-credentials';
import {
  forget,
  holdNew,
  holdRead,
  newestOf,
  SAVE_PAUSE_MS,
  tokenOf,
  tokenState,
  type SessionContext,
} from './session-memory';
import { processSessionRegistry, type SessionRegistry } from './session-registry';
import { loggedStore } from './logged-store';
import { newLoginNotSavedError } from './session-errors';
import { clearRecord, loadRecord, prepareSave, saveRecord, underLock } from './session-store';

/** Options of {@link createAuthSession}. */
export type AuthSessionOptions = Omit<OAuthHost, 'issuedFor'> & {
  /** Origin of the API that its credential is for. */
  apiOrigin: string;
  /** @default 'default' */
  account?: string | undefined;
  /** Keeps one login; is not touched before the first use. */
  store: CredentialStore;
  /**
   * Sessions of this process with the same text are one: one read, one refresh. For stores that are known to be the
   * same place: slot and location. Default: the store object itself, because a `location` is for people and may name
   * two logins.
   */
  shareAs?: string | undefined;
  /**
   * What a record of the store that does not say so was issued for, where its place is named after that: a slot of this
   * package. @default `store.impliedBinding`
   */
  impliedBinding?: KimiCredentialBinding | undefined;
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
  /** Told what no request fails for but a person should know: a store that cannot be written, say. */
  warn?: ((message: string) => void) | undefined;
  /**
   * Resolves when a request whose token is still usable has waited long enough for a renewal; the signal aborts when
   * the renewal has ended. @default after 1 s
   */
  patience?: ((renewalEnded: AbortSignal) => Promise<void>) | undefined;
  /** Where it tells of the store and of renewals. Asked at each of them. */
  log?: (() => Log | undefined) | undefined;
  /** What sessions share. @default one per process, also across copies of this package */
  registry?: SessionRegistry | undefined;
};

type Abortable = { abortSignal?: AbortSignal | undefined };

/** One saved login. Every method may throw `KimiCredentialStoreError`, and the reason of its `abortSignal`. */
export interface AuthSession extends CredentialProvider {
  refresh: NonNullable<CredentialProvider['refresh']>;
  markAccepted: NonNullable<CredentialProvider['markAccepted']>;
  markRejected: NonNullable<CredentialProvider['markRejected']>;
  /**
   * An access token (or the saved key) that is good for the next request. @throws KimiLoginRequiredError,
   * KimiTokenRefreshError
   */
  getAccessToken(options?: Abortable): Promise<string>;
  /** The device login, from the code to the saved record. @throws KimiDeviceLoginError */
  login(options: { onVerification: OnVerification; abortSignal?: AbortSignal | undefined }): Promise<void>;
  /** Saves a login or a key that came from elsewhere. */
  save(credentials: KimiCredentials): Promise<void>;
  /** Removes the login from the store. */
  logout(): Promise<void>;
  /** What the store holds now. Sends nothing. */
  status(): Promise<SessionStatus>;
  /** First step of a login in a web app. @throws KimiDeviceLoginError */
  startDeviceLogin(options?: Abortable): Promise<DeviceLoginState>;
  /**
   * Further steps; at `done` the login is saved. Fit to be sent to a browser as it is. @throws KimiDeviceLoginError,
   * KimiInvalidArgumentError
   */
  pollDeviceLogin(
    state: unknown,
    options?: Abortable,
  ): Promise<{ status: 'pending' | 'slow_down'; state: DeviceLoginState } | { status: 'done' }>;
}

/** A sign-in host that answers at all does so in a fraction of this. */
const PATIENCE_MS = 1_000;

/** What a store holds. `due`: it will be renewed at the next request. `revoked`: it is dead, sign in again. */
export type SessionStatus = {
  state: 'missing' | 'valid' | 'due' | 'revoked';
  /** Where, for people. */
  source: string;
  /** Absent where nothing is stored. */
  kind?: 'oauth' | 'api-key';
  /** End of the access token; it is renewed before. Absent for a key and for a dead login. */
  expiresAt?: Date;
  /**
   * `missing`, because the login that is kept there is of another host or account: this one. Empty where the record
   * does not say it.
   */
  otherLogin?: Partial<KimiCredentialBinding>;
};

/**
 * The session of one login (docs/decisions.md#16-refresh-threshold to #22-single-flight). No I/O and no timer until it
 * is asked for something. Closures, not a class: nothing of it shows in `inspect` or JSON.
 */
export function createAuthSession(options: AuthSessionOptions): AuthSession {
  const { oauthHost, apiOrigin, account, store: original, shareAs, log, registry = processSessionRegistry() } = options;
  const issuedFor = bindingOf({ oauthHost, apiBaseURL: apiOrigin, account });
  const implied = options.impliedBinding ?? original.impliedBinding;
  const store = log === undefined ? original : loggedStore(original, log);
  const context: SessionContext = {
    ...options,
    registry,
    issuedFor,
    // What is shared is known by the store that the user has.
    store: boundStore(store, {
      issuedFor,
      implied,
      claim: registry.claimOf(original),
      localLock: registry.lockOf(original),
    }),
    memory: registry.memoryOf(original, shareAs, issuedFor),
    remedy: options.remedy ?? 'Sign in: npx ai-sdk-provider-kimi login',
    now: options.now ?? Date.now,
    monotonicNow: options.monotonicNow ?? (() => performance.now()),
    sleep: options.sleep ?? realSleep,
    warn: options.warn ?? (() => undefined),
    patience: options.patience ?? (renewalEnded => realSleep(PATIENCE_MS, renewalEnded)),
  };
  const credential = async (abortSignal: AbortSignal | undefined): Promise<RequestCredential> =>
    toRequestCredential(context, await currentCredentials(context, abortSignal));
  return {
    getCredential: async ({ abortSignal } = {}) => credential(abortSignal),
    getAccessToken: async ({ abortSignal } = {}) => (await credential(abortSignal)).token,
    async refresh({ rejectedToken, abortSignal }) {
      markReplaced(context, rejectedToken);
      return credential(abortSignal);
    },
    markRejected: token => markRejected(context, token),
    markAccepted: token => markAccepted(context, token),
    async login({ onVerification, abortSignal }) {
      await assertCanSave(context, abortSignal);
      await saveNew(context, await deviceLogin({ ...context, onVerification, abortSignal }));
    },
    save: credentials => saveNew(context, credentials),
    logout: () => logout(context),
    status: () => sessionStatus(context),
    async startDeviceLogin({ abortSignal } = {}) {
      await context.store.assertReplaceable();
      return startDeviceLogin(context, abortSignal);
    },
    async pollDeviceLogin(state, { abortSignal } = {}) {
      const poll = await pollDeviceLogin(context, state, abortSignal);
      if (poll.status !== 'done') {
        return poll;
      }
      await saveNew(context, poll.credentials);
      return { status: 'done' };
    },
  };
}

function toRequestCredential({ store, remedy }: SessionContext, credentials: KimiCredentials): RequestCredential {
  const sent = credentials.type === 'oauth' ? credentials.accessToken : credentials.key;
  if (!/^[\x21-\x7e]+$/.test(sent)) {
    // The runtime's own error would print it.
    throw new KimiCredentialStoreError({
      location: store.location,
      operation: 'load',
      reason: 'corrupt',
      message: `What is saved in ${store.location} holds characters that no token and no key has. ${remedy}`,
    });
  }
  if (credentials.type === 'oauth') {
    return { kind: 'oauth', token: credentials.accessToken, source: store.location, remedy };
  }
  const foreign = foreignKey(credentials.key, credentials.service);
  const source = foreign === undefined ? store.location : `${store.location}, which holds ${foreign}`;
  return { kind: 'api-key', token: credentials.key, source, remedy };
}

/** A store that cannot be used should say so before the person goes to the browser. */
async function assertCanSave({ store }: SessionContext, abortSignal: AbortSignal | undefined): Promise<void> {
  await store.assertReplaceable();
  const current = await loadRecord(store).catch((error: unknown) => {
    // A damaged record is no hindrance: it is replaced.
    if (!KimiCredentialStoreError.isInstance(error) || error.reason !== 'corrupt') {
      throw error;
    }
    return undefined;
  });
  // A place that can be read may still be one that cannot be written. A store without a proof is not asked to save a
  // record that a peer may have replaced meanwhile; its lock is what there is to try.
  await underLock(
    store,
    async lock => {
      if (store.prepareSave !== undefined) {
        const release = await prepareSave(store, current ?? USUAL_LOGIN, lock);
        await release();
      }
    },
    abortSignal,
  );
}

/** As long as logins are, for a store that has none yet. Is never saved. */
const USUAL_LOGIN: KimiCredentials = {
  type: 'oauth',
  accessToken: '0'.repeat(1024),
  refreshToken: '0'.repeat(1024),
  expiresAt: 0,
  expiresIn: 0,
  scope: '',
  tokenType: 'Bearer',
};

async function saveNew(context: SessionContext, given: KimiCredentials): Promise<void> {
  const { store, memory, issuedFor, monotonicNow } = context;
  const credentials = bindTo(issuedFor, given);
  await store.assertReplaceable();
  await renewalEnded(context);
  try {
    await underLock(store, lock => saveRecord(store, credentials, lock), undefined);
    memory.unsaved = undefined;
  } catch (error) {
    const stored = await loadRecord(store).catch(() => undefined);
    const tryAgainAt = monotonicNow() + SAVE_PAUSE_MS;
    memory.unsaved = { login: credentials, over: tokenOf(stored), isRenewed: false, tryAgainAt };
    throw KimiCredentialStoreError.isInstance(error) ? newLoginNotSavedError(error) : error;
  } finally {
    // After a failed save, too: in this process the login works, and the error says that it is not kept.
    holdNew(context, credentials);
  }
  await context.onCredentials?.(credentials);
}

async function logout(context: SessionContext): Promise<void> {
  const { store } = context;
  await renewalEnded(context);
  await underLock(store, lock => clearRecord(store, lock), undefined);
  forget(context);
}

async function sessionStatus(context: SessionContext): Promise<SessionStatus> {
  const source = context.store.location;
  const other = await context.store.otherLogin();
  if (other !== undefined) {
    return { state: 'missing', source, otherLogin: other.whose === 'other' ? other.binding : {} };
  }
  const newest = newestOf(context, await loadRecord(context.store));
  if (newest === undefined) {
    return { state: 'missing', source };
  }
  if (newest.type === 'api-key') {
    return { state: 'valid', source, kind: 'api-key' };
  }
  // Judged beside the session, not in it: asking for the status changes nothing.
  const beside: SessionContext = { ...context, memory: { ...context.memory } };
  holdRead(beside, newest);
  const { state } = tokenState(beside);
  const revoked = state === 'dead';
  const expiry = revoked || newest.expiresAt === 0 ? {} : { expiresAt: new Date(newest.expiresAt * 1000) };
  return { state: revoked ? 'revoked' : state, source, kind: 'oauth', ...expiry };
}
