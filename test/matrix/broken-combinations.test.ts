import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { COMBINATIONS, MIDDLEWARE, steps, type Combination } from '../support/majors';

/**
 * What the AI SDK itself breaks (docs/decisions.md#2-broken-combinations, docs/wire.md#broken-combinations). Each test
 * documents the state of the pinned versions: when one fails, the AI SDK was mended and the table of docs/entries.md
 * can lose a row. The type errors of the same combinations are in test/types.
 */
let simulator: KimiSimulator;
beforeEach(async () => {
  simulator = await startKimiSimulator();
});
afterEach(() => simulator.close());

const find = (major: number, specification: string) =>
  COMBINATIONS.find(
    combination => combination.major === major && combination.specification === specification,
  ) as Combination;
const ai5 = find(5, 'v2');
const ai6 = find(6, 'v3');
const ai7 = find(7, 'v4');

const settings = () => ({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' });
const toolLoop = () => {
  simulator.script([
    { reasoning: 'r', text: 'let me check', toolCalls: [{ name: 'weather', arguments: { city: 'Bern' } }] },
    { reasoning: 'r', text: 'It rains' },
  ]);
  return {
    prompt: 'weather?',
    stopWhen: steps(5),
    tools: {
      weather: ai6.ai.tool({
        description: 'Weather',
        inputSchema: z.object({ city: z.string() }),
        execute: () => 'rain',
      }),
    },
  };
};

describe('V2 on ai@6', () => {
  const v2 = () => find(6, 'v2').createKimi(settings())('k3');

  it('loses finish reason and usage behind wrapLanguageModel, so that a tool loop stops after one step', async () => {
    const result = ai6.ai.streamText({
      model: ai6.ai.wrapLanguageModel({ model: v2(), middleware: MIDDLEWARE }),
      ...toolLoop(),
    });
    expect(await result.steps).toHaveLength(1);
    expect(await result.finishReason).not.toBe('tool-calls');
    expect((await result.totalUsage).totalTokens).toBeUndefined();
  });

  it('runs in a registry and in customProvider, whose types refuse it', async () => {
    const registry = ai6.ai.createProviderRegistry({ kimi: find(6, 'v2').createKimi(settings()) });
    expect(await ai6.ai.streamText({ model: registry.languageModel('kimi:k3'), ...toolLoop() }).text).toBe('It rains');
    const custom = ai6.ai.customProvider({ languageModels: { fast: v2() } });
    expect(await ai6.ai.streamText({ model: custom.languageModel('fast'), ...toolLoop() }).text).toBe('It rains');
  });

  it('works behind wrapLanguageModel with /v3 instead', async () => {
    const model = ai6.ai.wrapLanguageModel({ model: ai6.createKimi(settings())('k3'), middleware: MIDDLEWARE });
    const result = ai6.ai.streamText({ model, ...toolLoop() });
    expect(await result.steps).toHaveLength(2);
    expect((await result.totalUsage).totalTokens).toBeGreaterThan(0);
  });
});

describe('V2 on ai@7', () => {
  it('runs in a registry, whose types refuse it', async () => {
    const registry = ai7.ai.createProviderRegistry({ kimi: find(7, 'v2').createKimi(settings()) });
    expect(await ai7.ai.streamText({ model: registry.languageModel('kimi:k3'), ...toolLoop() }).text).toBe('It rains');
  });
});

describe('specifications that an older major refuses', () => {
  it.each([
    ['ai@5', 'V3', ai5, ai6],
    ['ai@5', 'V4', ai5, ai7],
    ['ai@6', 'V4', ai6, ai7],
  ])('%s refuses %s', async (_, __, { ai }, { createKimi }) => {
    await expect(ai.generateText({ model: createKimi(settings())('k3'), prompt: 'hi' })).rejects.toThrow(
      /Unsupported model version/,
    );
  });
});
