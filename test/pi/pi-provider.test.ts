import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PiAccounts } from '../../src/pi/pi-accounts';
import type { PiInteraction, PiMessage, PiModel, PiOAuth, PiProvider, PiStreamOptions } from '../../src/pi/pi-api';
import { piProvider } from '../../src/pi/pi-provider';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { chats } from '../support/chats';
import { piAI } from './pi-ai';

const HELLO: PiMessage[] = [{ role: 'user', content: 'say hi' }];
const bodies = () => chats(simulator).map(({ json }) => json as Record<string, unknown>);

let simulator: KimiSimulator;
let folder: string;
let authPath: string;
let environment: Record<string, string>;
let pi: PiProvider;
let warnings: string[];
let signedIn: PiModel[];

beforeEach(async () => {
  simulator = await startKimiSimulator({ autoApprove: true, deviceInterval: 1 });
  folder = mkdtempSync(path.join(tmpdir(), 'kimi-pi-'));
  authPath = path.join(folder, 'auth.json');
  environment = {
    KIMI_CODE_BASE_URL: simulator.apiBaseURL,
    KIMI_CODE_OAUTH_HOST: simulator.oauthHost,
    KIMI_CREDENTIAL_STORE: 'file',
    KIMI_PROVIDER_HOME: folder,
  };
  warnings = [];
  signedIn = [];
  pi = provider();
});
afterEach(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

function provider(settingsKey?: string): PiProvider {
  const variables = () => environment;
  const accounts = new PiAccounts({ authPath, variables, settingsKey: () => settingsKey });
  const warn = (message: string) => void warnings.push(message);
  const told = async (model: PiModel) => void signedIn.push(model);
  return piProvider({ accounts, piAI, environment: variables, warn, now: Date.now, signedIn: told });
}

const model = (id = 'kimi-for-coding') => pi.getModels().find(found => found.id === id) as PiModel;
const ask = (options: PiStreamOptions, messages = HELLO, asked = model()) =>
  pi.streamSimple(asked, { messages }, options).result();
const login = (leftS = 900): PiOAuth => {
  const { access_token, refresh_token, expires_in } = simulator.signIn();
  const issuedFor = { oauthHost: simulator.oauthHost, apiOrigin: simulator.url, account: 'default' };
  const expires = Date.now() + leftS * 1000;
  return {
    type: 'oauth',
    access: access_token,
    refresh: refresh_token,
    expires,
    expiresIn: expires_in,
    issuedFor,
  } as PiOAuth;
};
const signal = new AbortController().signal;
const refreshing = (login_: PiOAuth) => pi.auth.oauth.refresh(login_, AbortSignal.timeout(15_000));

describe('a request of pi', () => {
  const key = { apiKey: 'sk-kimi-simulator' };

  it('is made with the key that pi hands over, its session and its level', async () => {
    const answer = await ask({ ...key, sessionId: 's-1', reasoning: 'low', maxTokens: 5000 });
    expect(answer).toMatchObject({ stopReason: 'stop', content: [{ type: 'thinking' }, { text: 'You said: say hi' }] });
    expect(bodies()).toMatchObject([
      { prompt_cache_key: 's-1', thinking: { type: 'enabled', effort: 'low' }, max_completion_tokens: 5000 },
    ]);
  });

  it('has no cache key where the user wants none, and no thinking where pi names no level', async () => {
    await ask({ ...key, sessionId: 's-1', cacheRetention: 'none' });
    expect(bodies()).toMatchObject([{ thinking: { type: 'disabled' } }]);
    expect(bodies()[0]).not.toHaveProperty('prompt_cache_key');
    await ask({ ...key }, HELLO, model('k3'));
    expect(bodies()[1]).not.toHaveProperty('thinking');
  });

  it('is shown to other extensions, which may change it, with the answer and its events', async () => {
    const seen: string[] = [];
    const answer = await ask({
      ...key,
      onPayload: payload => ({ ...(payload as object), messages: [{ role: 'user', content: 'say ho' }] }),
      onResponse: ({ status }) => void seen.push(String(status)),
      onProviderStreamEvent: event => void seen.push(typeof event),
    });
    expect(answer.content).toEqual([{ type: 'text', text: 'You said: say ho' }]);
    expect(seen.slice(0, 2)).toEqual(['200', 'object']);
  });

  it('goes on the Anthropic wire for a model that is served there, and gives its signed reasoning back', async () => {
    simulator.models.coding = simulator.models.coding.map(listed => ({ ...listed, protocol: 'anthropic' }));
    const first = await ask({ ...key, reasoning: 'high' });
    expect(first).toMatchObject({ stopReason: 'stop', content: [{ type: 'thinking' }, { text: 'You said: say hi' }] });
    const next = await ask({ ...key, reasoning: 'high' }, [...HELLO, first, { role: 'user', content: 'say ho' }]);
    expect(next).toMatchObject({ stopReason: 'stop', content: { 1: { text: 'You said: say ho' } } });
    const sent = simulator.requests.filter(({ path: asked }) => asked.endsWith('/messages'));
    expect(sent).toHaveLength(2);
    const [thinking] = first.content as Array<{ thinkingSignature?: string }>;
    const { signature } = (JSON.parse(thinking?.thinkingSignature ?? '{}') as { kimi: { signature: string } }).kimi;
    expect(JSON.stringify(sent[1]?.json)).toContain(JSON.stringify(signature));
  });

  it('ends as stopped when it is', async () => {
    const controller = new AbortController();
    simulator.fault({ match: { path: '/chat/completions' }, connection: { at: 'event', how: 'silence' } });
    const answer = ask({ ...key, signal: controller.signal });
    await vi.waitUntil(() => chats(simulator).length === 1);
    controller.abort();
    await expect(answer).resolves.toMatchObject({ stopReason: 'aborted' });
  });

  it('keeps two at once apart', async () => {
    const say = (text: string) => ask({ ...key, onPayload: body => body }, [{ role: 'user', content: text }]);
    const answers = await Promise.all(['one', 'two', 'three'].map(text => say(`say ${text}`)));
    expect(answers.map(({ content }) => content)).toEqual(
      ['one', 'two', 'three'].map(text => [{ type: 'text', text: `You said: say ${text}` }]),
    );
  });
});

describe('what pi may use', () => {
  const resolve = (credential?: { type: 'api_key'; key?: string }) =>
    pi.auth.apiKey.resolve(credential === undefined ? {} : { credential });

  it('is nothing where nobody has signed in', async () => {
    await expect(resolve()).resolves.toBeUndefined();
    await expect(pi.auth.apiKey.check({})).resolves.toBeUndefined();
  });

  it("is a key of pi's own, of the environment, or of its settings", async () => {
    await expect(resolve({ type: 'api_key', key: 'sk-kimi-simulator' })).resolves.toMatchObject({
      auth: { apiKey: 'sk-kimi-simulator' },
    });
    environment.KIMI_CODER_API_KEY = 'sk-kimi-simulator';
    await expect(resolve()).resolves.toMatchObject({ source: expect.stringContaining('KIMI_CODER_API_KEY') as string });
    delete environment.KIMI_CODER_API_KEY;
    pi = provider('sk-kimi-simulator');
    await expect(resolve()).resolves.toMatchObject({ auth: {} });
    await expect(ask({})).resolves.toMatchObject({ stopReason: 'stop' });
  });

  it('keeps the region of a key beside it', async () => {
    delete environment.KIMI_CODE_BASE_URL;
    delete environment.KIMI_CODE_OAUTH_HOST;
    const answers = ['global', ' sk-kimi '];
    const prompt = async () => answers.shift() as string;
    await expect(pi.auth.apiKey.login({ signal, prompt, notify() {} })).resolves.toEqual({
      type: 'api_key',
      key: 'sk-kimi',
      env: { KIMI_CODE_BASE_URL: 'https://api.kimi.ai/coding/v1' },
    });
  });
});

describe('a login of pi', () => {
  it('comes from the device login, and is kept by nobody but pi', async () => {
    const notify = vi.fn<PiInteraction['notify']>();
    const credential = await pi.auth.oauth.login({ signal, notify, prompt: () => Promise.reject(new Error('asked')) });
    expect(credential).toMatchObject({ type: 'oauth', expiresIn: 900, issuedFor: { oauthHost: simulator.oauthHost } });
    expect(notify).toHaveBeenCalledWith(
      expect.objectContaining({ type: 'device_code', userCode: expect.any(String) as string }),
    );
    expect(() => readFileSync(authPath)).toThrow('ENOENT');
    await pi.refreshModels({
      credential,
      publish: async ({ update }) => (update?.(), true),
      allowNetwork: true,
      signal,
    });
    expect(signedIn.map(({ id }) => id)).toEqual(['kimi-for-coding']);
  });

  it('is made at the host of the region that is chosen', async () => {
    environment = { KIMI_CREDENTIAL_STORE: 'file', KIMI_PROVIDER_HOME: folder, KIMI_CODE_REGION_MARKER: 'off' };
    const asked: string[] = [];
    vi.spyOn(globalThis, 'fetch').mockImplementation(async url => {
      asked.push(new URL(String(url instanceof Request ? url.url : url)).origin);
      return Response.json({ error: 'access_denied' }, { status: 400 });
    });
    const attempt = pi.auth.oauth.login({ signal, notify() {}, prompt: async () => 'global' });
    await expect(attempt).rejects.toThrow();
    vi.restoreAllMocks();
    expect(new Set(asked)).toEqual(new Set(['https://auth.kimi.ai']));
  });

  it('sends nobody to a browser for one that pi could not keep', async () => {
    writeFileSync(authPath, '{ broken');
    const attempt = pi.auth.oauth.login({ signal, notify() {}, prompt: async () => '' });
    await expect(attempt).rejects.toThrow(authPath);
    expect(simulator.counts.deviceAuthorizations).toBe(0);
  });

  it('is renewed once, and handed back for pi to write', async () => {
    const old = login(-10);
    const fresh = await refreshing(old);
    expect(fresh).toMatchObject({ type: 'oauth', expiresIn: 900 });
    expect(fresh.refresh).not.toBe(old.refresh);
    expect(fresh.expires).toBeGreaterThan(Date.now() + 800_000);
    expect(simulator).toMatchObject({ rotations: 1, reuses: 0 });
    expect(() => readFileSync(authPath)).toThrow('ENOENT');
  });

  it('is not lost where the host takes longer than a request waits, or pi gives up', async () => {
    const old = login(200);
    simulator.fault({ match: { path: '/token' }, delayMs: 1500 });
    const fresh = await pi.auth.oauth.refresh(old, AbortSignal.timeout(300));
    expect(simulator.rotations).toBe(1);
    expect(fresh.refresh).not.toBe(old.refresh);
  });

  it('comes back empty when it is dead, which asks nobody again, and says how to sign in', async () => {
    const old = login(-10);
    simulator.revoke();
    const dead = await refreshing(old);
    expect(dead).toMatchObject({ access: '', refresh: '' });
    await expect(pi.auth.oauth.toAuth(dead)).rejects.toThrow('/login kimi-coder');
    const { refreshes } = simulator.counts;
    await expect(refreshing(dead)).resolves.toMatchObject({ access: '' });
    expect(simulator.counts.refreshes).toBe(refreshes);
  });

  it('is not spent where pi could not write what comes back', async () => {
    writeFileSync(authPath, '{ broken');
    await expect(refreshing(login(-10))).rejects.toThrow(authPath);
    expect(simulator.counts.refreshes).toBe(0);
  });

  it("is renewed in pi's file when the API refuses it in the middle of a session", async () => {
    const kept = login();
    writeFileSync(authPath, JSON.stringify({ 'kimi-coder': kept, other: 1 }), { mode: 0o600 });
    const { apiKey } = await pi.auth.oauth.toAuth(kept);
    simulator.expireTokens();
    await expect(ask({ apiKey: apiKey as string })).resolves.toMatchObject({ stopReason: 'stop' });
    const file = JSON.parse(readFileSync(authPath, 'utf8')) as { 'kimi-coder': PiOAuth; other: number };
    expect(file).toMatchObject({ other: 1, 'kimi-coder': { type: 'oauth', expiresIn: 900 } });
    expect(file['kimi-coder'].refresh).not.toBe(kept.refresh);
    expect(simulator).toMatchObject({ rotations: 1, reuses: 0 });
  });

  it('is used as it is where a program that embeds pi keeps it elsewhere', async () => {
    const { apiKey } = await pi.auth.oauth.toAuth(login());
    await expect(ask({ apiKey: apiKey as string })).resolves.toMatchObject({ stopReason: 'stop' });
    expect(simulator.rotations).toBe(0);
  });
});

describe('the models of pi', () => {
  const credential = { type: 'api_key', key: 'sk-kimi-simulator' } as const;
  const context = { publish: async ({ update }: { update?: () => void }) => (update?.(), true), signal };

  it("are the account's, and those of the last time until it is asked", async () => {
    const persisted: unknown[] = [];
    const publish = async (publication: { persist?: unknown; update?: () => void }) => {
      persisted.push(publication.persist);
      publication.update?.();
      return true;
    };
    simulator.models.coding = simulator.models.coding.slice(0, 1);
    await pi.refreshModels({ credential, publish, allowNetwork: true, signal });
    const ids = pi.getModels().map(({ id }) => id);
    expect(ids).toEqual([simulator.models.coding[0]?.id, ...ids.slice(1)]);
    expect(persisted).toMatchObject([{ models: pi.getModels() }]);

    const stored = { models: [{ ...model(), contextWindow: 5 }] };
    await pi.refreshModels({ ...context, stored, allowNetwork: false });
    expect(pi.getModels()).toMatchObject([{ contextWindow: 5 }]);
  });

  it('stay when the list is refused, which is said', async () => {
    const before = pi.getModels();
    const body = { error: { message: 'No list for you.' } };
    simulator.fault({ match: { path: '/models' }, times: 5, status: 403, body });
    await expect(pi.refreshModels({ ...context, credential, allowNetwork: true })).rejects.toThrow();
    expect(pi.getModels()).toBe(before);
    expect(warnings.join()).toContain('No list for you.');
  });
});
