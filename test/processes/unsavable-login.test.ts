/**
 * Real processes whose login is due where it cannot be saved: a full disk, no file descriptors left, a folder or a file
 * that cannot be written, a Redis that is full, a replica or gone (docs/decisions.md#39-save-before-spend). Nothing is
 * spent, and the next process is still signed in.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { fileCredentialStore } from '../../src/credential-stores';
import type { KimiOAuthCredentials } from '../../src/credentials/credential-store';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { startRedisServer, type RedisServer } from '../support/start-redis-server';
import { testServices } from '../support/test-services';
import { bundleProviderWorker, type WorkerBundle } from '../support/worker-bundle';
import { WorkerProcess } from '../support/worker-process';
import type { WorkerSettings, WorkerStep } from '../support/worker-protocol';
import { expiredLogin, openLoginPlace } from './login-place';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Only root can mount and become somebody else; CI is. */
const isRoot = process.platform === 'linux' && process.geteuid?.() === 0;
const ANYBODY = 12345;

let bundle: WorkerBundle;
let home: string;
let simulator: KimiSimulator;
let workers: WorkerProcess[];
let namespace: MountNamespace | undefined;

beforeAll(async () => {
  bundle = await bundleProviderWorker();
});
afterAll(() => bundle.dispose());
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'kimi-unsavable-'));
  simulator = await startKimiSimulator();
  workers = [];
});
afterEach(async () => {
  await Promise.all(workers.map(worker => worker.kill()));
  await namespace?.close();
  namespace = undefined;
  await simulator.close();
  rmSync(home, { recursive: true, force: true });
});

/** A process with a provider on `store`, that has no list of models yet. */
function start(
  store: WorkerSettings['store'],
  { pauseAt = [], through = [] }: { pauseAt?: readonly WorkerStep[]; through?: readonly string[] } = {},
): WorkerProcess {
  const own = mkdtempSync(join(home, 'home-'));
  chmodSync(own, 0o777);
  const environment = { HOME: own, XDG_CACHE_HOME: join(own, 'cache'), XDG_DATA_HOME: join(own, 'data') };
  const { apiBaseURL: baseURL, oauthHost } = simulator;
  const worker = new WorkerProcess(bundle.path, { baseURL, oauthHost, store, pauseAt }, environment, 'worker', through);
  workers.push(worker);
  return worker;
}

/** Due for a renewal, and still good for 200 s. */
function dueLogin(): KimiOAuthCredentials {
  return { ...expiredLogin(simulator), expiresAt: Math.floor(Date.now() / 1000) + 200 };
}

const ledger = () => ({
  refreshes: simulator.counts.refreshes,
  rotations: simulator.rotations,
  reuses: simulator.reuses,
});
const NOTHING_SPENT = { refreshes: 0, rotations: 0, reuses: 0 };
const ROTATED_ONCE = { refreshes: 1, rotations: 1, reuses: 0 };
const ANSWER = [{ text: 'You said: request 0' }];
const unsaved = (message: RegExp) => [
  { error: 'KimiCredentialStoreError', reason: expect.any(String), message: expect.stringMatching(message) },
];

/** A shell in a mount namespace of its own, which other processes may join. */
class MountNamespace {
  private readonly shell: ChildProcessWithoutNullStreams = spawn('unshare', ['-m', 'sh', '-s']);

  get command(): string[] {
    return ['nsenter', '-t', String(this.shell.pid), '-m', '--'];
  }

  async run(script: string): Promise<void> {
    this.shell.stdin.write(`( ${script} ) >&2 && echo done || echo failed\n`);
    const [answer] = (await once(this.shell.stdout, 'data')) as [Buffer];
    expect(answer.toString().trim(), script).toBe('done');
  }

  async close(): Promise<void> {
    const ended = once(this.shell, 'exit');
    this.shell.stdin.end();
    await ended;
  }
}

