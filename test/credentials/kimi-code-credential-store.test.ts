import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kimiCodeCredentialStore, kimiCodeSlot } from '../../src/credentials/official/kimi-code-credential-store';
import { apiKeyCredentials, CANARY, describeCredentialStore, oauthCredentials } from './contract';

let home: string;
let file: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'kimi-code-home-'));
  file = join(home, 'credentials', 'kimi-code.json');
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

const MAINLAND = 'https://api.kimi.com/coding/v1';
const GLOBAL = 'https://api.kimi.ai/coding/v1';

/** What the official client writes after a login. */
const OFFICIAL_TEXT = `{
  "access_token": "access",
  "refresh_token": "refresh",
  "expires_at": 1800000000,
  "scope": "kimi-code",
  "token_type": "Bearer",
  "expires_in": 900
}
`;

async function plant(text: string): Promise<void> {
  await mkdir(join(home, 'credentials'), { recursive: true });
  await writeFile(file, text);
}

const official = oauthCredentials({ accessToken: 'access', refreshToken: 'refresh' });
const record = { access_token: CANARY, refresh_token: CANARY, expires_at: 1, scope: '', token_type: '', expires_in: 1 };

describeCredentialStore('kimiCodeCredentialStore', {
  records: ['oauth'],
  damage: {
    empty: { text: '', reason: 'corrupt' },
    'not JSON': { text: `${CANARY} {`, reason: 'corrupt' },
    truncated: { text: JSON.stringify(record).slice(0, -9), reason: 'corrupt' },
    null: { text: 'null', reason: 'corrupt' },
    'an array': { text: JSON.stringify([record]), reason: 'corrupt' },
    'an empty object': { text: '{}', reason: 'corrupt' },
    'with a time that is a string': {
      text: JSON.stringify({ ...record, expires_at: '1800000000' }),
      reason: 'corrupt',
    },
    'without a time': { text: JSON.stringify({ ...record, expires_at: undefined }), reason: 'corrupt' },
    'with a time beyond numbers': {
      text: JSON.stringify(record).replace('"expires_at":1', '"expires_at":1e999'),
      reason: 'corrupt',
    },
    'with a token that is a number': { text: JSON.stringify({ ...record, access_token: 7 }), reason: 'corrupt' },
  },
  async create() {
    const directory = await mkdtemp(join(tmpdir(), 'kimi-code-contract-'));
    const open = () => kimiCodeCredentialStore({ home: directory, environment: {} });
    const store = open();
    return {
      store,
      reopen: open,
      corrupt: text => writeFile(store.location, text),
      dispose: () => rm(directory, { recursive: true, force: true }),
    };
  },
});

describe('kimiCodeCredentialStore: which file', () => {
  test('is in KIMI_CODE_HOME, else in ~/.kimi-code; an empty variable counts as unset', () => {
    expect(kimiCodeCredentialStore({ environment: { KIMI_CODE_HOME: home } }).location).toBe(file);
    const usual = join(homedir(), '.kimi-code/credentials/kimi-code.json');
    expect(kimiCodeCredentialStore({ environment: { KIMI_CODE_HOME: '' } }).location).toBe(usual);
  });

  test.each([
    ['the mainland pair', {}, 'kimi-code'],
    [
      'the mainland pair with slashes',
      { oauthHost: 'https://auth.kimi.com/', apiBaseURL: `${MAINLAND}//` },
      'kimi-code',
    ],
    // docs/wire.md#credential-slots: the global slot as the official client makes it.
    ['the global pair', { oauthHost: 'https://auth.kimi.ai', apiBaseURL: GLOBAL }, 'kimi-code-env-0e4f99c69cc27850'],
    ['a mixed pair', { oauthHost: 'https://auth.kimi.ai' }, 'kimi-code-env-002df460b17c2d66'],
  ])('is named for %s', (_, options, slot) => {
    expect(kimiCodeCredentialStore({ home, environment: {}, ...options }).location).toBe(
      join(home, 'credentials', `${slot}.json`),
    );
  });

  test('is named for the hosts in the environment, and for the options before them', () => {
    const environment = {
      KIMI_CODE_OAUTH_HOST: '',
      KIMI_OAUTH_HOST: 'https://auth.kimi.ai',
      KIMI_CODE_BASE_URL: GLOBAL,
    };
    expect(kimiCodeCredentialStore({ home, environment }).location).toContain('kimi-code-env-0e4f99c69cc27850.json');
    const mainland = { oauthHost: 'https://auth.kimi.com', apiBaseURL: MAINLAND };
    expect(kimiCodeCredentialStore({ home, environment, ...mainland }).location).toBe(file);
  });
});

