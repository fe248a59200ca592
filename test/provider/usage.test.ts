import { describe, expect, it, test } from 'vitest';
import { KimiAPIError, KimiInvalidArgumentError, createKimi as createV2 } from '../../src/index';
import { startKimiSimulator, type UsageShape } from '../../src/simulator/index';
import { createKimi as createV3 } from '../../src/v3';
import { createKimi } from '../../src/v4';
import { USAGE_BODIES } from '../account/usage-bodies';

const KEY = 'sk-kimi-simulator';
const failureOf = (promise: PromiseLike<unknown>) =>
  promise.then(
    () => {
      throw new Error('It did not fail.');
    },
    (error: unknown) => error,
  );

describe.each([
  ['V2', createV2],
  ['V3', createV3],
  ['V4', createKimi],
])('%s', (_, create) => {
  it('has usage and balance', async () => {
    await using simulator = await startKimiSimulator({ quota: { weekly: 4 } });
    simulator.quota.weekly.used = 3;
    const usage = await create({ baseURL: simulator.apiBaseURL, apiKey: KEY }).usage();
    expect(usage.weekly).toMatchObject({ usedRatio: 0.75, durationMs: 604_800_000 });
    expect(usage.membership).toEqual({
      level: '20',
      name: 'Allegretto',
      status: 'USER_STATUS_NORMAL',
      region: 'REGION_OVERSEA',
    });
    const platform = create({ service: 'platform', baseURL: simulator.platformBaseURL, apiKey: 'sk-simulator' });
    expect(await platform.balance()).toEqual({
      currency: 'USD',
      available: 49.58894,
      voucher: 46.58893,
      cash: 3.00001,
    });
  });
});

test.each<[UsageShape, number | undefined, number | undefined]>([
  ['ratios', 0.5, 0.25],
  ['counts', 0.5, undefined],
  ['both', 0.5, 0.25],
  ['contradicting', 0.5, 0],
])('the shape "%s" of the server', async (shape, weekly, monthly) => {
  await using simulator = await startKimiSimulator({ quota: { weekly: 2, monthly: 4, shape } });
  simulator.quota.weekly.used = 1;
  simulator.quota.monthly.used = 1;
  const usage = await createKimi({ baseURL: simulator.apiBaseURL, apiKey: KEY }).usage();
  expect([usage.weekly?.usedRatio, usage.monthly?.usedRatio]).toEqual([weekly, monthly]);
  expect(usage.weekly?.resetsAt?.getTime()).toBeCloseTo(simulator.quota.weekly.resetsAt, -3.5);
});

it('shows the use of chats, and that it is fresh again when the window has passed', async () => {
  await using simulator = await startKimiSimulator({ quota: { fiveHours: 2 } });
  const kimi = createKimi({ baseURL: simulator.apiBaseURL, apiKey: KEY });
  const ask = () =>
    kimi('kimi-for-coding').doGenerate({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] });
  await ask();
  expect((await kimi.usage()).fiveHours?.usedRatio).toBe(0.5);
  await ask();
  expect((await kimi.usage()).fiveHours?.usedRatio).toBe(1);
  expect(await failureOf(ask())).toMatchObject({ code: 'KIMI_QUOTA_EXHAUSTED', reason: '5-hour', statusCode: 403 });
  simulator.clock.advance(5 * 3_600_000);
  expect((await kimi.usage()).fiveHours?.usedRatio).toBe(0);
  await ask();
});

it('works with a login, and renews it once for both of its requests', async () => {
  await using simulator = await startKimiSimulator({ autoApprove: true });
  const { memoryCredentialStore } = await import('../../src/credential-stores');
  const kimi = createKimi({
    baseURL: simulator.apiBaseURL,
    oauthHost: simulator.oauthHost,
    credentialStore: memoryCredentialStore(),
  });
  await kimi.auth.login({ onVerification: () => {} });
  simulator.expireTokens();
  expect((await kimi.usage()).membership?.name).toBe('Allegretto');
  expect([simulator.rotations, simulator.reuses]).toEqual([1, 0]);
});

it('takes the level of the older shape where /me does not answer, and no failure of /me costs the usage', async () => {
  await using simulator = await startKimiSimulator({ quota: { shape: 'counts' } });
  simulator.fault({ match: { path: '/me' }, status: 500, body: {} });
  const usage = await createKimi({ baseURL: simulator.apiBaseURL, apiKey: KEY }).usage();
  expect(usage.membership).toEqual({
    level: 'LEVEL_INTERMEDIATE',
    name: undefined,
    status: undefined,
    region: undefined,
  });
  expect(usage.parallelLimit).toBe(30);
});

test.each([
  ['no name', { user_id: 'u' }, { level: undefined, name: undefined, status: undefined, region: undefined }],
  ['bad fields', { user_id: 7, user_level: {}, user_level_name: '', region: 3, status: null }, { region: '3' }],
  ['no user', { nickname: 'x' }, undefined],
])('the membership of a user with %s', async (_, body, membership) => {
  await using simulator = await startKimiSimulator();
  simulator.fault({ match: { path: '/me' }, status: 200, body });
  const usage = await createKimi({ baseURL: simulator.apiBaseURL, apiKey: KEY }).usage();
  expect(usage.membership === undefined).toBe(membership === undefined);
  expect(usage.membership ?? {}).toMatchObject(membership ?? {});
});