describe.skipIf(!isRoot)('a disk that is full (as root on Linux)', () => {
  /** A file on a disk of 64 kB. */
  async function onSmallDisk(login: KimiOAuthCredentials) {
    const seed = join(home, 'seed.json');
    const folder = join(home, 'disk');
    const path = join(folder, 'login.json');
    await fileCredentialStore({ path: seed }).save(login);
    mkdirSync(folder);
    namespace = new MountNamespace();
    await namespace.run(`mount -t tmpfs -o size=64k,mode=700 none ${folder} && cp -p ${seed} ${path}`);
    const fill = () => namespace!.run(`dd if=/dev/zero of=${folder}/fill bs=1k 2>/dev/null; test -s ${folder}/fill`);
    const free = () => namespace!.run(`rm ${folder}/fill`);
    const worker = (pauseAt: readonly WorkerStep[] = []) =>
      start({ kind: 'file', path }, { pauseAt, through: namespace!.command });
    return { fill, free, worker };
  }

  test('with a token that has ended: the first request says so, nothing is spent', async () => {
    const { fill, free, worker } = await onSmallDisk(expiredLogin(simulator));
    await fill();
    expect(await worker().ask(1)).toEqual(unsaved(/ENOSPC.*Nothing was sent/));
    expect(ledger()).toEqual(NOTHING_SPENT);
    await free();
    expect(await worker().ask(1)).toEqual(ANSWER);
    expect(await worker().ask(1)).toEqual(ANSWER);
    expect(ledger()).toEqual(ROTATED_ONCE);
  });

  test('with a token that lives: requests are answered, and one warning is on stderr', async () => {
    const { fill, free, worker } = await onSmallDisk(dueLogin());
    await fill();
    const one = worker();
    expect(await one.ask(1)).toEqual(ANSWER);
    expect(await one.ask(1)).toEqual(ANSWER);
    expect(one.output.match(/KimiNotice/g)).toHaveLength(1);
    expect(one.output).toMatch(/ENOSPC.*still valid/);
    expect(ledger()).toEqual(NOTHING_SPENT);
    await free();
    expect(await worker().ask(1)).toEqual(ANSWER);
    expect(ledger()).toEqual(ROTATED_ONCE);
  });

  test('that fills up between proof and save: there is room', async () => {
    const { fill, worker } = await onSmallDisk(expiredLogin(simulator));
    const one = worker(['answered']);
    one.start(1);
    await one.at('answered');
    await fill();
    one.resume();
    expect(await one.answered()).toEqual(ANSWER);
    expect(await worker().ask(1)).toEqual(ANSWER);
    expect(ledger()).toEqual(ROTATED_ONCE);
  });
});

describe('a process without file descriptors', () => {
  const limited = ['bash', '-c', 'ulimit -n 120; exec "$@"', '--'];

  test('before the refresh: nothing is spent; after it: the save needs none', async () => {
    const path = join(home, 'login.json');
    await fileCredentialStore({ path }).save(expiredLogin(simulator));
    const one = start({ kind: 'file', path }, { pauseAt: ['read'], through: limited });
    one.start(1);
    await one.at('read');
    one.exhaustDescriptors(true);
    one.resume();
    expect(await one.answered()).toEqual(unsaved(/EMFILE.*Nothing was sent/));
    expect(ledger()).toEqual(NOTHING_SPENT);
    one.exhaustDescriptors(false);
    expect(await one.ask(1)).toEqual(ANSWER);
    expect(ledger()).toEqual(ROTATED_ONCE);

    await fileCredentialStore({ path }).save(expiredLogin(simulator));
    const two = start({ kind: 'file', path }, { pauseAt: ['answered'], through: limited });
    two.start(1);
    await two.at('answered');
    two.exhaustDescriptors(true);
    two.resume();
    await two.at('saved');
    two.exhaustDescriptors(false);
    await two.answered();
    expect(await start({ kind: 'file', path }).ask(1)).toEqual(ANSWER);
    expect(ledger()).toEqual({ refreshes: 2, rotations: 2, reuses: 0 });
  });
});