describe('kimiCodeCredentialStore: the file', () => {
  test('of the official client is read', async () => {
    await plant(OFFICIAL_TEXT);
    const store = kimiCodeCredentialStore({ home, environment: {} });
    expect(await store.load()).toEqual(official);
    expect(store.impliedIdentity).toBe('kimi-code');
  });

  test('is written byte for byte as by the official client, with its modes, and nothing else is left', async () => {
    await mkdir(join(home, 'credentials'), { recursive: true });
    await chmod(join(home, 'credentials'), 0o755);
    await writeFile(file, 'old', { mode: 0o644 });
    await kimiCodeCredentialStore({ home, environment: {} }).save({ ...official, expiresAt: 1_800_000_000.7 });
    expect(await readFile(file, 'utf8')).toBe(OFFICIAL_TEXT);
    expect(await readdir(join(home, 'credentials'))).toEqual(['kimi-code.json']);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, 'credentials'))).mode & 0o777).toBe(0o700);
  });

  test('of a rejected login is the tombstone that the official client writes, and reads back as one', async () => {
    const store = kimiCodeCredentialStore({ home, environment: {} });
    await store.save(oauthCredentials({ accessToken: '', expiresAt: 5, expiresIn: 900 }));
    const keys = {
      access_token: '',
      refresh_token: '',
      expires_at: 0,
      scope: 'kimi-code',
      token_type: 'Bearer',
      expires_in: 0,
    };
    expect(await readFile(file, 'utf8')).toBe(`${JSON.stringify(keys, null, 2)}\n`);
    await plant(OFFICIAL_TEXT.replace('"access"', '""'));
    expect(await store.load()).toEqual(
      oauthCredentials({ accessToken: '', refreshToken: '', expiresAt: 0, expiresIn: 0 }),
    );
  });

  test('may lack what the official client does not need', async () => {
    await plant('{"access_token":"access","refresh_token":"refresh","expires_at":1800000000}');
    expect(await kimiCodeCredentialStore({ home, environment: {} }).load()).toEqual({
      ...official,
      scope: '',
      tokenType: '',
      expiresIn: 0,
    });
  });

  test('that is a symbolic link stays one; the file behind it is written, and deleted with it', async () => {
    const target = join(await realpath(home), 'elsewhere.json');
    await writeFile(target, OFFICIAL_TEXT);
    await mkdir(join(home, 'credentials'));
    await symlink(target, file);
    const store = kimiCodeCredentialStore({ home, environment: {} });
    await store.save({ ...official, accessToken: 'new' });
    expect(await readlink(file)).toBe(target);
    expect(await readFile(target, 'utf8')).toContain('"new"');
    await store.clear();
    await expect(stat(target)).rejects.toThrow('ENOENT');
    expect(await store.load()).toBeUndefined();
  });

  test('is all that clear() removes', async () => {
    await writeFile(join(home, 'config.toml'), 'kept');
    const store = kimiCodeCredentialStore({ home, environment: {} });
    await store.save(official);
    await store.clear();
    expect((await readdir(home)).toSorted()).toEqual(['config.toml', 'credentials']);
    expect(await readdir(join(home, 'credentials'))).toEqual([]);
  });

  test('takes no key', async () => {
    const error = await kimiCodeCredentialStore({ home, environment: {} })
      .save(apiKeyCredentials())
      .catch((error: unknown) => error);
    expect(error).toMatchObject({ reason: 'failed', operation: 'save', location: file });
    expect(String(error)).toMatch(/login --api-key --store/);
    expect(String(error)).not.toContain(CANARY);
  });

  test('that cannot be read is an error, not "signed out"', async () => {
    await mkdir(file, { recursive: true });
    const store = kimiCodeCredentialStore({ home, environment: {} });
    await expect(store.load()).rejects.toMatchObject({ reason: 'failed', operation: 'load', location: file });
    await expect(store.save(official)).rejects.toMatchObject({ reason: 'failed', operation: 'save' });
    expect(await readdir(join(home, 'credentials'))).toEqual(['kimi-code.json']);
  });
});

test('kimiCodeSlot keeps the URLs as written, but for slashes at the end', () => {
  const oauthHost = 'https://auth.kimi.com';
  const apiBaseURL = 'https://gateway.example/coding';
  const slot = kimiCodeSlot({ oauthHost, apiBaseURL });
  expect(kimiCodeSlot({ oauthHost: ` ${oauthHost}/ `, apiBaseURL: `${apiBaseURL}/` })).toBe(slot);
  expect(kimiCodeSlot({ oauthHost, apiBaseURL: `${apiBaseURL}/v1` })).not.toBe(slot);
});
