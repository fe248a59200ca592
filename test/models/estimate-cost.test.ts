import type { LanguageModelV3Usage } from 'provider-v3';
import type { LanguageModelV2Usage } from 'provider-v2';
import type { LanguageModelV4Usage } from '@ai-sdk/provider';
import { generateText } from 'ai';
import { describe, expect, it } from 'vitest';
import * as root from '../../src/index';
import { MODEL_ROWS } from '../../src/models/model-rows';
import { startKimiSimulator, type SimulatorAccount } from '../../src/simulator/index';
import type { KimiProviderMetadata, KimiTokenUsage } from '../../src/v4';
import * as v2 from '../../src/v2';
import * as v3 from '../../src/v3';
import * as v4 from '../../src/v4';
import { chunk, completion, DONE, either, event, startAnswerServer, stream } from '../engine/chat/answer/answer-server';
import { COMBINATIONS } from '../support/majors';

const { estimateCost } = v4;
/** A million in, of which 400,000 from the cache, and 100,000 out. */
const FLAT = { inputTokens: 1_000_000, cachedInputTokens: 400_000, outputTokens: 100_000 };
/** 600,000 × 3 + 400,000 × 0.3 + 100,000 × 15 millionths. */
const K3 = { list: 3.42, currency: 'USD', date: '2026-11-25' };

describe('estimateCost', () => {
  const flat: LanguageModelV2Usage = { ...FLAT, totalTokens: 1_100_000, reasoningTokens: 90_000 };
  const nested: LanguageModelV3Usage & LanguageModelV4Usage = {
    inputTokens: { total: 1_000_000, noCache: 600_000, cacheRead: 400_000, cacheWrite: undefined },
    outputTokens: { total: 100_000, text: undefined, reasoning: undefined },
  };
  const detailed = {
    inputTokens: 1_000_000,
    inputTokenDetails: { noCacheTokens: 600_000, cacheReadTokens: 400_000, cacheWriteTokens: undefined },
    outputTokens: 100_000,
    outputTokenDetails: { textTokens: 10_000, reasoningTokens: 90_000 },
    totalTokens: 1_100_000,
  };

  it.each<[string, KimiTokenUsage]>([
    ['flat: LanguageModelV2 and ai@5', flat],
    ['nested: LanguageModelV3 and V4', nested],
    ['with details: ai@6 and ai@7', detailed],
    ['with details and the old words: ai@6', { ...detailed, cachedInputTokens: 400_000 }],
  ])('reads usage that is %s', (_, usage) => {
    expect(estimateCost(usage, 'kimi-k3')).toEqual({ ...K3, amount: 3.42, model: 'kimi-k3' });
  });

  it('is 0 on a plan, with the list price beside it', () => {
    expect(estimateCost(FLAT, 'k3')).toEqual({ ...K3, amount: 0, model: 'k3' });
    expect(estimateCost(FLAT, 'k3', { service: 'coding' })).toEqual(estimateCost(FLAT, 'k3'));
  });

  it('prices high speed by its own row, and without digits of binary fractions', () => {
    expect(estimateCost(FLAT, 'kimi-k2.7-code-highspeed')).toMatchObject({ amount: 2.092 });
    expect(estimateCost({ inputTokens: 8, cachedInputTokens: 4, outputTokens: 1 }, 'kimi-k3')?.list).toBe(0.0000282);
  });

  it('is no cost without usage, and an error for a service that is none', () => {
    expect(estimateCost(undefined as never, 'k3')).toBeUndefined();
    expect(estimateCost(null as never, 'k3')).toBeUndefined();
    for (const service of ['plan', 'constructor', null]) {
      expect(() => estimateCost(FLAT, 'k3', { service: service as never })).toThrow(
        expect.objectContaining({ code: 'KIMI_INVALID_ARGUMENT', argument: 'service' }),
      );
    }
  });

  it('is never 0 for what is not known, but undefined', () => {
    const unpriced = MODEL_ROWS.platform.find(row => !('price' in row))?.id ?? '';
    expect(unpriced).not.toBe('');
    for (const id of [unpriced, 'kimi-k9', 'constructor', '__proto__', '']) {
      expect(estimateCost(FLAT, id)).toBeUndefined();
      expect(estimateCost(FLAT, id, { service: 'coding' })).toBeUndefined();
    }
    expect(estimateCost(FLAT, 'k3', { service: 'platform' })).toBeUndefined();
    for (const wrong of [undefined, Number.NaN, -1, Infinity]) {
      expect(estimateCost({ inputTokens: wrong, outputTokens: 1 }, 'k3')).toBeUndefined();
      expect(estimateCost({ inputTokens: 1, outputTokens: wrong }, 'k3')).toBeUndefined();
    }
    expect(estimateCost({ inputTokens: { total: undefined }, outputTokens: 1 }, 'k3')).toBeUndefined();
    expect(estimateCost({}, 'k3')).toBeUndefined();
    expect(estimateCost(FLAT, 'constructor', { service: 'platform', prices: {} })).toBeUndefined();
    // None were spent, which is known.
    expect(estimateCost({ inputTokens: 0, outputTokens: 0 }, 'kimi-k3')).toMatchObject({ amount: 0, list: 0 });
  });

  it('takes no more from the cache than went in', () => {
    expect(estimateCost({ inputTokens: 10, cachedInputTokens: 99, outputTokens: 0 }, 'kimi-k3')?.list).toBe(0.000003);
    expect(estimateCost({ inputTokens: 10, cachedInputTokens: -5, outputTokens: 0 }, 'kimi-k3')?.list).toBe(0.00003);
  });

  it("takes the user's prices before its own, also for a model that it does not know", () => {
    const prices = {
      'kimi-k3': { input: 1, output: 2, cachedInput: 0.5, date: '2027-01-01' },
      mine: { input: 1, output: 2 },
    };
    expect(estimateCost(FLAT, 'kimi-k3', { prices })).toEqual({
      amount: 1,
      list: 1,
      currency: 'USD',
      model: 'kimi-k3',
      date: '2027-01-01',
    });
    expect(estimateCost(FLAT, 'mine', { prices, service: 'platform' })).toEqual({
      amount: 1.2,
      list: 1.2,
      currency: 'USD',
      model: 'mine',
    });
    expect(estimateCost(FLAT, 'mine', { prices, service: 'coding' })).toMatchObject({ amount: 0, list: 1.2 });
    // Whether it is on a plan is not known.
    expect(estimateCost(FLAT, 'mine', { prices })).toBeUndefined();
    expect(estimateCost(FLAT, 'kimi-k2.6', { prices })).toEqual(estimateCost(FLAT, 'kimi-k2.6'));
  });

  it.each([
    { input: -1, output: 1 },
    { input: 1, output: '1' },
    { input: 1, output: Number.NaN },
    { input: 1, output: 1, cachedInput: null },
    null,
  ])('refuses the price %j', price => {
    expect(() => estimateCost(FLAT, 'k3', { prices: { k3: price } as never })).toThrow(/The price of "k3" in "prices"/);
  });

  it('is exported by every entry', () => {
    for (const entry of [root, v2, v3, v4]) {
      expect(entry.estimateCost).toBe(estimateCost);
    }
  });
});

