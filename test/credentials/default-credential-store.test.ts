import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KimiCredentials } from '../../src/credentials/credential-store';
import { defaultCredentialStore } from '../../src/credentials/default-credential-store';
import { fileCredentialStore } from '../../src/credentials/file-credential-store';
import { keychainCredentialStore } from '../../src/credentials/keychain/keychain-credential-store';
import { kimiCliCredentialStore } from '../../src/credentials/official/kimi-cli-credential-store';
import { kimiCodeCredentialStore } from '../../src/credentials/official/kimi-code-credential-store';
import { testServices } from '../support/test-services';

const login = (name: string): KimiCredentials => ({
  type: 'oauth',
  accessToken: `access-${name}`,
  refreshToken: `refresh-${name}`,
  expiresAt: 2_000_000_000,
  expiresIn: 900,
  scope: 'kimi-code',
  tokenType: 'Bearer',
});

function machine(variables: Record<string, string | undefined>) {
  const home = mkdtempSync(path.join(tmpdir(), 'kimi-default-'));
  const notices: string[] = [];
  const environment = {
    PATH: process.env.PATH,
    KIMI_PROVIDER_HOME: path.join(home, 'own'),
    KIMI_CODE_HOME: path.join(home, 'kimi-code'),
    KIMI_SHARE_DIR: path.join(home, 'kimi'),
    XDG_RUNTIME_DIR: home,
    ...variables,
  };
  const options = {
    slot: `default-${path.basename(home)}`,
    account: 'default',
    service: 'coding' as const,
    oauthHost: 'https://auth.kimi.com',
    apiBaseURL: 'https://api.kimi.com/coding/v1',
    environment,
    notify: (message: string) => void notices.push(message),
  };
  return { options, notices, environment };
}

describe('without a keychain', () => {
  it('is the file, for a first login and afterwards, with the reason', async () => {
    const { options, notices } = machine({});
    const first = await defaultCredentialStore(options);
    expect(first).toMatchObject({ isOwn: true, isEmpty: true });
    await first.store.load();
    expect(notices).toEqual([]);
    await first.store.save(login('own'));
    const second = await defaultCredentialStore(options);
    expect(second).toMatchObject({ isOwn: true, isEmpty: false });
    expect(await second.store.load()).toEqual(login('own'));
    expect(second.store.location).toBe(fileCredentialStore(options).location);
    expect(notices).toEqual([
      expect.stringMatching(/^A Kimi login is kept in the file \S+, because no keychain can be used here [^\n]+$/),
    ]);
  });

  it('passes on the proof that it can be saved', async () => {
    const { options } = machine({});
    await fileCredentialStore(options).save(login('own'));
    const { store } = await defaultCredentialStore(options);
    const release = await store.prepareSave!(login('own'));
    const folder = path.dirname(store.location);
    expect(readdirSync(folder)).toHaveLength(2);
    await release();
    expect(readdirSync(folder)).toEqual([path.basename(store.location)]);
  });

  it("shares kimi-code's login before kimi-cli's, and none of them for a login of our own", async () => {
    const { options, notices, environment } = machine({});
    await kimiCliCredentialStore({ environment }).save(login('kimi-cli'));
    expect(await (await defaultCredentialStore(options)).store.load()).toMatchObject({
      accessToken: 'access-kimi-cli',
    });
    await kimiCodeCredentialStore({ environment }).save(login('kimi-code'));
    const shared = await defaultCredentialStore(options);
    expect(shared).toMatchObject({ isOwn: false, store: { impliedIdentity: 'kimi-code' } });
    expect(await shared.store.load()).toMatchObject({ accessToken: 'access-kimi-code' });
    expect(notices.at(-1)).toContain('shared in place');
    expect(await defaultCredentialStore({ ...options, forLogin: true })).toMatchObject({ isOwn: true, isEmpty: true });
    expect(existsSync(environment.KIMI_PROVIDER_HOME)).toBe(false);
  });

  it('prefers a login of our own to a shared one', async () => {
    const { options, environment } = machine({});
    await kimiCodeCredentialStore({ environment }).save(login('kimi-code'));
    await (await defaultCredentialStore({ ...options, forLogin: true })).store.save(login('own'));
    expect(await (await defaultCredentialStore(options)).store.load()).toEqual(login('own'));
  });

  it.each([
    ['another account', { account: 'work' }],
    ['the platform', { service: 'platform' as const }],
    [
      "kimi-cli's login for other hosts",
      { oauthHost: 'https://auth.kimi.ai', apiBaseURL: 'https://api.kimi.ai/coding/v1' },
    ],
  ])('shares nothing with %s', async (_, changes) => {
    const { options, environment } = machine({});
    await kimiCliCredentialStore({ environment }).save(login('kimi-cli'));
    expect(await defaultCredentialStore({ ...options, ...changes })).toMatchObject({ isOwn: true, isEmpty: true });
  });

  it('does not take a dead official login', async () => {
    const { options, environment } = machine({});
    await kimiCodeCredentialStore({ environment }).save({
      ...login('dead'),
      accessToken: '',
      refreshToken: '',
      expiresAt: 0,
      expiresIn: 0,
    } as KimiCredentials);
    expect(await defaultCredentialStore(options)).toMatchObject({ isOwn: true, isEmpty: true });
  });

  it('reads the found record once, and again after it was changed', async () => {
    const { options } = machine({});
    await (await defaultCredentialStore(options)).store.save(login('one'));
    const { store } = await defaultCredentialStore(options);
    await fileCredentialStore(options).save(login('two'));
    expect(await store.load()).toEqual(login('one'));
    expect(await store.load()).toEqual(login('two'));
    const locked = (await defaultCredentialStore(options)).store;
    await fileCredentialStore(options).save(login('three'));
    expect(await locked.withLock?.(() => locked.load())).toEqual(login('three'));
  });
});

describe.skipIf(!testServices.has('secret-service'))('with a keychain', () => {
  const bus = () =>
    machine({
      DBUS_SESSION_BUS_ADDRESS: process.env.DBUS_SESSION_BUS_ADDRESS,
      XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR,
    });

  it('is the keychain, without a notice', async () => {
    const { options, notices, environment } = bus();
    const first = await defaultCredentialStore(options);
    expect(first.store.location).toBe(keychainCredentialStore({ slot: options.slot }).location);
    await first.store.save(login('keychain'));
    expect(await (await defaultCredentialStore(options)).store.load()).toEqual(login('keychain'));
    expect(notices).toEqual([]);
    expect(existsSync(path.join(environment.KIMI_PROVIDER_HOME, `${options.slot}.json`))).toBe(false);
    await first.store.clear();
  });

  it('leaves a login in the file where it was saved, but makes a new one in the keychain', async () => {
    const { options } = bus();
    await fileCredentialStore(options).save(login('file'));
    expect(await (await defaultCredentialStore(options)).store.load()).toEqual(login('file'));
    const { store } = await defaultCredentialStore({ ...options, forLogin: true });
    await store.save(login('new'));
    expect(await (await defaultCredentialStore(options)).store.load()).toEqual(login('new'));
    await store.clear();
  });
});
