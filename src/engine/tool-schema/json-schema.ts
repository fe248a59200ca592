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

/** Takes every value, in a form that Kimi accepts below the root: a list of types (walle.md, "type is an array"). */
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

/** `names` without the entries of `schema`; a copy. */
export function without(schema: JsonSchema, names: Iterable<string>): JsonSchema {
  const rest = { ...schema };
  for (const name of names) {
    delete rest[name];
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
