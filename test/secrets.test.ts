/**
 * No token, key or prompt in any error, warning or console output (AGENTS.md, invariant 12). Secrets are planted, many
 * paths are driven to their failure, and everything that comes out is searched in every way it can be looked at.
 * secrets-objects.test.ts and secrets-stores.test.ts do the same with other things.
 */
import { inspect } from 'node:util';
import { generateText, streamText } from 'ai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthSession } from '../src/auth/session/auth-session';
import type { KimiOAuthCredentials } from '../src/credentials/credential-store';
import { memoryCredentialStore } from '../src/credential-stores';
import type { KimiProviderSettings } from '../src/index';
import { createKimi as createKimiV2 } from '../src/v2';
import { createKimi as createKimiV3 } from '../src/v3';
import { createKimi } from '../src/v4';
import { failure } from './support/failure';
import { openSecretScene, type SecretScene } from './support/secret-scene';

let scene: SecretScene;
let login: KimiOAuthCredentials;

beforeAll(async () => {
  scene = await openSecretScene();
});
afterAll(async () => {
  await scene.close();
});

/** Every way to ask, and the errors of all of them. `streamText` prints its error, too. */
async function failures(make: () => KimiProviderSettings): Promise<unknown[]> {
  const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: scene.prompt }] }];
  const streamed: unknown[] = [];
  const results = [
    await failure(() => generateText({ model: createKimi(make())('k3'), prompt: scene.prompt, maxRetries: 0 })),
    await failure(() => createKimiV2(make())('k3').doGenerate({ prompt })),
    await failure(() => createKimiV3(make())('k3').doGenerate({ prompt })),
  ];
  const printedBefore = scene.printed.length;
  const { fullStream } = streamText({ model: createKimi(make())('k3'), prompt: scene.prompt, maxRetries: 0 });
  for await (const part of fullStream) {
    if (part.type === 'error') {
      streamed.push(part.error);
    }
  }
  return [...results, ...streamed, ...scene.printed.slice(printedBefore)];
}

/** The path was driven to its end, and nothing shows. `count`: how many of them must have failed. */
function expectNothingShows(values: readonly unknown[], count = 1): void {
  expect(values.filter(value => value instanceof Error).length).toBeGreaterThanOrEqual(count);
  expect(values.flatMap(value => scene.detector.find(value))).toEqual([]);
}

describe('the detector', () => {
  test.each([
    ['a message', () => new Error(`refused ${scene.key}`)],
    ['a part of one', () => new Error(`refused ${scene.key.slice(0, 30)}…`)],
    ['a cause', () => new Error('x', { cause: new Error('y', { cause: { body: scene.key } }) })],
    ['a property', () => Object.assign(new Error('x'), { data: { list: [{ key: scene.key }] } })],
    ['a hidden property', () => Object.defineProperty(new Error('x'), 'hidden', { value: scene.key })],
    ['a symbol', () => Object.assign(new Error('x'), { [Symbol('s')]: scene.key })],
    ['a getter', () => Object.defineProperty(new Error('x'), 'y', { get: () => scene.key })],
    ['a map', () => new Map([['x', scene.key]])],
    ['base64', () => Buffer.from(`user:${scene.key}`.slice(5)).toString('base64')],
    ['what toJSON gives', () => ({ toJSON: () => scene.key })],
    ['what inspect gives', () => ({ [inspect.custom]: () => scene.key })],
    [
      'an enumerable request body',
      () => Object.assign(new Error('x'), { requestBodyValues: { prompt: scene.prompt } }),
    ],
  ])('finds a secret in %s', (_, make) => {
    expect(scene.detector.find(make())).not.toEqual([]);
  });

  test('finds nothing where nothing is', () => {
    expect(scene.detector.find(new Error('refused', { cause: { key: 'sk-kimi-another' } }))).toEqual([]);
  });
});

