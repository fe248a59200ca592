import { KimiCredentialStoreError, KimiInvalidArgumentError } from '../errors/kimi-error';
import type { KimiService } from '../upstream';
import { bindingOf, isSameBinding } from './credential-binding';
import { storeAround, type CredentialStore, type KimiCredentials } from './credential-store';
import { environmentCredentialStore } from './environment-credential-store';
import { fileCredentialStore } from './file-credential-store';
import { keychainCredentialStore } from './keychain/keychain-credential-store';
import { memoryCredentialStore } from './memory-credential-store';
import { kimiCliCredentialStore } from './official/kimi-cli-credential-store';
import { kimiCodeCredentialStore } from './official/kimi-code-credential-store';

/** What the choice depends on. */
export type DefaultCredentialStoreOptions = {
  /** As `credentialSlot` names it. */
  slot: string;
  account: string;
  service: KimiService;
  oauthHost: string;
  /** As the user wrote it: the official client names its file after exactly that. */
  apiBaseURL: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** Told why not the keychain, once something is kept, and whose login is shared. Never fails. */
  notify: (message: string) => void | Promise<void>;
};

export type DefaultCredentialStore = {
  store: CredentialStore;
  /** This package's place, where a login is saved. Else an official client's, shared in place. */
  isOwn: boolean;
  /** Nothing is saved anywhere: the choice may be another one next time. */
  isEmpty: boolean;
};

/**
 * What `#platform` gives: `undefined` on runtimes that have no place of their own to keep a login.
 */
export type DefaultCredentialStoreResolver = {
  defaultCredentialStore(
    options: Omit<DefaultCredentialStoreOptions, 'notify'> & { forLogin?: boolean },
  ): Promise<DefaultCredentialStore | undefined>;
};

/** A record that was read so long ago is read again. */
const PROBE_VALID_MS = 1000;

type StoreName = 'keychain' | 'file' | 'environment' | 'memory' | 'kimi-code' | 'kimi-cli';

/** The value of `KIMI_CREDENTIAL_STORE` to a store (docs/decisions.md#15-stores-and-places). */
const STORES: Readonly<Record<StoreName, (options: DefaultCredentialStoreOptions) => CredentialStore>> = {
  keychain: ({ slot, environment }) => keychainCredentialStore({ slot, environment }),
  file: ({ slot, environment }) => fileCredentialStore({ slot, environment }),
  environment: ({ environment, service }) => environmentCredentialStore({ environment, service }),
  memory: ({ slot }) => memoryOf(slot),
  'kimi-code': ({ oauthHost, apiBaseURL, environment }) =>
    kimiCodeCredentialStore({ oauthHost, apiBaseURL, environment }),
  'kimi-cli': ({ environment }) => kimiCliCredentialStore({ environment }),
};

/** How the notice of the file begins: nothing to tell where another program keeps the logins. */
export const KEPT_IN_FILE = 'A Kimi login is kept in the file';

const memories = new Map<string, CredentialStore>();

/** The process has one memory: a login made through one provider is there for the others, too. */
function memoryOf(slot: string): CredentialStore {
  const memory = memories.get(slot) ?? memoryCredentialStore();
  memories.set(slot, memory);
  return memory;
}

/**
 * The store where no setting names one (docs/decisions.md#12-which-store): the one that `KIMI_CREDENTIAL_STORE` forces;
 * else the first of own keychain, own file, an official client's login that has a login in it; else the own place for a
 * first login.
 *
 * @param options.forLogin only own places, because a new login never goes into another program's file
 * @throws KimiInvalidArgumentError for an unknown `KIMI_CREDENTIAL_STORE`; KimiCredentialStoreError when a keychain
 *   that exists is locked
 *   or fails: it may hold the login, so "not signed in" would be wrong
 */
