import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceLogin, type DeviceLoginOptions } from '../../src/auth/device-login';
import { KimiDeviceLoginError } from '../../src/errors/kimi-error';
import { startKimiSimulator, type KimiSimulator, type KimiSimulatorOptions } from '../../src/simulator/index';
import { session, sharedStore, signedIn } from './session/session-harness';

let simulator: KimiSimulator;
const restart = async (options: KimiSimulatorOptions) => {
  await simulator.close();
  simulator = await startKimiSimulator(options);
};

beforeEach(async () => {
  simulator = await startKimiSimulator();
});

afterEach(() => simulator.close());

const TOKEN = '/api/oauth/token';
const DEVICE = '/api/oauth/device_authorization';
const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable('no error'),
    (error: unknown) => error,
  );

/** A login on the simulator's clock. `onPause` stands for what people and servers do meanwhile. */
function login(onPause: (pauses: number, userCode: string) => void, options: Partial<DeviceLoginOptions> = {}) {
  const pauses: number[] = [];
  const codes: string[] = [];
  const result = deviceLogin({
    fetch,
    oauthHost: simulator.oauthHost,
    now: simulator.clock.now,
    monotonicNow: simulator.clock.now,
    onVerification: ({ userCode }) => void codes.push(userCode),
    sleep: async (milliseconds, abortSignal) => {
      pauses.push(milliseconds);
      simulator.clock.advance(milliseconds);
      onPause(pauses.length, codes.at(-1) ?? '');
      abortSignal?.throwIfAborted();
    },
    ...options,
  });
  return { result, pauses, codes };
}

