import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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
      expect((error as Error).message).toContain(options.lockPath);
    }, options);
    expect(sleeps[0]).toBe(10);
    expect(Math.max(...sleeps)).toBe(200);
    expect(time).toBe(20_000);
  });

  test('takes over a lock whose holder is long dead, at once', async () => {
    await mkdir(options.lockPath, { recursive: true });
    const past = new Date(Date.now() - 31_000);
    await utimes(options.lockPath, past, past);
    expect(
      await withFileLock(async () => 'entered', {
        ...options,
        sleep: () => Promise.reject(new Error('must not wait')),
      }),
    ).toBe('entered');
    expect(await readdir(dirname(options.lockPath))).toEqual([]);
  });

  test('takes over a lock from the future once it was watched, untouched, for the stale time', async () => {
    await mkdir(options.lockPath, { recursive: true });
    const future = new Date(Date.now() + 3_600_000);
    await utimes(options.lockPath, future, future);
    let time = 0;
    const sleep = async (milliseconds: number) => {
      time += milliseconds;
    };
    expect(await withFileLock(async () => time, { ...options, now: () => time, sleep })).toBeGreaterThan(30_000);
    expect(time).toBeLessThan(31_000);
  });

  test('does not remove a dead lock while another one is about to', async () => {
    await mkdir(options.lockPath, { recursive: true });
    await mkdir(`${options.lockPath}.takeover`);
    const past = new Date(Date.now() - 31_000);
    await utimes(options.lockPath, past, past);
    await expect(withFileLock(async () => 'entered', { ...options, waitMs: 100 })).rejects.toMatchObject({
      reason: 'locked',
    });
    expect((await readdir(dirname(options.lockPath))).toSorted()).toEqual(['default.lock', 'default.lock.takeover']);
  });

  test('takes over from a taker that died', async () => {
    await mkdir(options.lockPath, { recursive: true });
    await mkdir(`${options.lockPath}.takeover`);
    const past = new Date(Date.now() - 31_000);
    await utimes(options.lockPath, past, past);
    await utimes(`${options.lockPath}.takeover`, past, past);
    expect(await withFileLock(async () => 'entered', options)).toBe('entered');
    expect(await readdir(dirname(options.lockPath))).toEqual([]);
  });

  test.each(['a file', 'a directory that is not empty'])('reports %s in its place', async kind => {
    await mkdir(kind === 'a file' ? dirname(options.lockPath) : options.lockPath, { recursive: true });
    await writeFile(kind === 'a file' ? options.lockPath : join(options.lockPath, 'x'), '');
    const past = new Date(Date.now() - 31_000);
    await utimes(options.lockPath, past, past);
    const error = await withFileLock(async () => 'entered', options).catch((error: unknown) => error);
    expect(error).toMatchObject({ reason: 'failed', operation: 'lock' });
    expect((error as Error).message).toContain(`${options.lockPath} is not an empty directory. Remove it.`);
    expect(await readdir(dirname(options.lockPath))).toEqual(['default.lock']);
  });

  test('is lost when another one took it over, and then leaves it alone', async () => {
    const outcome = withFileLock(async ({ assertHeld }) => {
      await assertHeld();
      await rmdir(options.lockPath);
      await mkdir(options.lockPath);
      const later = new Date(Date.now() + 10_000);
      await utimes(options.lockPath, later, later);
      await assertHeld();
    }, options);
    await expect(outcome).rejects.toMatchObject({ reason: 'lock-lost' });
    expect(await exists(options.lockPath)).toBe(true);
  });

  test.each([
    ['was removed', async (path: string) => rmdir(path)],
    [
      'is so old that another one may take it',
      async (path: string) => utimes(path, new Date(Date.now() - 25_000), new Date(Date.now() - 25_000)),
    ],
  ])('is lost when it %s', async (_, change) => {
    const outcome = withFileLock(async ({ assertHeld }) => {
      await change(options.lockPath);
      await assertHeld();
    }, options);
    await expect(outcome).rejects.toSatisfy(KimiCredentialStoreError.isInstance);
    await expect(outcome).rejects.toMatchObject({ reason: 'lock-lost' });
  });

  test('is touched while it is held, and the timer of a lost lock throws nothing', async () => {
    const short = { ...options, staleMs: 3000 };
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

  function worker(mode: string, staleMs: number, count = 0): ChildProcess {
    const child = spawn(process.execPath, [bundle, mode, options.lockPath, String(staleMs), String(count)], {
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
      { ...options, staleMs: 2000 },
    );
    expect(await exists(options.lockPath)).toBe(false);
  });
});
