import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { generateText } from 'ai';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bindingOf } from '../../src/credentials/credential-binding';
import { fileCredentialStore, kimiCodeCredentialStore, memoryCredentialStore } from '../../src/credential-stores';
import {
  KimiCredentialStoreError,
  KimiDeviceLoginError,
  KimiLoginRequiredError,
  type KimiCredentials,
  type KimiProviderSettings,
} from '../../src/index';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { createKimi } from '../../src/v4';

let simulator: KimiSimulator;
const environment = { ...process.env };
beforeEach(async () => {
  simulator = await startKimiSimulator({ autoApprove: true, deviceInterval: 1 });
  // No keychain here, whatever session the tests run in: the file is the place.
  delete process.env.DBUS_SESSION_BUS_ADDRESS;
  delete process.env.DISPLAY;
  process.env.XDG_RUNTIME_DIR = mkdtempSync(path.join(tmpdir(), 'kimi-no-bus-'));
  process.env.KIMI_PROVIDER_HOME = mkdtempSync(path.join(tmpdir(), 'kimi-home-'));
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(async () => {
  await simulator.close();
  process.env = { ...environment };
  vi.restoreAllMocks();
});

const hosts = () => ({ baseURL: simulator.apiBaseURL, oauthHost: simulator.oauthHost });
const kimi = (settings: KimiProviderSettings = {}) => createKimi({ ...hosts(), ...settings });
const ask = async (provider: ReturnType<typeof kimi>) =>
  (await generateText({ model: provider('k3'), prompt: 'hi', maxRetries: 0 })).text;
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
const record = (account = 'default'): KimiCredentials => {
  const { access_token, refresh_token, expires_in } = simulator.signIn() as {
    access_token: string;
    refresh_token: string;
    expires_in: number;
  };
  return {
    type: 'oauth',
    accessToken: access_token,
    refreshToken: refresh_token,
    expiresAt: Math.floor(Date.now() / 1000) + expires_in,
    expiresIn: expires_in,
    scope: 'kimi-code',
    tokenType: 'Bearer',
    issuedFor: bindingOf({ ...simulator, account }),
  };
};
const notices = () => vi.mocked(process.emitWarning).mock.calls.map(([message]) => String(message));

describe('signing in', () => {
  it('shows the code, saves the login, and requests use it, in this process and in others', async () => {
    const provider = kimi();
    const shown: string[] = [];
    await provider.auth.login({
      onVerification: ({ userCode, verificationUriComplete }) => void shown.push(userCode, verificationUriComplete),
    });
    expect(shown).toEqual([expect.stringMatching(/\w+/), expect.stringContaining(simulator.url)]);
    expect(await ask(provider)).toBe('You said: hi');
    expect(await ask(kimi())).toBe('You said: hi');
    expect(simulator.requests.at(-1)?.headers.authorization).toMatch(/^Bearer ey/);
    expect(await provider.auth.status()).toMatchObject({
      state: 'valid',
      kind: 'oauth',
      account: 'default',
      service: 'coding',
      apiBaseURL: simulator.apiBaseURL,
    });
  });

  it('carries the identity on the OAuth requests, too', async () => {
    await kimi().auth.login({ onVerification: () => {} });
    for (const request of simulator.requests.filter(({ path: url }) => url.startsWith('/api/oauth'))) {
      expect(request.headers).toMatchObject({ 'user-agent': 'KimiCLI/1.49.0', 'x-msh-platform': 'kimi_cli' });
      expect(request.headers).not.toHaveProperty('authorization');
    }
  });

  it('goes in steps for a web app, with a state that survives JSON', async () => {
    const store = memoryCredentialStore();
    const provider = kimi({ credentialStore: store });
    const state = JSON.parse(JSON.stringify(await provider.auth.startDeviceLogin())) as unknown;
    expect(await kimi({ credentialStore: store }).auth.pollDeviceLogin(state)).toEqual({ status: 'done' });
    expect(await ask(provider)).toBe('You said: hi');
  });

  it('says so when the person refuses', async () => {
    await simulator.close();
    simulator = await startKimiSimulator({ deviceInterval: 1 });
    const error = await failure(kimi().auth.login({ onVerification: ({ userCode }) => simulator.deny(userCode) }));
    expect(KimiDeviceLoginError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ reason: 'denied' });
  });

  it('tells listeners of each new credential, until they stop', async () => {
    const provider = kimi({ credentialStore: memoryCredentialStore() });
    const heard: string[] = [];
    const stop = provider.auth.onCredentials(credentials => void heard.push(credentials.type));
    await provider.auth.login({ onVerification: () => {} });
    stop();
    await provider.auth.login({ onVerification: () => {} });
    expect(heard).toEqual(['oauth']);
  });

  it('keeps a key instead of a login', async () => {
    await kimi().auth.save({ type: 'api-key', key: 'sk-kimi-simulator', service: 'coding', region: 'mainland-cn' });
    expect(await ask(kimi())).toBe('You said: hi');
    expect(simulator.requests.at(-1)?.headers.authorization).toBe('Bearer sk-kimi-simulator');
    expect(await kimi().auth.status()).toMatchObject({ kind: 'api-key', state: 'valid' });
  });

  it('keeps accounts apart', async () => {
    const [one, two] = [record('one'), record('two')];
    await kimi({ account: 'one' }).auth.save(one);
    await kimi({ account: 'two' }).auth.save(two);
    process.env.KIMI_ACCOUNT = 'two';
    expect(await kimi().auth.getAccessToken()).toBe((two as { accessToken: string }).accessToken);
    expect(await kimi({ account: 'one' }).auth.getAccessToken()).toBe((one as { accessToken: string }).accessToken);
    await kimi({ account: 'two' }).auth.logout();
    expect(await kimi({ account: 'two' }).auth.status()).toMatchObject({ state: 'missing', account: 'two' });
    expect(await ask(kimi({ account: 'one' }))).toBe('You said: hi');
  });
});

describe('no credential', () => {
  it('names the place, the command and the variables, and asks nobody', async () => {
    const error = await failure(ask(kimi()));
    expect(KimiLoginRequiredError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ code: 'KIMI_LOGIN_REQUIRED', reason: 'missing' });
    expect(String(error)).toContain(`nothing is stored in ${process.env.KIMI_PROVIDER_HOME}`);
    expect(String(error)).toContain('Run "npx ai-sdk-provider-kimi login", or set KIMI_API_KEY or KIMI_CODER_API_KEY');
    expect(simulator.requests).toEqual([]);
  });

  it('is forgotten as soon as somebody signs in elsewhere', async () => {
    const provider = kimi();
    await failure(ask(provider));
    await kimi().auth.login({ onVerification: () => {} });
    expect(await ask(provider)).toBe('You said: hi');
  });

  it('names the variable of the platform', async () => {
    const error = await failure(ask(kimi({ service: 'platform', baseURL: simulator.platformBaseURL })));
    expect(String(error)).toContain('Set MOONSHOT_API_KEY');
    expect(String(error)).toContain('https://platform.kimi.ai');
  });
});

