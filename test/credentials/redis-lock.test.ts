import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CredentialStore } from '../../src/credentials/credential-store';
import { redisCredentialStore } from '../../src/redis';
import { startRedisServer, type RedisServer } from '../support/start-redis-server';
import { testServices } from '../support/test-services';
import { bundleWorker } from './bundle-worker';
import { oauthCredentials } from './contract';

const LOCK_KEY = 'ai-sdk-provider-kimi:{default}:lock';

describe.skipIf(!testServices.has('redis'))('the lock of redisCredentialStore on a real server (needs redis)', () => {
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

  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
    }
  });

  const plain = (options: { lockTtlMs?: number; lockWaitMs?: number } = {}) =>
    redisCredentialStore({ client: admin, encryption: 'none', ...options });

  describe('in one process', () => {
    test('expires unless it is renewed, is renewed while it is held, and is gone afterwards', async () => {
      await plain({ lockTtlMs: 300 }).withLock!(async ({ assertHeld }) => {
        const token = await admin.get(LOCK_KEY);
        expect(await admin.pttl(LOCK_KEY)).toBeGreaterThan(0);
        const end = Date.now() + 900;
        while (Date.now() < end) {
          expect(await admin.get(LOCK_KEY)).toBe(token);
        }
        await assertHeld();
      });
      expect(await admin.exists(LOCK_KEY)).toBe(0);
    });

    test('gives up at the limit and names what to remove', async () => {
      await plain().withLock!(async () => {
        const error = await plain({ lockWaitMs: 100 }).withLock!(async () => 'entered').catch(
          (error: unknown) => error,
        );
        expect(error).toMatchObject({ reason: 'locked', operation: 'lock', location: plain().location });
        expect(String(error)).toContain(`redis-cli DEL '${LOCK_KEY}'`);
      });
    });

    test('waits by the clock and the sleep it is given', async () => {
      let time = 0;
      const sleeps: number[] = [];
      const sleep = async (milliseconds: number) => {
        sleeps.push(milliseconds);
        time += milliseconds;
      };
      await plain().withLock!(async () => {
        const options = { now: () => time, sleep, random: () => 0.5, lockWaitMs: 3_000 };
        const waiter = redisCredentialStore({ client: admin, encryption: 'none', ...options });
        await expect(waiter.withLock!(async () => 'entered')).rejects.toMatchObject({ reason: 'locked' });
      });
      expect(time).toBe(3_000);
      expect(sleeps[0]).toBe(20);
      expect(Math.max(...sleeps)).toBe(300);
    });

    test('is told when another one has it, does not remove it, and does not save', async () => {
      const store = plain();
      await store.save(oauthCredentials());
      const error = await store.withLock!(async ({ assertHeld }) => {
        await admin.set(LOCK_KEY, 'another');
        await expect(assertHeld()).rejects.toMatchObject({ reason: 'lock-lost', operation: 'lock' });
        await expect(store.clear()).rejects.toMatchObject({ reason: 'lock-lost', operation: 'clear' });
        await store.save(oauthCredentials({ accessToken: 'from the loser' }));
      }).catch((error: unknown) => error);
      expect(error).toMatchObject({ reason: 'lock-lost', operation: 'save' });
      expect(await admin.get(LOCK_KEY)).toBe('another');
      expect(await store.load()).toEqual(oauthCredentials());
    });

    test('that Redis forgot, with nothing written since, is taken again', async () => {
      const store = plain();
      await store.withLock!(async ({ assertHeld }) => {
        await admin.del(LOCK_KEY);
        await assertHeld();
        expect(await admin.exists(LOCK_KEY)).toBe(1);
        await admin.del(LOCK_KEY);
        await store.save(oauthCredentials());
        await store.save(oauthCredentials({ accessToken: 'twice' }));
      });
      expect(await store.load()).toEqual(oauthCredentials({ accessToken: 'twice' }));
    });

    test.each<[string, (other: CredentialStore) => Promise<void>]>([
      ['sign-in', other => other.save(oauthCredentials({ accessToken: 'signed in' }))],
      ['sign-out', other => other.clear()],
    ])('a %s elsewhere wins over the holder, who is told', async (_, act) => {
      const [store, other] = [plain(), plain()];
      await store.save(oauthCredentials());
      await store.withLock!(async ({ assertHeld }) => {
        await act(other);
        const after = await other.load();
        // To have read it does not make the holder's own token newer.
        await store.load();
        await expect(assertHeld()).rejects.toMatchObject({ reason: 'lock-lost' });
        await expect(store.save(oauthCredentials({ accessToken: 'from the loser' }))).rejects.toMatchObject({
          reason: 'lock-lost',
        });
        expect(await other.load()).toEqual(after);
      });
    });

    test('of one store is held by one callback, even when Redis forgot it', async () => {
      const store = plain();
      const order: string[] = [];
      const entered = new AbortController();
      const isIn = once(entered.signal, 'abort');
      const first = store.withLock!(async () => {
        await admin.del(LOCK_KEY);
        entered.abort();
        await new Promise(resolve => setTimeout(resolve, 150));
        order.push('first out');
      });
      await isIn;
      await Promise.all([first, store.withLock!(async () => order.push('second in'))]);
      expect(order).toEqual(['first out', 'second in']);
    });
  });

  describe('with several processes', () => {
    let worker: Awaited<ReturnType<typeof bundleWorker>>;
    beforeAll(async () => {
      worker = await bundleWorker('redis-store-worker.ts');
    });
    afterAll(() => worker.dispose());
    const start = (mode: string, rounds: number, lockTtlMs: number) => {
      const parameters = [worker.path, server.url, mode, String(rounds), String(lockTtlMs)];
      const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(child);
      return child;
    };

    test('two never hold the lock at once', async () => {
      await plain().save(oauthCredentials({ expiresAt: 0 }));
      const workers = [start('count', 40, 30_000), start('count', 40, 30_000)];
      expect(await Promise.all(workers.map(async child => (await once(child, 'exit'))[0]))).toEqual([0, 0]);
      expect(await plain().load()).toMatchObject({ expiresAt: 80 });
    });

    test('one that slept through its lock cannot overwrite what another one saved', async () => {
      await plain().save(oauthCredentials());
      const sleeper = start('hold', 0, 400);
      expect(await said(sleeper)).toBe('held');
      sleeper.kill('SIGSTOP');
      const store = plain();
      await store.withLock!(() => store.save(oauthCredentials({ accessToken: 'newer' })));
      sleeper.kill('SIGCONT');
      sleeper.kill('SIGUSR2');
      expect(await said(sleeper)).toBe('lock-lost, save lock-lost');
      expect(await store.load()).toEqual(oauthCredentials({ accessToken: 'newer' }));
    });

    test('one that was killed holds the lock no longer than its lifetime', async () => {
      await plain().save(oauthCredentials());
      const child = start('hold', 0, 500);
      expect(await said(child)).toBe('held');
      child.kill('SIGKILL');
      expect(await plain({ lockWaitMs: 5_000 }).withLock!(async () => 'entered')).toBe('entered');
    });
  });
});

async function said(child: ChildProcess): Promise<string> {
  return String((await once(child.stdout!, 'data'))[0]).trim();
}
