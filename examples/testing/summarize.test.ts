import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { startKimiSimulator, type KimiSimulator } from 'ai-sdk-provider-kimi/simulator';
import { createKimi, KimiAPIError, type KimiProvider } from 'ai-sdk-provider-kimi/v4';
import { summarize } from './summarize.ts';

let simulator: KimiSimulator;
let kimi: KimiProvider;

before(async () => {
  simulator = await startKimiSimulator();
  kimi = createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' });
});
beforeEach(() => {
  simulator.reset();
  simulator.clearRequests();
});
after(() => simulator.close());

test('sends the article, and gives back what the model says', async () => {
  simulator.script([{ reasoning: 'Short.', text: ' Cats sleep a lot. ' }]);
  assert.equal(await summarize('Cats sleep for 16 hours a day.', kimi), 'Cats sleep a lot.');
  const sent = simulator.requests.find(({ path }) => path.endsWith('/chat/completions'));
  assert.match(JSON.stringify(sent?.json), /16 hours/);
});

test('fails as Kimi does when the plan is used up', async () => {
  simulator.quota.weekly.used = simulator.quota.weekly.limit;
  await assert.rejects(
    summarize('Cats.', kimi),
    error => KimiAPIError.isInstance(error) && error.code === 'KIMI_QUOTA_EXHAUSTED',
  );
});
