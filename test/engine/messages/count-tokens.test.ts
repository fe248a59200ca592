import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../../src/simulator/index';
import type { KimiProviderSettings } from '../../../src/index';
import { createKimi } from '../../../src/v4';
import { failure } from '../../support/failure';

let simulator: KimiSimulator;
beforeEach(async () => {
  simulator = await startKimiSimulator();
});
afterEach(() => simulator.close());

const kimi = (settings: KimiProviderSettings = {}) =>
  createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator', ...settings });
const asked = () => simulator.requests.filter(({ path }) => path.endsWith('/count_tokens'));
const tools = [{ type: 'function' as const, name: 'f', description: 'd', inputSchema: { type: 'object' as const } }];

describe.each(['chat', 'messages'] as const)('tokens of a prompt, by %s', protocol => {
  it('are counted by the server where it does so', async () => {
    const count = await kimi({ protocol }).countTokens('k3', {
      prompt: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'hello '.repeat(100) },
      ],
      tools,
    });
    expect(count).toEqual({ inputTokens: expect.any(Number) as number, isEstimate: false });
    expect(count.inputTokens).toBeGreaterThan(50);
    const [request] = asked();
    expect(request).toMatchObject({ status: 200, notices: [] });
    expect(Object.keys(request?.json as object).toSorted()).toEqual(['messages', 'model', 'system', 'tools']);
  });

  it('are the estimate where it does not, which it is asked once', async () => {
    simulator.fault({ match: { path: '/count_tokens' }, status: 404, body: 'not found', times: 9 });
    const provider = kimi({ protocol });
    const short = await provider.countTokens('k3', { prompt: 'hello' });
    const long = await provider.countTokens('k3', { prompt: 'hello '.repeat(1000), tools });
    expect([short.isEstimate, long.isEstimate]).toEqual([true, true]);
    // Four ASCII characters are a token.
    expect(short.inputTokens).toBeLessThan(20);
    expect(long.inputTokens).toBeGreaterThan(1_500);
    expect(asked()).toHaveLength(1);
  });
});

it('tells of a refusal, and onUsage of none', async () => {
  const reports: unknown[] = [];
  simulator.fault({
    match: { path: '/count_tokens' },
    status: 429,
    body: { error: { message: 'slow down', type: 'rate_limit_error' } },
  });
  const error = await failure(() =>
    kimi({ onUsage: report => reports.push(report) }).countTokens('k3', { prompt: 'hi' }),
  );
  expect(error).toMatchObject({ name: 'KimiAPIError', statusCode: 429 });
  expect(reports).toEqual([]);
});

it('counts what is too large to be sent', async () => {
  simulator.fault({ match: { path: '/count_tokens' }, status: 404, body: 'not found' });
  const count = await kimi().countTokens('kimi-for-coding-highspeed', { prompt: 'x'.repeat(3_000_000) });
  expect(count.inputTokens).toBeGreaterThan(700_000);
});
