import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { generateText, streamText } from 'ai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bindingOf } from '../../src/credentials/credential-binding';
import { memoryCredentialStore } from '../../src/credential-stores';
import { KimiNoSuchModelError, KimiUnsupportedProtocolError, type KimiProviderSettings } from '../../src/index';
import { startKimiSimulator, type KimiSimulator, type SimulatorModel } from '../../src/simulator/index';
import { createKimi } from '../../src/v4';
import { chats } from '../support/chats';

const K25: SimulatorModel[] = [
  { id: 'k2p5', context_length: 262_144, supports_thinking_type: 'both', supports_image_in: true },
];
const K3: SimulatorModel[] = [
  { id: 'kimi-for-coding', context_length: 262_144, supports_thinking_type: 'both' },
  {
    id: 'k3',
    context_length: 1_048_576,
    supports_thinking_type: 'only',
    think_efforts: { support: true, valid_efforts: ['low', 'high', 'max'], default_effort: 'max' },
  },
  { id: 'k3-messages', context_length: 1_048_576, protocol: 'anthropic' },
  { id: 'k3-responses', context_length: 1_048_576, protocol: 'response' },
];

let simulator: KimiSimulator;
beforeEach(async () => {
  simulator = await startKimiSimulator({ autoApprove: true, deviceInterval: 1 });
  process.env.KIMI_PROVIDER_HOME = mkdtempSync(path.join(tmpdir(), 'kimi-models-'));
  process.env.KIMI_CREDENTIAL_STORE = 'file';
});
afterEach(async () => {
  await simulator.close();
  for (const name of ['KIMI_PROVIDER_HOME', 'KIMI_CREDENTIAL_STORE', 'KIMI_CODE_HOME', 'KIMI_CODE_REGION_MARKER']) {
    delete process.env[name];
  }
});

const kimi = (settings: KimiProviderSettings = {}) =>
  createKimi({
    baseURL: simulator.apiBaseURL,
    oauthHost: simulator.oauthHost,
    apiKey: 'sk-kimi-simulator',
    ...settings,
  });
const signedIn = (settings: KimiProviderSettings = {}) => kimi({ apiKey: undefined, ...settings });
/** The app: the same code whatever the account is entitled to. */
const app = (provider = kimi(), id = 'kimi-for-coding') =>
  generateText({ model: provider(id), prompt: 'hi', maxRetries: 0 });
const slugs = () => chats(simulator).map(({ json }) => (json as { model: string }).model);