describe.skipIf(!isRoot)('a place that cannot be written (as root on Linux)', () => {
  test('one file that is mounted into a container: refused, with the way out, before anything is spent', async () => {
    const mounted = join(home, 'container', 'login.json');
    const path = join(home, 'host', 'login.json');
    await fileCredentialStore({ path }).save(expiredLogin(simulator));
    mkdirSync(dirname(mounted), { mode: 0o700 });
    writeFileSync(mounted, '', { mode: 0o600 });
    namespace = new MountNamespace();
    await namespace.run(`mount --bind ${path} ${mounted}`);
    const inside = { kind: 'file', path: mounted } as const;
    const through = namespace.command;
    expect(await start(inside, { through }).ask(1)).toEqual(unsaved(/EBUSY.*mount its folder.*Nothing was sent/));
    expect(ledger()).toEqual(NOTHING_SPENT);
    await namespace.run(`umount ${mounted} && mount --bind ${dirname(path)} ${dirname(mounted)}`);
    expect(await start(inside, { through }).ask(1)).toEqual(ANSWER);
    expect(await start({ kind: 'file', path }).ask(1)).toEqual(ANSWER);
    expect(ledger()).toEqual(ROTATED_ONCE);
  });

  test("a folder that another user's process may only read", async () => {
    const folder = join(home, 'folder');
    const path = join(folder, 'login.json');
    const node = join(home, 'node');
    const ended = join(folder, 'ended.json');
    await fileCredentialStore({ path }).save(dueLogin());
    await fileCredentialStore({ path: ended }).save(expiredLogin(simulator));
    try {
      linkSync(process.execPath, node);
    } catch {
      copyFileSync(process.execPath, node);
    }
    [home, dirname(bundle.path)].forEach(entry => chmodSync(entry, 0o755));
    [folder, path, ended].forEach(entry => chownSync(entry, ANYBODY, ANYBODY));
    chmodSync(folder, 0o500);
    const user = ['--reuid', String(ANYBODY), '--regid', String(ANYBODY), '--clear-groups'];
    const through = ['setpriv', ...user, 'sh', '-c', 'shift; exec "$0" "$@"', node];
    const one = start({ kind: 'file', path }, { through });
    expect(await one.ask(1)).toEqual(ANSWER);
    expect(one.output).toMatch(/EACCES.*still valid/);
    expect(await start({ kind: 'file', path: ended }, { through }).ask(1)).toEqual(unsaved(/EACCES.*Nothing was sent/));
    expect(ledger()).toEqual(NOTHING_SPENT);
    chmodSync(folder, 0o700);
    expect(await start({ kind: 'file', path }, { through }).ask(1)).toEqual(ANSWER);
    expect(ledger()).toEqual(ROTATED_ONCE);
  });
});

describe.skipIf(!testServices.has('redis'))('a Redis (needs redis)', () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedisServer();
  });
  afterEach(() => redis.stop());

  async function place(login: KimiOAuthCredentials) {
    const { apiBaseURL: baseURL, oauthHost } = simulator;
    const opened = await openLoginPlace('redis', { baseURL, oauthHost }, redis.url);
    await opened.store.save(login);
    return opened;
  }

  test.each([
    ['full', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0'], /OOM/],
    ['a replica', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'], /READONLY/],
  ])('that became %s after the lock was taken', async (_name, spoil, mend, message) => {
    const { settings, dispose } = await place(expiredLogin(simulator));
    const admin = await createClient({ url: redis.url }).connect();
    try {
      const one = start(settings, { pauseAt: ['read'] });
      one.start(1);
      await one.at('read');
      await admin.sendCommand(spoil);
      one.resume();
      expect(await one.answered()).toEqual(unsaved(new RegExp(`${message.source}.*Nothing was sent`)));
      expect(ledger()).toEqual(NOTHING_SPENT);
      await admin.sendCommand(mend);
      expect(await start(settings).ask(1)).toEqual(ANSWER);
      expect(ledger()).toEqual(ROTATED_ONCE);
    } finally {
      admin.destroy();
      await dispose();
    }
  });

  test('that is gone between proof and save: told, used by this process, saved later', async () => {
    const { settings, dispose } = await place(expiredLogin(simulator));
    try {
      const one = start(settings, { pauseAt: ['answered'] });
      one.start(1);
      await one.at('answered');
      redis.pause();
      one.resume();
      expect(await one.answered()).toEqual(unsaved(/could not be saved.*This process goes on.*the login is lost/));
      expect(one.output).toMatch(/the login is lost/);
      redis.resume();
      expect(await one.ask(1)).toEqual(ANSWER);
      await one.at('saved');
      expect(await start(settings).ask(1)).toEqual(ANSWER);
      expect(ledger()).toEqual(ROTATED_ONCE);
    } finally {
      redis.resume();
      await dispose();
    }
  });
});