export async function defaultCredentialStore(
  options: DefaultCredentialStoreOptions & { forLogin?: boolean },
): Promise<DefaultCredentialStore> {
  const forced = options.environment.KIMI_CREDENTIAL_STORE;
  if (forced) {
    if (!Object.hasOwn(STORES, forced)) {
      const allowed = Object.keys(STORES).join(', ');
      throw new KimiInvalidArgumentError({
        argument: 'KIMI_CREDENTIAL_STORE',
        message: `KIMI_CREDENTIAL_STORE must be one of ${allowed}, not ${JSON.stringify(forced)}.`,
      });
    }
    return { store: STORES[forced as StoreName](options), isOwn: true, isEmpty: false };
  }

  const keychain = STORES.keychain(options);
  const inKeychain = await probe(keychain, options);
  if (inKeychain.record !== undefined) {
    return found(keychain, inKeychain.record, true);
  }
  const file = STORES.file(options);
  const inFile = await probe(file, options);
  if (inFile.record !== undefined && !(options.forLogin && inKeychain.isThere)) {
    // A login that was saved while there was no keychain stays where it is: a copy would break its chain.
    return found(file, inFile.record, true);
  }
  const official = options.forLogin ? undefined : await officialLogin(options);
  const place = inKeychain.isThere ? keychain : tellingWhenKept(file, options);
  return official ?? { store: place, isOwn: true, isEmpty: true };
}

/** Before something is kept there is nothing to tell. Why no keychain can be used takes more words: `doctor` has them. */
function tellingWhenKept(file: CredentialStore, { notify }: DefaultCredentialStoreOptions): CredentialStore {
  return storeAround(file, {
    async save(credentials) {
      await file.save(credentials);
      await notify(
        `${KEPT_IN_FILE} ${file.location}, because no keychain can be used here ("npx ai-sdk-provider-kimi doctor" ` +
          'says why). KIMI_CREDENTIAL_STORE=file says so for good.',
      );
    },
  });
}

/**
 * Only the default account, and the hosts that the client's login is of: kimi-code names its file after them,
 * kimi-cli's is of the mainland's, whatever a variable says today (docs/wire.md#login-of-kimi-cli).
 */
async function officialLogin(options: DefaultCredentialStoreOptions): Promise<DefaultCredentialStore | undefined> {
  if (options.account !== 'default' || options.service !== 'coding') {
    return undefined;
  }
  const seeker = bindingOf(options);
  for (const name of ['kimi-code', 'kimi-cli'] as const) {
    const store = STORES[name](options);
    if (store.impliedBinding === undefined || !isSameBinding(store.impliedBinding, seeker)) {
      continue;
    }
    const record = await store.load();
    if (record?.type === 'oauth' && record.refreshToken !== '') {
      await options.notify(
        `Using the login of ${name} in ${store.location}, shared in place under its own lock and with its identity. ` +
          'For a login of your own run "npx ai-sdk-provider-kimi login"; to never share, set ' +
          'KIMI_CREDENTIAL_STORE=keychain (or file).',
      );
      return found(store, record, false);
    }
  }
  return undefined;
}

type Probe = { record: KimiCredentials | undefined; isThere: true } | { record: undefined; isThere: false };

/**
 * What `store` holds, or that it is not there at all on this machine. Other failures are the caller's to see, but for a
 * damaged record where it is about to be replaced or removed.
 */
async function probe(store: CredentialStore, { forLogin }: { forLogin?: boolean }): Promise<Probe> {
  try {
    return { record: await store.load(), isThere: true };
  } catch (error) {
    if (KimiCredentialStoreError.isInstance(error)) {
      if (error.reason === 'unavailable') {
        return { record: undefined, isThere: false };
      }
      if (error.reason === 'corrupt' && forLogin) {
        return { record: undefined, isThere: true };
      }
    }
    throw error;
  }
}

/**
 * The store, whose first load gives what the probe has just read: a read of a keychain takes a process, and may ask the
 * person.
 */
function found(store: CredentialStore, record: KimiCredentials, isOwn: boolean): DefaultCredentialStore {
  let probed: KimiCredentials | undefined = record;
  const readAt = performance.now();
  const forgetting = async <T>(action: Promise<T>): Promise<T> => {
    probed = undefined;
    return action;
  };
  return {
    isOwn,
    isEmpty: false,
    store: storeAround(store, {
      load() {
        const first = performance.now() - readAt < PROBE_VALID_MS ? probed : undefined;
        probed = undefined;
        return first === undefined ? store.load() : Promise.resolve(first);
      },
      save: credentials => forgetting(store.save(credentials)),
      clear: () => forgetting(store.clear()),
      ...(store.withLock === undefined
        ? {}
        : {
            withLock: ((callback, lockOptions) => forgetting(store.withLock!(callback, lockOptions))) as NonNullable<
              CredentialStore['withLock']
            >,
          }),
    }),
  };
}
