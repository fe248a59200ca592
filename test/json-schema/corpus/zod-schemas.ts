import { z } from 'zod/v4';

const json = (schema: z.ZodType, target: 'draft-7' | 'draft-2020-12' = 'draft-7'): unknown =>
  z.toJSONSchema(schema, { target, io: 'input', unrepresentable: 'any' });

type Tree = { label: string; children: Tree[] };
const tree: z.ZodType<Tree> = z.lazy(() => z.object({ label: z.string(), children: z.array(tree) }));
const expression: z.ZodType = z.lazy(() =>
  z.union([z.number(), z.object({ op: z.enum(['+', '-', '*', '/']), left: expression, right: expression })]),
);
const point = z.object({ x: z.number(), y: z.number() }).describe('A point on the page, in pixels');

/** As `tool({ inputSchema: z.object(…) })` gives them. */
export const ZOD_SCHEMAS: Record<string, unknown> = {
  weather: json(z.object({ city: z.string().describe('City name'), units: z.enum(['c', 'f']).default('c') })),
  empty: json(z.object({})),
  strict: json(z.strictObject({ id: z.uuid(), email: z.email(), url: z.url(), at: z.iso.datetime() })),
  loose: json(z.looseObject({ id: z.string() })),
  any: json(z.object({ value: z.any(), unknown: z.unknown().optional() })),
  nullable: json(z.object({ parent: z.string().nullable(), count: z.number().int().nullish() })),
  numbers: json(
    z.object({
      limit: z.number().int().min(1).max(100).default(20),
      ratio: z.number().gt(0).lt(1),
      step: z.number().multipleOf(5),
    }),
  ),
  strings: json(
    z.object({ slug: z.string().regex(/^[a-z-]+$/), code: z.string().length(6), note: z.string().max(500).optional() }),
  ),
  literals: json(z.object({ kind: z.literal('file'), version: z.literal(2), on: z.literal(true), none: z.null() })),
  'mixed literals': json(z.object({ level: z.literal(['low', 1, null, true]) })),
  unions: json(z.object({ target: z.union([z.string(), z.number(), z.array(z.string())]).describe('Where to') })),
  discriminated: json(
    z.object({
      action: z.discriminatedUnion('type', [
        z.object({ type: z.literal('click'), at: point }),
        z.object({ type: z.literal('type'), text: z.string() }),
        z.object({ type: z.literal('scroll'), at: point, by: z.number() }),
      ]),
    }),
  ),
  'root union': json(
    z.union([z.object({ id: z.string() }), z.object({ name: z.string(), exact: z.boolean().optional() })]),
  ),
  'root discriminated': json(
    z.discriminatedUnion('op', [
      z.object({ op: z.literal('get'), key: z.string() }),
      z.object({ op: z.literal('set'), key: z.string(), value: z.string() }),
    ]),
  ),
  'root intersection': json(z.intersection(z.object({ a: z.string() }), z.object({ b: z.number() }))),
  tuple: json(z.object({ range: z.tuple([z.number(), z.number()]), rest: z.tuple([z.string()]).rest(z.number()) })),
  'tuple of 2020': json(
    z.object({ range: z.tuple([z.number(), z.number()]), rest: z.tuple([z.string()]).rest(z.number()) }),
    'draft-2020-12',
  ),
  record: json(z.object({ headers: z.record(z.string(), z.string()), env: z.record(z.enum(['A', 'B']), z.boolean()) })),
  recursive: json(z.object({ root: tree })),
  'recursive root': json(tree),
  expression: json(z.object({ expression })),
  'recursive of 2020': json(z.object({ root: tree }), 'draft-2020-12'),
  dates: json(z.object({ from: z.iso.date(), until: z.iso.date().optional() })),
  'optional nested': json(
    z.object({
      filter: z
        .object({
          tags: z.array(z.string()).min(1).optional(),
          author: z.object({ name: z.string() }).partial().optional(),
        })
        .optional(),
    }),
  ),
  unrepresentable: json(z.object({ when: z.date(), id: z.bigint(), run: z.any() })),
  'huge enum': json(
    z.object({
      zone: z.enum(Array.from({ length: 620 }, (_, index) => `Region/City_${index}`) as [string, ...string[]]),
    }),
  ),
  'long enum': json(
    z.object({ currency: z.enum(Array.from({ length: 170 }, (_, index) => `C${index}`) as [string, ...string[]]) }),
  ),
  'hundred properties': json(
    z.object(
      Object.fromEntries(
        Array.from({ length: 100 }, (_, index) => [
          `field_${index}`,
          z.string().describe(`Field number ${index}`).optional(),
        ]),
      ),
    ),
  ),
  'repeated parts': json(
    z.object(
      Object.fromEntries(
        Array.from({ length: 40 }, (_, index) => [
          `shape_${index}`,
          z.object({
            from: point,
            to: point,
            color: z.enum(['red', 'green', 'blue', 'black', 'white']),
            label: z.string().describe('What is written on the shape, at most one line'),
          }),
        ]),
      ),
    ),
  ),
};
