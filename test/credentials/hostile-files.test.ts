/**
 * What is no file of ours lies where one should be (docs/decisions.md#55-files-and-folders): each is an error of its
 * own with what to do, and nothing waits, fills the memory or removes it.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, lstat, mkdir, mkdtemp, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileCredentialStore, kimiCliCredentialStore, kimiCodeCredentialStore } from '../../src/credential-stores';
import type { CredentialStore } from '../../src/credentials/credential-store';
import { KimiCredentialStoreError, KimiInvalidArgumentError } from '../../src/errors/kimi-error';
import { openCatalogCache, readDeviceId, readRegionMarker } from '../../src/platform/node';
import { oauthCredentials } from './contract';

const isRoot = process.geteuid?.() === 0;
const STRANGER = 12_345;

let home: string;
let servers: Server[];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'kimi-hostile-'));
  servers = [];
});
afterEach(async () => {
  servers.forEach(server => server.close());
  await rm(home, { recursive: true, force: true });
});

const locked = async (store: CredentialStore) => store.withLock!(async () => 'entered');
const kimiCode = () => kimiCodeCredentialStore({ home, environment: {}, lockWaitMs: 60_000 });
const kimiCli = () => kimiCliCredentialStore({ shareDirectory: home });
const file = () => fileCredentialStore({ path: join(home, 'login.json') });

/** Each file that this package opens, and what opens it. */
const FILES: readonly [what: string, path: string, use: () => Promise<unknown>][] = [
  ['credential file', 'login.json', () => file().load()],
  ["kimi-code's credential file", 'credentials/kimi-code.json', () => kimiCode().load()],
  ["kimi-code's sentinel", 'oauth/kimi-code', () => locked(kimiCode())],
  ["kimi-cli's credential file", 'credentials/kimi-code.json', () => kimiCli().load()],
  ["kimi-cli's lock file", 'credentials/kimi-code.lock', () => locked(kimiCli())],
  ["kimi-cli's device id", 'device_id', () => readDeviceId('kimi-cli', { KIMI_SHARE_DIR: home })],
  ["kimi-code's device id", 'device_id', () => readDeviceId('kimi-code', { KIMI_CODE_HOME: home })],
  ['device id of our own', 'device_id', () => readDeviceId('host', { KIMI_PROVIDER_HOME: home })],
  ["installer's region", 'region', () => readRegionMarker({ KIMI_CODE_HOME: home })],
];

/** What can lie there, and the word for it. */
const KINDS: readonly [kind: string, word: string, make: (path: string) => Promise<unknown>][] = [
  ['named pipe', 'a named pipe', path => promisify(execFile)('mkfifo', [path])],
  ['endless device', 'a device', path => symlink('/dev/zero', path)],
  ['full device', 'a device', path => symlink('/dev/full', path)],
  ['terminal', 'a device', path => symlink('/dev/tty', path)],
  ['folder', 'a folder', path => mkdir(path)],
  ['socket', 'a socket', listen],
];

async function listen(path: string): Promise<void> {
  const server = createServer().listen(path);
  servers.push(server);
  await once(server, 'listening');
}

