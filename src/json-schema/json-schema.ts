/** A JSON Schema that is an object, of any draft. */
export type JsonSchema = Record<string, unknown>;

/** What one run of the pipeline finds out, beside the schema. */
export type SchemaTrace = {
  /** Whether the result still takes exactly the values that the original took. */
  exact: boolean;
  /** What the model lost, for people. */
  warnings: string[];
};

/** Every type; `number` includes `integer`. */
export const ALL_TYPES = ['string', 'number', 'boolean', 'object', 'array', 'null'] as const;

const TYPE_NAMES: ReadonlySet<unknown> = new Set([...ALL_TYPES, 'integer']);

/** Keywords that say something to the reader and nothing about values. */
export const ANNOTATIONS: ReadonlySet<string> = new Set([
  'description',
  'title',
  'default',
  'examples',
  'example',
  'deprecated',
  'readOnly',
  'writeOnly',
  'markdownDescription',
]);

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isTypeName(value: unknown): value is string {
  return TYPE_NAMES.has(value);
}

/** Takes every value, in a form that Kimi accepts below the root: a list of types (docs/wire.md#schema-types). */
export function anything(): JsonSchema {
  return { type: [...ALL_TYPES] };
}

/** Takes no value. */
export function nothing(): JsonSchema {
  return { not: anything() };
}

/** Equality of JSON values. Keys in another order count as different, which costs at most a simplification. */
export function sameJson(left: unknown, right: unknown): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

/** `schema` without the entries `names`; itself where it has none of them. */
export function without(schema: JsonSchema, names: Iterable<string>): JsonSchema {
  const gone = [...names].filter(name => Object.hasOwn(schema, name));
  if (gone.length === 0) {
    return schema;
  }
  // Not by `delete`, which makes an object slow to read, and every step reads it again.
  const rest: JsonSchema = {};
  for (const name of Object.keys(schema)) {
    if (!gone.includes(name)) {
      setField(rest, name, schema[name]);
    }
  }
  return rest;
}

/** Sets a field as data, also where its name is `__proto__`. */
export function setField(target: JsonSchema, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[name] = value;
  }
}

/** The types that `type` names, without repetition; all of them where it names none. */
export function typesOf(type: unknown): string[] {
  const named = (Array.isArray(type) ? type : [type]).filter(isTypeName);
  return named.length === 0 ? [...ALL_TYPES] : [...new Set(named)];
}

/** Whether `type` is as JSON Schema has it. */
export function areTypes(type: unknown): boolean {
  return Array.isArray(type) ? type.length > 0 && type.every(isTypeName) : isTypeName(type);
}

/** Types that both lists take; an integer is a number. */
export function commonTypes(left: readonly string[], right: readonly string[]): string[] {
  const common = left.flatMap(type => {
    if (right.includes(type) || (type === 'integer' && right.includes('number'))) {
      return [type];
    }
    return type === 'number' && right.includes('integer') ? ['integer'] : [];
  });
  return [...new Set(common)];
}

/** The narrowest type of a JSON value. */
function typeOfValue(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  if (Array.isArray(value)) {
    return 'array';
  }
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}

/** The types of some values, `number` standing for `integer` where both occur. */
export function typesOfValues(values: readonly unknown[]): string[] {
  const types = new Set(values.map(typeOfValue));
  if (types.has('number')) {
    types.delete('integer');
  }
  return [...types];
}

export function isOfType(value: unknown, types: readonly string[]): boolean {
  const own = typeOfValue(value);
  return types.includes(own) || (own === 'integer' && types.includes('number'));
}

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
 * `schema` with what `change` gives for each of its child schemas; values such as `enum`, `default` and `const` stay.
 * Children may be anything, booleans for one; `undefined` leaves a child out. What does not change is shared with
 * `schema`, for most steps change little, so nobody may change a schema in place.
 */
export function mapChildren(schema: JsonSchema, change: (child: unknown, slot: string) => unknown): JsonSchema {
  return mapFields(schema, (value, keyword) => {
    const changeChild = (child: unknown): unknown => change(child, keyword);
    const kind = SLOTS.get(keyword);
    if (Array.isArray(value) && (kind === 'list' || keyword === 'items')) {
      return mapList(value, changeChild);
    }
    if (isSchema(value) && kind === 'map') {
      // `dependencies` may hold lists of names besides schemas.
      return mapFields(value, child =>
        keyword === 'dependencies' && Array.isArray(child) ? child : changeChild(child),
      );
    }
    return kind === 'single' ? changeChild(value) : value;
  });
}

function mapFields(fields: JsonSchema, change: (value: unknown, name: string) => unknown): JsonSchema {
  let result = fields;
  const gone: string[] = [];
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    const changed = change(value, name);
    if (changed !== value) {
      result = result === fields ? { ...fields } : result;
      setField(result, name, changed);
      if (changed === undefined) {
        gone.push(name);
      }
    }
  }
  return without(result, gone);
}

function mapList(list: readonly unknown[], change: (item: unknown) => unknown): readonly unknown[] {
  const changed = list.map(change);
  return changed.every((item, index) => item === list[index]) ? list : changed.filter(item => item !== undefined);
}
