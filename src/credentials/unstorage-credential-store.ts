import { KimiCredentialStoreError } from '../errors/kimi-error';
import { credentialCipher, plainCipher, type EncryptionKey } from './credential-cipher';
import { parseCredentials, serializeCredentials } from './credential-record';
import type { CredentialStore, KimiCredentials } from './credential-store';
import { describeFailure } from './describe-failure';

/** What is used of a storage of `unstorage`. */
export type UnstorageStorage = {
  getItem(key: string): Promise<unknown>;
  setItem(key: string, value: string): Promise<void>;
  removeItem(key: string): Promise<void>;
};

export type UnstorageCredentialStoreOptions = {
  /** Default `ai-sdk-provider-kimi:default`. One key holds one login. */
  key?: string | undefined;
  /** Your lock over every process that uses the same storage and key: see {@link CredentialStore.withLock}. */
  withLock?: CredentialStore['withLock'] | undefined;
  /**
   * Encrypts what is stored (AES-256-GCM). In a list the first one encrypts and every one decrypts. Without it the
   * tokens are readable.
   */
  encryptionKey?: EncryptionKey | readonly EncryptionKey[] | undefined;
};

/**
 * Keeps the credential in any driver of `unstorage` (Vercel KV, Cloudflare KV, MongoDB, S3 ...).
 *
 * `unstorage` has no lock and no compare-and-set. Without `withLock` **only one process may refresh**: two that refresh
 * at the same time both send the same single-use refresh token, and the login is lost. For several processes pass a
 * lock, or use `redisCredentialStore`. A save is as atomic as the driver; `fs` and `fs-lite` are not, and write files
 * that others can read: use `fileCredentialStore` there.
 * @throws KimiInvalidArgumentError for an encryption key that cannot work
 */
export function unstorageCredentialStore(
  storage: UnstorageStorage,
  options: UnstorageCredentialStoreOptions = {},
): CredentialStore {
  const { key = 'ai-sdk-provider-kimi:default', withLock, encryptionKey } = options;
  /** Written before a refresh, to prove that the next record can be: some services take one write a second to a key. */
  const proofKey = `${key}-proof`;
  const location = `unstorage key ${key}`;
  const cipher =
    encryptionKey === undefined ? plainCipher({ location }) : credentialCipher(encryptionKey, { location, name: key });

  const attempt = async <T>(
    operation: 'load' | 'save' | 'clear',
    action: () => Promise<T>,
    saved?: KimiCredentials,
  ): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      const message =
        `The storage cannot be used (${location}): ${describeFailure(error, saved)}. ` +
        'Look at the driver that this storage was made with: its settings, and whether its service can be reached.';
      throw new KimiCredentialStoreError({ location, operation, reason: 'unavailable', message });
    }
  };

  return {
    location,

    async load() {
      const value = await attempt('load', async () => storage.getItem(key));
      if (value === null || value === undefined) {
        return undefined;
      }
      // `getItem` parses what looks like JSON.
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return parseCredentials(await cipher.open(text), { location });
    },

    async save(credentials) {
      const value = await cipher.seal(serializeCredentials(credentials));
      await attempt('save', async () => storage.setItem(key, value), credentials);
    },

    async prepareSave(credentials) {
      const { length } = await cipher.seal(serializeCredentials(credentials));
      await attempt('save', async () => storage.setItem(proofKey, '0'.repeat(length)), credentials);
      return async () => {};
    },

    async clear() {
      await attempt('clear', async () => storage.removeItem(key));
      await attempt('clear', async () => storage.removeItem(proofKey));
    },

    ...(withLock === undefined ? {} : { withLock }),
  };
}
