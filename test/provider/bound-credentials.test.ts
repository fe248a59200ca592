/**
 * Logins stay with the hosts and accounts they are of, also those of earlier versions and official clients, which say
 * nothing of it (docs/decisions.md#38-bound-credentials). Kimi's own hosts are simulators here: requests to them take
 * the way to loopback at the last moment.
 */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  environmentCredentialStore,
  fileCredentialStore,
  kimiCliCredentialStore,
  kimiCodeCredentialStore,
  memoryCredentialStore,
  seededCredentialStore,
} from '../../src/credential-stores';
import { bindingOf } from '../../src/credentials/credential-binding';
import type { KimiOAuthCredentials, KimiProviderSettings } from '../../src/index';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { API_BASE_URLS, OAUTH_HOSTS } from '../../src/upstream';
import { createKimi } from '../../src/v4';
import { failure } from '../support/failure';

let mainland: KimiSimulator;
let global: KimiSimulator;
/** Whatever a variable or a setting names. */
let elsewhere: KimiSimulator;
const environment = { ...process.env };

beforeEach(async () => {
  const options = { autoApprove: true, deviceInterval: 1 };
  [mainland, global, elsewhere] = await Promise.all([
    startKimiSimulator(options),
    startKimiSimulator(options),
    startKimiSimulator(options),
  ]);
  const home = mkdtempSync(path.join(tmpdir(), 'kimi-bound-'));
  delete process.env.DBUS_SESSION_BUS_ADDRESS;
  delete process.env.DISPLAY;
  process.env.XDG_RUNTIME_DIR = home;
  process.env.KIMI_PROVIDER_HOME = path.join(home, 'own');
  process.env.KIMI_CODE_HOME = path.join(home, 'kimi-code');
  process.env.KIMI_SHARE_DIR = path.join(home, 'kimi');
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(async () => {
  await Promise.all([mainland, global, elsewhere].map(simulator => simulator.close()));
  process.env = { ...environment };
  vi.restoreAllMocks();
});

/** A provider for which Kimi's hosts are the simulators of their region. */
function kimi(settings: KimiProviderSettings = {}) {
  const ways: [string, string][] = (['mainland-cn', 'global'] as const).flatMap(region => {
    const { url } = region === 'global' ? global : mainland;
    return [
      [OAUTH_HOSTS[region], url] as [string, string],
      [new URL(API_BASE_URLS.coding[region]).origin, url] as [string, string],
    ];
  });
  const way: typeof fetch = (input, init) => {
    const url = String(input);
    const [host, target] = ways.find(([host]) => url.startsWith(`${host}/`)) ?? ['', ''];
    return fetch(`${target}${url.slice(host.length)}`, init);
  };
  return createKimi({ fetch: way, ...settings });
}

async function ask(provider: ReturnType<typeof kimi>): Promise<string> {
  const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }];
  const { content } = await provider('k3').doGenerate({ prompt });
  return content.map(part => (part.type === 'text' ? part.text : '')).join('');
}

/** As earlier versions and the official clients keep it. */
function unbound(simulator: KimiSimulator, secondsLeft = 800): KimiOAuthCredentials {
  const { access_token, refresh_token, expires_in } = simulator.signIn();
  return {
    type: 'oauth',
    accessToken: access_token,
    refreshToken: refresh_token,
    expiresAt: Math.floor(Date.now() / 1000) + secondsLeft,
    expiresIn: expires_in,
    scope: 'kimi-code',
    tokenType: 'Bearer',
  };
}

const MAINLAND = { oauthHost: OAUTH_HOSTS['mainland-cn'], apiBaseURL: API_BASE_URLS.coding['mainland-cn'] };
const own = () => ({ baseURL: elsewhere.apiBaseURL, oauthHost: elsewhere.oauthHost });
const DUE = 1;

