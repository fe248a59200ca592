/**
 * The other half of secrets.test.ts: the device login, what providers, models and sessions look like from outside, the
 * simulator's log and the command line.
 */
import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { generateText } from 'ai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthSession } from '../src/auth/session/auth-session';
import { processSessionRegistry } from '../src/auth/session/session-registry';
import { credentialSlot } from '../src/credentials/credential-slot';
import type { KimiOAuthCredentials } from '../src/credentials/credential-store';
import { fileCredentialStore, memoryCredentialStore } from '../src/credential-stores';
import type { KimiProviderSettings } from '../src/index';
import { startKimiSimulator, type KimiSimulator } from '../src/simulator/index';
import { createKimi as createKimiV2 } from '../src/v2';
import { createKimi as createKimiV3 } from '../src/v3';
import { createKimi } from '../src/v4';
import { environmentFor, runInProcess, UNSET } from './cli/run-in-process';
import { failure } from './support/failure';
import { openSecretScene, type SecretScene } from './support/secret-scene';

let scene: SecretScene;

beforeAll(async () => {
  UNSET.forEach(name => delete process.env[name]);
  scene = await openSecretScene();
});
afterAll(async () => {
  await scene.close();
});

/** Where the command line keeps the login of this simulator. */
const slotOf = ({ apiBaseURL, oauthHost }: KimiSimulator) =>
  credentialSlot({ apiBaseURL, oauthHost, account: 'default' });

function expectNothingShows(values: readonly unknown[]): void {
  expect(values.filter(value => !(value instanceof Error))).toEqual([]);
  expect(values.flatMap(value => scene.detector.find(value))).toEqual([]);
}

describe('a device login that fails', () => {
  /** Steps of it, whose code is planted. */
  async function start() {
    const store = memoryCredentialStore();
    const { auth } = createKimi(scene.settings({ credentialStore: store }));
    const state = await auth.startDeviceLogin();
    scene.detector.plant('device code', state.deviceCode);
    return { auth, state };
  }

  test.each([
    ['400 with the code for an error', 400, (code: string) => ({ error: code, error_description: code })],
    ['access_denied', 400, (code: string) => ({ error: 'access_denied', error_description: `${code} was denied` })],
    ['expired_token', 400, (code: string) => ({ error: 'expired_token', error_description: code })],
    ['403 page', 403, (code: string) => `<h1>${code}</h1>`],
    ['404', 404, (code: string) => code],
    ['200 without a token', 200, (code: string) => ({ device_code: code })],
  ] as const)('%s', async (_, status, body) => {
    const { auth, state } = await start();
    scene.simulator.fault({ match: { path: '/api/oauth/token' }, status, body: body(state.deviceCode) });
    expectNothingShows([await failure(() => auth.pollDeviceLogin(state))]);
  });

  test('a state that was tampered with', async () => {
    const { auth, state } = await start();
    const elsewhere = { ...state, oauthHost: 'https://elsewhere.example' };
    for (const changed of [elsewhere, { ...state, interval: state.deviceCode }, JSON.stringify(state)]) {
      expectNothingShows([await failure(() => auth.pollDeviceLogin(changed))]);
    }
  });

  test('a page that is not to be trusted, with the code in its address', async () => {
    const code = scene.detector.plant('device code', 'canarydevicecode5d41402abc4b2a76b9719d911017c592');
    const url = `https://elsewhere.example/${code}`;
    const codes = { device_code: code, user_code: 'ABCD-EFGH', expires_in: 1800, interval: 5 };
    const body = { ...codes, verification_uri: url, verification_uri_complete: url };
    scene.simulator.fault({ match: { path: '/device_authorization' }, status: 200, body });
    const { auth } = createKimi(scene.settings({ credentialStore: memoryCredentialStore() }));
    const error = await failure(() => auth.startDeviceLogin());
    expect(error).toMatchObject({ code: 'KIMI_DEVICE_LOGIN', reason: 'untrusted-url' });
    expectNothingShows([error]);
  });
});

