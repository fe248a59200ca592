/**
 * As secrets.test.ts, for stores, which hold the secrets, are inspected, and made to fail in every way they know, by
 * files, libraries and servers that repeat what they were given.
 */
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createAuthSession } from '../src/auth/session/auth-session';
import type { CredentialStore, KimiCredentials } from '../src/credentials/credential-store';
import {
  environmentCredentialStore,
  fileCredentialStore,
  keychainCredentialStore,
  kimiCliCredentialStore,
  kimiCodeCredentialStore,
  memoryCredentialStore,
  seededCredentialStore,
  unstorageCredentialStore,
} from '../src/credential-stores';
import { redisCredentialStore, type RedisClient } from '../src/redis';
import { failure } from './support/failure';
import { LeakDetector } from './support/leak-detector';
import { testServices } from './support/test-services';
import { withLockedKeyring } from './support/with-locked-keyring';

const detector = new LeakDetector();
const ACCESS = detector.plant('access token', 'eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJjYW5hcnktYWNjZXNzIn0.Vk3Qz81LmWp0');
const REFRESH = detector.plant('refresh token', 'eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJjYW5hcnktcmVmcmVzaCJ9.Xn7Rb52TjYd4');
const KEY = detector.plant('key', 'sk-kimi-Canary4Gf7Hs2Kd9Pw1Zx');
const ENCRYPTION_KEY = detector.plant(
  'encryption key',
  Buffer.from('a canary sings in 32 bytes here!').toString('base64'),
);
const TIMES = { expiresAt: 1, expiresIn: 900, scope: '', tokenType: 'Bearer' };
const NOWHERE = { oauthHost: 'http://127.0.0.1:1', apiOrigin: 'http://127.0.0.1:1' };
const LOGIN: KimiCredentials = { type: 'oauth', accessToken: ACCESS, refreshToken: REFRESH, ...TIMES };
const SAVED_KEY: KimiCredentials = { type: 'api-key', key: KEY, service: 'coding', region: 'mainland-cn' };

const folder = () => mkdtempSync(join(tmpdir(), 'kimi-secrets-'));
/** All that the store and a session on it raise; at least `count` of the operations must fail. */
async function expectNothingShows(store: CredentialStore, count: number): Promise<void> {
  const session = () => createAuthSession({ store, ...NOWHERE, fetch, sleep: async () => undefined });
  const errors = [
    await failure(() => store.load()),
    await failure(() => store.save(LOGIN)),
    await failure(() => store.save(SAVED_KEY)),
    await failure(() => store.withLock?.(async () => undefined, { abortSignal: AbortSignal.timeout(300) })),
    await failure(() => session().save(LOGIN)),
    await failure(() => session().save(SAVED_KEY)),
    await failure(() => session().getAccessToken({ abortSignal: AbortSignal.timeout(300) })),
    await failure(() => session().status()),
    await failure(() => session().logout()),
    await failure(() => store.clear()),
  ];
  const raised = errors.filter(error => error !== undefined);
  expect(raised.length).toBeGreaterThanOrEqual(count);
  expect(raised.flatMap(error => detector.find(error))).toEqual([]);
  expect(detector.find(store)).toEqual([]);
}

/** A client in the form of ioredis, whose commands fail as its own do. */
function failingRedis(describe: (parameters: string[]) => Error): RedisClient {
  return {
    status: 'ready',
    eval: (_: string, __: number, ...parameters: string[]) => Promise.reject(describe(parameters)),
  };
}

function replyError(message: string, parameters: string[]): Error {
  return Object.assign(new Error(message), {
    name: 'ReplyError',
    command: { name: 'eval', args: parameters },
    code: 'ERR',
  });
}

/** A keychain library of which every call fails; what it was given is in the message. */
function failingLibrary(name: '@napi-rs/keyring' | 'keytar'): string {
  const path = join(folder(), 'library.cjs');
  const failing = '(...values) => { throw new Error("cannot do it with " + JSON.stringify(values)); }';
  writeFileSync(
    path,
    name === 'keytar'
      ? `const fail = async ${failing};
         module.exports = { getPassword: fail, setPassword: fail, deletePassword: fail, findCredentials: fail };`
      : `const fail = ${failing}; class Entry { getPassword = fail; setPassword = fail; deletePassword = fail; deleteCredential = fail; }
         Entry.withTarget = () => new Entry(); module.exports = { Entry, AsyncEntry: Entry, findCredentials: fail };`,
  );
  return path;
}

