/** What Kimi serves, as pi lists it. */
import type { ModelInfo } from '../models/model-info';
import { CODING_MODELS } from '../models/model-rows';
import { knownModel } from '../models/known-models';
import { isSpoken } from '../models/resolve-model';
import { PI_LEVELS, type PiLevel, type PiModel } from './pi-api';

/** The name that pi-kimi-coder has: who used it keeps settings, sessions and login. */
export const PROVIDER_ID = 'kimi-coder';

/** pi tells streams apart by it; no other program has ours. */
export const API = 'ai-sdk-provider-kimi';

/** What a coding account is entitled to. */
export const ALIAS = 'kimi-for-coding';

/** An id that pi-kimi-coder lists and no account does: what it means is the alias. */
const OLD_IDS: Readonly<Record<string, string>> = { 'kimi-k2.5': ALIAS };

/** Levels of a model that thinks and has no list of efforts (docs/decisions.md#28-effort-words). */
const LEVELS_WITHOUT_LIST: readonly PiLevel[] = ['low', 'medium', 'high'];

/** A plan is paid by the month. */
const NOTHING = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

/** What pi itself asks of pictures for Kimi (docs/wire.md#pi-providers). */
const INPUT_LIMITS = {
  images: { resize: { maxWidth: 2000, maxHeight: 2000, maxBytes: 4_718_592, jpegQuality: 80 } },
};

/** The models that are known without a request: the newest shape of each id, the alias first. */
export function bundledModels(baseUrl: string): PiModel[] {
  return piModels(
    [...new Set(CODING_MODELS.map(({ id }) => id))].map(id => knownModel(id, 'coding')),
    baseUrl,
  );
}

/**
 * The account's models, in its order. The alias and the ids of pi-kimi-coder are there for every account, because
 * settings and sessions name them.
 */
export function piModels(models: readonly ModelInfo[], baseUrl: string): PiModel[] {
  const served = models.filter(isSpoken);
  const entitled = served.find(({ id }) => id === ALIAS) ?? served[0] ?? knownModel(ALIAS, 'coding');
  const aliases = [ALIAS, ...Object.keys(OLD_IDS)].filter(id => served.every(model => model.id !== id));
  return [
    ...served.map(model => piModel(model, model.id, baseUrl)),
    ...aliases.map(id => piModel(entitled, id, baseUrl)),
  ];
}

/** The id that the engine is asked for. */
export function engineModelId(id: string, listed: readonly ModelInfo[] | undefined): string {
  return listed?.some(model => model.id === id) ? id : (OLD_IDS[id] ?? id);
}

function piModel(model: ModelInfo, id: string, baseUrl: string): PiModel {
  const name = model.displayName ?? model.id;
  return {
    type: 'chat',
    id,
    name: id === model.id ? name : `${name} (${id})`,
    api: API,
    provider: PROVIDER_ID,
    baseUrl,
    input: model.imageInput ? ['text', 'image'] : ['text'],
    ...(model.imageInput ? { inputLimits: INPUT_LIMITS } : {}),
    cost: NOTHING,
    reasoning: model.thinking !== 'no',
    thinkingLevelMap: levelMap(model),
    contextWindow: model.contextLength,
    maxTokens: outputCap(model.id),
  };
}

/**
 * Which of pi's levels the model has. Those it has not are `null`: pi takes the next one above then, else below, which
 * is what our own table does with them (docs/decisions.md#28-effort-words).
 */
function levelMap({ thinking, efforts }: ModelInfo): NonNullable<PiModel['thinkingLevelMap']> {
  const levels: readonly string[] =
    thinking === 'no' ? [] : efforts === undefined || efforts.length === 0 ? LEVELS_WITHOUT_LIST : efforts;
  return Object.fromEntries(
    PI_LEVELS.map(level => {
      const has = level === 'off' ? thinking !== 'only' : levels.includes(level);
      return [level, has ? level : null];
    }),
  );
}

/**
 * The longest answer that pi reckons with (docs/wire.md#pi-providers); Kimi does not say. Nothing is cut by it: unless
 * the user sets another one, a request asks for what the window has left, as the official clients do.
 */
export function outputCap(id: string): number {
  return /^(?:kimi-)?k[3-9]/.test(id) ? 131_072 : 32_768;
}
