/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema */
const string = { type: 'string' };

/** As FastMCP and Pydantic 2 write them: `$defs`, titles everywhere, `anyOf` with null, `allOf` around a reference. */
export const PYDANTIC_SCHEMAS: Record<string, unknown> = {
  optional: {
    type: 'object',
    title: 'searchArguments',
    properties: {
      query: { title: 'Query', ...string },
      limit: { anyOf: [{ type: 'integer' }, { type: 'null' }], default: null, title: 'Limit' },
    },
    required: ['query'],
  },
  'default beside a reference': {
    $defs: { Color: { enum: ['red', 'green'], title: 'Color', ...string } },
    type: 'object',
    properties: { color: { $ref: '#/$defs/Color', default: 'red', description: 'Paint with this' } },
  },
  'allOf around a reference': {
    definitions: {
      Address: { title: 'Address', type: 'object', properties: { street: string, zip: string }, required: ['street'] },
    },
    title: 'Order',
    type: 'object',
    properties: {
      ship_to: { title: 'Ship To', description: 'Where it goes', allOf: [{ $ref: '#/definitions/Address' }] },
      bill_to: { $ref: '#/definitions/Address' },
    },
    required: ['ship_to'],
  },
  'recursive model': {
    $defs: {
      Node: {
        type: 'object',
        title: 'Node',
        properties: {
          value: { type: 'integer' },
          next: { anyOf: [{ $ref: '#/$defs/Node' }, { type: 'null' }], default: null },
        },
        required: ['value'],
      },
    },
    $ref: '#/$defs/Node',
  },
  'two models that name each other': {
    $defs: {
      Author: {
        type: 'object',
        properties: { name: string, books: { type: 'array', items: { $ref: '#/$defs/Book' } } },
        required: ['name'],
      },
      Book: {
        type: 'object',
        properties: { title: string, author: { anyOf: [{ $ref: '#/$defs/Author' }, { type: 'null' }] } },
        required: ['title'],
      },
    },
    type: 'object',
    properties: { author: { $ref: '#/$defs/Author' } },
    required: ['author'],
  },
  'tagged union': {
    $defs: {
      Cat: {
        type: 'object',
        properties: { kind: { const: 'cat', title: 'Kind', ...string }, lives: { type: 'integer' } },
        required: ['kind', 'lives'],
      },
      Dog: {
        type: 'object',
        properties: { kind: { const: 'dog', title: 'Kind', ...string }, barks: { type: 'number' } },
        required: ['kind', 'barks'],
      },
    },
    type: 'object',
    properties: {
      pet: {
        discriminator: { mapping: { cat: '#/$defs/Cat', dog: '#/$defs/Dog' }, propertyName: 'kind' },
        oneOf: [{ $ref: '#/$defs/Cat' }, { $ref: '#/$defs/Dog' }],
      },
    },
    required: ['pet'],
  },
  any: {
    type: 'object',
    properties: {
      payload: { title: 'Payload' },
      extra: { additionalProperties: true, type: 'object', title: 'Extra' },
    },
    required: ['payload'],
  },
  'any dictionary': {
    type: 'object',
    properties: { values: { additionalProperties: { anyOf: [{ type: 'integer' }, string] }, type: 'object' } },
  },
  tuple: {
    type: 'object',
    properties: {
      point: { maxItems: 2, minItems: 2, prefixItems: [{ type: 'number' }, { type: 'number' }], type: 'array' },
    },
    required: ['point'],
  },
  'tuple of version 1': {
    type: 'object',
    properties: { point: { type: 'array', minItems: 2, maxItems: 2, items: [{ type: 'number' }, { type: 'number' }] } },
  },
  'name with a bracket': {
    $defs: {
      'Page[Item]': {
        type: 'object',
        properties: { items: { type: 'array', items: { $ref: '#/$defs/app__models__Item' } } },
      },
      app__models__Item: { type: 'object', properties: { id: string } },
    },
    type: 'object',
    properties: { page: { $ref: '#/$defs/Page[Item]' } },
  },
  'enum of integers': {
    type: 'object',
    properties: { level: { enum: [10, 20, 30], title: 'Level', type: 'integer' } },
  },
  'literal of several types': { type: 'object', properties: { mode: { enum: ['auto', 1, 2, null], title: 'Mode' } } },
  constrained: {
    type: 'object',
    properties: {
      tags: { type: 'array', items: { type: 'string', maxLength: 20 }, maxItems: 5, uniqueItems: true },
      score: { type: 'number', minimum: 0, maximum: 1 },
    },
  },
};

/**
 * As TypeBox writes them, of which pi makes its tools: plain, `anyOf` of `const`, patterns for records, `$id` for
 * recursion.
 */
export const TYPEBOX_SCHEMAS: Record<string, unknown> = {
  plain: {
    type: 'object',
    required: ['path'],
    properties: {
      path: { description: 'File to read', ...string },
      offset: { type: 'number' },
      limit: { type: 'number' },
    },
  },
  'enum as union': {
    type: 'object',
    required: ['mode'],
    properties: {
      mode: {
        description: 'How',
        anyOf: [
          { const: 'fast', ...string },
          { const: 'slow', ...string },
        ],
      },
    },
  },
  'type beside anyOf': {
    type: 'object',
    properties: { skill: { type: 'string', anyOf: [{ minLength: 1 }, { const: '' }], description: 'Skill to use' } },
  },
  record: { type: 'object', properties: { env: { type: 'object', patternProperties: { '^(.*)$': string } } } },
  recursive: {
    type: 'object',
    properties: {
      tree: {
        $id: 'Tree',
        type: 'object',
        properties: { id: string, nodes: { type: 'array', items: { $ref: 'Tree' } } },
        required: ['id', 'nodes'],
      },
    },
  },
  'self reference': { type: 'object', properties: { name: string, child: { $ref: '#' } }, required: ['name'] },
  intersect: {
    type: 'object',
    allOf: [
      { type: 'object', properties: { a: string }, required: ['a'] },
      { type: 'object', properties: { b: string } },
    ],
    unevaluatedProperties: false,
  },
  unsafe: { type: 'object', properties: { outputSchema: true, anything: {} } },
  'partial with literal false': {
    type: 'object',
    properties: {
      acceptance: {
        anyOf: [
          string,
          { const: false },
          {
            type: 'object',
            properties: {
              criteria: { type: 'array', items: { anyOf: [string, { type: 'object', properties: { text: string } }] } },
            },
          },
        ],
      },
    },
  },
  conditional: {
    type: 'object',
    properties: {
      chain: {
        type: 'array',
        items: {
          type: 'object',
          properties: { agent: string, expand: string, collect: string, parallel: { type: 'array', items: string } },
          allOf: [
            { if: { required: ['expand'] }, then: { required: ['parallel'] } },
            { if: { required: ['collect'] }, then: { required: ['expand'] } },
            { not: { required: ['agent', 'parallel'] } },
          ],
        },
      },
    },
  },
};