describe('no usable login', () => {
  test.each([
    ['missing', () => ({ credentialStore: memoryCredentialStore() })],
    [
      'revoked on the disk',
      () => ({ credentialStore: memoryCredentialStore({ ...scene.signIn(), accessToken: '', refreshToken: '' }) }),
    ],
    [
      'token with a line break in a store',
      () => {
        const login = scene.signIn();
        return { credentialStore: memoryCredentialStore({ ...login, accessToken: `${login.accessToken}\n\u0007ж` }) };
      },
    ],
    ['unusable key in a setting', () => ({ apiKey: `${scene.key} ${scene.key}` })],
    ['key with a line break', () => ({ apiKey: `${scene.key}\n${scene.key}` })],
    [
      'key function that throws',
      () => ({
        apiKey: () => {
          throw new Error('the vault is closed');
        },
      }),
    ],
    [
      'key that the server does not know',
      () => ({ apiKey: scene.detector.plant('unknown key', 'sk-kimi-Unknown8Zk1Vw6Jq4Nd2') }),
    ],
    [
      'key that the platform does not know',
      () => ({ apiKey: `tok-${scene.key}`, service: 'platform', baseURL: scene.simulator.platformBaseURL }),
    ],
  ] as [string, () => KimiProviderSettings][])('%s', async (_, more) => {
    expectNothingShows(await failures(() => scene.settings(more())), 4);
  });

  test('revoked on the server', async () => {
    const make = () => scene.settings({ credentialStore: memoryCredentialStore(scene.signIn()) });
    const values = await failures(() => {
      const options = make();
      scene.simulator.revoke();
      return options;
    });
    expectNothingShows(values, 4);
  });

  test('refused, renewed, refused again, with bodies that repeat the token', async () => {
    const values = await failures(() => {
      login = scene.signIn();
      const body = {
        error: { message: `token ${login.accessToken} is invalid`, type: 'invalid_authentication_error' },
      };
      scene.simulator.fault({ match: { path: '/chat/completions' }, times: 2, status: 401, body });
      return scene.settings({ credentialStore: memoryCredentialStore(login) });
    });
    expectNothingShows(values, 4);
  });
});

describe('a refresh that fails', () => {
  const echo = (): string => login.refreshToken;
  test.each([
    ['400 with the token for a code', 400, () => ({ error: echo(), error_description: echo() }), undefined],
    ['400 invalid_grant', 400, () => ({ error: 'invalid_grant', error_description: `${echo()} was used` }), undefined],
    ['401', 401, () => ({ error: { message: echo() } }), 60],
    ['403 page', 403, () => `<html><title>${echo()}</title></html>`, 60],
    ['429', 429, () => ({ error: 'slow_down', error_description: echo() }), 60],
    ['500', 500, () => echo(), 60],
    ['200 without a token', 200, () => ({ refresh_token: echo(), token_type: 'Bearer' }), undefined],
    ['200 with a wrong type', 200, () => ({ access_token: { value: echo() }, refresh_token: echo() }), undefined],
    ['200 that is not JSON', 200, () => `token=${echo()}`, undefined],
    ['200 with an error in it', 200, () => ({ error: echo() }), undefined],
    ['redirect', 307, () => echo(), undefined],
  ] as const)('%s', async (_, status, body, retryAfter) => {
    const values = await failures(() => {
      login = scene.signIn(-60);
      const headers = { location: `https://elsewhere.example/?refresh_token=${echo()}` };
      scene.simulator.fault({
        match: { path: '/api/oauth/token' },
        status,
        body: body(),
        ...(status === 307 ? { headers } : {}),
        ...(retryAfter === undefined ? {} : { retryAfter }),
      });
      return scene.settings({ credentialStore: memoryCredentialStore(login) });
    });
    scene.simulator.reset();
    expectNothingShows(values, 4);
  });

  test('a fetch that fails and repeats the request', async () => {
    const store = memoryCredentialStore(scene.signIn(-60));
    const session = createAuthSession({
      store,
      oauthHost: scene.simulator.oauthHost,
      apiOrigin: new URL(scene.simulator.apiBaseURL).origin,
      sleep: async () => undefined,
      fetch: async (_, init) => {
        throw new TypeError(`fetch failed: ${String(init?.body)}`, { cause: new Error(String(init?.body)) });
      },
    });
    expectNothingShows([await failure(() => session.getAccessToken())]);
  });
});

