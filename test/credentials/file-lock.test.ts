import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { withFileLock, type FileLockOptions } from '../../src/credentials/file-lock';
import { KimiCredentialStoreError } from '../../src/errors/kimi-error';

let directory: string;
let options: FileLockOptions;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kimi-lock-'));
  options = { lockPath: join(directory, 'deep/er/default.lock'), location: join(directory, 'default.json') };
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

const said = async (child: ChildProcess) => String(await once(child.stdout!, 'data')).trim();

/** A clock that goes on while somebody sleeps. */
function fakeClock() {
  let time = 0;
  return {
    now: () => time,
    async sleep(milliseconds: number) {
      time += milliseconds;
    },
  };
}

describe('withFileLock in one process', () => {
  test('holds an empty directory and leaves nothing behind', async () => {
    await withFileLock(async ({ assertHeld }) => {
      expect(await readdir(options.lockPath)).toEqual([]);
      expect(await readdir(dirname(options.lockPath))).toEqual(['default.lock']);
      await assertHeld();
    }, options);
    expect(await readdir(dirname(options.lockPath))).toEqual([]);
  });

  test('gives up at the limit with the path of the lock, and waits by the clock it is given', async () => {
    let time = 0;
    const sleeps: number[] = [];
    const sleep = async (milliseconds: number) => {
      sleeps.push(milliseconds);
      time += milliseconds;
    };
    await withFileLock(async () => {
      const waiting = withFileLock(async () => 'entered', {
        ...options,
        waitMs: 20_000,
        now: () => time,
        sleep,
        random: () => 0.5,
      });
      const error = await waiting.catch((error: unknown) => error);
      expect(error).toMatchObject({ reason: 'locked', operation: 'lock', location: options.location });
      expect((error as Error).message).toContain(`for more than 20 s`);
      expect((error as Error).message).not.toMatch(/remove/i);
      expect((error as Error).message).toContain(options.lockPath);
    }, options);
    expect(sleeps[0]).toBe(10);
    expect(Math.max(...sleeps)).toBe(200);
    expect(time).toBe(20_000);
  });

  test('does not remove a dead lock while another one is about to, unless that one died, too', async () => {
    await mkdir(options.lockPath, { recursive: true });
    await mkdir(`${options.lockPath}.takeover`);
    const clock = fakeClock();
    expect(await withFileLock(async () => clock.now(), { ...options, ...clock, waitMs: 120_000 })).toBeGreaterThan(
      60_000,
    );
    expect(await readdir(dirname(options.lockPath))).toEqual([]);
  });

  test.each(['a file', 'a directory that is not empty'])('reports %s in its place', async kind => {
    await mkdir(kind === 'a file' ? dirname(options.lockPath) : options.lockPath, { recursive: true });
    await writeFile(kind === 'a file' ? options.lockPath : join(options.lockPath, 'x'), '');
    const sleep = () => Promise.reject(new Error('must not wait'));
    // The second time it has been seen before.
    await withFileLock(async () => 'entered', { ...options, sleep }).catch(() => undefined);
    const error = await withFileLock(async () => 'entered', { ...options, sleep }).catch((error: unknown) => error);
    expect(error).toMatchObject({ reason: 'failed', operation: 'lock' });
    expect((error as Error).message).toContain(`${options.lockPath} is not an empty directory. Remove it.`);
    expect(await readdir(dirname(options.lockPath))).toEqual(['default.lock']);
  });

  test('is lost when another one took it over, also at the very same time, and then leaves it alone', async () => {
    const outcome = withFileLock(async ({ assertHeld }) => {
      await assertHeld();
      // Another directory in its place, with all that a clock that was set back can make equal.
      const { atime, mtime } = await stat(options.lockPath);
      const other = join(directory, 'other');
      await mkdir(other);
      await utimes(other, atime, mtime);
      await rename(other, options.lockPath);
      await assertHeld();
    }, options);
    await expect(outcome).rejects.toMatchObject({ reason: 'lock-lost' });
    expect(await exists(options.lockPath)).toBe(true);
  });

  test('is lost when it was removed', async () => {
    const outcome = withFileLock(async ({ assertHeld }) => {
      await rmdir(options.lockPath);
      await assertHeld();
    }, options);
    await expect(outcome).rejects.toSatisfy(KimiCredentialStoreError.isInstance);
    await expect(outcome).rejects.toMatchObject({ reason: 'lock-lost' });
  });

  test('is touched by the proof that it is held, so that no waiter takes it right afterwards', async () => {
    await withFileLock(async ({ assertHeld }) => {
      const long = new Date(Date.now() - 3600_000);
      await utimes(options.lockPath, long, long);
      await assertHeld();
      expect((await stat(options.lockPath)).mtimeMs).toBeGreaterThan(long.getTime() + 3000_000);
    }, options);
  });

  test.each([1, 2])('is proved again when the process was stopped during %d proofs', async stops => {
    let looks = 0;
    // The clock is read at the start of a proof and after each of its two steps.
    const wallNow = () => (looks += 1) * (looks > stops * 2 + 1 ? 1 : 3600_000);
    await withFileLock(async ({ assertHeld }) => assertHeld(), { ...options, now: () => 0, wallNow });
    expect(looks).toBeGreaterThan(stops * 2);
  });

  test('is given up when the process is stopped during each proof', async () => {
    let hours = 0;
    const outcome = withFileLock(async ({ assertHeld }) => assertHeld(), {
      ...options,
      now: () => 0,
      wallNow: () => (hours += 1) * 3600_000,
    });
    await expect(outcome).rejects.toMatchObject({ reason: 'lock-lost' });
  });

  test('is touched while it is held, and the timer of a lost lock throws nothing', async () => {
    const short = { ...options, deadAfterMs: 3000 };
    await withFileLock(async ({ assertHeld }) => {
      const first = (await stat(options.lockPath)).mtimeMs;
      await expect
        .poll(async () => (await stat(options.lockPath)).mtimeMs, { timeout: 5000, interval: 50 })
        .toBeGreaterThan(first);
      await assertHeld();
      await rmdir(options.lockPath);
      // Longer than the touch interval (1 s), so that the timer runs into the missing directory.
      await new Promise(resolve => setTimeout(resolve, 1500));
      await expect(assertHeld()).rejects.toMatchObject({ reason: 'lock-lost' });
    }, short);
  });
});

