/** Which place a login is taken from while an app runs, and where a credential must not go. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateText } from 'ai';
import { createStorage } from 'unstorage';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bindingOf } from '../../src/credentials/credential-binding';
import {
  kimiCliCredentialStore,
  kimiCodeCredentialStore,
  memoryCredentialStore,
  seededCredentialStore,
  unstorageCredentialStore,
  type CredentialStore,
} from '../../src/credential-stores';
import {
  KimiInvalidArgumentError,
  KimiLoginRequiredError,
  type KimiOAuthCredentials,
  type KimiProviderSettings,
} from '../../src/index';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { createKimi } from '../../src/v4';

let simulator: KimiSimulator;
const environment = { ...process.env };
beforeEach(async () => {
  simulator = await startKimiSimulator({ autoApprove: true, deviceInterval: 1 });
  const home = mkdtempSync(path.join(tmpdir(), 'kimi-home-'));
  delete process.env.DBUS_SESSION_BUS_ADDRESS;
  delete process.env.DISPLAY;
  process.env.XDG_RUNTIME_DIR = home;
  process.env.KIMI_PROVIDER_HOME = path.join(home, 'own');
  process.env.KIMI_CODE_HOME = path.join(home, 'kimi-code');
  process.env.KIMI_SHARE_DIR = path.join(home, 'kimi');
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(async () => {
  await simulator.close();
  process.env = { ...environment };
  vi.restoreAllMocks();
});

const kimi = (settings: KimiProviderSettings = {}) =>
  createKimi({ baseURL: simulator.apiBaseURL, oauthHost: simulator.oauthHost, ...settings });
const ask = async (provider: ReturnType<typeof kimi>) =>
  (await generateText({ model: provider('k3'), prompt: 'hi', maxRetries: 0 })).text;
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
const record = (): KimiOAuthCredentials => {
  const { access_token, refresh_token, expires_in } = simulator.signIn();
  return {
    type: 'oauth',
    accessToken: access_token,
    refreshToken: refresh_token,
    expiresAt: Math.floor(Date.now() / 1000) + expires_in,
    expiresIn: expires_in,
    scope: 'kimi-code',
    tokenType: 'Bearer',
    issuedFor: bindingOf(simulator),
  };
};

describe('an app that runs on when its login has ended', () => {
  it('finds the login of its own that the error asks for, after a shared one', async () => {
    const official = kimiCodeCredentialStore({ oauthHost: simulator.oauthHost, apiBaseURL: simulator.apiBaseURL });
    await official.save(record());
    const provider = kimi();
    expect(await ask(provider)).toBe('You said: hi');
    simulator.revoke();
    expect(KimiLoginRequiredError.isInstance(await failure(ask(provider)))).toBe(true);
    // As the command line does it: a provider of another process.
    await kimi().auth.login({ onVerification: () => {} });
    expect(await ask(provider)).toBe('You said: hi');
  });

  it('finds the key that replaces a refused one', async () => {
    const save = (key: string) => kimi().auth.save({ type: 'api-key', key, service: 'coding', region: 'mainland-cn' });
    await save('sk-kimi-withdrawn');
    const provider = kimi();
    expect(await failure(ask(provider))).toMatchObject({ statusCode: 401 });
    // As another process does it, which does not share this one's memory.
    const { source } = await provider.auth.status();
    writeFileSync(source, readFileSync(source, 'utf8').replace('sk-kimi-withdrawn', 'sk-kimi-simulator'));
    expect(await ask(provider)).toBe('You said: hi');
  });
});

describe('a "credentialStore" of the app', () => {
  const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');

  it('is signed in to by the app: neither the command line nor a variable would help', async () => {
    const message = String(await failure(ask(kimi({ credentialStore: memoryCredentialStore() }))));
    expect(message).toContain('call auth.login() of a provider with this "credentialStore"');
    expect(message).not.toContain('KIMI_API_KEY');
    expect(String(await failure(ask(kimi({ credentialStore: kimiCliCredentialStore(simulator) }))))).toContain(
      'kimi, then /login',
    );
  });

  it('whose encryption key is gone is usable again by what the error says', async () => {
    const storage = createStorage();
    const store = (byte: number) => unstorageCredentialStore(storage, { encryptionKey: key(byte) });
    await kimi({ credentialStore: store(1) }).auth.login({ onVerification: () => {} });
    const provider = kimi({ credentialStore: store(2) });
    expect(String(await failure(ask(provider)))).toContain('auth.logout()');
    await provider.auth.logout();
    await provider.auth.login({ onVerification: () => {} });
    expect(await ask(provider)).toBe('You said: hi');
  });
});

describe('KIMI_CREDENTIAL_STORE=memory', () => {
  it('is one place for all providers of the process', async () => {
    process.env.KIMI_CREDENTIAL_STORE = 'memory';
    await kimi().auth.login({ onVerification: () => {} });
    expect(await kimi().auth.status()).toMatchObject({ state: 'valid', kind: 'oauth' });
    expect(await kimi({ account: 'other' }).auth.status()).toMatchObject({ state: 'missing' });
  });
});

describe('a credential stays with the hosts it is for', () => {
  it('sends no coding key of the environment to the platform', async () => {
    Object.assign(process.env, {
      KIMI_CREDENTIAL_STORE: 'environment',
      KIMI_API_KEY: 'sk-kimi-simulator',
      KIMI_ACCESS_TOKEN: 'token',
    });
    const error = await failure(ask(kimi({ service: 'platform', baseURL: simulator.platformBaseURL })));
    expect(KimiLoginRequiredError.isInstance(error)).toBe(true);
    expect(String(error)).toContain('MOONSHOT_API_KEY');
    expect(simulator.requests).toEqual([]);
  });

  it.each([
    ['the platform', () => ({ service: 'platform' as const, baseURL: simulator.platformBaseURL })],
    ['the other region', () => ({ region: 'global' as const, oauthHost: undefined })],
  ])("sends kimi-cli's login not to %s, where a refusal would end it for kimi-cli, too", async (_, settings) => {
    process.env.KIMI_CREDENTIAL_STORE = 'kimi-cli';
    const login = { ...record(), expiresAt: 1, issuedFor: undefined };
    await kimiCliCredentialStore().save(login);
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async input => {
      asked.push(String(input));
      return Response.json({ error: 'invalid_grant' }, { status: 400 });
    };
    const error = await failure(ask(kimi({ ...settings(), fetch })));
    expect(KimiInvalidArgumentError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({
      argument: 'KIMI_CREDENTIAL_STORE',
      message: expect.stringContaining('kimi-code.json'),
    });
    expect(asked).toEqual([]);
    expect(await kimiCliCredentialStore().load()).toEqual(login);
  });

  it("sends kimi-code's login of one region not to the other", async () => {
    const credentialStore = kimiCodeCredentialStore();
    await credentialStore.save({ ...record(), expiresAt: 1 });
    const fetch = vi.fn<typeof globalThis.fetch>();
    const provider = createKimi({ region: 'global', credentialStore, fetch });
    expect(await failure(ask(provider))).toMatchObject({ argument: 'credentialStore', code: 'KIMI_INVALID_ARGUMENT' });
    expect(fetch).not.toHaveBeenCalled();
  });

  it.each([
    ['a seeded store', (store: CredentialStore) => seededCredentialStore(store)],
    [
      'a store of the app',
      (store: CredentialStore): CredentialStore => ({
        location: 'around it',
        impliedIdentity: 'kimi-cli',
        load: () => store.load(),
        save: (...saved) => store.save(...saved),
        clear: () => store.clear(),
      }),
    ],
  ])('knows whose login it is through %s around its place', async (_, around) => {
    const login = { ...record(), expiresAt: 1, issuedFor: undefined };
    await kimiCliCredentialStore().save(login);
    const fetch = vi.fn<typeof globalThis.fetch>();
    const provider = createKimi({ region: 'global', credentialStore: around(kimiCliCredentialStore()), fetch });
    expect(await failure(ask(provider))).toMatchObject({ argument: 'credentialStore', code: 'KIMI_INVALID_ARGUMENT' });
    expect(fetch).not.toHaveBeenCalled();
    expect(await kimiCliCredentialStore().load()).toEqual(login);
  });
});