describe('which credential', () => {
  it.each([
    [
      'the apiKey setting first',
      { apiKey: 'sk-kimi-setting', credentialStore: memoryCredentialStore() },
      { KIMI_API_KEY: 'sk-kimi-variable' },
      'Bearer sk-kimi-setting',
    ],
    ['an async function', { apiKey: async () => ' sk-kimi-function\n' }, {}, 'Bearer sk-kimi-function'],
    [
      'KIMI_API_KEY',
      {},
      { KIMI_API_KEY: 'sk-kimi-variable', KIMI_CODER_API_KEY: 'other', MOONSHOT_API_KEY: 'other' },
      'Bearer sk-kimi-variable',
    ],
    ['KIMI_CODER_API_KEY', {}, { KIMI_API_KEY: '', KIMI_CODER_API_KEY: 'sk-kimi-coder' }, 'Bearer sk-kimi-coder'],
    [
      'MOONSHOT_API_KEY for the platform',
      { service: 'platform' as const },
      { KIMI_API_KEY: 'sk-kimi-variable', MOONSHOT_API_KEY: 'sk-platform' },
      'Bearer sk-platform',
    ],
    [
      'an explicit store before a variable',
      () => ({
        credentialStore: memoryCredentialStore({
          type: 'api-key' as const,
          key: 'sk-kimi-store',
          service: 'coding' as const,
          region: 'global' as const,
          issuedFor: bindingOf(simulator),
        }),
      }),
      { KIMI_API_KEY: 'sk-kimi-variable' },
      'Bearer sk-kimi-store',
    ],
  ])('%s', async (_, settings, variables, authorization) => {
    Object.assign(process.env, variables);
    await failure(ask(kimi(typeof settings === 'function' ? settings() : settings)));
    expect(simulator.requests.at(-1)?.headers.authorization).toBe(authorization);
  });

  it.each(['', ' ', 'two words', 'schlüssel', 'a\nb'])('refuses the key %j without showing it', async apiKey => {
    const error = await failure(ask(kimi({ apiKey })));
    expect(error).toMatchObject({ code: 'KIMI_INVALID_ARGUMENT' });
    expect(String(error)).toContain('The key from the "apiKey" setting');
    expect(String(error)).not.toContain('schlüssel');
    expect(simulator.requests).toEqual([]);
  });

  it('says in status which one it is', async () => {
    process.env.KIMI_API_KEY = 'sk-kimi-variable';
    expect(await kimi().auth.status()).toMatchObject({
      kind: 'api-key',
      source: 'the environment variable KIMI_API_KEY',
    });
    expect(JSON.stringify(await kimi().auth.status())).not.toContain('sk-kimi-variable');
  });
});

