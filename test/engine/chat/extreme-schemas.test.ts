/** A schema that nobody could have written by hand is a typed error at once, or is worked on as any other. */
import { describe, expect, it } from 'vitest';
import { KimiInvalidArgumentError } from '../../../src/errors/kimi-error';
import { normalizeSchema } from '../../../src/json-schema/normalize-schema';
import { createKimi } from '../../../src/v4';
import { failure } from '../../support/failure';
import { chunk, completion, DONE, either, startAnswerServer, stream } from './answer/answer-server';

type Schema = Record<string, unknown>;

function nested(levels: number, around: (inner: Schema) => Schema): Schema {
  let schema: Schema = { type: 'string' };
  for (let level = 0; level < levels; level++) {
    schema = around(schema);
  }
  return schema;
}

const circular: Schema = { type: 'object', properties: {} };
circular.properties = { self: circular };

const EXTREMES: Array<[name: string, fault: string, schema: Schema]> = [
  ['properties 100,000 deep', 'levels deep', nested(100_000, inner => ({ type: 'object', properties: { a: inner } }))],
  ['lists 100,000 deep', 'levels deep', nested(100_000, inner => ({ anyOf: [inner] }))],
  ['itself in it', 'levels deep', circular],
  ['a default 100,000 deep', 'levels deep', { type: 'object', default: nested(100_000, inner => ({ inner })) }],
  ['10 MB of description', 'characters', { type: 'object', description: 'x'.repeat(10_000_000) }],
  ['10 million values', 'characters', { type: 'string', enum: Array.from({ length: 10_000_000 }, () => 0) }],
  [
    'a million properties',
    'characters',
    { type: 'object', properties: Object.fromEntries(Array.from({ length: 1e6 }, (_, index) => [`p${index}`, {}])) },
  ],
];

async function model() {
  const { baseURL, bodies } = await startAnswerServer(
    either(stream(chunk({ content: 'ok' }, { finish_reason: 'stop' }), DONE), completion({ content: 'ok' })),
  );
  return { model: createKimi({ baseURL, apiKey: 'sk-kimi-key' })('k3'), bodies };
}

const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }];

describe('a schema with', () => {
  it.each(EXTREMES)('%s names its tool', async (_, fault, schema) => {
    const { model: kimi, bodies } = await model();
    const tools = [{ type: 'function' as const, name: 'lookup', inputSchema: schema }];
    for (const ask of [() => kimi.doGenerate({ prompt, tools }), () => kimi.doStream({ prompt, tools })]) {
      const error = await failure(ask);
      expect(KimiInvalidArgumentError.isInstance(error)).toBe(true);
      expect(error).toMatchObject({ argument: 'tools.lookup', message: expect.stringContaining(fault) });
    }
    const brought = { kimi: { tools: [{ name: 'lookup', inputSchema: schema }] } };
    const message = { role: 'system' as const, content: '', providerOptions: brought as never };
    expect(await failure(() => kimi.doGenerate({ prompt: [message, ...prompt] }))).toMatchObject({
      argument: 'tools.lookup',
    });
    const responseFormat = { type: 'json' as const, schema };
    expect(await failure(() => kimi.doGenerate({ prompt, responseFormat }))).toMatchObject({
      argument: 'responseFormat',
    });
    expect(bodies).toEqual([]);
  });

  it.each([
    [
      'a chain of definitions',
      (index: number) => ({ type: 'object', properties: { a: { $ref: `#/$defs/d${index + 1}` } } }),
    ],
    ['a chain of aliases', (index: number) => ({ $ref: `#/$defs/d${index + 1}` })],
    [
      'copies of copies',
      (index: number) => ({
        type: 'object',
        properties: Object.fromEntries(
          ['a', 'b', 'c'].map(name => [name, { $ref: `#/$defs/d${index + 1}`, minProperties: 1 }]),
        ),
      }),
    ],
  ])(
    '%s, 3,000 of them, is worked on',
    (_, definition) => {
      const $defs = Object.fromEntries(Array.from({ length: 3_000 }, (__, index) => [`d${index}`, definition(index)]));
      const { schema } = normalizeSchema({
        type: 'object',
        properties: { first: { $ref: '#/$defs/d0' } },
        $defs: { ...$defs, d3000: { type: 'string' } },
      });
      expect(schema.type).toBe('object');
    },
    60_000,
  );
});
