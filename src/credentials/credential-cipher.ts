/**
 * Encryption of a saved credential with a key of the user's: AES-256-GCM of WebCrypto, so that it works on every
 * runtime. The name of the place goes in as additional data: a value that was moved to another key cannot be read
 * there.
 */
import { KimiCredentialStoreError, KimiInvalidArgumentError } from '../errors/kimi-error';

/**
 * 32 random bytes, as bytes or as text in base64, base64url or hex (`openssl rand -base64 32`), or an AES-GCM
 * `CryptoKey` of 256 bits.
 */
export type EncryptionKey = CryptoKey | Uint8Array | string;

/** Text to what is stored and back. */
export type CredentialCipher = {
  seal(text: string): Promise<string>;
  /** @throws KimiCredentialStoreError `corrupt` when the value is not one of ours, `failed` when no key opens it */
  open(value: string): Promise<string>;
};

export type CredentialCipherOptions = {
  /** Where the value is kept, for messages. */
  location: string;
  /** Bound to the value. */
  name: string;
};

const FORMAT = 'aes-256-gcm.v1.';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * @param keys the first one encrypts, every one decrypts: to change the key, put the new one in front and drop the old
 *   one after the next save (a refresh, at the latest a login)
 * @throws KimiInvalidArgumentError for a key that is not 256 bits
 */
export function credentialCipher(
  keys: EncryptionKey | readonly EncryptionKey[],
  options: CredentialCipherOptions,
): CredentialCipher {
  const { location } = options;
  const list = isList(keys) ? keys : [keys];
  if (list.length === 0) {
    throw invalidKey('The list is empty.');
  }
  const materials = list.map(checkKey);
  let imported: Promise<CryptoKey[]> | undefined;
  const importKeys = () => (imported ??= Promise.all(materials.map(importKey)));
  const additionalData = new TextEncoder().encode(options.name);

  return {
    async seal(text) {
      const [key] = await importKeys();
      const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const sealed = await crypto.subtle.encrypt(
        { name: 'AES-GCM', iv, additionalData },
        key!,
        new TextEncoder().encode(text),
      );
      const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength);
      bytes.set(iv);
      bytes.set(new Uint8Array(sealed), NONCE_BYTES);
      return FORMAT + toBase64(bytes);
    },

    async open(value) {
      const bytes = value.startsWith(FORMAT) ? fromBase64(value.slice(FORMAT.length)) : undefined;
      if (bytes === undefined || bytes.length < NONCE_BYTES + TAG_BYTES) {
        throw notSealed(location, value);
      }
      for (const key of await importKeys()) {
        try {
          const iv = bytes.subarray(0, NONCE_BYTES);
          const text = await crypto.subtle.decrypt(
            { name: 'AES-GCM', iv, additionalData },
            key,
            bytes.subarray(NONCE_BYTES),
          );
          return new TextDecoder().decode(text);
        } catch {
          // AES-GCM does not say why; the next key may be the one.
        }
      }
      throw noKeyOpens(location);
    },
  };
}

/** Keeps the text as it is. */
export function plainCipher({ location }: { location: string }): CredentialCipher {
  return {
    async seal(text) {
      return text;
    },
    async open(value) {
      if (value.startsWith(FORMAT)) {
        const message = `The credential in ${location} is encrypted. Pass the encryptionKey that it was saved with.`;
        throw new KimiCredentialStoreError({ location, operation: 'load', reason: 'failed', message });
      }
      return value;
    },
  };
}

function noKeyOpens(location: string): KimiCredentialStoreError {
  const message =
    `The credential in ${location} cannot be decrypted: it was encrypted with another key, or for another place, ` +
    'or it was changed. Pass the key that it was saved with (as the second entry of encryptionKey, if you changed ' +
    'the key), or remove it with auth.logout() of a provider with this store, and sign in there anew with ' +
    'auth.login().';
  return new KimiCredentialStoreError({ location, operation: 'load', reason: 'failed', message });
}

function notSealed(location: string, value: string): KimiCredentialStoreError {
  const what = value.trimStart().startsWith('{')
    ? "it is not encrypted; if it was saved with encryption: 'none', read it once with that setting"
    : 'it is not a value that was encrypted by this package';
  return new KimiCredentialStoreError({
    location,
    operation: 'load',
    reason: 'corrupt',
    message:
      `The credential in ${location} is damaged: ${what}. Or sign in anew, which replaces it: auth.login() of a ` +
      'provider with this store.',
  });
}

function checkKey(key: EncryptionKey): CryptoKey | Uint8Array<ArrayBuffer> {
  if (typeof key === 'string') {
    const text = key.trim();
    const bytes = /^[0-9a-f]{64}$/i.test(text) ? fromHex(text) : fromBase64(text);
    return checkLength(bytes);
  }
  if (key instanceof Uint8Array) {
    return checkLength(new Uint8Array(key));
  }
  const { name, length } = (key?.algorithm ?? {}) as { name?: string; length?: number };
  if (name !== 'AES-GCM' || length !== 256 || !key.usages.includes('encrypt') || !key.usages.includes('decrypt')) {
    throw invalidKey('A CryptoKey must be for AES-GCM with 256 bits and allow encrypt and decrypt.');
  }
  return key;
}

function checkLength(bytes: Uint8Array<ArrayBuffer> | undefined): Uint8Array<ArrayBuffer> {
  if (bytes?.length !== 32) {
    throw invalidKey(bytes === undefined ? 'The text is neither base64 nor hex.' : `It has ${bytes.length} bytes.`);
  }
  return bytes;
}

function invalidKey(what: string): KimiInvalidArgumentError {
  return new KimiInvalidArgumentError({
    argument: 'encryptionKey',
    message: `"encryptionKey" must be 32 bytes, as bytes, base64 or hex. ${what} Make one: openssl rand -base64 32`,
  });
}

async function importKey(key: CryptoKey | Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return key instanceof Uint8Array
    ? crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt'])
    : key;
}

function isList(keys: EncryptionKey | readonly EncryptionKey[]): keys is readonly EncryptionKey[] {
  return Array.isArray(keys);
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), character => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16));
}
