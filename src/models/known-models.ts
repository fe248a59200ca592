import type { KimiService } from '../upstream';
import type { CodingModelId, ModelInfo, PlatformModelId } from './model-info';

/** What a row says: the rest is as with most models. */
type Traits = Pick<ModelInfo, 'contextLength'> & Partial<Omit<ModelInfo, 'id'>>;

/**
 * The bundled table, for offline and first use; the server's `/models` wins. Read 2026-11-21
 * (docs/wire.md#known-models); thinking of `kimi-for-coding` by docs/decisions.md#29-no-effort-list; K3 efforts from a
 * live `/models` entry (docs/wire.md#effort-lists); sampling from docs/wire.md#fixed-sampling; dynamic tools of
 * `kimi-k3` as the platform documents them (@ai-sdk/moonshotai 3.0.60). The compiler asks for a row of each id of
 * `KimiModelId`.
 */
const CODING_MODELS: Readonly<Record<CodingModelId, Traits>> = {
  'kimi-for-coding': { displayName: 'Kimi for Coding', contextLength: 262_144 },
  'kimi-for-coding-highspeed': { displayName: 'Kimi for Coding, high speed', contextLength: 262_144 },
  k3: {
    displayName: 'Kimi K3',
    contextLength: 1_048_576,
    thinking: 'only',
    efforts: ['low', 'high', 'max'],
    defaultEffort: 'max',
  },
  'k3-256k': {
    displayName: 'Kimi K3, 256k',
    contextLength: 262_144,
    thinking: 'only',
    efforts: ['low', 'high', 'max'],
    defaultEffort: 'high',
    videoInput: false,
  },
};

const PLATFORM_MODELS: Readonly<Record<PlatformModelId, Traits>> = {
  'kimi-k3': {
    displayName: 'Kimi K3',
    contextLength: 1_048_576,
    thinking: 'only',
    efforts: ['low', 'high', 'max'],
    defaultEffort: 'max',
    dynamicTools: true,
  },
  'kimi-k2.7-code': { displayName: 'Kimi K2.7 Code', contextLength: 262_144, thinking: 'only' },
  'kimi-k2.7-code-highspeed': {
    displayName: 'Kimi K2.7 Code, high speed',
    contextLength: 262_144,
    thinking: 'only',
  },
  'kimi-k2.6': { displayName: 'Kimi K2.6', contextLength: 262_144 },
  'kimi-k2.5': { displayName: 'Kimi K2.5', contextLength: 262_144 },
  'kimi-k2-thinking': {
    contextLength: 262_144,
    thinking: 'only',
    imageInput: false,
    videoInput: false,
    sampling: 'free',
  },
  'kimi-k2-turbo-preview': {
    contextLength: 262_144,
    thinking: 'no',
    imageInput: false,
    videoInput: false,
    sampling: 'free',
  },
};

const TABLES: Readonly<Record<KimiService, ReadonlyMap<string, ModelInfo>>> = {
  coding: tableOf(CODING_MODELS),
  platform: tableOf(PLATFORM_MODELS),
};

/** What is known of `id` without asking the server; for an id not in the table the rules of its family. */
export function knownModel(id: string, service: KimiService): ModelInfo {
  return TABLES[service].get(id) ?? modelOfFamily(id);
}

/** Families, so that a new id of a known line does not lose its rules (docs/wire.md#new-ids-of-a-known-family). */
function modelOfFamily(id: string): ModelInfo {
  if (/^(kimi-)?k[3-9]/.test(id)) {
    return model({
      id,
      contextLength: 262_144,
      thinking: 'only',
      efforts: ['low', 'high', 'max'],
      defaultEffort: 'max',
    });
  }
  if (/thinking/.test(id)) {
    return model({
      id,
      contextLength: 262_144,
      thinking: 'only',
      imageInput: false,
      videoInput: false,
      sampling: 'free',
    });
  }
  if (/^kimi-k2-|^moonshot-/.test(id)) {
    const contextLength = id.startsWith('moonshot-') ? moonshotWindow(id) : 262_144;
    return model({
      id,
      contextLength,
      thinking: 'no',
      imageInput: /vision/.test(id),
      videoInput: false,
      sampling: 'free',
    });
  }
  return model({ id, contextLength: 262_144 });
}

/**
 * `moonshot-v1-8k`, `-32k` and `-128k` say their window (ids: @ai-sdk/moonshotai 3.0.60); asked for the rest of a
 * larger one, 8k would refuse.
 */
function moonshotWindow(id: string): number {
  const thousands = /-(\d+)k(?=-|$)/.exec(id)?.[1];
  return thousands === undefined ? 131_072 : Number(thousands) * 1024;
}

function tableOf(rows: Readonly<Record<string, Traits>>): ReadonlyMap<string, ModelInfo> {
  return new Map(Object.entries(rows).map(([id, traits]) => [id, model({ id, ...traits })]));
}

function model(info: Traits & { id: string }): ModelInfo {
  return {
    thinking: 'both',
    imageInput: true,
    videoInput: true,
    toolUse: true,
    dynamicTools: false,
    protocol: 'openai',
    sampling: 'fixed',
    ...info,
  };
}
