import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { createClient, createClientPool } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CredentialStore } from '../../src/credentials/credential-store';
import { credentialCipher } from '../../src/credentials/credential-cipher';
import { redisCredentialStore, type RedisClient } from '../../src/redis';
import { startRedisServer, type RedisServer } from '../support/start-redis-server';
import { testServices } from '../support/test-services';
import { CANARY, describeCredentialStore, oauthCredentials } from './contract';

const encryptionKey = new Uint8Array(32).fill(7);
const KEY = 'ai-sdk-provider-kimi:{default}';

describe.skipIf(!testServices.has('redis'))('redisCredentialStore on a real server (needs redis)', () => {
  let server: RedisServer;
  let admin: Redis;
  beforeAll(async () => {
    server = await startRedisServer();
    admin = new Redis(server.url);
  });
  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });
  beforeEach(async () => {
    await admin.flushall();
  });

  const plain = () => redisCredentialStore({ client: admin, encryption: 'none' });

  const CLIENTS: Record<string, () => Promise<{ client: RedisClient; close: () => void }>> = {
    redis: async () => {
      const client = await createClient({ url: server.url }).connect();
      return { client, close: () => client.destroy() };
    },
    'a pool of redis': async () => {
      const client = createClientPool({ url: server.url });
      await client.connect();
      return { client, close: () => client.destroy() };
    },
    ioredis: async () => {
      const client = new Redis(server.url, { keyPrefix: 'app:' });
      return { client, close: () => client.disconnect() };
    },
  };

  for (const [name, connect] of Object.entries(CLIENTS)) {
    const rawKey = name === 'ioredis' ? `app:${KEY}` : KEY;

    describeCredentialStore(`redisCredentialStore over ${name}, encrypted,`, {
      async create() {
        const { client, close } = await connect();
        const open = () => redisCredentialStore({ client, encryptionKey });
        const cipher = credentialCipher(encryptionKey, { location: 'test', name: KEY });
        return {
          store: open(),
          reopen: open,
          corrupt: async text => void (await admin.hset(rawKey, 'value', await cipher.seal(text))),
          dispose: async () => close(),
        };
      },
    });
  }

  describeCredentialStore('redisCredentialStore without encryption', {
    async create() {
      return {
        store: plain(),
        reopen: () => plain(),
        corrupt: async text => void (await admin.hset(KEY, 'value', text)),
      };
    },
  });

  describe('what is stored', () => {
    test('shows no secret when it is encrypted, and all of it when that was turned off', async () => {
      await redisCredentialStore({ client: admin, encryptionKey }).save(oauthCredentials());
      expect(JSON.stringify(await admin.hgetall(KEY))).not.toContain(CANARY);
      expect(await admin.hgetall(KEY)).toEqual({
        generation: '1',
        value: expect.stringMatching(/^aes-256-gcm\.v1\./) as string,
      });
      await plain().save(oauthCredentials());
      expect(JSON.stringify(await admin.hgetall(KEY))).toContain(CANARY);
    });

    test('cannot be read with another key, and can after the key was changed in two steps', async () => {
      const next = new Uint8Array(32).fill(9);
      await redisCredentialStore({ client: admin, encryptionKey }).save(oauthCredentials());
      await expect(redisCredentialStore({ client: admin, encryptionKey: next }).load()).rejects.toMatchObject({
        reason: 'failed',
      });
      const both = redisCredentialStore({ client: admin, encryptionKey: [next, encryptionKey] });
      await both.save((await both.load())!);
      expect(await redisCredentialStore({ client: admin, encryptionKey: next }).load()).toEqual(oauthCredentials());
    });

    test('cannot be read under the key of another account', async () => {
      await redisCredentialStore({ client: admin, encryptionKey, account: 'work' }).save(oauthCredentials());
      await admin.rename('ai-sdk-provider-kimi:{work}', 'ai-sdk-provider-kimi:{home}');
      const moved = redisCredentialStore({ client: admin, encryptionKey, account: 'home' });
      await expect(moved.load()).rejects.toMatchObject({ reason: 'failed' });
    });

    test('lives under the key, prefix and account that were asked for, and never expires', async () => {
      const locations = [{}, { prefix: 'app' }, { account: 'work' }, { key: 'mine' }, { key: 'mine:{x}' }].map(
        options => {
          const store = redisCredentialStore({ client: admin, encryption: 'none', ...options });
          return store.withLock!(async () => store.save(oauthCredentials())).then(() => store.location);
        },
      );
      expect(await Promise.all(locations)).toEqual([
        `Redis key ${KEY}`,
        'Redis key app:{default}',
        'Redis key ai-sdk-provider-kimi:{work}',
        'Redis key mine',
        'Redis key mine:{x}',
      ]);
      const keys = await admin.keys('*');
      expect(keys.toSorted()).toEqual(
        [KEY, 'ai-sdk-provider-kimi:{work}', 'app:{default}', 'mine', 'mine:{x}'].toSorted(),
      );
      expect(await Promise.all(keys.map(key => admin.pttl(key)))).toEqual([-1, -1, -1, -1, -1]);
    });
  });

  describe('a server that', () => {
    const failures: [string, (store: CredentialStore) => Promise<unknown>][] = [
      ['load', store => store.load()],
      ['save', store => store.save(oauthCredentials())],
      ['clear', store => store.clear()],
      ['lock', store => store.withLock!(async () => 'entered')],
    ];

    test.each(failures)(
      'cannot be reached is an error of %s, not "signed out", and shows no secret',
      async (operation, act) => {
        const dead = new Redis({
          port: 1,
          host: '127.0.0.1',
          lazyConnect: true,
          maxRetriesPerRequest: 0,
          retryStrategy: () => null,
        });
        dead.on('error', () => undefined);
        for (const client of [dead, createClient({ url: 'redis://user:pass@127.0.0.1:1' })]) {
          const error = await act(redisCredentialStore({ client, encryption: 'none' })).catch(
            (error: unknown) => error,
          );
          expect(error).toMatchObject({ reason: 'unavailable', operation });
          expect(String(error)).toContain('await client.connect()');
          expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(new RegExp(`${CANARY}|pass@`));
        }
      },
    );

    test('hangs is an error after the time limit', async () => {
      const client = new Redis(server.url);
      await client.ping();
      server.pause();
      try {
        const store = redisCredentialStore({ client, encryption: 'none', timeoutMs: 200 });
        await expect(store.load()).rejects.toMatchObject({ reason: 'timeout', operation: 'load' });
      } finally {
        server.resume();
        client.disconnect();
      }
    });

    test('has something else under the key says so', async () => {
      await admin.set(KEY, 'a string');
      const message = expect.stringContaining('another "key"') as string;
      await expect(plain().load()).rejects.toMatchObject({ reason: 'corrupt', message });
    });

    test('does not let this user in says what is needed', async () => {
      await admin.call('ACL', 'SETUSER', 'reader', 'on', '>word', '~*', '+get');
      const client = new Redis(server.url, { username: 'reader', password: 'word', enableReadyCheck: false });
      await expect(redisCredentialStore({ client, encryption: 'none' }).load()).rejects.toMatchObject({
        reason: 'permissions',
      });
      client.disconnect();
    });
  });
});

describe('redisCredentialStore refuses', () => {
  const client = { isOpen: true, eval: () => Promise.reject(new Error('must not be called')) };
  test.each([
    ['neither key nor consent', { client }, /encryption: 'none'.*variable is not set/],
    ['a key that is undefined', { client, encryptionKey: undefined }, /encryption: 'none'/],
    ['both', { client, encryptionKey, encryption: 'none' }, /not both/],
    ['a bad key', { client, encryptionKey: 'short' }, /openssl rand -base64 32/],
    ['no client', { encryption: 'none' }, /"client" must be/],
    [
      'a client of another kind',
      { client: { get: () => '' }, encryption: 'none' },
      /redis \(version 4 or later\) or ioredis/,
    ],
    ['a lifetime of 0', { client, encryption: 'none', lockTtlMs: 0 }, /"lockTtlMs" must be/],
  ])('%s at once', (_, options, message) => {
    expect(() => redisCredentialStore(options as unknown as Parameters<typeof redisCredentialStore>[0])).toThrow(
      message,
    );
  });
});
