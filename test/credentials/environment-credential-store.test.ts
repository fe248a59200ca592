import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { environmentCredentialStore, seededCredentialStore } from '../../src/credentials/environment-credential-store';
import { memoryCredentialStore } from '../../src/credentials/memory-credential-store';
import { KimiCredentialStoreError } from '../../src/errors/kimi-error';
import { CANARY, oauthCredentials } from './contract';

const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;

describe('environmentCredentialStore', () => {
  test.each([
    [{}, undefined, 'environment variable KIMI_ACCESS_TOKEN or KIMI_API_KEY, KIMI_CODER_API_KEY, MOONSHOT_API_KEY'],
    [
      { KIMI_API_KEY: '', MOONSHOT_API_KEY: ' \n' },
      undefined,
      'environment variable KIMI_ACCESS_TOKEN or KIMI_API_KEY, KIMI_CODER_API_KEY, MOONSHOT_API_KEY',
    ],
    [
      { KIMI_API_KEY: ' a\n' },
      { type: 'api-key', key: 'a', service: 'coding', region: 'mainland-cn' },
      'environment variable KIMI_API_KEY',
    ],
    [
      { KIMI_CODER_API_KEY: 'b' },
      { type: 'api-key', key: 'b', service: 'coding', region: 'mainland-cn' },
      'environment variable KIMI_CODER_API_KEY',
    ],
    [
      { MOONSHOT_API_KEY: 'c', KIMI_API_KEY: '' },
      { type: 'api-key', key: 'c', service: 'platform', region: 'global' },
      'environment variable MOONSHOT_API_KEY',
    ],
  ])('reads %o', async (environment, expected, location) => {
    const store = environmentCredentialStore({ environment });
    expect(await store.load()).toEqual(expected);
    expect(store.location).toBe(location);
  });

  test('reads an access token first, with the lifetime that it says, and never a refresh token', async () => {
    const accessToken = jwt({ iat: 1000, exp: 1900 });
    const environment = { KIMI_ACCESS_TOKEN: accessToken, KIMI_API_KEY: 'a', KIMI_REFRESH_TOKEN: 'r' };
    const record = {
      type: 'oauth',
      accessToken,
      refreshToken: '',
      expiresAt: 1900,
      expiresIn: 900,
      scope: '',
      tokenType: 'Bearer',
    };
    expect(await environmentCredentialStore({ environment }).load()).toEqual(record);
  });

  test.each([
    'opaque',
    'a.b.c',
    jwt({ exp: 'soon' }),
    jwt({ exp: 1900 }),
    `e30.${Buffer.from('null').toString('base64url')}.s`,
  ])('takes the token %s as one that does not end', async accessToken => {
    const store = environmentCredentialStore({ environment: { KIMI_ACCESS_TOKEN: accessToken } });
    expect(await store.load()).toMatchObject({
      expiresAt: Number.MAX_SAFE_INTEGER,
      expiresIn: Number.MAX_SAFE_INTEGER,
    });
  });

  test('takes a region for keys', async () => {
    const store = environmentCredentialStore({ environment: { KIMI_API_KEY: 'a' }, region: 'global' });
    expect(await store.load()).toMatchObject({ region: 'global' });
  });

  test('reads the variables when it loads', async () => {
    const environment: Record<string, string> = {};
    const store = environmentCredentialStore({ environment });
    environment.KIMI_API_KEY = 'later';
    expect(await store.load()).toMatchObject({ key: 'later' });
  });

  test('saves and clears nothing, says so, and shows no secret', async () => {
    const store = environmentCredentialStore({ environment: { KIMI_API_KEY: CANARY } });
    for (const [operation, promise] of Object.entries({ save: store.save(oauthCredentials()), clear: store.clear() })) {
      const error = await promise.catch((error: unknown) => error);
      expect(error).toSatisfy(KimiCredentialStoreError.isInstance);
      expect(error).toMatchObject({ reason: 'read-only', operation, location: 'environment variable KIMI_API_KEY' });
      expect((error as Error).message).toMatch(/KIMI_CREDENTIAL_STORE=keychain or file|unset KIMI_API_KEY/);
      expect(inspect([error, store], { depth: 9 }) + JSON.stringify(store)).not.toContain(CANARY);
    }
    expect(await environmentCredentialStore({ environment: {} }).clear()).toBeUndefined();
    expect(store.withLock).toBeUndefined();
  });

  test('does not take a refresh token alone, and names where it can go', async () => {
    const error = await environmentCredentialStore({ environment: { KIMI_REFRESH_TOKEN: CANARY } })
      .load()
      .catch((error: unknown) => error);
    expect(error).toMatchObject({ reason: 'read-only', operation: 'load' });
    expect((error as Error).message).toContain('seededCredentialStore(fileCredentialStore())');
    expect(inspect(error)).not.toContain(CANARY);
  });
});

describe('seededCredentialStore', () => {
  const environment = { KIMI_REFRESH_TOKEN: 'seed\n' };
  const seed = oauthCredentials({ accessToken: '', refreshToken: 'seed', expiresAt: 0, expiresIn: 0, scope: '' });

  test('gives a due login made of the variable, and writes nothing', async () => {
    const inner = memoryCredentialStore();
    expect(await seededCredentialStore(inner, { environment }).load()).toEqual(seed);
    expect(await inner.load()).toBeUndefined();
  });

  test('takes an access token along only if it says when it ends', async () => {
    const KIMI_ACCESS_TOKEN = jwt({ iat: 1000, exp: 1900 });
    expect(
      await seededCredentialStore(memoryCredentialStore(), {
        environment: { ...environment, KIMI_ACCESS_TOKEN },
      }).load(),
    ).toEqual({
      ...seed,
      accessToken: KIMI_ACCESS_TOKEN,
      expiresAt: 1900,
      expiresIn: 900,
    });
    expect(
      await seededCredentialStore(memoryCredentialStore(), {
        environment: { ...environment, KIMI_ACCESS_TOKEN: 'opaque' },
      }).load(),
    ).toEqual(seed);
  });

  test.each([oauthCredentials(), oauthCredentials({ accessToken: '', refreshToken: '', expiresAt: 0 })])(
    'ignores the variable once there is a record',
    async saved => {
      const inner = memoryCredentialStore();
      const store = seededCredentialStore(inner, { environment });
      await store.save(saved);
      expect([await store.load(), await inner.load()]).toEqual([saved, saved]);
      await store.clear();
      expect([await store.load(), await inner.load()]).toEqual([seed, undefined]);
    },
  );

  test('is the store below in all else', async () => {
    const inner = {
      ...memoryCredentialStore(),
      impliedIdentity: 'kimi-code' as const,
      withLock: <T>(callback: (lock: { assertHeld(): void }) => Promise<T>) =>
        callback({ assertHeld: () => undefined }),
    };
    const store = seededCredentialStore(inner, { environment: {} });
    expect([store.location, store.impliedIdentity]).toEqual([inner.location, 'kimi-code']);
    expect(await store.withLock!(async () => 'ran')).toBe('ran');
    expect(await store.load()).toBeUndefined();
    expect(seededCredentialStore(memoryCredentialStore()).withLock).toBeUndefined();
  });
});