describe('a record of an earlier version, in a store of the app', () => {
  it('is used with Kimi’s own hosts, and says what it is of from its next renewal on', async () => {
    const before = unbound(mainland);
    const credentialStore = memoryCredentialStore(before);
    expect(await ask(kimi({ credentialStore, account: 'work' }))).toBe('You said: hi');
    expect(await credentialStore.load()).toEqual(before);
    const due = { ...before, expiresAt: Math.floor(Date.now() / 1000) + DUE };
    const later = memoryCredentialStore(due);
    expect(await ask(kimi({ credentialStore: later, account: 'work' }))).toBe('You said: hi');
    expect(mainland.rotations).toBe(1);
    expect(await later.load()).toMatchObject({ issuedFor: bindingOf({ ...MAINLAND, account: 'work' }) });
    expect(await failure(() => ask(kimi({ credentialStore: later, account: 'private' })))).toMatchObject({
      code: 'KIMI_LOGIN_REQUIRED',
    });
  });

  it('answers one account of a process alone, also before it says so', async () => {
    const credentialStore = memoryCredentialStore(unbound(mainland));
    expect(await ask(kimi({ credentialStore, account: 'work' }))).toBe('You said: hi');
    const error = await failure(() => ask(kimi({ credentialStore, account: 'private' })));
    expect(String(error)).toContain('is of account "work" at https://auth.kimi.com');
  });

  it('is not ended by the wrong one of Kimi’s hosts, and still works at the right one', async () => {
    const before = unbound(global, DUE);
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'kimi-file-')), 'login.json');
    await fileCredentialStore({ path: file }).save(before);
    const open = () => fileCredentialStore({ path: file });
    const error = await failure(() => ask(kimi({ credentialStore: open() })));
    expect(error).toMatchObject({ code: 'KIMI_LOGIN_REQUIRED' });
    expect([mainland.counts.refreshes, mainland.rotations]).toEqual([1, 0]);
    expect(await open().load()).toEqual(before);
    expect(await ask(kimi({ credentialStore: open(), region: 'global' }))).toBe('You said: hi');
  });

  it('is never sent to another host, nor counted as of it', async () => {
    const before = unbound(mainland);
    const credentialStore = memoryCredentialStore(before);
    for (const settings of [own(), { baseURL: elsewhere.apiBaseURL }, { oauthHost: elsewhere.oauthHost }]) {
      expect(await failure(() => ask(kimi({ credentialStore, ...settings })))).toMatchObject({ reason: 'missing' });
    }
    expect(elsewhere.requests).toEqual([]);
    expect(await credentialStore.load()).toEqual(before);
  });

  it('that is a key goes to the host of its service and region alone', async () => {
    const key = { type: 'api-key', key: 'sk-kimi-simulator', service: 'coding', region: 'global' } as const;
    expect(await ask(kimi({ credentialStore: memoryCredentialStore(key), region: 'global' }))).toBe('You said: hi');
    for (const settings of [{}, { baseURL: elsewhere.apiBaseURL }]) {
      const error = await failure(() => ask(kimi({ credentialStore: memoryCredentialStore(key), ...settings })));
      expect(error).toMatchObject({ reason: 'missing' });
    }
    expect([...mainland.requests, ...elsewhere.requests]).toEqual([]);
  });
});

describe('a record of an earlier version, in a place of this package', () => {
  it('is of what the place is named after, whatever the host, and says so after its next renewal', async () => {
    process.env.KIMI_CREDENTIAL_STORE = 'file';
    const { source } = await kimi(own()).auth.status();
    await fileCredentialStore({ path: source }).save(unbound(elsewhere, DUE));
    expect(readFileSync(source, 'utf8')).not.toContain('issuedFor');
    expect(await ask(kimi(own()))).toBe('You said: hi');
    const saved: unknown = JSON.parse(readFileSync(source, 'utf8'));
    expect(saved).toMatchObject({ version: 1, issuedFor: bindingOf(elsewhere) });
  });

  it('is refused where somebody has put a login of another host there', async () => {
    process.env.KIMI_CREDENTIAL_STORE = 'file';
    const { source } = await kimi(own()).auth.status();
    await fileCredentialStore({ path: source }).save({ ...unbound(mainland), issuedFor: bindingOf(mainland) });
    const text = readFileSync(source, 'utf8');
    const error = await failure(() => ask(kimi(own())));
    expect(error).toMatchObject({ code: 'KIMI_LOGIN_REQUIRED', reason: 'missing' });
    expect(String(error)).toContain(mainland.url);
    expect(elsewhere.requests).toEqual([]);
    expect(readFileSync(source, 'utf8')).toBe(text);
  });
});

