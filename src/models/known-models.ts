import type { KimiService } from '../upstream';
import type { ModelInfo } from './model-info';
import { MODEL_ROWS, type ModelRow } from './model-rows';

const TABLES: Readonly<Record<KimiService, ReadonlyMap<string, readonly ModelInfo[]>>> = {
  coding: tableOf(MODEL_ROWS.coding),
  platform: tableOf(MODEL_ROWS.platform),
};

/**
 * What is known of `id` without asking the server; for an id not in the table the rules of its family.
 *
 * @param listedWindow the context window that the account lists the id with: an older shape behind the same name is
 *   known by it (docs/wire.md#kimi-for-coding-since-september)
 */
export function knownModel(id: string, service: KimiService, listedWindow?: number): ModelInfo {
  const shapes = TABLES[service].get(id);
  return shapes?.find(({ contextLength }) => contextLength === listedWindow) ?? shapes?.[0] ?? modelOfFamily(id);
}

/** Families, so that a new id of a known line does not lose its rules (docs/wire.md#new-ids-of-a-known-family). */
function modelOfFamily(id: string): ModelInfo {
  // K3, K3.1 and whatever comes after them (docs/wire.md#k31-and-later).
  if (/^(?:kimi-)?k(?:[3-9]|\d\d)/.test(id)) {
    return model({
      id,
      contextLength: windowInName(id) ?? 1_048_576,
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
    return model({
      id,
      contextLength: id.startsWith('moonshot-') ? (windowInName(id) ?? 131_072) : 262_144,
      thinking: 'no',
      imageInput: /vision/.test(id),
      videoInput: false,
      sampling: 'free',
    });
  }
  return model({ id, contextLength: 262_144 });
}

/**
 * `moonshot-v1-8k`, `-32k`, `-128k` and `k3-256k` say their window (ids: @ai-sdk/moonshotai 3.0.60); asked for the rest
 * of a larger one, a small one would refuse.
 */
function windowInName(id: string): number | undefined {
  const thousands = /-(\d{1,5})k(?=-|$)/.exec(id)?.[1];
  return thousands === undefined ? undefined : Number(thousands) * 1024;
}

function tableOf(rows: readonly ModelRow[]): ReadonlyMap<string, readonly ModelInfo[]> {
  // Not `Map.groupBy`, which Node 20 lacks: at import it would fail there before anything can say what to do.
  const table = new Map<string, ModelInfo[]>();
  for (const info of rows.map(ofRow)) {
    table.set(info.id, [...(table.get(info.id) ?? []), info]);
  }
  return table;
}

function ofRow(row: ModelRow): ModelInfo {
  const { id, displayName, contextWindow, thinking, efforts, defaultEffort, image, video, dynamicTools, sampling } =
    row;
  return model({
    id,
    displayName,
    contextLength: contextWindow,
    thinking,
    ...(efforts === undefined ? {} : { efforts }),
    ...(defaultEffort === undefined ? {} : { defaultEffort }),
    imageInput: image,
    videoInput: video,
    dynamicTools: dynamicTools ?? false,
    sampling,
  });
}

function model(info: Pick<ModelInfo, 'id' | 'contextLength'> & Partial<ModelInfo>): ModelInfo {
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
