/**
 * Every error that leaves the package is a `KimiError`, a `KimiAPIError` (or `KimiTokenRefreshError`, which is an
 * `APICallError`, too) or one of the classes of the AI SDK that docs/errors.md names. All public calls are driven to
 * failure.
 */
import { readFileSync } from 'node:fs';
import { NoSuchModelError, UnsupportedFunctionalityError } from '@ai-sdk/provider';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fileCredentialStore, keychainCredentialStore, memoryCredentialStore } from '../../src/credential-stores';
import {
  createKimi,
  KimiAPIError,
  KimiCredentialStoreError,
  KimiError,
  KimiTokenRefreshError,
  type CredentialStore,
  type KimiProviderSettings,
} from '../../src/v4';
import { redisCredentialStore } from '../../src/redis';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { failure } from '../support/failure';

const ERRORS = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

let simulator: KimiSimulator;
beforeAll(async () => {
  simulator = await startKimiSimulator();
});
afterAll(() => simulator.close());
beforeEach(() => simulator.reset());

/** The name of the class, where docs/errors.md names it; else what it was. */
function classOf(error: unknown): string {
  if (KimiAPIError.isInstance(error) || KimiTokenRefreshError.isInstance(error) || KimiError.isInstance(error)) {
    return error.name;
  }
  const isOfSDK = UnsupportedFunctionalityError.isInstance(error) || NoSuchModelError.isInstance(error);
  const name = isOfSDK ? error.name.replace(/^AI_/, '') : `not one of ours: ${String(error)}`;
  return ERRORS.includes(`\`${name}\``) ? name : `not in docs/errors.md: ${name}`;
}

const text = (content: string) => [{ role: 'user' as const, content: [{ type: 'text' as const, text: content }] }];
const file = (mediaType: string) => [
  {
    role: 'user' as const,
    content: [{ type: 'file' as const, mediaType, data: { type: 'data' as const, data: 'AAAA' } }],
  },
];