describe('deviceLogin', () => {
  it('polls at once and needs no pause if the person was quick', async () => {
    await restart({ autoApprove: true });
    const { result, pauses, codes } = login(() => undefined);
    expect(await result).toMatchObject({ type: 'oauth', expiresIn: 900, scope: 'kimi-code', tokenType: 'Bearer' });
    expect(pauses).toEqual([]);
    expect(codes).toHaveLength(1);
  });

  it('polls at the interval of the server', async () => {
    await restart({ deviceInterval: 3 });
    const { result, pauses } = login((count, code) => (count === 4 ? simulator.approve(code) : undefined));
    await result;
    expect(pauses).toEqual([3000, 3000, 3000, 3000]);
    expect(simulator.counts.tokenPolls).toBe(5);
  });

  it('never polls faster than once a second', async () => {
    await restart({ deviceInterval: 0 });
    const { result, pauses } = login((_count, code) => simulator.approve(code));
    await result;
    expect(pauses).toEqual([1000]);
  });

  it('adds 5 seconds for good when told to slow down', async () => {
    simulator.fault({ match: { path: TOKEN, nth: 2 }, times: 2, status: 400, body: { error: 'slow_down' } });
    const { result, pauses } = login((count, code) => (count === 5 ? simulator.approve(code) : undefined));
    await result;
    expect(pauses).toEqual([5000, 10_000, 15_000, 15_000, 15_000]);
  });

  it('honours Retry-After and survives failures that pass', async () => {
    simulator.fault({ match: { path: TOKEN }, status: 429, retryAfter: 30, body: { error: 'too_many' } });
    simulator.fault({ match: { path: TOKEN }, status: 502, body: '<html>' });
    simulator.fault({ match: { path: TOKEN }, destroySocket: true });
    const { result, pauses } = login((count, code) => (count === 3 ? simulator.approve(code) : undefined));
    await result;
    expect(pauses).toEqual([30_000, 5000, 5000]);
  });

  it('starts a new code when one has expired, and shows it', async () => {
    await restart({ deviceLifetime: 20 });
    const { result, codes } = login((count, code) => (count === 7 ? simulator.approve(code) : undefined));
    await result;
    expect(codes).toHaveLength(2);
    expect(new Set(codes).size).toBe(2);
  });

  it('starts a new code when the server calls it expired early, without a loop that never pauses', async () => {
    simulator.fault({ match: { path: TOKEN }, times: 3, status: 400, body: { error: 'expired_token' } });
    const { result, codes, pauses } = login((count, code) => (count === 4 ? simulator.approve(code) : undefined));
    await result;
    expect(codes).toHaveLength(4);
    expect(pauses.every(pause => pause > 4000)).toBe(true);
  });

  it('does not ask for a code beyond its end: a server may have forgotten it', async () => {
    const { result, codes, pauses } = login((count, code) => (count === 5 ? simulator.approve(code) : undefined), {
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        const body = (await response.json()) as Record<string, unknown>;
        return Response.json('user_code' in body ? { ...body, expires_in: 12 } : body, { status: response.status });
      },
    });
    await result;
    expect(codes).toHaveLength(2);
    expect(pauses).toEqual([5000, 5000, 5000, 5000, 5000]);
  });

  it('gives up after 15 minutes, over all codes', async () => {
    await restart({ deviceLifetime: 400 });
    const start = simulator.clock.now();
    const { result, codes } = login(() => undefined);
    expect(await caught(result)).toMatchObject({ reason: 'expired', code: 'KIMI_DEVICE_LOGIN' });
    expect(simulator.clock.now() - start).toBeLessThanOrEqual(15 * 60_000);
    expect(codes).toHaveLength(3);
  });

  it('ends when the person refuses', async () => {
    const { result } = login((_count, code) => simulator.deny(code));
    const error = (await caught(result)) as KimiDeviceLoginError;
    expect(KimiDeviceLoginError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ reason: 'denied' });
    expect(simulator.counts.tokenPolls).toBe(2);
  });

  it('ends when it is aborted', async () => {
    const controller = new AbortController();
    const { result } = login(() => controller.abort(new Error('Ctrl-C')), { abortSignal: controller.signal });
    expect(await caught(result)).toMatchObject({ message: 'Ctrl-C' });
    expect(simulator.counts.tokenPolls).toBe(1);
  });

  it('tries three times to get a code, then says that the host cannot be reached', async () => {
    simulator.fault({ match: { path: DEVICE }, times: 2, destroySocket: true });
    const { result, pauses } = login((_count, code) => (code === '' ? undefined : simulator.approve(code)));
    await result;
    expect(pauses.slice(0, 2)).toEqual([1000, 2000]);
    simulator.fault({ match: { path: DEVICE }, times: 3, status: 503 });
    expect(await caught(login(() => undefined).result)).toMatchObject({ reason: 'unreachable' });
  });

  it('shows nothing that is not a page of Kimi', async () => {
    const body = {
      device_code: 'd',
      user_code: 'AB',
      verification_uri_complete: 'https://evil.example/x',
      expires_in: 900,
      interval: 5,
    };
    simulator.fault({ match: { path: DEVICE }, status: 200, body });
    const { result, codes } = login(() => undefined);
    expect(await caught(result)).toMatchObject({ reason: 'untrusted-url' });
    expect(codes).toEqual([]);
  });

  it('shows no user code that could steer a terminal', async () => {
    const body = { device_code: 'd', user_code: '\u001b]0;x\u0007', verification_uri: simulator.url, expires_in: 900 };
    simulator.fault({ match: { path: DEVICE }, status: 200, body });
    expect(await caught(login(() => undefined).result)).toMatchObject({ reason: 'refused' });
  });

  it('is as lenient with answers as the official client', async () => {
    const body = {
      device_code: 'd',
      user_code: 'AB',
      verification_uri_complete: `${simulator.url}/x`,
      expires_in: '900',
      interval: '2',
    };
    simulator.fault({ match: { path: DEVICE }, status: 200, body });
    simulator.fault({ match: { path: TOKEN }, status: 400, body: { error: 'authorization_pending' } });
    simulator.fault({
      match: { path: TOKEN },
      status: 200,
      body: { access_token: 'a', refresh_token: 'r', expires_in: '60' },
    });
    const { result, pauses } = login(() => undefined);
    expect(await result).toMatchObject({
      accessToken: 'a',
      refreshToken: 'r',
      expiresIn: 60,
      tokenType: 'Bearer',
      scope: '',
    });
    expect(pauses).toEqual([2000]);
  });

  it.each([
    ['unknown client', { status: 400, body: { error: 'invalid_client' } }],
    ['HTML', { status: 403, body: '<html>' }],
    ['a login without refresh token', { status: 200, body: { access_token: 'a', expires_in: 900 } }],
    ['an answer without token', { status: 200, body: {} }],
  ])('says so when no further poll can help: %s', async (_name, fault) => {
    simulator.fault({ match: { path: TOKEN }, ...fault });
    const error = (await caught(login(() => undefined).result)) as KimiDeviceLoginError;
    expect(error).toMatchObject({ reason: 'refused' });
    expect(error.message).toContain(simulator.oauthHost);
  });
});