describe.each(COMBINATIONS)('the cost of an answer, $name', ({ ai, createKimi, specification }) => {
  const wire = { prompt_tokens: 1_000_000, completion_tokens: 100_000, cached_tokens: 400_000 };

  async function costs(settings: object, asked: string, model: string) {
    const { baseURL } = await startAnswerServer(
      either(
        stream(
          event({ model, choices: [{ index: 0, delta: { content: 'hi' } }] }),
          chunk({}, { finish_reason: 'stop', usage: wire }),
          DONE,
        ),
        completion({ content: 'hi' }, 'stop', { model, usage: wire }),
      ),
    );
    const kimi = createKimi({ baseURL, apiKey: 'k', ...settings });
    const generated = await ai.generateText({ model: kimi(asked), prompt: 'x' });
    const streamed = ai.streamText({ model: kimi(asked), prompt: 'x' });
    const metadata = (await (streamed as unknown as { providerMetadata: PromiseLike<unknown> }).providerMetadata) as {
      kimi: KimiProviderMetadata;
    };
    const whole = (generated as unknown as { providerMetadata: typeof metadata }).providerMetadata;
    expect(metadata.kimi.cost).toEqual(whole.kimi.cost);
    return {
      cost: whole.kimi.cost,
      usages: [generated.usage, generated.totalUsage, await streamed.usage, await streamed.totalUsage],
    };
  }

  it('is what estimateCost makes of its usage', async () => {
    const { cost, usages } = await costs({ service: 'platform' }, 'kimi-k3', 'kimi-k3');
    expect(cost).toEqual({ ...K3, amount: 3.42, model: 'kimi-k3' });
    for (const usage of usages) {
      // V2's flat usage has no place for it in the newer majors.
      const isRead = usage.cachedInputTokens ?? usage.inputTokenDetails?.cacheReadTokens;
      expect(isRead, specification).toBe(400_000);
      expect(estimateCost(usage, 'kimi-k3')).toEqual(cost);
    }
  });

  it('has the price of the model that answered, where that is known', async () => {
    const { cost } = await costs({ service: 'platform' }, 'kimi-k3', 'kimi-k3.1-pro');
    expect(cost).toMatchObject({ amount: 2.28, model: 'kimi-k3.1-pro' });
    expect((await costs({ service: 'platform' }, 'kimi-k3', 'kimi-k2.5')).cost).toBeUndefined();
    expect((await costs({ service: 'platform' }, 'kimi-k3', 'kimi-k3-0911')).cost).toMatchObject({ model: 'kimi-k3' });
    expect((await costs({ service: 'platform' }, 'kimi-k9', 'kimi-k9')).cost).toBeUndefined();
  });

  it('is 0 on a plan', async () => {
    expect((await costs({}, 'k3', 'k3')).cost).toEqual({ ...K3, amount: 0, model: 'k3' });
  });

  it.each(['kimi-k3', 'kimi-k3-0911'])("has the user's price of %s", async id => {
    const prices = { [id]: { input: 1, output: 1 } };
    const { cost } = await costs({ service: 'platform', prices }, 'kimi-k3', 'kimi-k3-0911');
    expect(cost).toEqual({ amount: 1.1, list: 1.1, currency: 'USD', model: id });
  });
});

// k2.7 lists the name with the older window, k2.5 lists the slug `k2p5` alone.
it.each<SimulatorAccount>(['k2.7', 'k2.5'])(
  "is not known on a %s account, but with a price of the user's",
  async account => {
    await using simulator = await startKimiSimulator({ account });
    const cost = async (settings: object) => {
      const kimi = v4.createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator', ...settings });
      return (await generateText({ model: kimi('kimi-for-coding'), prompt: 'x' })).providerMetadata?.kimi?.cost;
    };
    expect(await cost({})).toBeUndefined();
    const prices = { 'kimi-for-coding': { input: 0.6, output: 2.5 } };
    expect(await cost({ prices })).toMatchObject({ amount: 0, list: expect.any(Number), model: 'kimi-for-coding' });
  },
);