const settings = (): KimiProviderSettings => ({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' });
const broken: CredentialStore = {
  location: 'a broken place',
  load: () => Promise.reject(new TypeError('the disk is gone')),
  save: () => Promise.reject(new TypeError('the disk is gone')),
  clear: () => Promise.reject(new TypeError('the disk is gone')),
};

/** One answer of the chat endpoint, then what `doGenerate` and `doStream` come to. */
async function chatWith(changes: KimiProviderSettings, options: object = {}): Promise<string[]> {
  const model = createKimi({ ...settings(), ...changes })('kimi-for-coding');
  const call = { prompt: text('hi'), ...options };
  const whole = await failure(() => model.doGenerate(call));
  const streamed = await failure(async () => {
    const { stream } = await model.doStream(call);
    for await (const part of stream) {
      if (part.type === 'error') {
        throw part.error;
      }
    }
  });
  return [whole, streamed].map(classOf);
}

const respond =
  (body: string, status = 200, type = 'application/json'): typeof fetch =>
  async (input, init) =>
    String(input).endsWith('/models')
      ? fetch(input, init)
      : new Response(body, { status, headers: { 'content-type': type } });

describe('a chat fails with', () => {
  it.each<[string, KimiProviderSettings, object, string]>([
    ['no server', { baseURL: 'http://127.0.0.1:9/v1' }, {}, 'KimiAPIError'],
    ['a refusal', { fetch: respond('{"error":{"message":"no"}}', 400) }, {}, 'KimiAPIError'],
    ['a page', { fetch: respond('<html><title>Hotel</title>', 200, 'text/html') }, {}, 'KimiAPIError'],
    ['torn JSON', { fetch: respond('{"choices":[{"mess') }, {}, 'KimiAPIError'],
    ['JSON that is no answer', { fetch: respond('[1,2]') }, {}, 'KimiAPIError'],
    ['an empty answer', { fetch: respond('{"choices":[]}') }, {}, 'KimiAPIError'],
    ['a strange status', { fetch: respond('', 418) }, {}, 'KimiAPIError'],
    [
      'a key function that throws',
      { apiKey: () => Promise.reject(new Error('vault')) },
      {},
      'KimiCredentialStoreError',
    ],
    ['no key', { apiKey: '' }, {}, 'KimiInvalidArgumentError'],
    ['a store that throws', { apiKey: undefined, credentialStore: broken }, {}, 'KimiCredentialStoreError'],
    ['nobody signed in', { apiKey: undefined, credentialStore: memoryCredentialStore() }, {}, 'KimiLoginRequiredError'],
    ['a bad setting', { baseURL: 'ftp://x' }, {}, 'KimiInvalidArgumentError'],
    ['a bad header', {}, { headers: { 'bad name': 'x' } }, 'KimiInvalidArgumentError'],
    ['a bad option', {}, { providerOptions: { kimi: { forceSampling: 'x' } } }, 'KimiInvalidArgumentError'],
    ['an empty prompt', {}, { prompt: text(' ') }, 'KimiInvalidArgumentError'],
    ['a file that Kimi does not take', {}, { prompt: file('application/zip') }, 'UnsupportedFunctionalityError'],
    ['an image type that Kimi does not take', {}, { prompt: file('image/tiff') }, 'UnsupportedFunctionalityError'],
  ])('%s', async (_, changes, options, expected) => {
    expect(await chatWith(changes, options)).toEqual([expected, expected]);
  });

  it('a model that the account lacks', async () => {
    const model = createKimi(settings())('gpt-5');
    expect(classOf(await failure(() => model.doGenerate({ prompt: text('hi') })))).toBe('KimiNoSuchModelError');
  });

  it('a redirect', async () => {
    const away = Response.redirect('https://example.com/');
    expect(await chatWith({ fetch: async () => away.clone() })).toEqual(['KimiRedirectError', 'KimiRedirectError']);
  });

  it('what a fetch of the user throws, as it is', async () => {
    const mine = new Error('blocked by policy');
    const model = createKimi({ ...settings(), fetch: () => Promise.reject(mine) })('kimi-for-coding');
    expect(await failure(() => model.doGenerate({ prompt: text('hi') }))).toBe(mine);
    expect(await failure(() => model.doStream({ prompt: text('hi') }))).toBe(mine);
  });

  it('the reason of its signal, when it is aborted', async () => {
    const reason = new RangeError('enough');
    const model = createKimi(settings())('kimi-for-coding');
    const abortSignal = AbortSignal.abort(reason);
    expect(await failure(() => model.doGenerate({ prompt: text('hi'), abortSignal }))).toBe(reason);
    expect(await failure(() => model.doStream({ prompt: text('hi'), abortSignal }))).toBe(reason);
  });
});

describe('what is not a chat fails with', () => {
  const unreachable = { baseURL: 'http://127.0.0.1:9/v1', oauthHost: 'http://127.0.0.1:9' };
  const inMemory = () => createKimi({ ...unreachable, credentialStore: memoryCredentialStore() });
  const onBroken = () => createKimi({ ...unreachable, credentialStore: broken });
  const oauth = { type: 'oauth', accessToken: 'a', refreshToken: 'r', expiresAt: 1, expiresIn: 1 } as const;
  const there = { oauthHost: 'http://127.0.0.1:9', apiOrigin: 'http://127.0.0.1:9', account: 'default' };

  it.each<[string, () => unknown, string]>([
    ['models', () => createKimi({ ...settings(), baseURL: 'http://127.0.0.1:9/v1' }).models(), 'KimiAPIError'],
    ['models, signed out', () => inMemory().models(), 'KimiLoginRequiredError'],
    ['models, refused', () => createKimi({ ...settings(), apiKey: 'sk-kimi-wrong' }).models(), 'KimiAPIError'],
    ['explain, bad setting', () => createKimi({ baseURL: 'ftp://x' }).explain('k3'), 'KimiInvalidArgumentError'],
    ['embeddingModel', () => createKimi(settings()).embeddingModel('x'), 'NoSuchModelError'],
    ['imageModel', () => createKimi(settings()).imageModel('x'), 'NoSuchModelError'],
    ['login', () => inMemory().auth.login({ onVerification: () => {} }), 'KimiDeviceLoginError'],
    ['startDeviceLogin', () => inMemory().auth.startDeviceLogin(), 'KimiDeviceLoginError'],
    ['pollDeviceLogin', () => inMemory().auth.pollDeviceLogin({ version: 2 }), 'KimiInvalidArgumentError'],
    ['save', () => onBroken().auth.save({ ...oauth, scope: '', tokenType: 'Bearer' }), 'KimiCredentialStoreError'],
    ['logout', () => onBroken().auth.logout(), 'KimiCredentialStoreError'],
    ['status', () => onBroken().auth.status(), 'KimiCredentialStoreError'],
    ['getAccessToken', () => inMemory().auth.getAccessToken(), 'KimiLoginRequiredError'],
    [
      'getAccessToken, due and unreachable',
      async () => {
        const credentialStore = memoryCredentialStore();
        await credentialStore.save({ ...oauth, scope: '', tokenType: 'Bearer', issuedFor: there });
        return createKimi({ ...unreachable, credentialStore }).auth.getAccessToken();
      },
      'KimiTokenRefreshError',
    ],
    ['fetch, signed out', () => inMemory().auth.fetch('http://127.0.0.1:9/v1/models'), 'KimiLoginRequiredError'],
    ['a file store', () => fileCredentialStore({ path: '/dev/null/x' }).load(), 'KimiCredentialStoreError'],
    [
      'a keychain store',
      () => keychainCredentialStore({ slot: 'x', environment: {} }).load(),
      'KimiCredentialStoreError',
    ],
    [
      'a Redis store',
      () => redisCredentialStore({ client: {} as never, encryption: 'none' }),
      'KimiInvalidArgumentError',
    ],
  ])('%s', async (_, call, expected) => {
    const error = await failure(call);
    expect(classOf(error)).toBe(expected);
  });
});

it('tells an error of another copy of this package by its marker and code', () => {
  const marker = Symbol.for('ai-sdk-provider-kimi.error');
  const foreign = Object.assign(new Error('x'), { [marker]: true, code: 'KIMI_CREDENTIAL_STORE' });
  expect(KimiCredentialStoreError.isInstance(foreign)).toBe(true);
  expect(KimiError.isInstance(foreign)).toBe(true);
  expect(KimiCredentialStoreError.isInstance(Object.assign(new Error('x'), { code: 'KIMI_CREDENTIAL_STORE' }))).toBe(
    false,
  );
});