describe('a session', () => {
  it('signs in, replaces a damaged record, and signs out', async () => {
    await restart({ autoApprove: true });
    const store = sharedStore();
    const own = session(simulator, store);
    expect(await own.status()).toEqual({ state: 'missing', source: 'shared test store' });
    let userCode = '';
    await own.login({ onVerification: verification => void (userCode = verification.userCode) });
    expect(userCode).toMatch(/^[0-9A-F]{4}-[0-9A-F]{4}$/);
    expect(await own.status()).toMatchObject({ state: 'valid', kind: 'oauth', expiresAt: expect.any(Date) });
    const token = await own.getAccessToken();
    expect(store.record).toMatchObject({ accessToken: token });
    await own.logout();
    expect(store.record).toBeUndefined();
    expect(await caught(own.getAccessToken())).toMatchObject({ reason: 'missing' });
  });

  it('says that the store is broken before the person goes to the browser', async () => {
    const store = sharedStore();
    store.failNext.load = new Error('locked');
    const shown: string[] = [];
    await caught(session(simulator, store).login({ onVerification: ({ userCode }) => void shown.push(userCode) }));
    expect(shown).toEqual([]);
    expect(simulator.counts.requests).toBe(0);
  });
});

describe('login in steps', () => {
  it('goes through JSON, and ends in the store, not in the answer', async () => {
    const store = sharedStore();
    let state: unknown = JSON.parse(JSON.stringify(await session(simulator, store).startDeviceLogin()));
    expect(state).toMatchObject({ version: 1, oauthHost: simulator.oauthHost, interval: 5 });

    // Each step may run in another process.
    const pending = await session(simulator, store).pollDeviceLogin(state);
    expect(pending).toEqual({ status: 'pending', state });
    const hasty = await session(simulator, store).pollDeviceLogin(state);
    expect(hasty).toMatchObject({ status: 'slow_down', state: { interval: 10 } });
    state = 'state' in hasty ? JSON.parse(JSON.stringify(hasty.state)) : undefined;

    simulator.approve((state as { userCode: string }).userCode);
    simulator.clock.advance(11_000);
    const own = session(simulator, store);
    expect(await own.pollDeviceLogin(state)).toEqual({ status: 'done' });
    expect(store.record).toMatchObject({ accessToken: await own.getAccessToken() });
  });

  it('counts what passes by itself as pending, and tells to wait longer', async () => {
    const own = session(simulator, sharedStore());
    const state = await own.startDeviceLogin();
    simulator.fault({ match: { path: TOKEN }, status: 503, retryAfter: 20 });
    expect(await own.pollDeviceLogin(state)).toEqual({ status: 'pending', state: { ...state, interval: 20 } });
  });

  it('ends with a typed error when refused or expired', async () => {
    const own = session(simulator, sharedStore());
    const refused = await own.startDeviceLogin();
    simulator.deny(refused.userCode);
    expect(await caught(own.pollDeviceLogin(refused))).toMatchObject({ reason: 'denied' });
    const late = await own.startDeviceLogin();
    simulator.clock.advance(1_801_000);
    expect(await caught(own.pollDeviceLogin(late))).toMatchObject({ reason: 'expired' });
    // A server may have forgotten the code by then; before its end that is another matter.
    simulator.fault({ match: { path: TOKEN }, status: 400, body: { error: 'invalid_grant' }, times: 2 });
    expect(await caught(own.pollDeviceLogin(late))).toMatchObject({ reason: 'expired' });
    expect(await caught(own.pollDeviceLogin(await own.startDeviceLogin()))).toMatchObject({ reason: 'refused' });
  });

  it.each<[string, (state: Record<string, unknown>) => unknown]>([
    ['nothing', () => undefined],
    ['text', () => 'x'],
    ['another version', state => ({ ...state, version: 2 })],
    ['another host', state => ({ ...state, oauthHost: 'https://evil.example' })],
    ['no code', state => ({ ...state, deviceCode: '' })],
    ['a code of another type', state => ({ ...state, deviceCode: { $ne: 1 } })],
    ['an interval of another type', state => ({ ...state, interval: '5' })],
    ['an interval before time', state => ({ ...state, interval: -1 })],
  ])('sends nothing for a state that was tampered with: %s', async (_name, tamper) => {
    const own = session(simulator, sharedStore());
    const state = await own.startDeviceLogin();
    const before = simulator.counts.requests;
    expect(await caught(own.pollDeviceLogin(tamper(state)))).toMatchObject({
      code: 'KIMI_INVALID_ARGUMENT',
      argument: 'state',
    });
    expect(simulator.counts.requests).toBe(before);
  });

  it('replaces a login that was there', async () => {
    const store = sharedStore(signedIn(simulator));
    const own = session(simulator, store);
    const old = await own.getAccessToken();
    const state = await own.startDeviceLogin();
    simulator.approve(state.userCode);
    await own.pollDeviceLogin(state);
    expect(await own.getAccessToken()).not.toBe(old);
  });
});
