/** The account's models in the words of opencode's configuration. */
import type { OpencodeModelConfig } from '../hosts/opencode/plugin-api';
import { kimiModelCatalog, type KimiModelEntry } from '../models/kimi-model-catalog';
import type { ModelInfo } from '../models/model-info';
import type { KimiService } from '../upstream';

/** opencode asks for no more than this (docs/wire.md#opencode-loading), and for nothing where no number stands. */
const MOST_OUTPUT = 32_000;

/** Efforts of a model that thinks and lists none (docs/decisions.md#29-no-effort-list). */
const USUAL_EFFORTS = ['low', 'medium', 'high'];

export function modelConfig(model: ModelInfo, service: KimiService): OpencodeModelConfig {
  const { id, displayName, contextLength, thinking, imageInput, videoInput, toolUse } = model;
  return {
    name: displayName ?? id,
    attachment: imageInput || videoInput,
    reasoning: thinking !== 'no',
    // Kimi refuses most values of most of its models (docs/wire.md#fixed-sampling).
    temperature: false,
    tool_call: toolUse,
    modalities: {
      input: ['text', ...(imageInput ? ['image'] : []), ...(videoInput ? ['video'] : [])],
      output: ['text'],
    },
    limit: { context: contextLength, output: Math.min(MOST_OUTPUT, contextLength) },
    cost: costOf(id, service),
    variants: variantsOf(model),
  };
}

/** A plan is paid for as a whole; the platform by list price, where it is known. */
function costOf(id: string, service: KimiService): NonNullable<OpencodeModelConfig['cost']> {
  const known: Readonly<Record<string, KimiModelEntry>> = kimiModelCatalog.platform;
  const price = service === 'platform' ? known[id]?.price : undefined;
  return price === undefined
    ? { input: 0, output: 0 }
    : { input: price.input, output: price.output, cache_read: price.cachedInput };
}

/** `off` first, which opencode makes titles with; `auto` sends nothing, so that the server chooses. */
function variantsOf({ thinking, efforts }: ModelInfo): Record<string, Record<string, unknown>> {
  const levels = efforts ?? (thinking === 'no' ? [] : USUAL_EFFORTS);
  const names = [...(thinking === 'both' ? ['off'] : []), ...levels, ...(levels.length > 0 ? ['auto'] : [])];
  return Object.fromEntries(names.map(name => [name, { reasoningEffort: name }]));
}
