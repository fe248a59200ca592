import { KimiCredentialStoreError, KimiInvalidArgumentError } from '../../errors/kimi-error';
import { sleep as realSleep, type Sleep } from '../../transport/wait';
import { credentialCipher, plainCipher, type EncryptionKey } from '../credential-cipher';
import { parseCredentials, serializeCredentials } from '../credential-record';
import type { CredentialStore } from '../credential-store';
import { LOAD, PROVE_WRITABLE, redisScripts, WRITE, WRITE_AS_HOLDER, type RedisClient } from './redis-client';
import { redisLock } from './redis-lock';

/** Settings of {@link redisCredentialStore}. */
export type RedisCredentialStoreOptions = {
  /** A client of `redis` (4 or later) or `ioredis`. It stays yours: connect it before, close it after. */
  client: RedisClient;
  /** The whole key. Default: `<prefix>:{<account>}`. */
  key?: string | undefined;
  /** Default `ai-sdk-provider-kimi`. */
  prefix?: string | undefined;
  /** Default `default`. One key holds one login: give accounts, and logins of different regions, a name each. */
  account?: string | undefined;
  /**
   * A lock that was watched for so long without a sign of life of its holder is taken over, in ms. The holder gives
   * three in that time. Default 30 s.
   */
  lockTtlMs?: number | undefined;
  /** How long to wait for the lock, in ms. Default 60 s. */
  lockWaitMs?: number | undefined;
  /** How long one command may take, in ms. Default 5 s. */
  timeoutMs?: number | undefined;
  /** Milliseconds of a clock that never jumps. For tests. */
  now?: (() => number) | undefined;
  /** Milliseconds since the epoch. For tests. */
  wallNow?: (() => number) | undefined;
  /** Waits so many ms, or rejects when the signal aborts. For tests. */
  sleep?: Sleep | undefined;
  /** 0 to 1. For tests. */
  random?: (() => number) | undefined;
} & (
  | {
      /**
       * Encrypts what is stored. In a list the first one encrypts and every one decrypts, so that a key can be changed.
       */
      encryptionKey: EncryptionKey | readonly EncryptionKey[];
      encryption?: undefined;
    }
  | {
      /** Keeps the tokens readable for everybody who can read this Redis. */
      encryption: 'none';
      encryptionKey?: undefined;
    }
);

/**
 * Keeps the credential in Redis, for several machines or serverless instances that share one login. Needs no `node:`
 * module.
 *
 * A refresh is made by one process at a time, under a lock that is taken over when its holder is dead; no clock of the
 * server's says so. Should that one only sleep and wake up after another one has saved, its save is refused
 * (`lock-lost`): an older token never replaces a newer one. A save outside a lock, which is a sign-in, always wins.
 * @throws KimiInvalidArgumentError for a client or key that cannot work, or when neither `encryptionKey` nor
 *   `encryption: 'none'` is given
 */
export function redisCredentialStore(options: RedisCredentialStoreOptions): CredentialStore {
  const {
    prefix = 'ai-sdk-provider-kimi',
    account = 'default',
    timeoutMs = 5_000,
    lockTtlMs = 30_000,
    lockWaitMs = 60_000,
  } = options;
  const { now = () => performance.now(), wallNow = Date.now, sleep = realSleep, random = Math.random } = options;
  const key = options.key ?? `${prefix}:{${account}}`;
  const location = `Redis key ${key}`;
  checkDurations({ timeoutMs, lockTtlMs, lockWaitMs });
  const cipher = chooseCipher(options, { location, name: key });
  const run = redisScripts(options.client, { location, timeoutMs });
  // Both keys on one node of a cluster: the part in braces decides (Redis cluster specification, "Hash tags").
  const keys = [key, hasHashTag(key) ? `${key}:lock` : `{${key}}:lock`];
  const lock = redisLock({ run, keys, location, lockTtlMs, lockWaitMs, now, wallNow, sleep, random });

  const write = async (operation: 'save' | 'clear', value: string[]): Promise<void> => {
    const { held } = lock;
    if (held === undefined) {
      await run(operation, WRITE, keys, value);
      return;
    }
    const generation = await run(operation, WRITE_AS_HOLDER, keys, [held.token, held.generation, ...value]);
    if (generation === null || generation === undefined) {
      throw refused(location, operation);
    }
    held.generation = String(generation);
  };

  return {
    location,

    async load() {
      const value = await run('load', LOAD, keys, []);
      return value === null || value === undefined
        ? undefined
        : parseCredentials(await cipher.open(String(value)), { location });
    },

    async save(credentials) {
      await write('save', [await cipher.seal(serializeCredentials(credentials))]);
    },

    async prepareSave(credentials) {
      const { length } = await cipher.seal(serializeCredentials(credentials));
      await run('save', PROVE_WRITABLE, keys, ['0'.repeat(length)]);
      return async () => {};
    },

    async clear() {
      await write('clear', []);
    },

    withLock: lock.withLock,
  };
}

/** @throws KimiInvalidArgumentError */
function checkDurations(durations: Readonly<Record<string, number>>): void {
  for (const [argument, value] of Object.entries(durations)) {
    if (!Number.isFinite(value) || value <= 0) {
      throw new KimiInvalidArgumentError({
        argument,
        message: `"${argument}" must be a number of milliseconds above 0.`,
      });
    }
  }
}

function chooseCipher(
  {
    encryptionKey,
    encryption,
  }: { encryptionKey?: EncryptionKey | readonly EncryptionKey[] | undefined; encryption?: 'none' | undefined },
  place: { location: string; name: string },
) {
  if (encryptionKey !== undefined && encryption !== undefined) {
    throw new KimiInvalidArgumentError({
      argument: 'encryption',
      message: 'Pass "encryptionKey" or "encryption", not both.',
    });
  }
  if (encryptionKey !== undefined) {
    return credentialCipher(encryptionKey, place);
  }
  if (encryption === 'none') {
    return plainCipher(place);
  }
  throw new KimiInvalidArgumentError({
    argument: 'encryptionKey',
    message:
      'Redis would keep the tokens readable. Pass "encryptionKey" with 32 bytes (make them: openssl rand ' +
      '-base64 32), ' +
      "or say encryption: 'none'. If the key comes from an environment variable, that variable is not set.",
  });
}

function refused(location: string, operation: 'save' | 'clear'): KimiCredentialStoreError {
  const message =
    `This process lost the lock of ${location} and another one has saved or is about to, so nothing was written. ` +
    'Load the credential again; it is newer.';
  return new KimiCredentialStoreError({ location, operation, reason: 'lock-lost', message });
}

/** Whether the key says by a part in braces where it is kept: from the first opening brace to the next closing one. */
function hasHashTag(key: string): boolean {
  const start = key.indexOf('{');
  return start >= 0 && key.indexOf('}', start) > start + 1;
}
