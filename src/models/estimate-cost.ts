import { KimiInvalidArgumentError } from '../errors/kimi-error';
import type { KimiService } from '../upstream';
import { MODEL_ROWS, type ModelPrice, type ModelRow } from './model-rows';

/** What an answer costs. */
export type KimiCost = {
  /** What is charged for it: its list price on the platform, 0 on a plan, whose quota it takes instead. */
  amount: number;
  /** What it costs at list prices, also on a plan. */
  list: number;
  currency: 'USD';
  /** The model whose price it is. */
  model: string;
  /** The day the price was read, `YYYY-MM-DD`; absent for a price of yours that has none. */
  date?: string;
};

/**
 * Prices of yours by model id, in USD per million tokens, instead of the bundled ones. Without `cachedInput`, tokens
 * from the cache cost what others do.
 */
export type KimiPrices = Readonly<
  Record<
    string,
    Readonly<{ input: number; output: number; cachedInput?: number | undefined; date?: string | undefined }>
  >
>;

/**
 * Tokens of an answer or of several: `usage` and `totalUsage` of AI SDK 5, 6 and 7, and the usage of a LanguageModelV2
 * (flat), V3 and V4 (nested). Input counts what came from the cache, output what was thought.
 */
export type KimiTokenUsage = Readonly<{
  inputTokens?: number | Readonly<{ total: number | undefined; cacheRead?: number | undefined }> | undefined;
  outputTokens?: number | Readonly<{ total: number | undefined }> | undefined;
  cachedInputTokens?: number | undefined;
  inputTokenDetails?: Readonly<{ cacheReadTokens?: number | undefined }> | undefined;
}>;

/** Settings of {@link estimateCost}. */
export type EstimateCostOptions = {
  /** Default: the one whose models have the id. An id of none needs it. */
  service?: KimiService | undefined;
  /** Instead of the bundled prices, which count for the other models. */
  prices?: KimiPrices | undefined;
};

/**
 * What tokens cost by list prices: an estimate, not a bill. The bundled prices (`kimiModelCatalog`) are in USD, each
 * with its day (docs/wire.md#list-prices); the mainland platform bills in CNY, and Extra Usage of a plan is not in it.
 *
 * @returns `undefined`, never 0, where price, service or tokens are not known
 * @throws KimiInvalidArgumentError for a price that is no number, or below 0, and for a service that is none
 */
export function estimateCost(
  usage: KimiTokenUsage,
  modelId: string,
  options: EstimateCostOptions = {},
): KimiCost | undefined {
  checkPrices(options.prices);
  checkService(options.service);
  const service = options.service ?? serviceOf(modelId);
  if (service === undefined) {
    return undefined;
  }
  const price = ownPrice(options.prices, [modelId]) ?? listPrice(rowsOf(modelId, service)[0]);
  return price && costOf(usage, price, service);
}

/** The models of one call: the id that was asked for, and what the server made of it. */
export type CallModels = Readonly<{
  /** As the caller wrote it. */
  asked: string;
  /** As it was sent, with the window that the account lists it with: an older shape is known by it. */
  slug: string;
  contextLength: number;
  /** As the answer names it. */
  served: unknown;
}>;

/**
 * What one answer costs. The price is that of the model that answered; where no table has its name, that of the slug
 * that was sent. A price of the user's for any of the three names stands above both
 * (docs/decisions.md#65-estimated-costs).
 */
export function answerCost(
  usage: KimiTokenUsage,
  { asked, slug, contextLength, served }: CallModels,
  service: KimiService,
  prices: KimiPrices | undefined,
): KimiCost | undefined {
  const name = typeof served === 'string' && served !== '' && rowsOf(served, service).length > 0 ? served : slug;
  const shapes = rowsOf(name, service);
  const row = (name === slug && shapes.find(shape => shape.contextWindow === contextLength)) || shapes[0];
  const names = [...(typeof served === 'string' ? [served] : []), slug, asked];
  const price = ownPrice(prices, names) ?? listPrice(row);
  return price && costOf(usage, price, service);
}

function checkService(service: KimiService | undefined): void {
  if (service !== undefined && !Object.hasOwn(MODEL_ROWS, service)) {
    throw new KimiInvalidArgumentError({
      argument: 'service',
      message: `"service" must be one of ${Object.keys(MODEL_ROWS).join(', ')}, not ${JSON.stringify(service)}.`,
    });
  }
}

/** @throws KimiInvalidArgumentError for a price that is no number, or below 0 */
export function checkPrices(prices: KimiPrices | undefined): void {
  for (const [model, price] of Object.entries(prices ?? {})) {
    const { input, output, cachedInput = 0 } = price ?? {};
    if (![input, output, cachedInput].every(isAmount)) {
      throw new KimiInvalidArgumentError({
        argument: 'prices',
        message:
          `The price of "${model}" in "prices" must be { input, output, cachedInput? } in USD per million tokens, ` +
          'each a number from 0 up.',
      });
    }
  }
}

type Price = Omit<ModelPrice, 'cachedInput'> & { cachedInput: number; model: string; date?: string | undefined };

function costOf(usage: KimiTokenUsage, price: Price, service: KimiService): KimiCost | undefined {
  const { inputTokens, outputTokens } = usage ?? {};
  const input = typeof inputTokens === 'object' ? inputTokens?.total : inputTokens;
  const output = typeof outputTokens === 'object' ? outputTokens?.total : outputTokens;
  if (!isAmount(input) || !isAmount(output)) {
    return undefined;
  }
  const said =
    typeof inputTokens === 'object'
      ? inputTokens.cacheRead
      : (usage.inputTokenDetails?.cacheReadTokens ?? usage.cachedInputTokens);
  const cached = isAmount(said) ? Math.min(said, input) : 0;
  const list = dollars((input - cached) * price.input + cached * price.cachedInput + output * price.output);
  return {
    amount: service === 'coding' ? 0 : list,
    list,
    currency: 'USD',
    model: price.model,
    ...(price.date === undefined ? {} : { date: price.date }),
  };
}

/** Of millionths, without the digits that binary fractions add. */
function dollars(millionths: number): number {
  return Number((millionths / 1e6).toPrecision(12));
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function serviceOf(modelId: string): KimiService | undefined {
  return (['coding', 'platform'] as const).find(service => rowsOf(modelId, service).length > 0);
}

/** Newest shape first. */
function rowsOf(modelId: string, service: KimiService): readonly ModelRow[] {
  return MODEL_ROWS[service].filter(({ id }) => id === modelId);
}

function listPrice(row: ModelRow | undefined): Price | undefined {
  return row?.price && { ...row.price, model: row.id, date: row.date };
}

function ownPrice(prices: KimiPrices | undefined, names: readonly string[]): Price | undefined {
  const model = names.find(name => prices !== undefined && Object.hasOwn(prices, name));
  const price = model === undefined ? undefined : prices?.[model];
  return model === undefined || price === undefined
    ? undefined
    : { ...price, cachedInput: price.cachedInput ?? price.input, model };
}
