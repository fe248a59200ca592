import { isSchema, setField, type JsonSchema } from './json-schema';

/** Where schemas stand inside a schema (B: CHILD_SCHEMA_SLOTS, main.mjs 188486-188849, which has the same list). */
const MAPS = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies'];
const LISTS = ['anyOf', 'allOf', 'oneOf', 'prefixItems'];
const SINGLES = [
  'items',
  'additionalProperties',
  'additionalItems',
  'contains',
  'contentSchema',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
  'unevaluatedItems',
  'unevaluatedProperties',
];

const SLOTS: ReadonlyMap<string, 'map' | 'list' | 'single'> = new Map([
  ...MAPS.map(name => [name, 'map'] as const),
  ...LISTS.map(name => [name, 'list'] as const),
  ...SINGLES.map(name => [name, 'single'] as const),
]);

/**
 * A copy of `schema` whose child schemas are what `change` gives for them; values such as `enum`, `default` and `const`
 * stay. Children may be anything, booleans for one; `undefined` leaves a child out.
 */
export function mapChildren(schema: JsonSchema, change: (child: unknown, slot: string) => unknown): JsonSchema {
  const result: JsonSchema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    const kind = SLOTS.get(keyword);
    if (kind === 'map' && isSchema(value)) {
      const children: JsonSchema = {};
      for (const [name, child] of Object.entries(value)) {
        // `dependencies` may hold lists of names besides schemas.
        const changed = keyword === 'dependencies' && Array.isArray(child) ? child : change(child, keyword);
        if (changed !== undefined) {
          setField(children, name, changed);
        }
      }
      result[keyword] = children;
    } else if (Array.isArray(value) && (kind === 'list' || keyword === 'items')) {
      result[keyword] = value.map(child => change(child, keyword)).filter(child => child !== undefined);
    } else if (kind === 'single') {
      const changed = change(value, keyword);
      if (changed !== undefined) {
        result[keyword] = changed;
      }
    } else {
      setField(result, keyword, value);
    }
  }
  return result;
}