describe('answers of the API that repeat key and prompt', () => {
  const text = () => `"${scene.prompt}" was refused for Bearer ${scene.key} and ${login.accessToken}`;
  test.each([
    [400, () => ({ error: { message: text(), type: 'invalid_request_error' } })],
    [
      400,
      () => ({
        error: { message: `Your input contains: ${JSON.stringify(scene.prompt).slice(0, 40)}`, type: 'content_filter' },
      }),
    ],
    [401, () => ({ error: { message: `Incorrect API key provided: ${scene.key}`, type: 'incorrect_api_key_error' } })],
    [401, () => ({ error: { message: `model not found in your plan: ${text()}`, type: 'resource_not_found_error' } })],
    [402, () => ({ error: text() })],
    [403, () => ({ message: text() })],
    [404, () => text()],
    [413, () => `<html><title>${text()}</title></html>`],
    [422, () => ({ detail: [{ loc: ['body'], input: scene.prompt, msg: text() }] })],
    [429, () => ({ error: { message: text(), type: 'rate_limit_reached_error' } })],
    [
      500,
      () => ({ request: { headers: { authorization: `Bearer ${scene.key}` }, messages: [{ content: scene.prompt }] } }),
    ],
    [503, () => text()],
    [200, () => `not JSON: ${text()}`],
    [200, () => ({ error: { message: text(), type: 'server_error' } })],
    [200, () => ({ choices: text() })],
  ] as const)('%d', async (status, body) => {
    for (const kind of ['key', 'login']) {
      login = scene.signIn();
      scene.simulator.fault({ match: { path: '/chat/completions' }, times: 8, status, body: body() });
      const credential = () =>
        kind === 'key' ? { apiKey: scene.key } : { credentialStore: memoryCredentialStore(login) };
      const values = await failures(() => scene.settings(credential()));
      scene.simulator.reset();
      expectNothingShows(values, 4);
    }
  });

  test('an error in the middle of an answer', async () => {
    login = scene.signIn();
    scene.simulator.script([
      { text: 'Well', errorAfterChunks: { chunks: 1, error: { message: text(), type: 'server_error' } } },
    ]);
    const values: unknown[] = [];
    const model = createKimi(scene.settings({ apiKey: scene.key }))('k3');
    for await (const part of streamText({ model, prompt: scene.prompt, maxRetries: 0 }).fullStream) {
      values.push(...(part.type === 'error' ? [part.error] : []));
    }
    expectNothingShows(values);
  });
});

describe('the network', () => {
  test.each([
    ['closed connection', { destroySocket: true }],
    ['redirect to another host', 'elsewhere'],
    ['redirect without a place', { status: 302 }],
    ['cut answer', { cutAfterBytes: 120 }],
  ] as const)('%s', async (_, given) => {
    const headers = { location: `https://elsewhere.example/${encodeURIComponent(scene.prompt)}?key=${scene.key}` };
    const fault = given === 'elsewhere' ? { status: 307, headers } : given;
    scene.simulator.fault({ match: { path: '/chat/completions' }, times: 8, ...fault });
    const values = await failures(() => scene.settings({ apiKey: scene.key }));
    scene.simulator.reset();
    expectNothingShows(values, 3);
  });

  test('nobody listens', async () => {
    expectNothingShows(await failures(() => ({ apiKey: scene.key, baseURL: 'http://127.0.0.1:1/v1' })), 4);
  });
});

describe('bad settings and options', () => {
  test.each([
    [
      'an OAuth host that is not https',
      () => ({ oauthHost: 'http://auth.example', credentialStore: memoryCredentialStore(scene.signIn(-60)) }),
    ],
    ['a base URL that is none', () => ({ baseURL: 'no url', apiKey: scene.key })],
    ['an identity that is none', () => ({ apiKey: scene.key, identity: 'kimi-unknown' as never })],
  ] as [string, () => KimiProviderSettings][])('%s', async (_, more) => {
    expectNothingShows(await failures(() => scene.settings(more())), 4);
  });

  test.each([{ reasoningEffort: 'huge' }, { thinking: { type: 64 } }, { user: 7 }])('%j', async options => {
    const model = createKimi(scene.settings({ apiKey: scene.key }))('k3');
    const error = await failure(() =>
      generateText({ model, prompt: scene.prompt, maxRetries: 0, providerOptions: { kimi: options } }),
    );
    expect(scene.detector.find(error)).toEqual([]);
  });
});

test('nothing that was printed meanwhile shows a secret', () => {
  expect(scene.printed.length).toBeGreaterThan(50);
  expect(scene.printed.flatMap(value => scene.detector.find(value))).toEqual([]);
});