test.each(Object.entries(USAGE_BODIES))('over HTTP: %s', async (_, { body, used }) => {
  await using simulator = await startKimiSimulator();
  simulator.fault({ match: { path: '/usages' }, status: 200, body });
  const usage = await createKimi({ baseURL: simulator.apiBaseURL, apiKey: KEY }).usage();
  for (const name of ['fiveHours', 'weekly', 'monthly', 'monthlyCode'] as const) {
    expect([name, usage[name] !== undefined, usage[name]?.usedRatio]).toEqual([name, name in used, used[name]]);
  }
});

describe('failures', () => {
  it('404: says that it is not available there', async () => {
    await using simulator = await startKimiSimulator();
    simulator.fault({ match: { path: '/usages' }, status: 404, body: { error: { message: 'not here' } } });
    const error = await failureOf(createKimi({ baseURL: simulator.apiBaseURL, apiKey: KEY }).usage());
    expect(KimiAPIError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ code: 'KIMI_NOT_FOUND', statusCode: 404, isRetryable: false });
    expect(String(error)).toContain('not available on this platform or host');
    expect(String(error)).toContain(`${simulator.apiBaseURL} has no /usages`);
  });

  test.each([
    ['a key that is refused', 401, {}, 'KIMI_NOT_AUTHENTICATED'],
    ['an error with a good status', 200, { error: { message: 'Internal', type: 'server_error' } }, 'KIMI_SERVER_ERROR'],
    ['a page', 200, '<html><title>Sign in</title>', 'KIMI_ANSWER_INVALID'],
    ['a list', 200, [], 'KIMI_ANSWER_INVALID'],
  ])('%s', async (_, status, body, code) => {
    await using simulator = await startKimiSimulator();
    simulator.fault({ match: { path: '/usages' }, status, body });
    const error = await failureOf(createKimi({ baseURL: simulator.apiBaseURL, apiKey: KEY }).usage());
    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error)).not.toContain(KEY);
  });

  it('ends with its signal', async () => {
    await using simulator = await startKimiSimulator();
    simulator.fault({ match: { path: '/usages' }, delayMs: 60_000, times: 9 });
    const kimi = createKimi({ baseURL: simulator.apiBaseURL, apiKey: KEY });
    const ending = new AbortController();
    const failure = failureOf(kimi.usage({ abortSignal: ending.signal }));
    ending.abort(new Error('enough'));
    expect(await failure).toMatchObject({ message: 'enough' });
  });

  it('names the other function where the service has not this one', async () => {
    await using simulator = await startKimiSimulator();
    const coding = createKimi({ baseURL: simulator.apiBaseURL, apiKey: KEY });
    const platform = createKimi({ service: 'platform', baseURL: simulator.platformBaseURL, apiKey: 'sk-simulator' });
    const errors = [await failureOf(coding.balance()), await failureOf(platform.usage())];
    expect(errors.map(error => KimiInvalidArgumentError.isInstance(error))).toEqual([true, true]);
    expect(String(errors[0])).toContain('kimi.usage()');
    expect(String(errors[1])).toContain('kimi.balance()');
    expect(simulator.requests).toEqual([]);
  });
});

describe('balance', () => {
  const data = (available: unknown, voucher: unknown, cash: unknown) => ({
    code: 0,
    data: { available_balance: available, voucher_balance: voucher, cash_balance: cash },
    scode: '0x0',
    status: true,
  });
  const read = async (body: unknown, region?: 'mainland-cn' | 'global') => {
    await using simulator = await startKimiSimulator();
    simulator.fault({ match: { path: '/users/me/balance' }, status: 200, body });
    const { platformBaseURL: baseURL } = simulator;
    return await createKimi({ service: 'platform', baseURL, region, apiKey: 'sk-simulator' }).balance();
  };

  test.each([
    ['as documented', data(49.58894, 46.58893, 3.00001), { available: 49.58894, voucher: 46.58893, cash: 3.00001 }],
    ['in debt (Yachiyo-5i/xLyra#76)', data(0, 0, -31.14918), { available: 0, voucher: 0, cash: -31.14918 }],
    ['as text', data('0', '0.5', '-1.25'), { available: 0, voucher: 0.5, cash: -1.25 }],
    ['bad fields', data(5, null, 'much'), { available: 5, voucher: undefined, cash: undefined }],
  ])('%s', async (_, body, balance) => {
    expect(await read(body)).toEqual({ currency: 'USD', ...balance });
  });

  it('is in yuan on the mainland', async () => {
    expect(await read(data(1, 1, 0), 'mainland-cn')).toMatchObject({ currency: 'CNY' });
  });

  test.each([
    ['no amount', data(undefined, undefined, undefined)],
    ['no data', { code: 0, status: true }],
  ])('is an error, not 0, with %s', async (_, body) => {
    expect(await failureOf(read(body))).toMatchObject({ code: 'KIMI_ANSWER_INVALID' });
  });

  it('tells why the platform refuses a chat', async () => {
    await using simulator = await startKimiSimulator({ balance: { voucher: 0, cash: -31.14918 } });
    const { platformBaseURL: baseURL } = simulator;
    const kimi = createKimi({ service: 'platform', baseURL, apiKey: 'sk-simulator' });
    const ask = kimi('kimi-k2.6').doGenerate({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] });
    expect(await failureOf(ask)).toMatchObject({ code: 'KIMI_BALANCE_EXHAUSTED', statusCode: 429, isRetryable: false });
    expect(await kimi.balance()).toMatchObject({ available: 0, cash: -31.14918 });
  });
});
