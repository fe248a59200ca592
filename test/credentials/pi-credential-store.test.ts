import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import lockfile from 'proper-lockfile';
import { piCredentialStore } from '../../src/credentials/pi/pi-credential-store';
import { apiKeyCredentials, CANARY, describeCredentialStore, oauthCredentials } from './contract';

const providerId = 'kimi-coder';
let home: string;
let path: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'kimi-pi-home-'));
  path = join(home, 'auth.json');
});
afterEach(() => rm(home, { recursive: true, force: true }));

const entry = { type: 'oauth', access: CANARY, refresh: CANARY, expires: 1 };
const damaged = (value: unknown) => ({
  text: JSON.stringify({ other: { type: 'api_key', key: 'sk-other' }, [providerId]: value }),
  reason: 'corrupt' as const,
});

describeCredentialStore('piCredentialStore', {
  records: ['oauth'],
  damage: {
    'an empty object': damaged({}),
    null: damaged(null),
    'a string': damaged(CANARY),
    'of an unknown type': damaged({ ...entry, type: CANARY }),
    'with a time that is a string': damaged({ ...entry, expires: '1800000000000' }),
    'with a token that is a number': damaged({ ...entry, refresh: 7 }),
  },
  async create() {
    const directory = await mkdtemp(join(tmpdir(), 'kimi-pi-contract-'));
    const file = join(directory, 'auth.json');
    const open = () => piCredentialStore({ path: file, providerId });
    return {
      store: open(),
      reopen: open,
      corrupt: text => writeFile(file, text, { mode: 0o600 }),
      dispose: () => rm(directory, { recursive: true, force: true }),
    };
  },
});

describe('piCredentialStore: a file that is not ours alone', () => {
  const others = {
    anthropic: { type: 'oauth', access: 'a', refresh: 'r', expires: 5, accountId: 'x' },
    openai: { type: 'api_key', key: 'sk-openai', env: { REGION: 'eu' } },
  };

  test('hands on what other providers have, in the form that pi writes', async () => {
    await writeFile(path, JSON.stringify({ ...others, [providerId]: entry }));
    const store = piCredentialStore({ path, providerId });
    await store.save(oauthCredentials({ accessToken: 'next' }));
    const text = await readFile(path, 'utf8');
    const file = JSON.parse(text) as Record<string, unknown>;
    expect(file).toMatchObject({ ...others, [providerId]: { type: 'oauth', access: 'next', expires: 1.8e12 } });
    expect(text).toBe(JSON.stringify(file, null, 2));

    await store.clear();
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(others);
  });

  test('reads what another extension left there, which says no lifetime', async () => {
    await writeFile(path, JSON.stringify({ [providerId]: { ...entry, access: 'at', refresh: 'rt', expires: 1.8e12 } }));
    await expect(piCredentialStore({ path, providerId }).load()).resolves.toEqual(
      oauthCredentials({ accessToken: 'at', refreshToken: 'rt', scope: '' }),
    );
  });

  test('leaves keys to pi: one is no login, and none is saved', async () => {
    await writeFile(path, JSON.stringify({ [providerId]: { type: 'api_key', key: 'sk-kimi' } }));
    const store = piCredentialStore({ path, providerId });
    await expect(store.load()).resolves.toBeUndefined();
    await expect(store.save(apiKeyCredentials())).rejects.toThrow('/login');
  });

  test.each(['', '{', 'null', '[]', `${CANARY} {`])('does not replace a file that cannot be read: %j', async text => {
    await writeFile(path, text);
    const store = piCredentialStore({ path, providerId });
    const error = await store.save(oauthCredentials()).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ reason: 'corrupt' });
    expect(String(error)).not.toContain(CANARY);
    await expect(store.clear()).rejects.toMatchObject({ reason: 'corrupt' });
    await expect(readFile(path, 'utf8')).resolves.toBe(text);
  });
});

describe("piCredentialStore: pi's lock", () => {
  test('is the one that proper-lockfile takes of the file', async () => {
    await writeFile(path, '{}');
    const store = piCredentialStore({ path, providerId });
    await store.withLock!(async () => {
      await expect(stat(`${path}.lock`)).resolves.toMatchObject({});
      await expect(lockfile.lock(path, { retries: 0, stale: 30_000 })).rejects.toMatchObject({ code: 'ELOCKED' });
    });
    const release = await lockfile.lock(path, { retries: 0, stale: 30_000 });
    const waiting = store.withLock!(() => Promise.resolve(), { abortSignal: AbortSignal.timeout(50) });
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' });
    await release();
  });

  test('makes the folder where pi has not been yet', async () => {
    const fresh = join(home, 'pi', 'agent', 'auth.json');
    const store = piCredentialStore({ path: fresh, providerId });
    await store.withLock!(() => store.save(oauthCredentials()));
    await expect(stat(fresh)).resolves.toMatchObject({ mode: 0o100600 });
  });
});