/** A login on the disk that cannot be read, in the own form and in that of the official clients. */
const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  'JSON that breaks off': path =>
    writeFileSync(path, `{"access_token":"${ACCESS}","accessToken":"${ACCESS}","refresh`, { mode: 0o600 }),
  'text alone': path => writeFileSync(path, ACCESS, { mode: 0o600 }),
  'wrong types': path => {
    const own = { version: 1, type: 'oauth', accessToken: [ACCESS], refreshToken: REFRESH };
    const official = { access_token: [ACCESS], refresh_token: { value: REFRESH }, expires_at: REFRESH };
    writeFileSync(path, JSON.stringify({ ...own, ...official }), { mode: 0o600 });
  },
  'an unknown type': path =>
    writeFileSync(path, JSON.stringify({ version: 1, type: ACCESS, [ACCESS]: 1 }), { mode: 0o600 }),
  'a record of the future': path => writeFileSync(path, JSON.stringify({ version: 7, ...LOGIN }), { mode: 0o600 }),
  'a version that is none': path => writeFileSync(path, JSON.stringify({ ...LOGIN, version: ACCESS }), { mode: 0o600 }),
};

describe.each(Object.keys(DAMAGES))('%s', damage => {
  test.each([
    ['file', (home: string) => fileCredentialStore({ path: join(home, 'login.json') })],
    ['kimi-code', (home: string) => kimiCodeCredentialStore({ home, environment: {} })],
    ['kimi-cli', (home: string) => kimiCliCredentialStore({ shareDirectory: home })],
  ])('in the place of %s', async (_, open) => {
    const store = open(folder());
    mkdirSync(dirname(store.location), { recursive: true });
    DAMAGES[damage]!(store.location);
    expect(detector.find(await failure(() => store.load()))).toEqual([]);
    await expectNothingShows(store, 0);
  });
});

describe('a file', () => {
  test('that others can read', async () => {
    const path = join(folder(), 'login.json');
    await fileCredentialStore({ path }).save(LOGIN);
    chmodSync(path, 0o644);
    const error = await failure(() => fileCredentialStore({ path }).load());
    expect(error).toMatchObject({ reason: 'permissions' });
    expect(detector.find(error)).toEqual([]);
  });

  test('that is a folder, with a lock that is a file', async () => {
    const path = join(folder(), 'login.json');
    mkdirSync(path);
    writeFileSync(join(path, 'something'), ACCESS);
    writeFileSync(`${path}.lock`, ACCESS);
    await expectNothingShows(fileCredentialStore({ path }), 8);
  });
});

describe('a Redis', () => {
  test.each([
    ['whose client hangs the command on its errors', (parameters: string[]) => replyError('ERR something', parameters)],
    [
      'that repeats arguments',
      (parameters: string[]) =>
        replyError(`ERR unknown command 'eval', with args beginning with: '${parameters.join("' '")}'`, parameters),
    ],
    [
      'that says no',
      (parameters: string[]) => replyError("NOPERM this user has no permissions to run the 'eval' command", parameters),
    ],
    ['with a password in its URL', () => new Error(`connect ECONNREFUSED redis://default:${KEY}@127.0.0.1:6379`)],
  ])('%s', async (_, describe) => {
    await expectNothingShows(redisCredentialStore({ client: failingRedis(describe), encryption: 'none' }), 8);
    await expectNothingShows(
      redisCredentialStore({ client: failingRedis(describe), encryptionKey: ENCRYPTION_KEY }),
      8,
    );
  });

  const torn = `aes-256-gcm.v1.${Buffer.from(ACCESS).toString('base64')}`;
  test.each([torn, ACCESS, JSON.stringify(LOGIN), '{'])('with a value that is no sealed login', async value => {
    const client: RedisClient = { status: 'ready', eval: async () => value };
    const store = redisCredentialStore({ client, encryptionKey: ENCRYPTION_KEY });
    const error = await failure(() => store.load());
    expect(error).toMatchObject({ code: 'KIMI_CREDENTIAL_STORE' });
    expect([...detector.find(error), ...detector.find(store)]).toEqual([]);
  });

  test.each([
    ENCRYPTION_KEY.slice(0, 30),
    [ENCRYPTION_KEY, ENCRYPTION_KEY.slice(3)],
    `${ENCRYPTION_KEY}=x`,
    Buffer.from(ENCRYPTION_KEY),
  ])('with a key that is none', async encryptionKey => {
    const client: RedisClient = { status: 'ready', eval: async () => null };
    const error = await failure(() => redisCredentialStore({ client, encryptionKey }).save(LOGIN));
    expect(error).toMatchObject({ code: 'KIMI_INVALID_ARGUMENT' });
    expect(detector.find(error)).toEqual([]);
  });
});

