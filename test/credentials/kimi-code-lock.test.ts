import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lock as properLock } from 'proper-lockfile';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kimiCodeCredentialStore } from '../../src/credentials/official/kimi-code-credential-store';
import { bundleWorker } from './bundle-worker';
import { oauthCredentials } from './contract';

let home: string;
let file: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'kimi-code-home-'));
  file = join(home, 'credentials', 'kimi-code.json');
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

const official = oauthCredentials();

describe('kimiCodeCredentialStore: the lock', () => {
  test('is an empty directory beside the sentinel, and gone afterwards', async () => {
    await kimiCodeCredentialStore({ home, environment: { KIMI_DISABLE_OAUTH_LOCK: '1' } }).withLock!(
      async ({ assertHeld }) => {
        expect((await readdir(join(home, 'oauth'))).toSorted()).toEqual(['kimi-code', 'kimi-code.lock']);
        expect(await readdir(`${sentinel()}.lock`)).toEqual([]);
        expect((await stat(sentinel())).size).toBe(0);
        await assertHeld();
      },
    );
    expect(await readdir(join(home, 'oauth'))).toEqual(['kimi-code']);
  });

  test('keeps the official client out, and the official client keeps us out', async () => {
    const store = kimiCodeCredentialStore({ home, environment: {}, lockWaitMs: 300 });
    await store.withLock!(async () => {
      await expect(officialLock()).rejects.toMatchObject({ code: 'ELOCKED' });
    });
    const release = await officialLock();
    const error = await failure(store.withLock!(async () => 'entered'));
    expect(error).toMatchObject({ reason: 'locked', operation: 'lock', location: file });
    expect(String(error)).toContain(`${sentinel()}.lock`);
    await release();
    expect(await store.withLock!(async () => 'entered')).toBe('entered');
  });

  test('is dead after three touches that did not come, whatever the clock says', async () => {
    await mkdir(`${sentinel()}.lock`, { recursive: true });
    const past = new Date(Date.now() - 3600_000);
    await utimes(`${sentinel()}.lock`, past, past);
    const sleeps: number[] = [];
    // The official client touches every 2.5 s (docs/wire.md#lock-of-kimi-code).
    const sleep = async (milliseconds: number) => void sleeps.push(milliseconds);
    const error = await failure(
      kimiCodeCredentialStore({ home, environment: {}, lockWaitMs: 300, sleep }).withLock!(async () => 'entered'),
    );
    expect(error).toMatchObject({ reason: 'locked' });
    expect(String(error)).toContain('taken over after 8 s');
  });

  test.each(['a file', 'a directory that is not empty'])('says what is wrong when %s is in its place', async what => {
    const path = `${sentinel()}.lock`;
    await mkdir(what === 'a file' ? join(home, 'oauth') : path, { recursive: true });
    await writeFile(what === 'a file' ? path : join(path, 'owner'), '');
    const error = await failure(kimiCodeCredentialStore({ home, environment: {} }).withLock!(async () => 'entered'));
    expect(error).toMatchObject({ reason: 'failed', operation: 'lock' });
    expect(String(error)).toContain(path);
    expect(String(error)).toMatch(/not an empty directory. Remove it/);
  });

  test('that cannot be made is an error with the folder', async () => {
    await writeFile(join(home, 'oauth'), '');
    const error = await failure(kimiCodeCredentialStore({ home, environment: {} }).withLock!(async () => 'entered'));
    expect(error).toMatchObject({ operation: 'lock', location: file });
    expect(String(error)).toContain(join(home, 'oauth'));
  });
});

describe('kimiCodeCredentialStore with several processes', () => {
  let worker: Awaited<ReturnType<typeof bundleWorker>>;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    worker = await bundleWorker('official-store-worker.ts');
  });
  afterEach(() => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
    }
  });
  afterAll(() => worker.dispose());

  const start = (...parameters: string[]): ChildProcess => {
    const child = spawn(process.execPath, [worker.path, 'kimi-code', home, ...parameters], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  };
  test('two processes never hold the lock at once', async () => {
    await kimiCodeCredentialStore({ home, environment: {} }).save({ ...official, expiresAt: 0 });
    const workers = [start('count', '25'), start('count', '25')];
    expect(await Promise.all(workers.map(async child => (await once(child, 'exit'))[0]))).toEqual([0, 0]);
    expect(await kimiCodeCredentialStore({ home, environment: {} }).load()).toMatchObject({ expiresAt: 50 });
  });

  test('the lock of a killed process is taken over after 7.5 s', async () => {
    const child = start('hold');
    expect(await said(child)).toBe('held');
    child.kill('SIGKILL');
    const before = Date.now();
    expect(await kimiCodeCredentialStore({ home, environment: {} }).withLock!(async () => 'entered')).toBe('entered');
    expect(Date.now() - before).toBeGreaterThan(7_000);
  });

  test('a process that was stopped while it held the lock is told, and leaves the new holder alone', async () => {
    const child = start('hold');
    expect(await said(child)).toBe('held');
    child.kill('SIGSTOP');
    const release = await kimiCodeCredentialStore({ home, environment: {} }).withLock!(async ({ assertHeld }) => {
      child.kill('SIGCONT');
      child.kill('SIGUSR2');
      expect(await said(child)).toBe('lock-lost');
      await assertHeld();
      return 'still held';
    });
    expect(release).toBe('still held');
  });

  test('a reader never sees a half-written file', async () => {
    const store = kimiCodeCredentialStore({ home, environment: {} });
    await store.save({ ...official, accessToken: '0'.repeat(20_000) });
    const writer = start('write', '400');
    let seen = 0;
    while (writer.exitCode === null) {
      const credentials = await store.load();
      expect(credentials).toMatchObject({ accessToken: expect.stringMatching(/^(\d)\1{19999}$/) as unknown });
      seen += 1;
    }
    expect(writer.exitCode).toBe(0);
    expect(seen).toBeGreaterThan(10);
    expect(await readdir(join(home, 'credentials'))).toEqual(['kimi-code.json']);
  });
});

/** The official client's own call (docs/wire.md#lock-of-kimi-code), without its retries. */
async function officialLock(): Promise<() => Promise<void>> {
  return properLock(sentinel(), { stale: 5_000, realpath: false });
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'did not fail',
    (error: unknown) => error,
  );
}

function sentinel(): string {
  return join(home, 'oauth', 'kimi-code');
}

async function said(child: ChildProcess): Promise<string> {
  return String((await once(child.stdout!, 'data'))[0]).trim();
}
