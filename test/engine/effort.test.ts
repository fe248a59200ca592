import { describe, expect, it } from 'vitest';
import { mapReasoningEffort } from '../../src/engine/effort';
import { KimiInvalidArgumentError } from '../../src/errors/kimi-error';
import type { ModelInfo } from '../../src/models/model-info';
import { knownModel } from '../../src/models/known-models';

const k3 = knownModel('k3', 'coding');
const toggle = knownModel('kimi-for-coding', 'coding', 262_144);
const today = knownModel('kimi-for-coding', 'coding');
const alwaysOn = knownModel('kimi-k2.7-code', 'platform');
const plain = knownModel('kimi-k2-turbo-preview', 'platform');
const toggleWithList: ModelInfo = {
  ...k3,
  id: 'future',
  thinking: 'both',
  efforts: ['low', 'medium', 'high'],
  defaultEffort: 'medium',
};
const novel: ModelInfo = { ...k3, id: 'novel', efforts: ['low', 'ultra'], defaultEffort: 'gone' };

const enabled = (effort?: string) => ({ thinking: { type: 'enabled', ...(effort === undefined ? {} : { effort }) } });
const generic = (level: string) => ({ thinking: { type: 'enabled' }, reasoning_effort: level });
const disabled = { thinking: { type: 'disabled' } };

describe('mapReasoningEffort', () => {
  it.each<[string, ModelInfo, string | undefined, object, boolean]>([
    // model, asked, wire, warned
    ['k3', k3, undefined, {}, false],
    ['k3', k3, 'auto', {}, false],
    ['k3', k3, 'provider-default', {}, false],
    ['k3', k3, 'on', enabled('max'), false],
    ['k3', k3, 'off', enabled('max'), true],
    ['k3', k3, 'none', enabled('max'), true],
    ['k3', k3, 'minimal', enabled('low'), false],
    ['k3', k3, 'low', enabled('low'), false],
    ['k3', k3, 'medium', enabled('high'), true],
    ['k3', k3, 'high', enabled('high'), false],
    ['k3', k3, 'xhigh', enabled('max'), true],
    ['k3', k3, 'max', enabled('max'), false],
    ['a toggle model', toggle, 'off', disabled, false],
    ['a toggle model', toggle, 'none', disabled, false],
    ['a toggle model', toggle, 'on', enabled(), false],
    ['a toggle model', toggle, 'minimal', generic('low'), false],
    ['a toggle model', toggle, 'low', generic('low'), false],
    ['a toggle model', toggle, 'medium', generic('medium'), false],
    ['a toggle model', toggle, 'high', generic('high'), false],
    ['a toggle model', toggle, 'xhigh', generic('high'), true],
    ['a toggle model', toggle, 'max', generic('high'), true],
    ['kimi-for-coding since September', today, 'off', disabled, false],
    ['kimi-for-coding since September', today, 'on', enabled('max'), false],
    ['kimi-for-coding since September', today, 'medium', enabled('high'), true],
    ['an always-on model', alwaysOn, 'off', enabled(), true],
    ['an always-on model', alwaysOn, 'high', generic('high'), false],
    ['a model that cannot think', plain, 'off', {}, false],
    ['a model that cannot think', plain, 'high', {}, true],
    ['a model that cannot think', plain, 'on', {}, true],
    ['a toggle model with a list', toggleWithList, 'off', disabled, false],
    ['a toggle model with a list', toggleWithList, 'on', enabled('medium'), false],
    ['a toggle model with a list', toggleWithList, 'max', enabled('high'), true],
    ['a level of the future', novel, 'ultra', enabled('ultra'), false],
    ['a default that is not listed', novel, 'on', enabled('ultra'), false],
  ])('%s asked for %3$s', (_, model, asked, fields, warned) => {
    const mapped = mapReasoningEffort(asked, model, { argument: 'reasoning', service: 'coding' });
    expect(mapped.fields).toEqual(fields);
    expect(mapped.warnings).toHaveLength(warned ? 1 : 0);
  });

  it.each<[string, ModelInfo, object, boolean]>([
    ['high', toggle, enabled(), true],
    ['max', alwaysOn, enabled(), true],
    ['on', toggle, enabled(), false],
    ['off', toggle, disabled, false],
    ['high', knownModel('kimi-k3', 'platform'), enabled('high'), false],
  ])('sends the platform no reasoning_effort beside thinking: %s', (asked, model, fields, warned) => {
    const mapped = mapReasoningEffort(asked, model, { argument: 'reasoning', service: 'platform' });
    expect(mapped.fields).toEqual(fields);
    expect(mapped.warnings).toHaveLength(warned ? 1 : 0);
  });

  it('names the allowed words for any other', () => {
    expect(() =>
      mapReasoningEffort('ultra', k3, { argument: 'providerOptions.kimi.reasoningEffort', service: 'coding' }),
    ).toThrow(
      'providerOptions.kimi.reasoningEffort must be one of auto, off, none, on, minimal, low, medium, high, ' +
        'xhigh, max, not "ultra".',
    );
    expect(() => mapReasoningEffort('ultra', k3, { argument: 'x', service: 'coding' })).toThrow(
      KimiInvalidArgumentError,
    );
  });
});