describe('a storage of unstorage', () => {
  test('that repeats what it was given', async () => {
    const fail = async (...values: unknown[]) => {
      throw Object.assign(new Error(`cannot keep ${JSON.stringify(values)}`), { values });
    };
    await expectNothingShows(unstorageCredentialStore({ getItem: fail, setItem: fail, removeItem: fail }), 7);
  });
});

describe('a store of a user’s own', () => {
  test('that repeats what it was given', async () => {
    const fail = async (credentials?: KimiCredentials) => {
      throw Object.assign(new Error(`INSERT INTO logins VALUES ('${JSON.stringify(credentials)}')`), { credentials });
    };
    const login = { ...LOGIN, issuedFor: { ...NOWHERE, account: 'default' } };
    const store: CredentialStore = { location: 'table logins', load: async () => login, save: fail, clear: fail };
    const session = () => createAuthSession({ store: { ...store }, ...NOWHERE, fetch, sleep: async () => undefined });
    for (const error of [
      await failure(() => session().save(LOGIN)),
      await failure(() => session().save(SAVED_KEY)),
      await failure(() => session().logout()),
      await failure(() => session().getAccessToken()),
    ]) {
      expect(error).toBeInstanceOf(Error);
      expect(detector.find(error)).toEqual([]);
    }
  });
});

describe('the environment', () => {
  test('read-only, and a refresh token alone', async () => {
    await expectNothingShows(
      environmentCredentialStore({ environment: { KIMI_ACCESS_TOKEN: ACCESS, KIMI_REFRESH_TOKEN: REFRESH } }),
      4,
    );
    await expectNothingShows(environmentCredentialStore({ environment: { KIMI_REFRESH_TOKEN: REFRESH } }), 4);
    await expectNothingShows(environmentCredentialStore({ environment: { KIMI_API_KEY: KEY } }), 4);
  });
});

describe('a keychain', () => {
  // Without an address no library is asked (`hasSessionBus` in keychain-child.ts).
  const environment = { ...process.env, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere', KIMI_PROVIDER_HOME: folder() };

  test.each(['@napi-rs/keyring', 'keytar'] as const)('whose library, %s, repeats what it was given', async name => {
    await expectNothingShows(
      keychainCredentialStore({ libraries: [{ name, path: failingLibrary(name) }], environment }),
      6,
    );
  });

  test('without a library, and without a bus', async () => {
    await expectNothingShows(keychainCredentialStore({ libraries: [], environment }), 6);
    await expectNothingShows(
      keychainCredentialStore({ environment: { ...environment, DBUS_SESSION_BUS_ADDRESS: undefined } }),
      6,
    );
  });
});

describe.skipIf(!testServices.has('secret-service'))('a real keychain (needs secret-service)', () => {
  test('locked, and with a damaged item', async () => {
    await withLockedKeyring(async keyring => {
      const store = keychainCredentialStore({
        environment: { ...keyring.environment, KIMI_PROVIDER_HOME: folder() },
        timeoutMs: 2000,
      });
      await store.save(LOGIN);
      expect(detector.find(store)).toEqual([]);
      keyring.lock();
      await expectNothingShows(store, 6);
    });
  }, 60_000);
});

describe('stores that hold a secret', () => {
  test.each([
    ['memory', () => memoryCredentialStore(LOGIN)],
    ['memory with a key', () => memoryCredentialStore(SAVED_KEY)],
    ['file', () => fileCredentialStore({ path: join(folder(), 'login.json') })],
    ['kimi-code', () => kimiCodeCredentialStore({ home: folder(), environment: {} })],
    ['kimi-cli', () => kimiCliCredentialStore({ shareDirectory: folder() })],
    ['environment', () => environmentCredentialStore({ environment: { KIMI_API_KEY: KEY } })],
    [
      'seeded',
      () => seededCredentialStore(memoryCredentialStore(LOGIN), { environment: { KIMI_REFRESH_TOKEN: REFRESH } }),
    ],
    [
      'redis',
      () =>
        redisCredentialStore({ client: { status: 'ready', eval: async () => null }, encryptionKey: ENCRYPTION_KEY }),
    ],
  ] as [string, () => CredentialStore][])('%s', async (_, open) => {
    const store = open();
    await failure(() => store.save(LOGIN));
    await failure(() => store.load());
    expect(detector.find(store)).toEqual([]);
    expect(detector.find(store.location)).toEqual([]);
  });
});
