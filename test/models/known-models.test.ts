import { generateText } from 'ai';
import { describe, expect, it } from 'vitest';
import { kimiModelCatalog } from '../../src/index';
import { knownModel } from '../../src/models/known-models';
import { MODEL_ROWS } from '../../src/models/model-rows';
import { parseModelList } from '../../src/models/model-list';
import { startKimiSimulator, type SimulatorAccount } from '../../src/simulator/index';
import { createKimi } from '../../src/v4';
import { chats } from '../support/chats';

const K3 = { thinking: 'only', efforts: ['low', 'high', 'max'] };

describe('known models', () => {
  it.each([
    ['k3.1-pro-max', 'coding', K3, 1_048_576],
    ['kimi-k3.2', 'platform', K3, 1_048_576],
    ['k3.1-256k', 'coding', K3, 262_144],
    ['k10', 'coding', K3, 1_048_576],
    ['kimi-k2.9', 'platform', { thinking: 'both', sampling: 'fixed' }, 262_144],
    ['kimi-k2-0905-preview', 'platform', { thinking: 'no', sampling: 'free' }, 262_144],
    ['moonshot-v1-8k', 'platform', { thinking: 'no' }, 8_192],
  ] as const)('%s has the rules of its family', (id, service, traits, contextLength) => {
    expect(knownModel(id, service)).toMatchObject({ id, ...traits, contextLength });
  });

  it('takes the older shape of an id where the account lists it with that window', () => {
    const listed = (contextLength: number) =>
      parseModelList({ data: [{ id: 'kimi-for-coding', context_length: contextLength }] }, 'coding')?.[0];
    expect(listed(1_048_576)).toMatchObject({ thinking: 'both', efforts: ['low', 'high', 'max'] });
    expect(listed(262_144)).not.toHaveProperty('efforts');
  });

  it('has for each row a source and a date, and one entry of the catalog for each id', () => {
    for (const service of ['coding', 'platform'] as const) {
      for (const { id, source, date, contextWindow } of MODEL_ROWS[service].toReversed()) {
        expect(source).toMatch(/^docs\/wire\.md#/);
        expect(Date.parse(date)).not.toBeNaN();
        expect(contextWindow).toBeGreaterThan(100_000);
        expect(kimiModelCatalog[service]).toHaveProperty([id]);
      }
    }
    expect(kimiModelCatalog.coding['kimi-for-coding']).toMatchObject({
      requestConfig: { language: { contextWindow: 1_048_576 } },
      price: { input: 0.95, output: 4, cachedInput: 0.19 },
    });
  });
});

// What an app says, on each kind of account: nothing of it may be refused.
describe.each<[SimulatorAccount, string, object]>([
  ['k2.8', 'kimi-for-coding', { thinking: { type: 'enabled', effort: 'high' } }],
  ['k2.7', 'kimi-for-coding', { thinking: { type: 'enabled' }, reasoning_effort: 'high' }],
  ['k2.5', 'k2p5', { thinking: { type: 'enabled' }, reasoning_effort: 'high' }],
  ['k3', 'k3', { thinking: { type: 'enabled', effort: 'high' } }],
])('on a %s account', (account, slug, thinking) => {
  it('kimi-for-coding with an effort is what the account has', async () => {
    await using simulator = await startKimiSimulator({ account });
    const kimi = createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' });
    const providerOptions = { kimi: { reasoningEffort: 'high' } };
    await generateText({ model: kimi('kimi-for-coding'), prompt: 'hi', providerOptions, maxRetries: 0 });
    expect(chats(simulator)[0]?.json).toMatchObject({ model: slug, ...thinking });
    expect(chats(simulator)[0]?.notices).toEqual([]);
  });
});