describe('the default place', () => {
  it('is the file where no keychain can be used, with a notice when something is kept, once', async () => {
    await failure(ask(kimi()));
    expect(notices()).toEqual([]);
    await kimi().auth.save(record());
    await ask(kimi());
    await ask(kimi({ account: 'default' }));
    const files = notices().filter(message => message.includes('because no keychain can be used'));
    expect(files).toHaveLength(1);
    expect(files[0]).toContain('KIMI_CREDENTIAL_STORE=file');
    expect(files[0]).not.toContain('\n');
  });

  it.each(['file', 'memory', 'environment', 'kimi-code', 'kimi-cli'])(
    'is what KIMI_CREDENTIAL_STORE=%s says',
    async name => {
      process.env.KIMI_CREDENTIAL_STORE = name;
      const { source } = await createKimi().auth.status();
      expect(source).toContain(
        {
          file: process.env.KIMI_PROVIDER_HOME,
          memory: 'memory',
          environment: 'environment',
          'kimi-code': '.kimi-code',
          'kimi-cli': path.join('.kimi', 'credentials'),
        }[name],
      );
      expect(notices()).toEqual([]);
    },
  );

  it('names the allowed words for another', async () => {
    process.env.KIMI_CREDENTIAL_STORE = 'keyring';
    await expect(kimi().auth.status()).rejects.toThrow(
      'KIMI_CREDENTIAL_STORE must be one of keychain, file, environment, memory, kimi-code, kimi-cli, not "keyring".',
    );
  });

  it('never takes a damaged file for "signed out"', async () => {
    await kimi().auth.save(record());
    const { source } = await kimi().auth.status();
    writeFileSync(source, '{"version":1,"type":"oau');
    const error = await failure(ask(kimi()));
    expect(KimiCredentialStoreError.isInstance(error)).toBe(true);
    expect(String(error)).toContain(source);
    await kimi().auth.login({ onVerification: () => {} });
    expect(await ask(kimi())).toBe('You said: hi');
    writeFileSync(source, 'no record');
    await kimi().auth.logout();
    expect(existsSync(source)).toBe(false);
  });

  it('refuses a file that others can read', async () => {
    await kimi().auth.save(record());
    const { source } = await kimi().auth.status();
    chmodSync(source, 0o644);
    expect(String(await failure(ask(kimi({ credentialStore: fileCredentialStore({ path: source }) }))))).toContain(
      'chmod 600',
    );
  });
});

