/** One refusal, as opencode sees it and as everybody else does (docs/decisions.md#85-softer-words-in-opencode). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { createKimi, type KimiAPIError, type KimiProviderSettings } from '../../src/v3';
import { opencodeRetries } from '../api/opencode-retry';
import { failure } from '../support/failure';

let simulator: KimiSimulator;
beforeAll(async () => {
  simulator = await startKimiSimulator();
});
afterAll(() => simulator.close());
beforeEach(() => simulator.reset());

const SAID = 'Too many requests: 429, retry your request in model 5030';
const REFUSAL = { error: { message: SAID, type: 'rate_limit_reached_error' } };
const refuse = () =>
  simulator.script(Array.from({ length: 4 }, () => ({ status: 429, retryAfter: 3600, body: REFUSAL })));

const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }];
const OPENCODE = {
  'its User-Agent': { 'User-Agent': 'opencode/1.18.34' },
  'its session in both headers': { 'X-Session-Id': 'ses_1', 'x-session-affinity': 'ses_1' },
};
const OTHERS = {
  'no headers': {},
  'a session id of its own': { 'x-session-id': 'one' },
  "another program's name": { 'user-agent': 'my-opencode/1.0' },
};

function modelOf(settings: KimiProviderSettings = {}) {
  return createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator', ...settings })('kimi-for-coding');
}
const thrown = async (call: () => PromiseLike<unknown>) => (await failure(call)) as KimiAPIError;

describe.each(Object.entries(OTHERS))('a caller with %s', (_, headers) => {
  it("sees the server's own message and body, port and all", async () => {
    refuse();
    const model = modelOf();
    for (const call of [() => model.doGenerate({ prompt, headers }), () => model.doStream({ prompt, headers })]) {
      const error = await thrown(call);
      expect(error).toMatchObject({ isRetryable: false, statusCode: 429, responseBody: JSON.stringify(REFUSAL) });
      expect(error.data).toEqual(REFUSAL);
      expect(error.message).toContain(SAID);
      expect(error.message).toContain(new URL(simulator.apiBaseURL).host);
    }
  });
});

describe.each(Object.entries(OPENCODE))('opencode, known by %s', (_, headers) => {
  it('sees no word to retry by, thrown by either kind of call', async () => {
    refuse();
    const told: Array<string | undefined> = [];
    const model = modelOf({ onUsage: ({ error }) => told.push(error?.message) });
    for (const call of [() => model.doGenerate({ prompt, headers }), () => model.doStream({ prompt, headers })]) {
      const error = await thrown(call);
      expect(opencodeRetries(error)).toBe(false);
      expect(error).toMatchObject({ code: 'KIMI_RATE_LIMITED', data: REFUSAL });
    }
    expect(told).toEqual([expect.stringContaining(SAID), expect.stringContaining(SAID)]);
  });

  it('sees none in the middle of an answer', async () => {
    simulator.script([
      {
        text: 'Well',
        errorAfterChunks: { chunks: 3, error: { message: `${SAID}: quota`, type: 'exceeded_current_quota_error' } },
      },
    ]);
    const { stream } = await modelOf().doStream({ prompt, headers });
    const parts: Array<{ type: string; error?: unknown }> = [];
    for await (const part of stream) {
      parts.push(part);
    }
    const errors = parts.flatMap(part => (part.type === 'error' ? [part.error as KimiAPIError] : []));
    expect(errors).toHaveLength(1);
    expect(errors.map(opencodeRetries)).toEqual([false]);
    expect(parts.map(({ type }) => type)).toContain('text-delta');
  });

  it('keeps the words of what may be retried', async () => {
    simulator.script([{ status: 429, body: REFUSAL }]);
    const error = await thrown(() => modelOf().doStream({ prompt, headers }));
    expect(error).toMatchObject({ isRetryable: true, responseBody: JSON.stringify(REFUSAL) });
    expect(error.message).toContain(SAID);
  });
});