describe('a waiter, whatever the clocks say', () => {
  const entered = async () => 'entered';
  beforeEach(() => mkdir(options.lockPath, { recursive: true }));
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Another host's lock, which may be ahead or behind. */
  const HOUR = 3600_000;
  const setTime = (offset: number) => {
    const time = new Date(Date.now() + offset);
    return utimes(options.lockPath, time, time);
  };

  test.each([-HOUR, -31_000, 0, HOUR])(
    'watches a dead lock of %d ms from now for 30 s, no less and no more',
    async by => {
      await setTime(by);
      const clock = fakeClock();
      expect(await withFileLock(async () => clock.now(), { ...options, ...clock })).toBeGreaterThan(30_000);
      expect(clock.now()).toBeLessThan(31_000);
      expect(await readdir(dirname(options.lockPath))).toEqual([]);
    },
  );

  test.each([-HOUR, 0, HOUR])('leaves a lock alone that is touched every 10 s by a host %d ms off', async by => {
    const clock = fakeClock();
    let touches = 0;
    const sleep = async (milliseconds: number) => {
      await clock.sleep(milliseconds);
      if (clock.now() > touches * 10_000) {
        touches += 1;
        await setTime(by + touches);
      }
    };
    const waiting = withFileLock(entered, { ...options, ...clock, sleep, waitMs: 120_000 });
    await expect(waiting).rejects.toMatchObject({ reason: 'locked', message: expect.stringContaining('It is alive') });
    expect(touches).toBeGreaterThan(10);
  });

  test('sees a touch that sets the time that was there before', async () => {
    const { mtime } = await stat(options.lockPath);
    const clock = fakeClock();
    let touches = 0;
    const sleep = async (milliseconds: number) => {
      await clock.sleep(milliseconds);
      if (clock.now() > touches * 10_000) {
        touches += 1;
        await utimes(options.lockPath, mtime, mtime);
      }
    };
    await expect(withFileLock(entered, { ...options, ...clock, sleep })).rejects.toMatchObject({ reason: 'locked' });
  });

  test('does not count what it slept through: a suspended laptop, a stopped process', async () => {
    const clock = fakeClock();
    let sleeps = 0;
    const sleep = async (milliseconds: number) => clock.sleep((sleeps += 1) === 20 ? HOUR : milliseconds);
    expect(
      await withFileLock(async () => clock.now(), { ...options, ...clock, sleep, waitMs: 2 * HOUR }),
    ).toBeGreaterThan(HOUR + 28_000);
  });

  test('goes on where an earlier wait stopped: short waits get past a dead holder, too', async () => {
    const clock = fakeClock();
    const wait = () => withFileLock(entered, { ...options, ...clock, waitMs: 20_000 });
    await expect(wait()).rejects.toMatchObject({
      reason: 'locked',
      message: expect.stringContaining('taken over after 30 s'),
    });
    expect(await wait()).toBe('entered');
    expect(clock.now()).toBeLessThan(32_000);
  });

  test.each([HOUR, -HOUR])('and a holder keep what they have when the clock is set by %d ms', async by => {
    await rmdir(options.lockPath);
    const short = { ...options, deadAfterMs: 2000 };
    await withFileLock(async ({ assertHeld }) => {
      // The clock alone: timers go on.
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + by });
      // Longer than the lock may be silent; the holder touches it every second.
      await expect(withFileLock(entered, { ...short, waitMs: 3500 })).rejects.toMatchObject({ reason: 'locked' });
      await assertHeld();
    }, short);
    expect(await exists(options.lockPath)).toBe(false);
  });
});