describe('slugs', () => {
  it.each([
    ['a K2.5-style account', K25, 'kimi-for-coding', 'k2p5'],
    ['a K3-style account', K3, 'kimi-for-coding', 'kimi-for-coding'],
    ['an id the account has', K3, 'k3', 'k3'],
    ['auto', K25, 'auto', 'k2p5'],
  ])('%s', async (_, models, id, slug) => {
    simulator.models.coding = models;
    await app(kimi(), id);
    await streamText({ model: kimi()(id), prompt: 'hi' }).text;
    expect(slugs()).toEqual([slug, slug]);
    expect(chats(simulator).every(({ status }) => status === 200)).toBe(true);
  });

  it('names what the account has for an id it lacks, before anything is sent', async () => {
    simulator.models.coding = K3;
    const error = await app(kimi(), 'kimi-k3').catch((caught: unknown) => caught);
    expect(KimiNoSuchModelError.isInstance(error)).toBe(true);
    expect(String(error)).toContain('The nearest it has is "k3". Use one of: kimi-for-coding, k3, k3-messages.');
    expect(chats(simulator)).toEqual([]);
  });

  it('names what can be used for a protocol without an engine', async () => {
    simulator.models.coding = K3;
    const error = await app(kimi(), 'k3-responses').catch((caught: unknown) => caught);
    expect(KimiUnsupportedProtocolError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ protocol: 'response', usable: ['kimi-for-coding', 'k3', 'k3-messages'] });
  });

  it.each([
    ['k3-messages', undefined, '/messages'],
    ['k3', undefined, '/completions'],
    ['k3', 'messages', '/messages'],
    ['k3', { k3: 'messages' }, '/messages'],
    ['kimi-for-coding', { k3: 'messages' }, '/completions'],
    ['k3-messages', 'chat', '/completions'],
  ] as const)('sends %s, with the protocol %j, to %s', async (id, protocol, path) => {
    simulator.models.coding = K3.map(model => ({
      ...model,
      protocol: model.protocol === 'response' ? 'response' : null,
    }));
    const listed = K3.find(model => model.id === id)?.protocol ?? null;
    simulator.models.coding = simulator.models.coding.map(model =>
      model.id === id && protocol === undefined ? { ...model, protocol: listed } : model,
    );
    expect((await app(kimi({ protocol }), id)).text).toBe('You said: hi');
    expect(chats(simulator)[0]?.path).toMatch(new RegExp(`${path}$`));
  });

  it.each([
    ['protocol', 'openai'],
    ['protocol', null],
    ['protocol.k3', { k3: 'anthropic' }],
  ])('names a wrong %s', async (argument, protocol) => {
    const error = await app(kimi({ protocol: protocol as never })).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      argument,
      message: expect.stringContaining("'auto', 'chat' or 'messages'") as string,
    });
  });

  it('looks again when the server refuses a slug, and sends once more if it is another one now', async () => {
    simulator.models.coding = K25;
    const provider = kimi();
    await app(provider);
    simulator.models.coding = [{ id: 'k2p6', context_length: 262_144 }];
    expect((await app(provider)).text).toBe('You said: hi');
    expect(slugs()).toEqual(['k2p5', 'k2p5', 'k2p6']);
    expect(simulator.counts.models).toBe(2);
  });

  it('looks once, and sends nothing again, when the slug is the same', async () => {
    const provider = kimi();
    await app(provider);
    simulator.fault({
      match: { path: '/chat/completions' },
      status: 404,
      body: {
        error: {
          message: 'Not found the model kimi-for-coding or Permission denied',
          type: 'resource_not_found_error',
        },
      },
    });
    await expect(app(provider)).rejects.toMatchObject({ statusCode: 404 });
    expect(chats(simulator)).toHaveLength(2);
    expect(simulator.counts.models).toBe(2);
  });

  it.each([
    [401, { message: 'The model id does not exist: k2p5', type: 'invalid_request_error' }],
    [403, { message: 'Your plan has no access to the model k2p5', type: 'permission_error', code: 'model_not_found' }],
    [400, { message: 'The model k2p5 was not found', type: 'invalid_request_error' }],
  ])('looks again when the refusal is a %i', async (status, error) => {
    simulator.models.coding = K25;
    const provider = kimi();
    await app(provider);
    simulator.models.coding = [{ id: 'k2p6', context_length: 262_144 }];
    simulator.fault({ match: { path: '/chat/completions' }, status, body: { error } });
    expect((await app(provider)).text).toBe('You said: hi');
    expect(slugs()).toEqual(['k2p5', 'k2p5', 'k2p6']);
    expect(simulator.counts.models).toBe(2);
  });

  it('finds a model that is newer than its list', async () => {
    simulator.models.coding = K25;
    await app();
    simulator.models.coding = [...K25, ...K3];
    await app(kimi(), 'k3');
    expect(slugs()).toEqual(['k2p5', 'k3']);
  });
});

describe('capabilities', () => {
  it('come from the server: levels of the future, thinking type', async () => {
    simulator.models.coding = [
      {
        id: 'k4',
        context_length: 2_000_000,
        supports_thinking_type: 'only',
        think_efforts: { support: true, valid_efforts: ['low', 'ultra'], default_effort: 'low' },
      },
    ];
    await generateText({ model: kimi()('k4'), prompt: 'hi', providerOptions: { kimi: { reasoningEffort: 'ultra' } } });
    expect(chats(simulator)[0]?.json).toMatchObject({ thinking: { type: 'enabled', effort: 'ultra' } });
  });

  it('are listed typed, in server order, and explained', async () => {
    simulator.models.coding = K3;
    expect(await kimi().models()).toMatchObject([
      { id: 'kimi-for-coding', thinking: 'both', protocol: 'openai' },
      { id: 'k3', contextLength: 1_048_576, efforts: ['low', 'high', 'max'], defaultEffort: 'max' },
      { id: 'k3-messages', protocol: 'anthropic' },
      { id: 'k3-responses', protocol: 'response' },
    ]);
    expect(await kimi().explain('auto')).toMatchObject({
      slug: 'kimi-for-coding',
      outcome: 'resolved',
      why: expect.stringContaining("server's default") as string,
    });
    expect(await kimi().explain('kimi-k3')).toMatchObject({ outcome: 'unknown' });
  });
});