async function failure(use: () => Promise<unknown>): Promise<KimiCredentialStoreError | KimiInvalidArgumentError> {
  const error = await use().then(
    value => new Error(`gave ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!KimiCredentialStoreError.isInstance(error) && !KimiInvalidArgumentError.isInstance(error)) {
    throw error;
  }
  return error;
}

describe.skipIf(process.platform === 'win32')('in the place of a file', () => {
  const cases = FILES.flatMap(([what, path, use]) => KINDS.map(kind => [what, ...kind, path, use] as const));

  test.each(cases)('%s: a %s is said to be %s, and stays', async (_what, _kind, word, make, path, use) => {
    const place = join(home, path);
    await mkdir(dirname(place), { recursive: true });
    await make(place);
    const before = await lstat(place);
    const { message } = await failure(use);
    expect(message).toContain(`${place} is ${word}, not a file.`);
    expect((await lstat(place)).ino).toBe(before.ino);
  });

  test.each(FILES.filter(([what]) => !/sentinel|lock/.test(what)))(
    '%s: a gigabyte is refused by its size',
    async (_what, path, use) => {
      const place = join(home, path);
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, '', { mode: 0o600 });
      await truncate(place, 2 ** 30);
      const before = process.memoryUsage().arrayBuffers;
      expect((await failure(use)).message).toContain(`${place} is too large`);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
    },
  );

  test.skipIf(!isRoot).each(FILES)('%s: one of another user is refused (as root)', async (_what, path, use) => {
    const place = join(home, path);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, 'x', { mode: 0o600 });
    await chown(place, STRANGER, STRANGER);
    const { message } = await failure(use);
    expect(message).toContain(`${place} belongs to another user (uid ${STRANGER})`);
    expect(message).toContain(`chown 0 "${place}"`);
  });

  test.each(KINDS)('model list: a %s counts as no list, and stays', async (_kind, _word, make) => {
    const path = join(home, 'cache', 'models-x.json');
    await mkdir(dirname(path));
    await make(path);
    const before = await lstat(path);
    const cache = openCatalogCache('x', { KIMI_PROVIDER_HOME: home });
    expect(await cache.load()).toBeUndefined();
    await cache.save({ fetchedAt: 1, body: {} });
    expect(await cache.load()).toBeUndefined();
    expect((await lstat(path)).ino).toBe(before.ino);
  });
});

describe.skipIf(process.platform === 'win32')('in the place of a lock', () => {
  const LOCKS = [
    ['our own', () => `${file().location}.lock`, () => locked(file())],
    ["kimi-code's", () => join(home, 'oauth', 'kimi-code.lock'), () => locked(kimiCode())],
  ] as const;

  test.each(
    LOCKS.flatMap(lock => KINDS.filter(([kind]) => kind !== 'folder').map(kind => [...lock, ...kind] as const)),
  )('%s: what is no lock is said at once, and stays', async (_whose, place, use, _kind, _word, make) => {
    await mkdir(dirname(place()), { recursive: true });
    await make(place());
    const before = await lstat(place());
    const error = await failure(use);
    expect(error).toMatchObject({ reason: 'failed', operation: 'lock' });
    expect(error.message).toContain(`${place()} is not an empty directory. Remove it.`);
    expect((await lstat(place())).ino).toBe(before.ino);
  });

  test.skipIf(!isRoot)('one of another user is refused, unless they share the login (as root)', async () => {
    const [, place, use] = LOCKS[0];
    await mkdir(place());
    await chown(place(), STRANGER, STRANGER);
    const error = await failure(use);
    expect(error).toMatchObject({ reason: 'permissions', operation: 'lock' });
    expect(error.message).toContain(`${place()} belongs to another user (uid ${STRANGER})`);
    const shared = fileCredentialStore({ path: file().location, allowSharedRead: true });
    const stop = AbortSignal.timeout(300);
    await expect(shared.withLock!(async () => 'entered', { abortSignal: stop })).rejects.toThrow(/timeout/);
  });
});

describe.skipIf(process.platform === 'win32')('the model list', () => {
  test('is 0600 in a folder with 0700, also where it was open before', async () => {
    const cache = openCatalogCache('x', { KIMI_PROVIDER_HOME: join(home, 'new') });
    const path = join(home, 'new', 'cache', 'models-x.json');
    await cache.save({ fetchedAt: 1, body: { data: [] } });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
    await chmod(path, 0o644);
    expect(await cache.load()).toEqual({ fetchedAt: 1, body: { data: [] } });
    await cache.save({ fetchedAt: 2, body: { data: [] } });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('that others can write counts as no list', async () => {
    const cache = openCatalogCache('x', { KIMI_PROVIDER_HOME: home });
    await cache.save({ fetchedAt: 1, body: { data: [] } });
    await chmod(join(home, 'cache', 'models-x.json'), 0o666);
    expect(await cache.load()).toBeUndefined();
  });
});

describe.skipIf(process.platform === 'win32')('a folder', () => {
  /** What a request does first, what a login does first, and what it does last. */
  const steps = (store: CredentialStore): readonly (() => Promise<unknown>)[] => [
    () => store.load(),
    () => locked(store),
    () => store.save(oauthCredentials()),
  ];

  test.each([0o777, 0o707, 0o703, 0o2777])(
    'that others can write (mode %o) is refused with the command',
    async mode => {
      const store = file();
      await store.save(oauthCredentials());
      await chmod(home, mode);
      for (const step of steps(store)) {
        const error = await failure(step);
        expect(error).toMatchObject({ reason: 'permissions', location: store.location });
        expect(error.message).toContain(`chmod go-w "${home}"`);
      }
      const shared = fileCredentialStore({ path: store.location, allowSharedRead: true });
      expect(await shared.load()).toEqual(oauthCredentials());
      expect(await locked(shared)).toBe('entered');
      await chmod(home, 0o755);
      expect(await store.load()).toEqual(oauthCredentials());
    },
  );

  test('of a group is refused unless the group is the private one of its user', async () => {
    const store = file();
    await store.save(oauthCredentials());
    await chmod(home, 0o770);
    const { gid } = await stat(home);
    const isPrivate = gid === process.geteuid!() && gid === process.getegid!();
    if (isPrivate) {
      expect(await store.load()).toEqual(oauthCredentials());
    } else {
      expect((await failure(() => store.load())).message).toContain('chmod go-w');
    }
  });

  test.skipIf(!isRoot)('of another group or user is refused (as root)', async () => {
    const store = file();
    await store.save(oauthCredentials());
    await chown(home, 0, STRANGER);
    await chmod(home, 0o770);
    expect((await failure(() => store.load())).message).toContain(`chmod go-w "${home}"`);
    await chown(home, STRANGER, STRANGER);
    await chmod(home, 0o755);
    expect((await failure(() => store.load())).message).toContain(`chown 0 "${home}"`);
  });

  test('that is sticky, like /tmp, protects a file in it', async () => {
    const store = file();
    await store.save(oauthCredentials());
    await chmod(home, 0o1777);
    expect(await store.load()).toEqual(oauthCredentials());
    expect(await locked(store)).toBe('entered');
  });

  test('behind a link counts, too', async () => {
    const target = join(home, 'target');
    await mkdir(target);
    const store = file();
    await symlink('target/real.json', store.location);
    await store.save(oauthCredentials());
    await chmod(target, 0o777);
    expect((await failure(() => store.load())).message).toContain(`chmod go-w "${target}"`);
  });

  test('of a mounted secret of Kubernetes is read: sticky, with links that change their target', async () => {
    // As kubelet writes them: the file is a link to ..data/login.json, and ..data one to a folder with a date.
    await file().save(oauthCredentials());
    const dated = join(home, '..2026_11_26_01_00_00.1');
    await mkdir(dated, { mode: 0o755 });
    await promisify(execFile)('mv', [join(home, 'login.json'), join(dated, 'login.json')]);
    await symlink('..2026_11_26_01_00_00.1', join(home, '..data'));
    await symlink('..data/login.json', join(home, 'login.json'));
    await chmod(home, 0o1777);
    expect(await file().load()).toEqual(oauthCredentials());
  });

  test.each(["kimi-code's", "kimi-cli's"])(
    'with the login of %s client is refused when others can write',
    async who => {
      const store = who === "kimi-code's" ? kimiCode() : kimiCli();
      await store.save(oauthCredentials());
      const folder = dirname(store.location);
      await chmod(folder, 0o777);
      const error = await failure(() => store.load());
      expect(error).toMatchObject({ reason: 'permissions' });
      expect(error.message).toContain(`chmod go-w "${folder}"`);
    },
  );

  test.each(['/proc/kimi/login.json', 'a link to nowhere'])('that cannot be made is an error (%s)', async where => {
    const nowhere = join(home, 'nowhere');
    await symlink(join(home, 'missing', 'deep'), nowhere);
    const path = where.startsWith('/') ? where : join(nowhere, 'below', 'login.json');
    const store = fileCredentialStore({ path });
    expect(await failure(() => store.save(oauthCredentials()))).toMatchObject({ operation: 'save' });
    expect(await failure(() => locked(store))).toMatchObject({ operation: 'lock' });
  });
});
