import { describe, expect, it } from 'vitest';
import { mapReasoningEffort } from '../../src/engine/effort';
import { knownModel } from '../../src/models/known-models';
import { CODING_MODELS } from '../../src/models/model-rows';
import { PI_LEVELS, type PiLevel, type PiModel } from '../../src/pi/pi-api';
import { bundledModels, engineModelId, piModels } from '../../src/pi/pi-models';

const BASE = 'https://api.kimi.com/coding/v1';

/** As pi 1.5.2 does it: the next level above that the model has, else the next below. */
function clamped({ thinkingLevelMap }: PiModel, level: PiLevel): PiLevel {
  const has = (name: PiLevel) => thinkingLevelMap?.[name] !== null;
  const at = PI_LEVELS.indexOf(level);
  return PI_LEVELS.slice(at).find(has) ?? PI_LEVELS.slice(0, at).findLast(has) ?? 'off';
}

describe("pi's levels", () => {
  const shapes = [
    ...CODING_MODELS.map(({ id, contextWindow }) => knownModel(id, 'coding', contextWindow)),
    { ...knownModel('k3', 'coding'), id: 'some', efforts: ['low', 'medium', 'xhigh'] },
  ];

  it.each(shapes.map(model => [`${model.id}, ${model.contextLength}`, model] as const))(
    'come to the efforts of our own table: %s',
    (_, model) => {
      const [listed] = piModels([model], BASE);
      for (const level of PI_LEVELS.filter(name => name !== 'off')) {
        const asked = { argument: 'x', service: 'coding' } as const;
        const ours = mapReasoningEffort(level, model, asked).fields;
        expect({ level, fields: mapReasoningEffort(clamped(listed as PiModel, level), model, asked).fields }).toEqual({
          level,
          fields: ours,
        });
      }
    },
  );

  it('have "off" where the model can be silent', () => {
    const off = Object.fromEntries(bundledModels(BASE).map(({ id, thinkingLevelMap }) => [id, thinkingLevelMap?.off]));
    expect(off).toMatchObject({ 'kimi-for-coding': 'off', k3: null, 'k3.1-pro': null });
  });

  it('are those alone that the model has, so that a person chooses among no others', () => {
    const levels = Object.fromEntries(bundledModels(BASE).map(({ id, thinkingLevelMap }) => [id, thinkingLevelMap]));
    const none = { minimal: null, xhigh: null };
    expect(levels).toMatchObject({
      'kimi-for-coding': { ...none, off: 'off', low: 'low', medium: null, high: 'high', max: 'max' },
      // Without a list.
      'kimi-for-coding-highspeed': { ...none, off: 'off', low: 'low', medium: 'medium', high: 'high', max: null },
    });
  });
});

describe('the list of pi', () => {
  it("is the account's, with its windows and inputs, without what no wire of ours serves", () => {
    const models = [
      { ...knownModel('k3', 'coding'), contextLength: 500_000 },
      { ...knownModel('x', 'coding'), protocol: 'response' as const },
      { ...knownModel('y', 'coding'), imageInput: false },
    ];
    expect(piModels(models, BASE)).toMatchObject([
      { id: 'k3', contextWindow: 500_000, maxTokens: 131_072, input: ['text', 'image'], cost: { input: 0, output: 0 } },
      { id: 'y', input: ['text'], maxTokens: 32_768 },
      // For settings and sessions that name them: what the account is entitled to.
      { id: 'kimi-for-coding', contextWindow: 500_000 },
      { id: 'kimi-k2.5', contextWindow: 500_000 },
    ]);
  });

  it('has an id once, and asks for an old one under its new name', () => {
    const listed = [knownModel('kimi-for-coding', 'coding'), knownModel('kimi-k2.5', 'coding')];
    expect(piModels(listed, BASE).map(({ id }) => id)).toEqual(['kimi-for-coding', 'kimi-k2.5']);
    expect(engineModelId('kimi-k2.5', listed)).toBe('kimi-k2.5');
    expect(engineModelId('kimi-k2.5', undefined)).toBe('kimi-for-coding');
    expect(engineModelId('k3', undefined)).toBe('k3');
  });
});
