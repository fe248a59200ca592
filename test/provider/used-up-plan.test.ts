import { generateText, streamText } from 'ai';
import { describe, expect, it, test } from 'vitest';
import { KimiAPIError, type KimiProviderSettings, type KimiUsageReport } from '../../src/index';
import { startKimiSimulator, type KimiSimulator, type SimulatorQuota } from '../../src/simulator/index';
import { createKimi } from '../../src/v4';

const KEY = 'sk-kimi-simulator';

const kimi = (simulator: KimiSimulator, settings: KimiProviderSettings = {}) =>
  createKimi({ baseURL: simulator.apiBaseURL, apiKey: KEY, ...settings });

/** The refusal that an app gets, streamed or whole. */
async function refusal(
  provider: ReturnType<typeof createKimi>,
  how: 'whole' | 'stream' = 'whole',
  abortSignal?: AbortSignal,
): Promise<KimiAPIError> {
  const call = { model: provider('kimi-for-coding'), prompt: 'hi', maxRetries: 0, ...(abortSignal && { abortSignal }) };
  try {
    if (how === 'whole') {
      await generateText(call);
    } else {
      const failures: unknown[] = [];
      await streamText({ ...call, onError: ({ error }) => void failures.push(error) }).consumeStream();
      throw failures[0];
    }
  } catch (error) {
    return error as KimiAPIError;
  }
  throw new Error('It was not refused.');
}

const full = async (quota: SimulatorQuota, window: 'fiveHours' | 'weekly' | 'monthly' = 'weekly') => {
  const simulator = await startKimiSimulator({ quota });
  simulator.quota[window].used = simulator.quota[window].limit;
  return simulator;
};

describe('a used-up plan', () => {
  test.each(
    ([403, 429] as const).flatMap(status =>
      (['whole', 'stream'] as const).flatMap(how =>
        (['window', 'period'] as const).map(wording => [status, how, wording] as const),
      ),
    ),
  )('%s, %s, the text names the %s: window and reset time are in the error', async (status, how, wording) => {
    await using simulator = await full({ status, wording });
    const error = await refusal(kimi(simulator), how);
    expect(KimiAPIError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'KIMI_QUOTA_EXHAUSTED',
      reason: 'weekly',
      statusCode: status,
      isRetryable: false,
    });
    const reset = new Date(Math.floor(simulator.quota.weekly.resetsAt / 1000) * 1000);
    expect(error.resetsAt).toEqual(reset);
    expect(error.message).toContain('The weekly quota of your Kimi plan');
    expect(error.message).toContain(`It is fresh again at ${reset.toISOString().replace('.000', '')}.`);
  });

  test.each([
    ['fiveHours', '5-hour'],
    ['monthly', 'monthly'],
  ] as const)('%s', async (window, reason) => {
    await using simulator = await full({ wording: 'period', shape: 'both' }, window);
    const error = await refusal(kimi(simulator));
    expect(error.reason).toBe(reason);
    expect(error.resetsAt?.getTime()).toBe(Math.floor(simulator.quota[window].resetsAt / 1000) * 1000);
  });

  it('asks nothing where the answer says all', async () => {
    await using simulator = await startKimiSimulator();
    const reset = new Date(Date.now() + 7_200_000).toISOString();
    const message = `You've reached your weekly usage limit. Quota resets at ${reset}`;
    simulator.fault({ match: { path: '/chat/completions' }, status: 403, body: { error: { message } } });
    const error = await refusal(kimi(simulator));
    expect([error.reason, error.resetsAt?.toISOString()]).toEqual(['weekly', reset]);
    expect(simulator.counts.usages).toBe(0);
  });

  it('asks once for a flood, and once a minute', async () => {
    await using simulator = await full({});
    let now = Date.now();
    const provider = kimi(simulator, { now: () => now });
    const errors = await Promise.all(Array.from({ length: 20 }, () => refusal(provider)));
    expect(new Set(errors.map(({ reason, resetsAt }) => `${reason} ${resetsAt?.getTime()}`)).size).toBe(1);
    expect(errors[0]?.resetsAt).toBeInstanceOf(Date);
    expect(simulator.counts.usages).toBe(1);
    now += 59_000;
    await refusal(provider);
    expect(simulator.counts.usages).toBe(1);
    now += 2_000;
    await refusal(provider);
    expect(simulator.counts.usages).toBe(2);
  });

  it('asks for each key anew', async () => {
    await using simulator = await startKimiSimulator({ apiKeys: { coding: ['sk-one', 'sk-two'] } });
    simulator.quota.weekly.used = simulator.quota.weekly.limit;
    let key = 'sk-one';
    const provider = kimi(simulator, { apiKey: () => key });
    await refusal(provider);
    key = 'sk-two';
    await refusal(provider);
    expect(simulator.counts.usages).toBe(2);
  });

  test.each([
    ['is silent', { delayMs: 600_000 }],
    ['fails', { status: 500, body: {} }],
    ['refuses, as chat does', { status: 403, body: { error: { message: "You've reached your usage limit" } } }],
    ['is not there', { status: 404, body: {} }],
    ['says nothing', { status: 200, body: {} }],
    ['answers with a page', { status: 200, body: '<html>' }],
  ])('is the same refusal where /usages %s; it is not asked again at once', async (_, fault) => {
    await using simulator = await full({ wording: 'period', status: 429 });
    simulator.fault({ match: { path: '/usages' }, times: 9, ...fault });
    const provider = kimi(simulator);
    const errors = [await refusal(provider), await refusal(provider)];
    for (const error of errors) {
      expect(error).toMatchObject({
        code: 'KIMI_QUOTA_EXHAUSTED',
        reason: 'period',
        resetsAt: undefined,
        statusCode: 429,
        isRetryable: false,
      });
      expect(error.message).toContain("You've reached your usage limit for this period");
    }
    expect(simulator.counts.usages).toBe(1);
  });

  it('does not hold back an abort', async () => {
    await using simulator = await full({});
    simulator.fault({ match: { path: '/usages' }, delayMs: 600_000 });
    const ending = new AbortController();
    // Once the look is under way, long before its second is over.
    const asked = (async () => {
      while (simulator.counts.usages === 0) {
        await new Promise(resolve => setImmediate(resolve));
      }
      ending.abort(new Error('enough'));
    })();
    expect((await refusal(kimi(simulator), 'whole', ending.signal)).message).toBe('enough');
    await asked;
  });

  it('asks nothing for other refusals, and nothing of the platform', async () => {
    await using simulator = await startKimiSimulator({ balance: { voucher: 0, cash: 0 } });
    simulator.fault({ match: { path: '/chat/completions' }, status: 429, body: { error: { message: 'too many' } } });
    expect((await refusal(kimi(simulator))).code).toBe('KIMI_RATE_LIMITED');
    const platform = createKimi({ service: 'platform', baseURL: simulator.platformBaseURL, apiKey: 'sk-simulator' });
    await expect(generateText({ model: platform('kimi-k2.6'), prompt: 'hi', maxRetries: 0 })).rejects.toMatchObject({
      code: 'KIMI_BALANCE_EXHAUSTED',
    });
    expect(simulator.counts.usages).toBe(0);
  });
});