describe('discovery', () => {
  it('costs a thousand concurrent first requests one call', async () => {
    const provider = kimi();
    const texts = await Promise.all(Array.from({ length: 1000 }, async () => (await app(provider)).text));
    expect(new Set(texts)).toEqual(new Set(['You said: hi']));
    expect(simulator.counts).toMatchObject({ models: 1, chats: 1000 });
  }, 60_000);

  it('costs a new process nothing while the cache is warm', async () => {
    await app();
    await app(kimi());
    expect(simulator.requests.map(({ path: url }) => url.split('/').at(-1))).toEqual([
      'models',
      'completions',
      'completions',
    ]);
  });

  it('is apart for each key', async () => {
    await app();
    await app(kimi({ apiKey: 'sk-kimi-other' })).catch(() => {});
    expect(readdirSync(path.join(process.env.KIMI_PROVIDER_HOME ?? '', 'cache'))).toHaveLength(1);
    expect(simulator.requests.filter(({ path: url }) => url.endsWith('/models'))).toHaveLength(2);
  });

  it('that fails at first use lets the request go out with the bundled capabilities', async () => {
    simulator.fault({ match: { path: '/models' }, status: 503, times: 10 });
    const { text } = await generateText({
      model: kimi()('k3'),
      prompt: 'hi',
      providerOptions: { kimi: { reasoningEffort: 'max' } },
    });
    expect(text).toBe('You said: hi');
    expect(chats(simulator)[0]?.json).toMatchObject({ model: 'k3', thinking: { type: 'enabled', effort: 'max' } });
  });

  it('that fails at login does not fail the login', async () => {
    simulator.fault({ match: { path: '/models' }, destroySocket: true, times: 10 });
    const provider = signedIn();
    await provider.auth.login({ onVerification: () => {} });
    expect((await app(provider)).text).toBe('You said: hi');
  });

  it('runs at login, so that the first chat needs no call', async () => {
    const provider = signedIn();
    await provider.auth.login({ onVerification: () => {} });
    await expect.poll(() => simulator.counts.models).toBe(1);
    await app(provider);
    expect(simulator.counts.models).toBe(1);
  });

  it('runs after a renewal in the background, and its failure keeps the list', async () => {
    const { access_token: accessToken, refresh_token: refreshToken } = simulator.signIn() as {
      access_token: string;
      refresh_token: string;
    };
    const provider = signedIn({
      credentialStore: memoryCredentialStore({
        type: 'oauth',
        accessToken,
        refreshToken,
        expiresAt: Math.floor(Date.now() / 1000) + 900,
        expiresIn: 900,
        scope: '',
        tokenType: 'Bearer',
        issuedFor: bindingOf(simulator),
      }),
    });
    simulator.models.coding = K25;
    await app(provider);
    simulator.fault({ match: { path: '/models' }, status: 500 });
    simulator.expireTokens();
    await app(provider);
    await expect
      .poll(() => simulator.requests.filter(({ path: url, status }) => url.endsWith('/models') && status === 500))
      .toHaveLength(1);
    await app(provider);
    expect(slugs().filter(slug => slug !== 'k2p5')).toEqual([]);
    expect(simulator.rotations).toBe(1);
  });

  it('works on the platform, with its own User-Agent', async () => {
    const moonshot = createKimi({ service: 'platform', baseURL: simulator.platformBaseURL, apiKey: 'sk-simulator' });
    expect((await moonshot.models()).map(({ id }) => id)).toContain('kimi-k2.6');
    await generateText({ model: moonshot('kimi-k2.6'), prompt: 'hi' });
    expect(simulator.requests.at(-1)).toMatchObject({
      status: 200,
      headers: { 'user-agent': expect.stringContaining('ai-sdk-provider-kimi/') as string },
    });
    expect(Object.keys(simulator.requests.at(-1)?.headers ?? {}).filter(name => name.startsWith('x-msh'))).toEqual([]);
  });
});

