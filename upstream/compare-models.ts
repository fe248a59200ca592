import { z } from 'zod/v4';
import { MODEL_ROWS, type ModelRow } from '../src/models/model-rows.ts';
import type { KimiService } from '../src/upstream.ts';
import { compared, comparedLists, type Finding } from './finding.ts';

const CHANGE = 'src/models/model-rows.ts';

/** A name that can be shown anywhere. */
const NAME = z.string().regex(/^[\w.-]{1,100}$/);

/** What of a row of pi-ai's data is compared. */
const PI_MODELS = z.record(
  z.string(),
  z.record(
    z.string(),
    z.object({
      id: NAME,
      cost: z.object({ input: z.number(), output: z.number(), cacheRead: z.number() }),
      contextWindow: z.number(),
      input: z.array(NAME),
      thinkingLevelMap: z.record(z.string(), NAME.nullable()).optional(),
    }),
  ),
);

/**
 * pi-ai's models, windows, prices and levels against the rows of a service.
 * @param text `dist/providers/data/<provider>.json` of `@earendil-works/pi-ai`
 * @throws where the data has another shape
 */
export function piFindings(service: KimiService, text: string): Finding[] {
  const models = Object.values(PI_MODELS.parse(JSON.parse(text))).flatMap(byKey => Object.values(byKey));
  const rows: readonly ModelRow[] = MODEL_ROWS[service];
  const newest = rows.filter((row, index) => rows.findIndex(({ id }) => id === row.id) === index);
  // Rows with a price came from there; the others never stood there.
  const priced = newest.filter(({ price }) => price !== undefined).map(({ id }) => id);
  const ids = new Set(models.map(({ id }) => id));
  return [
    comparedLists(`pi-ai: ${service} models`, priced, [...ids], CHANGE),
    ...models.flatMap(model => {
      const row = newest.find(({ id }) => id === model.id);
      return row === undefined ? [] : modelFindings(row, model);
    }),
  ];
}

function modelFindings(row: ModelRow, model: z.infer<typeof PI_MODELS>[string][string]): Finding[] {
  const { price, contextWindow, efforts, image } = row;
  const { cost, thinkingLevelMap = {} } = model;
  const levels = new Set(Object.values(thinkingLevelMap).filter(level => level !== null));
  const ours = price === undefined ? 'none' : `${price.input} / ${price.output} / ${price.cachedInput}`;
  return [
    compared(`${row.id}: price`, ours, `${cost.input} / ${cost.output} / ${cost.cacheRead}`, CHANGE),
    compared(`${row.id}: window`, String(contextWindow), String(model.contextWindow), CHANGE),
    comparedLists(`${row.id}: efforts`, efforts ?? [], [...levels], CHANGE),
    compared(`${row.id}: images`, String(image), String(model.input.includes('image')), CHANGE),
  ];
}

/**
 * Names that the AI SDK has besides: the gateway's own ones (`kimi-k2`, `-fast`), and those that a rule of the family
 * knows (`src/models/known-models.ts`).
 */
const OTHER_IDS = ['kimi-k2', 'kimi-k3-fast'];

/**
 * The ids that a package of the AI SDK types; those of `moonshot-v1-*` are a family.
 * @param text its `dist/index.d.ts`
 */
export function catalogFinding(name: string, text: string): Finding {
  const ids = new Set([...text.matchAll(/'(?:moonshotai\/)?(kimi-[\w.-]+|k\d[\w.-]*)'/g)].map(([, id = '']) => id));
  const known = new Set([...MODEL_ROWS.platform, ...MODEL_ROWS.coding].map(({ id }) => id));
  const fresh = [...ids].filter(id => !known.has(id) && !OTHER_IDS.includes(id));
  const fact = `${name}: model ids`;
  return ids.size === 0
    ? compared(fact, 'some', 'none', 'upstream/compare-models.ts')
    : compared(fact, 'all known', fresh.length === 0 ? 'all known' : fresh.map(id => `+ ${id}`).join(', '), CHANGE);
}
