import { describe, expect, it } from 'vitest';
import { normalizeSchema, onceForEachSchema } from '../../src/json-schema/normalize-schema';
import { MCP_SCHEMAS } from './corpus/mcp-schemas';
import { TYPEBOX_SCHEMAS } from './corpus/pydantic-schemas';

const string = { type: 'string' };
const ANY = { type: ['string', 'number', 'boolean', 'object', 'array', 'null'] };

/** What becomes of one property. */
const PROPERTIES: Array<[string, unknown, unknown]> = [
  ['no type', {}, ANY],
  ['true', true, ANY],
  ['structure of an object', { properties: { a: string } }, { type: 'object', properties: { a: string } }],
  ['structure of a string', { minLength: 1 }, { type: 'string', minLength: 1 }],
  ['const', { const: 'x' }, { type: 'string', enum: ['x'] }],
  ['const null', { const: null }, { type: 'null' }],
  ['enum of numbers', { enum: [1, 2.5] }, { type: 'number', enum: [1, 2.5] }],
  ['enum with null', { enum: ['a', null] }, { type: ['string', 'null'], enum: ['a', null] }],
  [
    'enum of several types',
    { description: 'd', enum: ['a', 1, null] },
    { description: 'd', anyOf: [{ type: 'string', enum: ['a'] }, { type: 'integer', enum: [1] }, { type: 'null' }] },
  ],
  ['enum of another type', { type: 'string', enum: [1, 2], minItems: 1 }, { type: 'integer', enum: [1, 2] }],
  ['enum with a stray value', { type: 'string', enum: ['a', null, 'a'] }, { type: 'string', enum: ['a'] }],
  ['empty enum', { type: 'string', enum: [] }, string],
  ['a list of one type', { type: ['string'] }, string],
  ['a type nobody knows', { type: 'file', description: 'd' }, { ...ANY, description: 'd' }],
  [
    'type beside anyOf',
    { type: 'string', anyOf: [{ minLength: 1 }, { type: 'number' }, { type: ['string', 'null'] }] },
    { anyOf: [{ type: 'string', minLength: 1 }, string] },
  ],
  [
    'a union that says null outside',
    { type: ['object', 'null'], anyOf: [{ properties: { a: string } }, { type: 'null' }] },
    { anyOf: [{ type: ['object', 'null'], properties: { a: string } }, { type: 'null' }] },
  ],
  ['allOf of one', { description: 'd', allOf: [{ type: 'string' }] }, { description: 'd', anyOf: [string] }],
  [
    'tuple',
    { type: 'array', items: [string, true], additionalItems: { type: 'number' } },
    { type: 'array', prefixItems: [string, ANY], items: { type: 'number' } },
  ],
  [
    'closed tuple',
    { type: 'array', items: [string], additionalItems: false },
    { type: 'array', prefixItems: [string], maxItems: 1 },
  ],
  [
    'items false',
    { type: 'array', prefixItems: [string], items: false, maxItems: 5 },
    { type: 'array', prefixItems: [string], maxItems: 1 },
  ],
  [
    'required without a property',
    { type: 'object', required: ['a', 'b'], properties: { a: string }, additionalProperties: { type: 'number' } },
    {
      type: 'object',
      required: ['a', 'b'],
      properties: { a: string, b: { type: 'number' } },
      additionalProperties: { type: 'number' },
    },
  ],
  ['a reference outside', { $ref: 'https://example.com/x' }, ANY],
];