describe("an official client's login", () => {
  const kimiCodeHome = () => path.join(homedir(), '.kimi-code');
  const signInToKimiCode = async () => {
    const store = kimiCodeCredentialStore({ ...hosts(), apiBaseURL: simulator.apiBaseURL });
    mkdirSync(kimiCodeHome(), { recursive: true });
    await store.save(record());
    return store;
  };

  it('is the last resort, shared in place, with its identity and a notice that names file and way out', async () => {
    const store = await signInToKimiCode();
    const before = readFileSync(store.location, 'utf8');
    expect(await ask(kimi())).toBe('You said: hi');
    expect(simulator.requests.at(-1)?.headers).toMatchObject({
      'user-agent': 'kimi-code-cli/2.1.0',
      'x-msh-platform': 'kimi_code_cli',
    });
    expect(simulator.requests.at(-1)?.json).toMatchObject({ thinking: { keep: 'all' } });
    expect(readFileSync(store.location, 'utf8')).toBe(before);
    expect(existsSync(path.join(process.env.KIMI_PROVIDER_HOME ?? '', 'default.json'))).toBe(false);
    expect(
      notices().filter(message => message.includes(store.location) && message.includes('KIMI_CREDENTIAL_STORE')),
    ).toHaveLength(1);
    await store.clear();
  });

  it('is written back after a refresh, in its own form, with its own identity on the refresh', async () => {
    const store = await signInToKimiCode();
    simulator.expireTokens();
    expect(await ask(kimi())).toBe('You said: hi');
    const saved = JSON.parse(readFileSync(store.location, 'utf8')) as Record<string, unknown>;
    expect(Object.keys(saved)).toEqual([
      'access_token',
      'refresh_token',
      'expires_at',
      'scope',
      'token_type',
      'expires_in',
    ]);
    expect(simulator.requests.at(-1)?.headers.authorization).toBe(`Bearer ${saved.access_token as string}`);
    expect(simulator.requests.find(({ path: url }) => url.endsWith('/token'))?.headers['user-agent']).toBe(
      'kimi-code-cli/2.1.0',
    );
    expect(simulator.rotations).toBe(1);
    await store.clear();
  });

  it('is left alone by login and logout of our own', async () => {
    const store = await signInToKimiCode();
    const before = readFileSync(store.location, 'utf8');
    const provider = kimi();
    expect(await ask(provider)).toBe('You said: hi');
    await provider.auth.login({ onVerification: () => {} });
    expect(await ask(provider)).toBe('You said: hi');
    expect(simulator.requests.at(-1)?.headers['user-agent']).toBe('KimiCLI/1.49.0');
    await provider.auth.logout();
    expect(readFileSync(store.location, 'utf8')).toBe(before);
    await store.clear();
  });

  it('is not for another account', async () => {
    const store = await signInToKimiCode();
    expect(await failure(ask(kimi({ account: 'work' })))).toMatchObject({ reason: 'missing' });
    await store.clear();
  });
});

describe('auth.fetch', () => {
  it('serves other endpoints, renews for them too, and keeps the token at home', async () => {
    const provider = kimi({ credentialStore: memoryCredentialStore(record()) });
    simulator.expireTokens();
    const response = await provider.auth.fetch(`${simulator.apiBaseURL}/models`);
    expect([response.status, simulator.rotations]).toEqual([200, 1]);
    await using elsewhere = await startKimiSimulator();
    await provider.auth.fetch(`${elsewhere.apiBaseURL}/models`);
    expect(elsewhere.requests[0]?.headers).not.toHaveProperty('authorization');
  });
});

describe('a login that ends', () => {
  it('is refreshed once for a burst of 401s', async () => {
    const provider = kimi({ credentialStore: memoryCredentialStore(record()) });
    simulator.expireTokens();
    expect(await Promise.all(Array.from({ length: 20 }, () => ask(provider)))).toEqual(
      Array.from({ length: 20 }, () => 'You said: hi'),
    );
    expect(simulator.rotations).toBe(1);
    expect(simulator.chainRevoked).toBe(false);
  });

  it('says what to run when it was revoked, and asks no more', async () => {
    const provider = kimi({ credentialStore: memoryCredentialStore(record()) });
    simulator.revoke();
    expect(await failure(ask(provider))).toMatchObject({ code: 'KIMI_LOGIN_REQUIRED', reason: 'revoked' });
    simulator.clearRequests();
    expect(String(await failure(ask(provider)))).toContain('npx ai-sdk-provider-kimi login');
    expect(simulator.requests).toEqual([]);
  });
});
