import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileCredentialStore } from '../../src/credentials/file-credential-store';
import { apiKeyCredentials, describeCredentialStore, oauthCredentials } from './contract';

describeCredentialStore('fileCredentialStore', {
  create: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'kimi-file-store-'));
    const path = join(directory, 'data', 'default.json');
    return {
      store: fileCredentialStore({ path }),
      reopen: () => fileCredentialStore({ path }),
      corrupt: text => writeFile(path, text),
      dispose: () => rm(directory, { recursive: true }),
    };
  },
});

const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('fileCredentialStore', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kimi-file-store-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  test('is in the data directory by default, one file per slot', () => {
    const environment = { KIMI_PROVIDER_HOME: '/elsewhere' };
    expect(fileCredentialStore({ environment }).location).toBe('/elsewhere/default.json');
    expect(fileCredentialStore({ environment, slot: 'work-0123456789abcdef' }).location).toBe(
      '/elsewhere/work-0123456789abcdef.json',
    );
  });

  test.each([0o000, 0o022, 0o077, 0o177, 0o777])(
    'writes 0600 in 0700 under umask %o, and leaves nothing else',
    async umask => {
      const path = join(directory, 'a', 'b', 'default.json');
      await inProcessWithUmask(umask, path);
      expect([await mode(path), await mode(dirname(path)), await mode(dirname(dirname(path)))]).toEqual([
        '600',
        '700',
        '700',
      ]);
      expect(await readdir(dirname(path))).toEqual(['default.json']);
      expect(await fileCredentialStore({ path }).load()).toEqual(apiKeyCredentials());
    },
  );

  test('narrows the mode of a file that it replaces, not that of a directory that was there', async () => {
    await chmod(directory, 0o755);
    const path = join(directory, 'default.json');
    await writeFile(path, '{}', { mode: 0o644 });
    await fileCredentialStore({ path }).save(oauthCredentials());
    expect([await mode(path), await mode(directory)]).toEqual(['600', '755']);
  });

  test.each([0o640, 0o604, 0o620, 0o666])(
    'refuses a file of mode %o with the command that fixes it, unless told otherwise',
    async shared => {
      const path = join(directory, 'default.json');
      const store = fileCredentialStore({ path });
      await store.save(oauthCredentials());
      await chmod(path, shared);
      const error = await store.load().catch((error: unknown) => error);
      expect(error).toMatchObject({ reason: 'permissions', operation: 'load', location: path });
      expect((error as Error).message).toContain(`chmod 600 "${path}"`);
      expect((error as Error).message).toContain(`mode 0${shared.toString(8)}`);
      expect(await fileCredentialStore({ path, allowSharedRead: true }).load()).toEqual(oauthCredentials());
      await chmod(path, 0o600);
      expect(await store.load()).toEqual(oauthCredentials());
    },
  );

  test.each([true, false])('keeps a chain of symbolic links (target there: %s)', async isThere => {
    const target = join(directory, 'target', 'real.json');
    const path = join(directory, 'link.json');
    await symlink('other.json', path);
    await symlink('target/real.json', join(directory, 'other.json'));
    if (isThere) {
      await mkdir(dirname(target));
      await writeFile(target, 'old', { mode: 0o600 });
    }
    const store = fileCredentialStore({ path });
    await store.save(oauthCredentials());
    expect([await readlink(path), await readlink(join(directory, 'other.json'))]).toEqual([
      'other.json',
      'target/real.json',
    ]);
    expect((await lstat(target)).isFile()).toBe(true);
    expect(await store.load()).toEqual(oauthCredentials());
    const direct = await store.withLock!(async () => readdir(dirname(target)));
    expect(direct.toSorted()).toEqual(['real.json', 'real.json.lock']);
    await store.clear();
    expect(await store.load()).toBeUndefined();
    expect(await readlink(path)).toBe('other.json');
  });

  test('does not follow a circle of links for ever', async () => {
    const path = join(directory, 'a.json');
    await symlink('b.json', path);
    await symlink('a.json', join(directory, 'b.json'));
    await expect(fileCredentialStore({ path }).load()).rejects.toMatchObject({ reason: 'failed', operation: 'load' });
  });

  test('says what is in the way', async () => {
    const path = join(directory, 'default.json');
    await mkdir(path);
    const store = fileCredentialStore({ path, allowSharedRead: true });
    await expect(store.load()).rejects.toMatchObject({
      reason: 'failed',
      message: expect.stringContaining(`${path} is a folder, not a file`),
    });
    await expect(store.save(oauthCredentials())).rejects.toMatchObject({ reason: 'failed', operation: 'save' });
    await expect(store.clear()).rejects.toMatchObject({ operation: 'clear' });
    const below = fileCredentialStore({ path: join(directory, 'file', 'default.json') });
    await writeFile(join(directory, 'file'), '');
    await expect(below.save(oauthCredentials())).rejects.toMatchObject({
      reason: 'failed',
      message: expect.stringMatching(/ENOTDIR|EEXIST/),
    });
  });

  test('removes what a killed writer left, but not what another one is writing', async () => {
    const path = join(directory, 'default.json');
    const old = `${path}.tmp-1234567890abcdef`;
    const current = `${path}.tmp-1234567891abcdef`;
    await writeFile(old, 'secret');
    await writeFile(current, 'secret');
    const past = new Date(Date.now() - 120_000);
    await utimes(old, past, past);
    await fileCredentialStore({ path }).save(oauthCredentials());
    expect((await readdir(directory)).toSorted()).toEqual(['default.json', 'default.json.tmp-1234567891abcdef']);
    await utimes(current, past, past);
    await fileCredentialStore({ path }).clear();
    expect(await readdir(directory)).toEqual([]);
  });

  test('sets room aside for the next save, and leaves nothing of it', async () => {
    const path = join(directory, 'default.json');
    const store = fileCredentialStore({ path });
    await store.save(oauthCredentials());
    const release = await store.prepareSave!(oauthCredentials());
    const [temporary, ...others] = (await readdir(directory)).filter(name => name !== 'default.json');
    expect(others).toEqual([]);
    const room = join(directory, temporary!);
    expect((await stat(room)).size).toBeGreaterThan(2 * (await stat(path)).size);
    expect(await readFile(room, 'utf8')).toMatch(/^ +$/);
    expect(await mode(room)).toBe('600');
    const { ino } = await stat(room);
    await store.save(oauthCredentials({ accessToken: 'new' }));
    expect((await stat(path)).ino).toBe(ino);
    await release();
    await (
      await store.prepareSave!(oauthCredentials())
    )();
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('keeps the old login when the new one does not fit', async () => {
    const path = join(directory, 'default.json');
    await fileCredentialStore({ path }).save(oauthCredentials());
    const before = await readFile(path, 'utf8');
    // A file size limit cuts a write short just like a full disk does.
    const outcome = await inProcessWithUmask(0o022, path, { accessToken: 'x'.repeat(20_000), shell: 'ulimit -f 8; ' });
    expect(outcome).toMatch(/^failed .*cannot be written \(EFBIG\)/);
    expect(await readFile(path, 'utf8')).toBe(before);
  });
});

/**
 * Saves a key (or a login with this access token) in a new process; gives what it prints. A umask belongs to the whole
 * process.
 */
async function inProcessWithUmask(
  umask: number,
  path: string,
  { accessToken, shell = '' }: { accessToken?: string; shell?: string } = {},
) {
  const store = fileURLToPath(new URL('../../src/credentials/file-credential-store.ts', import.meta.url));
  const credentials = accessToken === undefined ? apiKeyCredentials() : oauthCredentials({ accessToken });
  const bundled = await build({
    stdin: {
      contents: `import { fileCredentialStore } from ${JSON.stringify(store)};
        process.umask(${umask});
        process.on('SIGXFSZ', () => undefined);
        fileCredentialStore(${JSON.stringify({ path })}).save(${JSON.stringify(credentials)})
          .then(() => console.log('saved'), (error) => console.log(error.reason, error.message));`,
      resolveDir: process.cwd(),
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
  });
  const child = spawn('bash', ['-c', `${shell}exec "$0" -`, process.execPath], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(bundled.outputFiles[0]!.text);
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += String(chunk)));
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  return signal ?? printed;
}
