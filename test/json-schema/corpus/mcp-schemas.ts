/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema */
const string = { type: 'string' };
const date = { type: 'string', format: 'date' };

/**
 * As MCP servers send them, with the shapes that public issues report (docs/wire.md#moonshot-flavored-schemas), and
 * plain ones of well-known servers.
 */
export const MCP_SCHEMAS: Record<string, unknown> = {
  'no schema': { type: 'object' },
  'no type': { properties: { q: string } },
  'draft-07 definitions': {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: { filter: { $ref: '#/definitions/Filter' } },
    definitions: {
      Filter: {
        type: 'object',
        properties: { and: { type: 'array', items: { $ref: '#/definitions/Filter' } }, field: string },
      },
    },
  },
  'reference to a property': {
    type: 'object',
    properties: {
      current_step: { type: 'object', properties: { title: string } },
      final_summary: { $ref: '#/properties/current_step', description: 'What came of it' },
    },
  },
  'reference into items': {
    type: 'object',
    properties: {
      list: { type: 'array', items: { type: 'object', properties: { id: string } } },
      one: { $ref: '#/properties/list/items' },
    },
  },
  'description beside a reference': {
    type: 'object',
    properties: { assetRef: { $ref: '#/$defs/Asset', description: 'The asset' } },
    $defs: { Asset: { type: 'object', description: 'An asset', properties: { path: string } } },
  },
  'type beside a reference': {
    type: 'object',
    properties: { a: { type: 'object', $ref: '#/$defs/A' } },
    $defs: { A: { type: 'object', properties: { x: string } } },
  },
  'constraint beside a reference': {
    type: 'object',
    properties: { name: { $ref: '#/$defs/Name', minLength: 3 } },
    $defs: { Name: { type: 'string', maxLength: 20 } },
  },
  'boolean property': { type: 'object', properties: { anything: true, nothing: false } },
  'enum without type': {
    type: 'object',
    properties: { lang: { enum: ['Chinese', 'English'] }, size: { enum: [1, 2.5] } },
  },
  'enum of another type': {
    type: 'object',
    properties: { port: { type: 'string', enum: [80, 443] }, flag: { type: 'string', enum: ['on', null] } },
  },
  'anyOf beside the root type': {
    type: 'object',
    description: 'Provide exactly one of the documented input variants.',
    anyOf: [
      { type: 'object', properties: { filename: string, content: string }, required: ['filename', 'content'] },
      { type: 'object', properties: { filename: string, source_url: string }, required: ['filename', 'source_url'] },
      { type: 'object', properties: { filename: string, size: { type: 'integer' } }, required: ['filename', 'size'] },
    ],
  },
  'anyOf of required names': {
    type: 'object',
    anyOf: [{ required: ['stock_code'] }, { required: ['year', 'report_type'] }],
    properties: { stock_code: string, year: { type: 'integer' }, report_type: string },
    required: [],
  },
  'nested anyOf of required names': {
    type: 'object',
    properties: {
      step: { type: 'object', properties: { a: string, b: string }, anyOf: [{ required: ['a'] }, { required: ['b'] }] },
    },
  },
  'oneOf at the root': {
    type: 'object',
    oneOf: [
      { properties: { code: string }, required: ['code'] },
      { properties: { name: string }, required: ['name'] },
    ],
  },
  'string for a schema': { type: 'object', properties: { content: 'string', title: 'string' } },
  'required of draft 3': { type: 'object', properties: { id: { ...string, required: true } } },
  'required without a property': { type: 'object', properties: { a: string }, required: ['a', 'b'] },
  'type of the server': {
    type: 'object',
    properties: { variables: { type: 'unknown' }, file: { type: 'file' }, n: { type: ['number'] } },
  },
  'tuple with additionalItems': {
    type: 'object',
    properties: { bbox: { type: 'array', items: [{ type: 'number' }, { type: 'number' }], additionalItems: false } },
  },
  'items false': {
    type: 'object',
    properties: { pair: { type: 'array', prefixItems: [string, string], items: false } },
  },
  'external reference': {
    type: 'object',
    properties: { geo: { $ref: 'https://geojson.org/schema/Point.json', description: 'A GeoJSON point' } },
  },
  'property named like a keyword': {
    type: 'object',
    properties: { type: string, enum: { type: 'array', items: string }, properties: { type: 'object' } },
  },
  'slashes in definitions': {
    type: 'object',
    properties: { op: { $ref: '#/definitions/ops~1create' } },
    definitions: { 'ops/create': { type: 'object', properties: { body: string } } },
  },
  'nested definitions': {
    type: 'object',
    properties: {
      a: { type: 'object', $defs: { Inner: string }, properties: { x: { $ref: '#/properties/a/$defs/Inner' } } },
    },
  },
  'filesystem edit': {
    type: 'object',
    properties: {
      path: string,
      edits: {
        type: 'array',
        items: {
          type: 'object',
          properties: { oldText: { ...string, description: 'Text to search for' }, newText: string },
          required: ['oldText', 'newText'],
          additionalProperties: false,
        },
      },
      dryRun: { type: 'boolean', default: false },
    },
    required: ['path', 'edits'],
    additionalProperties: false,
  },
  'pull request': {
    type: 'object',
    properties: {
      owner: string,
      repo: string,
      title: string,
      head: string,
      base: string,
      draft: { type: 'boolean' },
      reviewers: { type: 'array', items: string },
    },
    required: ['owner', 'repo', 'title', 'head', 'base'],
  },
  'browser form': {
    type: 'object',
    properties: {
      fields: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            name: string,
            type: { type: 'string', enum: ['textbox', 'checkbox', 'radio', 'combobox', 'slider'] },
            ref: string,
            value: string,
          },
          required: ['name', 'type', 'ref', 'value'],
          additionalProperties: false,
        },
      },
    },
    required: ['fields'],
    $schema: 'http://json-schema.org/draft-07/schema#',
  },
  'analytics query': {
    type: 'object',
    properties: {
      dateRange: {
        oneOf: [
          { type: 'object', properties: { from: date, to: date }, required: ['from', 'to'] },
          { type: 'string', enum: ['7d', '30d'] },
        ],
      },
      filters: {
        type: 'array',
        items: {
          anyOf: [
            { type: 'object', properties: { field: string, op: { const: 'eq' }, value: {} } },
            { type: 'object', properties: { field: string, op: { const: 'in' }, value: { type: 'array' } } },
          ],
        },
      },
      groupBy: { type: ['string', 'null'] },
    },
    dependentRequired: { groupBy: ['dateRange'] },
  },
  'if at the root': {
    type: 'object',
    properties: { kind: { enum: ['a', 'b'] }, x: string },
    if: { properties: { kind: { const: 'a' } } },
    then: { required: ['x'] },
  },
  'union of 130 constants': {
    type: 'object',
    properties: { icon: { anyOf: Array.from({ length: 130 }, (_, index) => ({ const: `icon-${index}` })) } },
  },
  'large tool of many alike parts': {
    type: 'object',
    properties: Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [
        `block_${index}`,
        {
          type: 'object',
          properties: {
            text: { ...string, description: 'Text of the block in Markdown, without headings and without raw HTML' },
            style: { type: 'string', enum: ['normal', 'quote', 'code', 'callout', 'toggle'] },
            children: {
              type: 'array',
              items: { type: 'object', properties: { text: string, checked: { type: 'boolean' } } },
            },
          },
          required: ['text'],
        },
      ]),
    ),
  },
};