describe('withFileLock between processes', () => {
  let bundle: string;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    bundle = join(await mkdtemp(join(tmpdir(), 'kimi-lock-worker-')), 'worker.mjs');
    await build({
      entryPoints: [fileURLToPath(new URL('file-lock-worker.ts', import.meta.url))],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
  });
  afterAll(() => rm(dirname(bundle), { recursive: true, force: true }));
  afterEach(() => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
    }
  });

  function worker(mode: string, deadAfterMs: number, count = 0): ChildProcess {
    const child = spawn(process.execPath, [bundle, mode, options.lockPath, String(deadAfterMs), String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  }

  test('excludes 8 processes from each other, also while they take over from a dead one', async () => {
    const holder = worker('hold', 2000);
    expect(await said(holder)).toBe('held');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await writeFile(join(directory, 'counter'), '0');
    const codes = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const [code] = (await once(worker('count', 2000, 20), 'exit')) as [number];
        return code;
      }),
    );
    expect(codes).toEqual(Array.from({ length: 8 }, () => 0));
    expect(await readFile(join(directory, 'counter'), 'utf8')).toBe('160');
  });

  test('is released when the holder exits or is asked to end', async () => {
    for (const mode of ['exit', 'hold']) {
      const child = worker(mode, 30_000);
      expect(await said(child)).toBe('held');
      if (mode === 'hold') {
        child.kill('SIGTERM');
      }
      await once(child, 'close');
      expect(await exists(options.lockPath)).toBe(false);
    }
  });

  test('does not keep a process alive', async () => {
    const child = worker('forget', 30_000);
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(13);
    expect(await exists(options.lockPath)).toBe(false);
  });

  test('tells a holder that was stopped that it lost the lock, and lets it remove nothing', async () => {
    const child = worker('assert-on-signal', 2000);
    expect(await said(child)).toBe('held');
    child.kill('SIGSTOP');
    await withFileLock(
      async ({ assertHeld }) => {
        child.kill('SIGCONT');
        child.kill('SIGUSR2');
        expect(await said(child)).toBe('lock-lost');
        await once(child, 'exit');
        await assertHeld();
      },
      { ...options, deadAfterMs: 2000 },
    );
    expect(await exists(options.lockPath)).toBe(false);
  });

  test('that sleep together, as on a laptop, wake up with the lock where it was', async () => {
    const holder = worker('assert-on-signal', 3000);
    expect(await said(holder)).toBe('held');
    const waiter = worker('wait', 3000);
    expect(await said(waiter)).toBe('waits');
    [holder, waiter].forEach(child => child.kill('SIGSTOP'));
    // Asleep for longer than a lock may be silent.
    await new Promise(resolve => setTimeout(resolve, 4000));
    waiter.kill('SIGCONT');
    holder.kill('SIGCONT');
    holder.kill('SIGUSR2');
    expect(await said(holder)).toBe('still held');
    expect(await said(waiter)).toBe('held');
  });
});
