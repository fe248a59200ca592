import { describe, expect, it } from 'vitest';
import { modelConfig as ofPrice } from '../../src/hosts/opencode/model-config';
import { chargedPrice } from '../../src/models/kimi-model-catalog';
import { knownModel } from '../../src/models/known-models';
import type { ModelInfo } from '../../src/models/model-info';
import type { KimiService } from '../../src/upstream';

const modelConfig = (model: ModelInfo, service: KimiService) => ofPrice(model, chargedPrice(model.id, service));

describe('modelConfig', () => {
  it("says window, inputs and efforts in opencode's words, at no cost on a plan", () => {
    expect(modelConfig(knownModel('kimi-for-coding', 'coding'), 'coding')).toMatchObject({
      attachment: true,
      reasoning: true,
      temperature: false,
      tool_call: true,
      modalities: { input: expect.arrayContaining(['text', 'image']) as string[], output: ['text'] },
      limit: { context: 1_048_576, output: 32_000 },
      cost: { input: 0, output: 0 },
    });
  });

  it('has `off` first where the model can do without thinking, then its efforts, and `auto`', () => {
    const variants = (id: string) => Object.keys(modelConfig(knownModel(id, 'coding'), 'coding').variants ?? {});
    expect(variants('kimi-for-coding')).toEqual(['off', 'low', 'high', 'max', 'auto']);
    expect(variants('k3')).toEqual(['low', 'high', 'max', 'auto']);
  });

  it('has list prices on the platform', () => {
    const { cost } = modelConfig(knownModel('kimi-k2.6', 'platform'), 'platform');
    expect(cost?.input).toBeGreaterThan(0);
    expect(cost?.output).toBeGreaterThan(0);
  });

  it('never promises more output than the window', () => {
    const small = { ...knownModel('k3', 'coding'), contextLength: 8192 };
    expect(modelConfig(small, 'coding').limit).toEqual({ context: 8192, output: 8192 });
  });
});