describe('objects', () => {
  test.each([
    ['with a key', () => ({ apiKey: scene.key })],
    ['with a key function', () => ({ apiKey: () => scene.key })],
    ['with a login', () => ({ credentialStore: memoryCredentialStore(scene.signIn()) })],
    ['with a login that is due', () => ({ credentialStore: memoryCredentialStore(scene.signIn(-60)) })],
  ] as [string, () => KimiProviderSettings][])(
    'provider, models, auth and what they share, after requests, %s',
    async (_, more) => {
      for (const create of [createKimi, createKimiV2, createKimiV3]) {
        const provider = create(scene.settings(more()));
        const model = provider('k3');
        await generateText({ model, prompt: scene.prompt });
        scene.plantNewest();
        const status = await provider.auth.status();
        const values = [provider, model, provider.auth, status, processSessionRegistry()];
        expect(values.flatMap(value => scene.detector.find(value))).toEqual([]);
      }
    },
  );

  test('a session', async () => {
    const session = createAuthSession({
      store: memoryCredentialStore(scene.signIn(-60)),
      oauthHost: scene.simulator.oauthHost,
      apiOrigin: new URL(scene.simulator.apiBaseURL).origin,
      fetch,
    });
    await session.getAccessToken();
    scene.plantNewest();
    expect(scene.detector.find(session)).toEqual([]);
    expect(scene.detector.find(await session.status())).toEqual([]);
  });

  test('the simulator and its requests, as they are logged', () => {
    const { simulator } = scene;
    expect(simulator.requests.length).toBeGreaterThan(20);
    for (const shown of [
      inspect(simulator),
      inspect(simulator, { depth: 10, maxArrayLength: null }),
      inspect(simulator.requests),
    ]) {
      expect(scene.detector.find(shown)).toEqual([]);
    }
  });
});

describe('the command line', () => {
  const own = ['--store', 'file'];
  test.each([
    'status',
    'status --json',
    'doctor',
    'doctor --json',
    'models',
    'ask hello',
    'ask --json hello',
    'logout',
  ])('%s', async command => {
    const environment = environmentFor(scene.simulator);
    await fileCredentialStore({ slot: await slotOf(scene.simulator), environment }).save(scene.signIn(-60));
    const { code, stdout, stderr } = await runInProcess([...command.split(' '), ...own], { env: environment });
    scene.plantNewest();
    expect(code, stdout + stderr).toBe(0);
    expect(scene.detector.find(stdout + stderr)).toEqual([]);
  });

  test.each([['revoked'], ['corrupt'], ['refused']])('ask and status with a login that is %s', async kind => {
    const environment = environmentFor(scene.simulator);
    const login = scene.signIn(-60);
    const store = fileCredentialStore({ slot: await slotOf(scene.simulator), environment });
    await store.save(login);
    if (kind === 'corrupt') {
      writeFileSync(store.location, `{"accessToken":"${login.accessToken}","refreshToken":`);
    } else {
      const body = {
        error: kind === 'revoked' ? 'invalid_grant' : login.refreshToken,
        error_description: login.refreshToken,
      };
      scene.simulator.fault({ match: { path: '/api/oauth/token' }, times: 100, status: 400, body });
    }
    for (const command of [['ask', scene.prompt], ['ask', '--json', scene.prompt], ['status'], ['doctor', '--json']]) {
      const { stdout, stderr } = await runInProcess([...command, ...own], { env: environment });
      expect(scene.detector.find(stdout + stderr)).toEqual([]);
    }
    scene.simulator.reset();
  });

  test('signing in, and keeping a key', async () => {
    await using approving = await startKimiSimulator({
      autoApprove: true,
      deviceInterval: 1,
      apiKeys: { coding: [scene.key] },
    });
    const environment = environmentFor(approving);
    const login = await runInProcess(['login', '--no-browser', ...own], { env: environment });
    const [saved] = approving.requests.filter(({ form }) => form?.device_code !== undefined);
    scene.detector.plant('device code', saved!.form!.device_code!);
    const record = await fileCredentialStore({ slot: await slotOf(approving), environment }).load();
    scene.detector.plant('access token', (record as KimiOAuthCredentials).accessToken);
    scene.detector.plant('refresh token', (record as KimiOAuthCredentials).refreshToken);
    const key = await runInProcess(['login', '--api-key', ...own], { env: environment, input: `${scene.key}\n` });
    expect([login.code, key.code]).toEqual([0, 0]);
    expect(scene.detector.find([login, key])).toEqual([]);
  });
});

test('nothing that was printed meanwhile shows a secret', () => {
  expect(scene.printed.length).toBeGreaterThan(0);
  expect(scene.printed.flatMap(value => scene.detector.find(value))).toEqual([]);
});