describe('regions', () => {
  it('live side by side in one process, and no token goes to the other host', async () => {
    await using other = await startKimiSimulator({ autoApprove: true });
    other.models.coding = K25;
    const china = signedIn();
    const world = signedIn({ baseURL: other.apiBaseURL, oauthHost: other.oauthHost });
    await Promise.all([china.auth.login({ onVerification: () => {} }), world.auth.login({ onVerification: () => {} })]);
    await Promise.all([app(china), app(world), app(china), app(world)]);
    const tokens = (side: KimiSimulator) =>
      new Set(side.requests.map(({ headers }) => headers.authorization).filter(Boolean));
    expect(tokens(simulator).size).toBe(1);
    expect(tokens(other).size).toBe(1);
    expect(tokens(simulator)).not.toEqual(tokens(other));
    expect(chats(other).map(({ json }) => (json as { model: string }).model)).toEqual(['k2p5', 'k2p5']);
  });

  it("follow the official installer's marker, but for a setting or KIMI_CODE_REGION_MARKER=off", async () => {
    const place = async (settings: KimiProviderSettings = {}) => (await createKimi(settings).auth.status()).apiBaseURL;
    const home = path.join(homedir(), '.kimi-code');
    mkdirSync(home, { recursive: true });
    writeFileSync(path.join(home, 'region'), 'global\n');
    expect(await place()).toBe('https://api.kimi.ai/coding/v1');
    expect(await place({ region: 'mainland-cn' })).toBe('https://api.kimi.com/coding/v1');
    expect(await place({ service: 'platform' })).toBe('https://api.moonshot.ai/v1');
    process.env.KIMI_CODE_REGION_MARKER = 'off';
    expect(await place()).toBe('https://api.kimi.com/coding/v1');
    delete process.env.KIMI_CODE_REGION_MARKER;
    writeFileSync(path.join(home, 'region'), 'moon\n');
    expect(await place()).toBe('https://api.kimi.com/coding/v1');
    process.env.KIMI_CODE_HOME = mkdtempSync(path.join(tmpdir(), 'kimi-code-'));
    writeFileSync(path.join(process.env.KIMI_CODE_HOME, 'region'), 'global');
    expect(await place()).toBe('https://api.kimi.ai/coding/v1');
  });
});

describe('a key of the wrong kind or region', () => {
  it.each<[string, { service?: 'platform'; apiKey: string }, string[]]>([
    [
      'a plan key on the platform',
      { service: 'platform', apiKey: 'sk-kimi-wrong' },
      ['which holds a Kimi Code key for api.kimi.com or api.kimi.ai', "service: 'coding'"],
    ],
    [
      'a pay-per-token key on the plan',
      { apiKey: 'sk-wrong' },
      ['which holds a pay-per-token key for api.moonshot.cn or api.moonshot.ai', "service: 'platform'"],
    ],
    ['a key of the other region', { apiKey: 'sk-kimi-other-region' }, ["region: 'global'"]],
  ])('%s: the error says where it belongs', async (_, settings, texts) => {
    const provider = kimi({
      ...settings,
      baseURL: settings.service === 'platform' ? simulator.platformBaseURL : simulator.apiBaseURL,
    });
    const error = await generateText({ model: provider('kimi-k2.6'), prompt: 'hi', maxRetries: 0 }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ statusCode: 401, code: 'KIMI_NOT_AUTHENTICATED', isRetryable: false });
    for (const text of texts) {
      expect(String(error)).toContain(text);
    }
    expect(String(error)).not.toContain(settings.apiKey);
  });

  it('a saved key, too', async () => {
    const key = 'sk-kimi-saved';
    const credentialStore = memoryCredentialStore({
      type: 'api-key',
      key,
      service: 'platform',
      region: 'global',
      issuedFor: bindingOf({ ...simulator, apiBaseURL: simulator.platformBaseURL }),
    });
    const provider = kimi({
      service: 'platform',
      apiKey: undefined,
      baseURL: simulator.platformBaseURL,
      oauthHost: simulator.oauthHost,
      credentialStore,
    });
    const error = await app(provider, 'kimi-k2.6').catch((caught: unknown) => caught);
    expect(error).toMatchObject({ statusCode: 401, code: 'KIMI_NOT_AUTHENTICATED' });
    expect(String(error)).toContain("which holds a Kimi Code key for api.kimi.com or api.kimi.ai (service: 'coding')");
    expect(String(error)).not.toContain(key);
  });
});
