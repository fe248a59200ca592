/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema */
import fc from 'fast-check';

const NAMES = ['a', 'b', 'c', 'd e', '$ref', 'type', '__proto__'];
const name = fc.constantFrom(...NAMES);
const type = fc.constantFrom('string', 'number', 'integer', 'boolean', 'object', 'array', 'null');
const scalar = fc.oneof(
  fc.constantFrom<unknown>('x', 'yy', '', 0, 1, 2.5, -3, true, false, null),
  fc.constant([]),
  fc.constant({}),
);

/** Every pointer that a generated document may hold, and some that lead nowhere. */
const reference = fc.constantFrom(
  '#',
  '#/definitions/A',
  '#/$defs/B',
  '#/properties/a',
  '#/definitions/with~1slash',
  '#/nowhere',
  'https://example.com/x.json',
  '#anchor',
);

/** JSON values near those that the schemas speak of. */
export const arbitraryValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** Any keyword with what belongs there, and sometimes with what does not. */
const { schema } = fc.letrec<{ schema: unknown }>(tie => {
  const child = tie('schema');
  const children = fc.dictionary(name, child, { maxKeys: 3 });
  const some = fc.array(child, { minLength: 1, maxLength: 3 });
  const keywords: Record<string, fc.Arbitrary<unknown>> = {
    type: fc.oneof(
      { weight: 8, arbitrary: type },
      fc.uniqueArray(type, { minLength: 1, maxLength: 3 }),
      fc.constantFrom<unknown>('any', [], ['string', 'string']),
    ),
    description: fc.oneof({ weight: 6, arbitrary: fc.constant('text') }, fc.constant(7)),
    properties: fc.oneof({ weight: 8, arbitrary: children }, fc.constantFrom<unknown>([], { a: 'string' })),
    required: fc.oneof(
      { weight: 8, arbitrary: fc.uniqueArray(name, { maxLength: 2 }) },
      fc.constantFrom<unknown>(true, ['a', 1]),
    ),
    additionalProperties: fc.oneof(fc.boolean(), child),
    patternProperties: fc.dictionary(fc.constantFrom('^a', 'b$'), child, { maxKeys: 1 }),
    propertyNames: fc.constant({ minLength: 1 }),
    minProperties: fc.nat(2),
    items: fc.oneof(child, some),
    prefixItems: some,
    additionalItems: fc.oneof(fc.boolean(), child),
    contains: child,
    minItems: fc.nat(2),
    maxItems: fc.nat(3),
    anyOf: fc.oneof({ weight: 8, arbitrary: some }, fc.constantFrom<unknown>([], {})),
    oneOf: some,
    allOf: some,
    not: child,
    if: child,
    then: child,
    else: child,
    enum: fc.oneof(
      { weight: 8, arbitrary: fc.array(scalar, { minLength: 1, maxLength: 4 }) },
      fc.constantFrom<unknown>([], 'x'),
    ),
    const: scalar,
    minimum: fc.integer({ min: -2, max: 2 }),
    minLength: fc.nat(2),
    pattern: fc.constantFrom('^x', 'y'),
    default: scalar,
    $ref: reference,
    $comment: fc.constant('c'),
    $anchor: fc.constant('anchor'),
  };
  const object = fc
    .uniqueArray(fc.constantFrom(...Object.keys(keywords)), { maxLength: 4 })
    .chain(chosen =>
      fc.record(Object.fromEntries(chosen.map(keyword => [keyword, keywords[keyword] as fc.Arbitrary<unknown>]))),
    );
  return {
    schema: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.oneof(
        fc.boolean(),
        fc.constant({}),
        type.map(one => ({ type: one })),
      ),
      object,
    ),
  };
});

/** Any document: mostly objects, with definitions to refer to. */
export const arbitrarySchema: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 1, arbitrary: fc.oneof(schema, fc.constantFrom<unknown>(undefined, null, [], 'x')) },
  {
    weight: 9,
    arbitrary: fc
      .record({
        body: schema,
        definitions: fc.dictionary(fc.constantFrom('A', 'with/slash'), schema, { maxKeys: 2 }),
        $defs: fc.dictionary(fc.constant('B'), schema, { maxKeys: 1 }),
        properties: fc.dictionary(name, schema, { maxKeys: 4 }),
      })
      .map(({ body, definitions, $defs, properties }) => ({
        ...(typeof body === 'object' ? body : {}),
        type: 'object',
        properties,
        definitions,
        $defs,
      })),
  },
);
