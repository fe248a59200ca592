/** What a call is made with is resolved once (docs/decisions.md#41-a-call-is-resolved-once). */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { createKimi, type KimiProviderSettings } from '../../src/v4';

let simulator: KimiSimulator;
beforeAll(async () => {
  simulator = await startKimiSimulator();
});
afterAll(() => simulator.close());
beforeEach(() => simulator.reset());

const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }];
const settings = (changes: KimiProviderSettings): KimiProviderSettings => ({
  baseURL: simulator.apiBaseURL,
  ...changes,
});

it('asks a key function once for catalog and request, and again for the next call', async () => {
  const given: string[] = [];
  const model = createKimi(
    settings({
      apiKey: async () => {
        given.push('sk-kimi-simulator');
        return 'sk-kimi-simulator';
      },
    }),
  )('kimi-for-coding');
  await model.doGenerate({ prompt });
  expect(given).toHaveLength(1);
  expect(simulator.counts).toMatchObject({ models: 1 });
  const { stream } = await model.doStream({ prompt });
  await stream.cancel();
  expect(given).toHaveLength(2);
});

it('keeps the key of a call for all that the call sends, while the function gives another each time', async () => {
  // A place of its own, so that no list is known yet.
  const own = await startKimiSimulator();
  let calls = 0;
  const model = createKimi({
    baseURL: own.apiBaseURL,
    apiKey: () => `sk-kimi-simulator${(calls += 1) === 1 ? '' : '-unknown'}`,
  })('kimi-for-coding');
  await model.doGenerate({ prompt });
  const sent = own.requests

    .map(({ path, headers }) => [path.split('/').at(-1), headers.authorization]);
  expect(sent).toEqual([
    ['models', 'Bearer sk-kimi-simulator'],
    ['completions', 'Bearer sk-kimi-simulator'],
  ]);
  await expect(model.doGenerate({ prompt })).rejects.toMatchObject({ code: 'KIMI_NOT_AUTHENTICATED' });
  await own.close();
});

it('follows the environment from one call to the next', async () => {
  const model = createKimi({ apiKey: 'sk-kimi-simulator' })('kimi-for-coding');
  process.env.KIMI_CODE_BASE_URL = simulator.apiBaseURL;
  await model.doGenerate({ prompt });
  process.env.KIMI_CODE_BASE_URL = 'http://127.0.0.1:9/v1';
  await expect(model.doGenerate({ prompt })).rejects.toMatchObject({ code: 'KIMI_CONNECTION_FAILED' });
  process.env.KIMI_CODE_BASE_URL = simulator.apiBaseURL;
  await model.doGenerate({ prompt });
  delete process.env.KIMI_CODE_BASE_URL;
});