describe('onUsage', () => {
  const told = () => {
    const reports: KimiUsageReport[] = [];
    return { reports, onUsage: (report: KimiUsageReport) => void reports.push(report) };
  };

  test.each(['whole', 'stream'] as const)('tells tokens and limits at the end of an answer: %s', async how => {
    await using simulator = await startKimiSimulator();
    simulator.script({ text: 'hi', usage: { promptTokens: 10, cachedTokens: 4, completionTokens: 2 } });
    simulator.fault({
      match: { path: '/chat/completions' },
      headers: {
        'x-ratelimit-limit-requests': '80',
        'x-msh-ratelimit-remaining-requests': '79',
        'x-ratelimit-reset-requests': '6m0s',
        'x-msh-ratelimit-unified-5h-utilization': '0.25',
        'x-ratelimit-remaining-tokens': 'many',
      },
    });
    const { reports, onUsage } = told();
    const model = kimi(simulator, { onUsage })('kimi-for-coding');
    const before = Date.now();
    await (how === 'whole'
      ? generateText({ model, prompt: 'hi' })
      : streamText({ model, prompt: 'hi' }).consumeStream());
    expect(reports).toEqual([
      {
        modelId: 'kimi-for-coding',
        service: 'coding',
        account: 'default',
        status: 200,
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        tokens: expect.objectContaining({
          inputTokens: expect.objectContaining({ total: 10, cacheRead: 4 }) as object,
          outputTokens: expect.objectContaining({ total: 2 }) as object,
        }) as object,
        rateLimits: {
          requests: { limit: 80, remaining: 79, resetsAt: expect.any(Date) as Date },
          fiveHoursUsedRatio: 0.25,
        },
        error: undefined,
      },
    ]);
    expect(reports[0]?.rateLimits?.requests?.resetsAt?.getTime()).toBeGreaterThanOrEqual(before + 360_000);
  });

  it('tells what is unknown as undefined', async () => {
    await using simulator = await startKimiSimulator();
    simulator.script({ text: 'hi', usage: false });
    const { reports, onUsage } = told();
    await generateText({ model: kimi(simulator, { onUsage })('kimi-for-coding'), prompt: 'hi' });
    expect(reports).toMatchObject([{ tokens: undefined, rateLimits: undefined, error: undefined }]);
  });

  it('tells a refusal', async () => {
    await using simulator = await full({});
    const { reports, onUsage } = told();
    const error = await refusal(kimi(simulator, { onUsage }));
    expect(reports).toMatchObject([{ status: 403, tokens: undefined }]);
    expect(reports[0]?.error).toMatchObject({ reason: 'weekly', resetsAt: error.resetsAt });
    expect(JSON.stringify(reports)).not.toContain(KEY);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('mine');
      },
    ],
    ['rejects', () => Promise.reject(new Error('mine'))],
    ['never settles', () => new Promise(() => {})],
  ])('changes nothing where it %s', async (_, onUsage) => {
    await using simulator = await startKimiSimulator();
    const model = kimi(simulator, { onUsage })('kimi-for-coding');
    expect((await generateText({ model, prompt: 'hi' })).text).not.toBe('');
    const stream = streamText({ model, prompt: 'hi' });
    expect(await stream.text).not.toBe('');
  });

  it('must be a function', async () => {
    await using simulator = await startKimiSimulator();
    const provider = kimi(simulator, { onUsage: 'log' as never });
    expect(await refusal(provider)).toMatchObject({ code: 'KIMI_INVALID_ARGUMENT', argument: 'onUsage' });
  });
});