describe('normalizeSchema', () => {
  it.each(PROPERTIES)('%s', (_, before, after) => {
    expect(normalizeSchema({ type: 'object', properties: { x: before } }).schema).toEqual({
      type: 'object',
      properties: { x: after },
    });
  });

  it.each([
    [undefined, { type: 'object', properties: {} }, []],
    [true, { type: 'object', properties: {} }, []],
    [
      { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' },
      { type: 'object', properties: {} },
      [],
    ],
    [{ type: ['object', 'null'], description: 'd' }, { type: 'object', description: 'd', properties: {} }, []],
    [
      { type: 'array', description: 'd' },
      { type: 'object', properties: {}, description: 'd' },
      [expect.stringContaining('takes only objects')],
    ],
  ])('makes an object of the root %j', (before, after, warnings) => {
    const result = normalizeSchema(before);
    expect(result.schema).toEqual(after);
    expect(result.warnings).toEqual(warnings);
  });

  it('makes one object of a union at the root, and tells what belongs together', () => {
    expect(normalizeSchema(MCP_SCHEMAS['anyOf of required names']).schema).toEqual({
      type: 'object',
      description: 'Give one of these sets of properties: stock_code; year, report_type.',
      properties: { stock_code: string, year: { type: 'integer' }, report_type: string },
      required: [],
    });
    expect(normalizeSchema(MCP_SCHEMAS['anyOf beside the root type']).schema).toMatchObject({
      properties: { filename: string, content: string, source_url: string, size: { type: 'integer' } },
      required: ['filename'],
    });
  });

  it('moves what a union shares into its branches, where both sides speak of properties', () => {
    const { schema, exact } = normalizeSchema(MCP_SCHEMAS['nested anyOf of required names']);
    const branch = (name: string) => ({ type: 'object', required: [name], properties: { a: string, b: string } });
    expect(schema).toEqual({ type: 'object', properties: { step: { anyOf: [branch('a'), branch('b')] } } });
    expect(exact).toBe(true);
  });

  it('points every reference at $defs, keeps recursion, and drops what nobody refers to', () => {
    expect(normalizeSchema(MCP_SCHEMAS['draft-07 definitions']).schema).toEqual({
      type: 'object',
      properties: { filter: { $ref: '#/$defs/Filter' } },
      $defs: {
        Filter: {
          type: 'object',
          properties: { and: { type: 'array', items: { $ref: '#/$defs/Filter' } }, field: string },
        },
      },
    });
    expect(normalizeSchema({ type: 'object', properties: {}, definitions: { Unused: string } }).schema).toEqual({
      type: 'object',
      properties: {},
    });
    expect(normalizeSchema(TYPEBOX_SCHEMAS.recursive).schema).toMatchObject({
      $defs: { Tree: { properties: { nodes: { items: { $ref: '#/$defs/Tree' } } } } },
    });
    expect(normalizeSchema(TYPEBOX_SCHEMAS['self reference']).schema).toMatchObject({
      properties: { child: { $ref: '#/$defs/root' } },
      $defs: { root: { properties: { child: { $ref: '#/$defs/root' } } } },
    });
    expect(normalizeSchema(MCP_SCHEMAS['slashes in definitions']).schema).toMatchObject({
      properties: { op: { $ref: '#/$defs/ops_create' } },
    });
  });

  it('puts a description around a reference, and a constraint into a copy', () => {
    expect(normalizeSchema(MCP_SCHEMAS['description beside a reference']).schema).toMatchObject({
      properties: { assetRef: { description: 'The asset', anyOf: [{ $ref: '#/$defs/Asset' }] } },
    });
    expect(normalizeSchema(MCP_SCHEMAS['type beside a reference']).schema).toMatchObject({
      properties: { a: { $ref: '#/$defs/A' } },
    });
    expect(normalizeSchema(MCP_SCHEMAS['constraint beside a reference']).schema).toMatchObject({
      properties: { name: { type: 'string', maxLength: 20, minLength: 3 } },
    });
  });

  it('leaves out all conditions but one, which Kimi would merge', () => {
    expect(normalizeSchema(TYPEBOX_SCHEMAS.conditional).schema).not.toMatchObject({
      properties: { chain: { items: { allOf: [{ if: {} }] } } },
    });
    expect(JSON.stringify(normalizeSchema(MCP_SCHEMAS['if at the root']).schema)).toContain('"if"');
  });

  it('describes a list of values that is too long', () => {
    const values = Array.from({ length: 501 }, (_, index) => `v${index}`);
    const { schema, warnings } = normalizeSchema({
      type: 'object',
      properties: { x: { type: 'string', enum: values, description: 'd' } },
    });
    expect(schema).toMatchObject({
      properties: {
        x: {
          type: 'string',
          description: expect.stringMatching(/^d One of 501 values, for example: v0, v1, .*v19\.$/),
        },
      },
    });
    expect(warnings).toEqual([expect.stringContaining('501 values')]);
  });

  it('warns above 15,000 bytes, counted as the server counts them', () => {
    const large = (length: number) =>
      normalizeSchema({ type: 'object', properties: {}, description: '<'.repeat(length) });
    expect(large(2_491).size).toBe(14_996);
    expect(large(2_491).warnings).toEqual([]);
    expect(large(2_492).warnings).toEqual([expect.stringContaining('15002 bytes')]);
  });
});

describe('a schema is worked on once', () => {
  const counted = (limit: number) => {
    const worked: unknown[] = [];
    const once = onceForEachSchema(schema => worked.push(schema), limit);
    return { worked, once };
  };
  const named = (name: string) => ({ type: 'object', properties: { [name]: string } });

  it('however often the object comes, or another one that is written alike', () => {
    const { worked, once } = counted(10_000);
    const same = named('a');
    const results = [same, same, named('a'), structuredClone(same), named('b'), same, named('b')].map(once);
    expect(results).toEqual([1, 1, 1, 1, 2, 1, 2]);
    expect(worked).toEqual([named('a'), named('b')]);
    expect(normalizeSchema(named('a'))).toBe(normalizeSchema(named('a')));
  });

  it('from its text, so that the first object and the next ones give the same', () => {
    const odd = { type: 'object', properties: { a: string, b: undefined }, const: undefined };
    expect(normalizeSchema(odd).schema).toEqual({ type: 'object', properties: { a: string } });
    expect(normalizeSchema({ toJSON: () => undefined }).schema).toEqual({ type: 'object', properties: {} });
  });

  it('and forgotten, the longest unused first, where all texts are too long together', () => {
    const length = JSON.stringify(named('a')).length;
    const { worked, once } = counted(2 * length);
    for (const name of ['a', 'b', 'a', 'c', 'a', 'c', 'b']) {
      once(named(name));
    }
    expect(worked).toEqual(['a', 'b', 'c', 'b'].map(named));
    once(named('a long name'.repeat(10)));
    once(named('a long name'.repeat(10)));
    expect(worked).toHaveLength(6);
    once(named('c'));
    expect(worked).toHaveLength(7);
  });

  it('nothing is remembered of what is no schema', () => {
    const { worked, once } = counted(100);
    [undefined, undefined, true, true].forEach(schema => once(schema));
    expect(worked).toEqual([undefined, undefined, true, true]);
  });
});
