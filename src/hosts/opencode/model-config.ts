/** A model of Kimi's in the words of opencode's configuration. */
import type { OpencodeModelConfig } from './plugin-api';

/** What of a model counts here. */
type Model = {
  id: string;
  displayName?: string | undefined;
  contextLength: number;
  thinking: 'only' | 'no' | 'both';
  efforts?: readonly string[] | undefined;
  imageInput: boolean;
  videoInput: boolean;
  toolUse: boolean;
};

/** US dollars per million tokens. */
type Price = { input: number; output: number; cachedInput?: number | undefined };

/** opencode asks for no more than this (docs/wire.md#opencode-loading), and for nothing where no number stands. */
const MOST_OUTPUT = 32_000;

/** Efforts of a model that thinks and lists none (docs/decisions.md#29-no-effort-list). */
const USUAL_EFFORTS = ['low', 'medium', 'high'];

/** @param price what is charged; a plan, which is paid for as a whole, and a price that is not known have none */
export function modelConfig(model: Model, price: Price | undefined): OpencodeModelConfig {
  const { id, displayName, contextLength, thinking, imageInput, videoInput, toolUse } = model;
  const cost = price && { input: price.input, output: price.output, cache_read: price.cachedInput ?? price.input };
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
    cost: cost ?? { input: 0, output: 0 },
    variants: variantsOf(model),
  };
}

/** `off` first, which opencode makes titles with; `auto` sends nothing, so that the server chooses. */
function variantsOf({ thinking, efforts }: Model): Record<string, Record<string, unknown>> {
  const levels = efforts ?? (thinking === 'no' ? [] : USUAL_EFFORTS);
  const names = [...(thinking === 'both' ? ['off'] : []), ...levels, ...(levels.length > 0 ? ['auto'] : [])];
  return Object.fromEntries(names.map(name => [name, { reasoningEffort: name }]));
}