describe('a credential in a variable', () => {
  const variables = () => {
    const { accessToken, refreshToken } = unbound(elsewhere);
    return { KIMI_ACCESS_TOKEN: accessToken, KIMI_REFRESH_TOKEN: refreshToken };
  };

  it.each([
    ['a token', (options: object) => environmentCredentialStore(options)],
    ['a seed', (options: object) => seededCredentialStore(memoryCredentialStore(), options)],
  ])('%s in a store of the app goes to a host of its own only where that is said', async (_, open) => {
    const stated = { environment: variables(), issuedFor: bindingOf({ ...elsewhere }) };
    const { issuedFor: _issuedFor, ...silent } = stated;
    expect(await failure(() => ask(kimi({ ...own(), credentialStore: open(silent) })))).toMatchObject({
      reason: 'missing',
    });
    expect(elsewhere.requests).toEqual([]);
    expect(await ask(kimi({ ...own(), credentialStore: open(stated) }))).toBe('You said: hi');
  });

  it('is for the settings beside it where no store is set', async () => {
    Object.assign(process.env, variables(), { KIMI_CREDENTIAL_STORE: 'environment' });
    expect(await ask(kimi(own()))).toBe('You said: hi');
  });
});

describe("kimi-cli's login", () => {
  const variables = () => ({ KIMI_CODE_BASE_URL: elsewhere.apiBaseURL, KIMI_CODE_OAUTH_HOST: elsewhere.oauthHost });

  it.each([
    ['KIMI_CODE_BASE_URL', false],
    ['KIMI_CODE_OAUTH_HOST', false],
    ['both', false],
    ['KIMI_CODE_BASE_URL', true],
    ['KIMI_CODE_OAUTH_HOST', true],
    ['both', true],
  ])('goes not where %s says; forced: %j', async (name, isForced) => {
    const both = variables();
    Object.assign(process.env, name === 'both' ? both : { [name]: both[name as keyof typeof both] });
    if (isForced) {
      process.env.KIMI_CREDENTIAL_STORE = 'kimi-cli';
    }
    elsewhere.fault({ match: { path: '/api/oauth/token' }, times: 9, status: 400, body: { error: 'invalid_grant' } });
    for (const secondsLeft of [800, DUE]) {
      await kimiCliCredentialStore().save(unbound(mainland, secondsLeft));
      const { location } = kimiCliCredentialStore();
      const text = readFileSync(location, 'utf8');
      expect(await failure(() => ask(kimi()))).toMatchObject({
        code: isForced ? 'KIMI_INVALID_ARGUMENT' : 'KIMI_LOGIN_REQUIRED',
      });
      expect([...elsewhere.requests, ...mainland.requests]).toEqual([]);
      expect(readFileSync(location, 'utf8')).toBe(text);
    }
  });

  it('is shared with Kimi’s own hosts, renewed in place, in the form of that client', async () => {
    await kimiCliCredentialStore().save(unbound(mainland, DUE));
    expect(await ask(kimi())).toBe('You said: hi');
    expect(mainland.rotations).toBe(1);
    expect(readFileSync(kimiCliCredentialStore().location, 'utf8')).not.toContain('issuedFor');
  });

  it('is of another host where the app says so', async () => {
    const credentialStore = kimiCliCredentialStore(elsewhere);
    await credentialStore.save(unbound(elsewhere, DUE));
    expect(await ask(kimi({ ...own(), credentialStore }))).toBe('You said: hi');
    expect(elsewhere.rotations).toBe(1);
    expect(await failure(() => ask(kimi({ credentialStore })))).toMatchObject({ argument: 'credentialStore' });
  });
});

describe("kimi-code's login", () => {
  it('is of the hosts that its file is named after', async () => {
    const credentialStore = kimiCodeCredentialStore({ environment: { KIMI_CODE_HOME: process.env.KIMI_CODE_HOME } });
    await credentialStore.save(unbound(mainland, DUE));
    for (const settings of [own(), { baseURL: elsewhere.apiBaseURL }, { oauthHost: elsewhere.oauthHost }]) {
      expect(await failure(() => ask(kimi({ credentialStore, ...settings })))).toMatchObject({
        argument: 'credentialStore',
      });
    }
    expect(elsewhere.requests).toEqual([]);
    expect(await ask(kimi({ credentialStore }))).toBe('You said: hi');
    const loopback = kimiCodeCredentialStore({ ...elsewhere });
    await loopback.save(unbound(elsewhere, DUE));
    expect(await ask(kimi({ ...own(), credentialStore: loopback }))).toBe('You said: hi');
  });

  it('answers no account but the one that it has', async () => {
    const credentialStore = kimiCodeCredentialStore();
    await credentialStore.save(unbound(mainland));
    const error = await failure(() => ask(kimi({ credentialStore, account: 'work' })));
    expect(error).toMatchObject({ argument: 'credentialStore' });
    expect(String(error)).toContain('account "work"');
    expect(mainland.requests).toEqual([]);
  });
});
