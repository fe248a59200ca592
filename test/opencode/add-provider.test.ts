import { describe, expect, it } from 'vitest';
import type { OpencodeConfig } from '../../src/hosts/opencode/plugin-api';
import { addProvider } from '../../src/opencode/add-provider';

const NPM = 'file:///somewhere/provider.js';
const models = { k3: { name: 'Kimi K3', variants: { low: { reasoningEffort: 'low' } } } };
const add = (config: OpencodeConfig) => ({ ids: addProvider(config, { npm: NPM, models, options: {} }), config });

describe('addProvider', () => {
  it('adds ours to an empty configuration, and beside providers of others', () => {
    const anthropic = { npm: '@ai-sdk/anthropic' };
    const { ids, config } = add({ provider: { anthropic } });
    expect(ids).toEqual(['kimi-for-coding-oauth']);
    expect(config.provider).toEqual({
      anthropic,
      'kimi-for-coding-oauth': { name: 'Kimi', npm: NPM, options: {}, models },
    });
    expect(Object.keys(add({}).config.provider ?? {})).toEqual(['kimi-for-coding-oauth']);
  });

  it.each(['ai-sdk-provider-kimi', 'ai-sdk-provider-kimi@1.2.3'])(
    'completes one with "npm": "%s", and adds no other',
    npm => {
      const { ids, config } = add({ provider: { mine: { name: 'Mine', npm, models: { k3: { name: 'My K3' } } } } });
      expect(ids).toEqual(['mine']);
      expect(config.provider).toEqual({
        mine: { name: 'Mine', npm: NPM, options: {}, models: { k3: { ...models.k3, name: 'My K3' } } },
      });
    },
  );

  it('leaves a package alone whose name only begins as ours', () => {
    expect(add({ provider: { other: { npm: 'ai-sdk-provider-kimi-x' } } }).ids).toEqual(['kimi-for-coding-oauth']);
  });

  it("completes the block of opencode-kimi-full: names and variants stay, its module and Kimi's URL do not", () => {
    const { config } = add({
      provider: {
        'kimi-for-coding-oauth': {
          name: 'Kimi For Coding (OAuth)',
          npm: '@ai-sdk/openai-compatible',
          options: { baseURL: 'https://api.kimi.com/coding/v1', timeout: 1 },
          models: { k3: { variants: { high: { reasoning_effort: 'high' } } } },
        },
      },
    });
    expect(config.provider?.['kimi-for-coding-oauth']).toEqual({
      name: 'Kimi For Coding (OAuth)',
      npm: NPM,
      options: { timeout: 1 },
      models: {
        k3: { name: 'Kimi K3', variants: { low: { reasoningEffort: 'low' }, high: { reasoning_effort: 'high' } } },
      },
    });
  });

  it('keeps a base URL that is not of Kimi', () => {
    const provider = { 'kimi-for-coding-oauth': { options: { baseURL: 'https://proxy.example/v1' } } };
    expect(add({ provider }).config.provider?.['kimi-for-coding-oauth']?.options).toEqual({
      baseURL: 'https://proxy.example/v1',
    });
  });

  it('changes nothing the second time', () => {
    const { config } = add({});
    const before = structuredClone(config);
    expect(add(config)).toEqual({ ids: ['kimi-for-coding-oauth'], config: before });
  });
});
