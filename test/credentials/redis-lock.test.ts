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

const KEY = 'ai-sdk-provider-kimi:{default}';
/** The watch that those who wait keep together. */
const WATCH_KEY = `${KEY}:lock`;

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
    test('is renewed while it is held, never expires, and is gone afterwards', async () => {
      await plain({ lockTtlMs: 300 }).withLock!(async ({ assertHeld }) => {
        const [holder, beat] = await admin.hmget(KEY, 'holder', 'beat');
        expect(holder).toMatch(/^[0-9a-f-]{36}\/300$/);
        await expect.poll(async () => Number(await admin.hget(KEY, 'beat'))).toBeGreaterThan(Number(beat) + 2);
        expect(await admin.hget(KEY, 'holder')).toBe(holder);
        expect(await admin.ttl(KEY)).toBe(-1);
        await assertHeld();
      });
      expect(await admin.hget(KEY, 'holder')).toBeNull();
      expect(await admin.exists(WATCH_KEY)).toBe(0);
    });

    test("is nobody's where Redis gave it to a caller who had gone", async () => {
      const client = new Redis(server.url);
      await client.ping();
      const store = redisCredentialStore({ client, encryption: 'none', timeoutMs: 200 });
      server.pause();
      try {
        await expect(store.withLock!(async () => 'entered')).rejects.toMatchObject({ reason: 'timeout' });
      } finally {
        server.resume();
      }
      // As long as a dead holder lasts would be too long for this one, and it is not one.
      expect(await plain({ lockWaitMs: 15_000 }).withLock!(async () => 'entered')).toBe('entered');
      client.disconnect();
    });

    test('gives up at the limit, and advises nobody to remove what may be alive', async () => {
      await plain().withLock!(async () => {
        const error = await plain({ lockWaitMs: 100 }).withLock!(async () => 'entered').catch(
          (error: unknown) => error,
        );
        expect(error).toMatchObject({ reason: 'locked', operation: 'lock', location: plain().location });
        expect(String(error)).toContain('taken over after 30 s');
        expect(String(error)).not.toContain('DEL');
      });
    });

    /** A holder that gives no sign of life. */
    const dead = () => admin.hset(KEY, { holder: 'somebody/30000', beat: '7' });

    const fakeClock = () => {
      let time = 0;
      return {
        now: () => time,
        wallNow: () => 0,
        async sleep(milliseconds: number) {
          time += milliseconds;
        },
      };
    };
    const waiter = (options: Partial<Parameters<typeof redisCredentialStore>[0]>) =>
      redisCredentialStore({ client: admin, encryption: 'none', ...options } as never);

    test('of a dead holder is watched for 30 s, whatever Redis takes for the time', async () => {
      await dead();
      const clock = fakeClock();
      expect(await waiter(clock).withLock!(async () => clock.now())).toBeGreaterThan(30_000);
      expect(clock.now()).toBeLessThan(31_000);
    });

    test('of one who lives is left alone, also when the clock of Redis is set forth and all expires', async () => {
      await dead();
      const clock = fakeClock();
      let beats = 0;
      let expired = 0;
      const sleep = async (milliseconds: number) => {
        await clock.sleep(milliseconds);
        if (clock.now() > beats * 10_000) {
          beats += 1;
          await admin.hincrby(KEY, 'beat', 1);
        } else if (clock.now() > beats * 10_000 - 5_000) {
          // Once for each sign of life.
          await (expired < beats && admin.del(WATCH_KEY));
          expired = beats;
        }
      };
      const waiting = waiter({ ...clock, sleep, lockWaitMs: 120_000 }).withLock!(async () => 'entered');
      await expect(waiting).rejects.toMatchObject({
        reason: 'locked',
        message: expect.stringContaining('It is alive'),
      });
    });

    test('of a dead holder is taken over by processes that wait too briefly to watch it alone', async () => {
      await admin.hset(KEY, { holder: 'somebody/600', beat: '7' });
      let tries = 0;
      await expect
        .poll(
          async () => {
            tries += 1;
            // Each a process of its own, as a function that is billed by the second.
            return waiter({ lockWaitMs: 1 }).withLock!(async () => 'entered').catch(() => 'locked');
          },
          { timeout: 10_000, interval: 50 },
        )
        .toBe('entered');
      expect(tries).toBeGreaterThan(2);
    });

    test('the common watch begins anew with each sign of life', async () => {
      await dead();
      const briefly = () => waiter({ lockWaitMs: 1 }).withLock!(async () => 'entered').catch(() => 'locked');
      for (let beat = 8; beat < 14; beat += 1) {
        expect(await briefly()).toBe('locked');
        // What it left has expired: either its time is over, or the clock was set.
        await admin.del(WATCH_KEY);
        expect(await briefly()).toBe('locked');
        await admin.hset(KEY, 'beat', String(beat));
      }
    });

    test('does not count what it slept through', async () => {
      await dead();
      const clock = fakeClock();
      let sleeps = 0;
      const sleep = async (milliseconds: number) => clock.sleep((sleeps += 1) === 20 ? 3600_000 : milliseconds);
      const waiting = waiter({ ...clock, sleep, lockWaitMs: 7200_000 });
      expect(await waiting.withLock!(async () => clock.now())).toBeGreaterThan(3628_000);
    });

    test('is proved again by a holder that was stopped meanwhile, and given up when that goes on', async () => {
      let reads = 0;
      const once = () => ((reads += 1) === 2 ? 3600_000 : 0);
      await waiter({ now: () => 0, wallNow: once }).withLock!(async ({ assertHeld }) => assertHeld());
      expect(reads).toBe(4);
      const always = () => (reads += 1) * 3600_000;
      const stopped = waiter({ now: () => 0, wallNow: always }).withLock!(async ({ assertHeld }) => assertHeld());
      await expect(stopped).rejects.toMatchObject({ reason: 'lock-lost' });
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
        await admin.hset(KEY, 'holder', 'another/30000');
        await expect(assertHeld()).rejects.toMatchObject({ reason: 'lock-lost', operation: 'lock' });
        await expect(store.clear()).rejects.toMatchObject({ reason: 'lock-lost', operation: 'clear' });
        await store.save(oauthCredentials({ accessToken: 'from the loser' }));
      }).catch((error: unknown) => error);
      expect(error).toMatchObject({ reason: 'lock-lost', operation: 'save' });
      expect(await admin.hget(KEY, 'holder')).toBe('another/30000');
      expect(await store.load()).toEqual(oauthCredentials());
    });

    test('that Redis forgot, with nothing written since, is taken again', async () => {
      const store = plain();
      await store.withLock!(async ({ assertHeld }) => {
        await admin.hdel(KEY, 'holder');
        await assertHeld();
        expect(await admin.hexists(KEY, 'holder')).toBe(1);
        await admin.hdel(KEY, 'holder');
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
        await admin.hdel(KEY, 'holder');
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
