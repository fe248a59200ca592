import { describe, expect, it } from 'vitest';
import { normalizeSchema } from '../../src/json-schema/normalize-schema';
import { MCP_SCHEMAS } from './corpus/mcp-schemas';
import { PYDANTIC_SCHEMAS, TYPEBOX_SCHEMAS } from './corpus/pydantic-schemas';
import { ZOD_SCHEMAS } from './corpus/zod-schemas';
import { schemaFaults } from './schema-faults';

const CORPUS = { zod: ZOD_SCHEMAS, pydantic: PYDANTIC_SCHEMAS, typebox: TYPEBOX_SCHEMAS, mcp: MCP_SCHEMAS };
const ALL = Object.entries(CORPUS).flatMap(([kind, schemas]) =>
  Object.entries(schemas).map(([name, schema]) => ({ name: `${kind}: ${name}`, schema })),
);

/** Where Kimi's dialect cannot say what the schema says; everything else must come through whole. */
const WIDENED = [
  'zod: root union',
  'zod: root discriminated',
  'zod: huge enum',
  'typebox: conditional',
  'mcp: no type',
  'mcp: boolean property',
  'mcp: enum of another type',
  'mcp: anyOf beside the root type',
  'mcp: anyOf of required names',
  'mcp: oneOf at the root',
  'mcp: string for a schema',
  'mcp: required of draft 3',
  'mcp: type of the server',
  'mcp: external reference',
  'mcp: if at the root',
];

describe('the corpus of tool schemas', () => {
  it('has at least 60', () => {
    expect(ALL.length).toBeGreaterThanOrEqual(60);
  });

  it.each(ALL)('$name is accepted, the same each time, and not changed in place', ({ schema }) => {
    const before = JSON.stringify(schema);
    const first = normalizeSchema(schema);
    expect(schemaFaults(first.schema)).toEqual([]);
    expect(JSON.stringify(normalizeSchema(structuredClone(schema)).schema)).toBe(JSON.stringify(first.schema));
    expect(normalizeSchema(schema)).toBe(first);
    expect(JSON.stringify(schema)).toBe(before);
  });

  it('takes other values than before only where it must', () => {
    expect(
      ALL.filter(({ schema }) => !normalizeSchema(schema).exact)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(WIDENED.toSorted());
  });

  it('shares repeated parts of what was too large', () => {
    for (const schema of [ZOD_SCHEMAS['repeated parts'], MCP_SCHEMAS['large tool of many alike parts']]) {
      const { schema: normalized, size, exact } = normalizeSchema(schema);
      expect(JSON.stringify(schema).length).toBeGreaterThan(15_000);
      expect(size).toBeLessThan(14_000);
      expect(exact).toBe(true);
      expect(JSON.stringify(normalized)).toContain('"$ref":"#/$defs/s1"');
    }
  });
});
