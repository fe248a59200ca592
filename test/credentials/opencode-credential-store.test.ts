import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sharedEntry, sharedLoginOf } from '../../src/credentials/opencode/auth-entry';
import { opencodeCredentialStore } from '../../src/credentials/opencode/opencode-credential-store';
import { createKimi } from '../../src/v4';
import { apiKeyCredentials, CANARY, describeCredentialStore, oauthCredentials } from './contract';

const ID = 'kimi-for-coding-oauth';
const entries = (value: unknown) => ({ text: JSON.stringify({ [ID]: value }), reason: 'corrupt' as const });

describeCredentialStore('opencodeCredentialStore', {
  create: async () => {
    const data = await mkdtemp(join(tmpdir(), 'kimi-opencode-store-'));
    const path = join(data, 'opencode', 'auth.json');
    return {
      store: opencodeCredentialStore({ XDG_DATA_HOME: data }),
      reopen: () => opencodeCredentialStore({ XDG_DATA_HOME: data }),
      corrupt: async text => {
        await mkdir(join(data, 'opencode'), { recursive: true });
        await writeFile(path, text, { mode: 0o600 });
      },
      dispose: () => rm(data, { recursive: true }),
    };
  },
  damage: {
    'a string': entries(CANARY),
    'of an unknown type': entries({ type: CANARY }),
    'with a token that is a number': entries({ type: 'oauth', refresh: 7, access: CANARY, expires: 1 }),
    'with a time that is a string': entries({ type: 'oauth', refresh: CANARY, access: CANARY, expires: 'soon' }),
    'without a key': entries({ type: 'api', key: '' }),
  },
});

describe('opencodeCredentialStore', () => {
  let data: string;
  let file: string;
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'kimi-opencode-store-'));
    file = join(data, 'opencode', 'auth.json');
    await mkdir(join(data, 'opencode'));
  });
  afterEach(() => rm(data, { recursive: true, force: true }));
  const open = (more: Record<string, string> = {}) => opencodeCredentialStore({ XDG_DATA_HOME: data, ...more });
  const read = async () => JSON.parse(await readFile(file, 'utf8')) as Record<string, Record<string, unknown>>;

  test("keeps other providers' entries as they are, in a file of the user's alone", async () => {
    const other = { type: 'api', key: 'sk-other', later: { x: 1 } };
    await writeFile(file, JSON.stringify({ other, [ID]: { type: 'api', key: 'old' } }));
    const store = open();
    await store.save(oauthCredentials());
    expect(await read()).toEqual({ other, [ID]: expect.objectContaining({ type: 'oauth' }) as unknown });
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600');
    await store.clear();
    expect(await read()).toEqual({ other });
  });

  test('writes only what opencode keeps when it writes the file itself', async () => {
    const binding = { oauthHost: 'https://auth.kimi.ai', apiOrigin: 'https://api.kimi.ai', account: 'wörk & more' };
    const store = open();
    for (const credentials of [oauthCredentials({ issuedFor: binding }), apiKeyCredentials({ issuedFor: binding })]) {
      await store.save(credentials);
      const { [ID]: entry = {} } = await read();
      const { type, refresh, access, expires, accountId, enterpriseUrl, key, metadata } = entry;
      const kept =
        type === 'oauth' ? { type, refresh, access, expires, accountId, enterpriseUrl } : { type, key, metadata };
      await writeFile(file, JSON.stringify({ [ID]: kept }));
      expect(await store.load()).toEqual(credentials);
    }
  });

  test('reads an entry of opencode-kimi-full, and one that opencode wrote for a key', async () => {
    const store = open();
    const expires = Date.now() + 600_000;
    await writeFile(
      file,
      JSON.stringify({ [ID]: { type: 'oauth', refresh: 'r', access: 'a', expires, model_id: 'x' } }),
    );
    expect(await store.load()).toEqual({
      type: 'oauth',
      accessToken: 'a',
      refreshToken: 'r',
      expiresAt: expires / 1000,
      expiresIn: 900,
      scope: 'kimi-code',
      tokenType: 'Bearer',
      issuedFor: { oauthHost: 'https://auth.kimi.com', apiOrigin: 'https://api.kimi.com', account: 'default' },
    });
    await writeFile(file, JSON.stringify({ [ID]: { type: 'api', key: 'sk-kimi-x' } }));
    expect(await store.load()).toEqual({ type: 'api-key', key: 'sk-kimi-x', service: 'coding', region: 'mainland-cn' });
  });

  test('sees what opencode, or another program, has written meanwhile', async () => {
    const store = open();
    await store.save(oauthCredentials());
    await writeFile(file, JSON.stringify({ [ID]: { type: 'api', key: 'sk-kimi-x', metadata: { region: 'global' } } }));
    expect(await store.load()).toMatchObject({ key: 'sk-kimi-x', region: 'global' });
  });

  test("begins with a workspace's copy, and prefers the file", async () => {
    const copy = { OPENCODE_AUTH_CONTENT: JSON.stringify({ [ID]: { type: 'api', key: 'sk-kimi-copy' } }) };
    const elsewhere = await mkdtemp(join(data, 'workspace-'));
    const store = opencodeCredentialStore({ ...copy, XDG_DATA_HOME: elsewhere });
    expect(await store.load()).toMatchObject({ key: 'sk-kimi-copy' });
    await store.save(oauthCredentials());
    expect(await store.load()).toEqual(oauthCredentials());
  });

  test('says what to do in opencode with a key for another host', async () => {
    await writeFile(
      file,
      JSON.stringify({ [ID]: { type: 'api', key: 'sk-kimi-x', metadata: { region: 'mainland-cn' } } }),
    );
    const { auth } = createKimi({ baseURL: 'http://127.0.0.1:9/coding/v1', credentialStore: open() });
    const failure = await auth.getAccessToken().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'KIMI_LOGIN_REQUIRED',
      message: expect.stringMatching(/Unset the variables.*opencode auth login -p/) as string,
    });
    expect(String(failure)).not.toContain('credentialStore');
  });

  test('holds no login where opencode shares one of the machine', async () => {
    const entry = sharedEntry({ region: 'global', account: 'my work' });
    await writeFile(file, JSON.stringify({ [ID]: entry }));
    const store = open();
    expect(await store.load()).toBeUndefined();
    expect(sharedLoginOf(await store.entry())).toEqual({ region: 'global', account: 'my work' });
  });

  test('is one object for one file, so that a process has one session', () => {
    expect(open()).toBe(open());
    expect(opencodeCredentialStore({ HOME: '/somebody' }).location).toBe('/somebody/.local/share/opencode/auth.json');
  });
});
