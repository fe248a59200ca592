import type { KimiRegion, KimiService } from '../upstream';

/**
 * What a credential was issued for: it is sent nowhere else, and answers for nobody else
 * (docs/decisions.md#38-bound-credentials).
 */
export type KimiCredentialBinding = {
  /** Without trailing slash: `https://auth.kimi.com`. */
  oauthHost: string;
  /** Origin of the API: `https://api.kimi.com`. */
  apiOrigin: string;
  /** The `account` setting; `default` where none is set. */
  account: string;
};

/**
 * An OAuth login. A record with an empty `accessToken` and `refreshToken` is a tombstone: "this login is dead, sign in
 * again".
 */
export type KimiOAuthCredentials = {
  type: 'oauth';
  accessToken: string;
  refreshToken: string;
  /** When the access token ends, in unix seconds. */
  expiresAt: number;
  /** Lifetime of the access token as the server gave it, in seconds. */
  expiresIn: number;
  scope: string;
  tokenType: string;
  /** Absent in records of earlier versions: then only Kimi's own hosts get it. */
  issuedFor?: KimiCredentialBinding | undefined;
};

/** A key kept in the store by `login --api-key`. */
export type KimiApiKeyCredentials = {
  type: 'api-key';
  key: string;
  service: KimiService;
  region: KimiRegion;
  /** Absent in records of earlier versions: then only Kimi's own host of that service and region gets it. */
  issuedFor?: KimiCredentialBinding | undefined;
};

/** What a store keeps for one slot (OAuth host + API base + account). */
export type KimiCredentials = KimiOAuthCredentials | KimiApiKeyCredentials;

/** Whether the record says that its login has ended. */
export function isTombstone(credentials: KimiCredentials | undefined): boolean {
  return credentials?.type === 'oauth' && credentials.accessToken === '' && credentials.refreshToken === '';
}

/** Options of {@link CredentialStore.withLock}. */
export type CredentialLockOptions = {
  /** Ends the wait for the lock. The callback, once started, is not stopped by it. */
  abortSignal?: AbortSignal | undefined;
};

/** What a lock holder is given. */
export type CredentialLock = {
  /**
   * Throws `KimiCredentialStoreError` (`lock-lost`) when the lock was taken over meanwhile: then do not send, do not
   * save.
   */
  assertHeld(): void | Promise<void>;
};

/** Variables that hold a key, per service, the first that is set wins (docs/decisions.md#8-which-credential). */
export const KEY_VARIABLES: Readonly<Record<KimiService, readonly string[]>> = {
  coding: ['KIMI_API_KEY', 'KIMI_CODER_API_KEY'],
  platform: ['MOONSHOT_API_KEY'],
};

/**
 * The same store but for `changes`. A store around another one is made with it: one that forgot something would lose
 * the login's identity and hosts, its lock, the proof that it can be saved, or say another place than it has now.
 */
export function storeAround<Changes extends Partial<Omit<CredentialStore, 'location'>>>(
  store: CredentialStore,
  changes: Changes,
): CredentialStore & Changes {
  const { impliedIdentity, impliedBinding, signIn, prepareSave, withLock } = store;
  return {
    get location() {
      return store.location;
    },
    ...(impliedIdentity === undefined ? {} : { impliedIdentity }),
    ...(impliedBinding === undefined ? {} : { impliedBinding }),
    ...(signIn === undefined ? {} : { signIn }),
    load: () => store.load(),
    save: credentials => store.save(credentials),
    clear: () => store.clear(),
    ...(prepareSave === undefined ? {} : { prepareSave: prepareSave.bind(store) }),
    ...(withLock === undefined ? {} : { withLock: withLock.bind(store) }),
    ...changes,
  };
}

/**
 * Keeps one credential. Implement it to keep credentials anywhere; the contract suite in `test/credentials/contract.ts`
 * says what must hold. A store knows nothing of expiry: it gives back what was saved.
 */
export interface CredentialStore {
  /** Where the credential is, for messages: a path, a keychain item, a Redis key. Never a secret. */
  readonly location: string;

  /** The identity that goes with this store: an official client's login implies that client's header set. */
  readonly impliedIdentity?: 'kimi-cli' | 'kimi-code';

  /**
   * What a record without `issuedFor` was issued for, where the place says it: an official client's file is of that
   * client's hosts.
   */
  readonly impliedBinding?: KimiCredentialBinding;

  /** The command that signs in to this place, where it has one of its own, for messages. */
  readonly signIn?: string;

  /**
   * The saved credential, or `undefined` if none was ever saved or it was cleared.
   * @throws KimiCredentialStoreError when the place cannot be read or what is there is not a credential.
   */
  load(): Promise<KimiCredentials | undefined>;

  /**
   * Replaces the credential, atomically: a reader sees the old or the new one, never a mixture.
   * @throws KimiCredentialStoreError
   */
  save(credentials: KimiCredentials): Promise<void>;

  /**
   * Proves that `save` will be able to keep a record of about this size, and sets aside what it will need: room on a
   * disk, an open file. Called under the lock, before a refresh token leaves that works once
   * (docs/decisions.md#39-save-before-spend). Does not change the saved credential.
   *
   * Where a store has no such method, `save` is called with the credential that it holds, which proves the same. Write
   * one where that is not wanted, such as in a database that takes one write a second to a key.
   * @returns gives back what no `save` has used; never throws
   * @throws KimiCredentialStoreError of the operation `save`
   */
  prepareSave?(credentials: KimiCredentials): Promise<() => Promise<void>>;

  /** Removes the credential. Removing what is not there is no error. */
  clear(): Promise<void>;

  /**
   * Runs `callback` while no other process that uses the same place runs one. Absent where a store has no other users.
   * Not reentrant. @throws KimiCredentialStoreError (`locked` after the wait limit) or the abort reason.
   */
  withLock?<T>(callback: (lock: CredentialLock) => Promise<T>, options?: CredentialLockOptions): Promise<T>;
}
