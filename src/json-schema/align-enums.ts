import {
  ANNOTATIONS,
  isOfType,
  isSchema,
  mapChildren,
  typesOf,
  typesOfValues,
  without,
  type JsonSchema,
  type SchemaTrace,
} from './json-schema';

/**
 * The most that an `enum` may hold, and how long it may be above so many values (docs/wire.md#schema-enums).
 */
const MOST_VALUES = 500;
const MANY_VALUES = 250;
const LONGEST_TEXT = 7_500;

/** How many values of a list that is too long the description names. */
const EXAMPLES = 20;

/** Beside a list of values these add nothing but a contradiction. */
const STRUCTURE = [
  'properties',
  'required',
  'additionalProperties',
  'patternProperties',
  'items',
  'prefixItems',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
];

/**
 * Lists of values as Kimi takes them: `const` is a list of one, values fit the type (docs/wire.md#schema-enums), values
 * of several types stand in several branches, and lists that are too long become a description.
 */
export function alignEnums(node: JsonSchema, trace: SchemaTrace): JsonSchema {
  return mapChildren(alignEnum(node, trace), child => (isSchema(child) ? alignEnums(child, trace) : child));
}

function alignEnum(node: JsonSchema, trace: SchemaTrace): JsonSchema {
  const listed = valuesOf(node, trace);
  if (listed === undefined) {
    return node;
  }
  let schema: JsonSchema = { ...without(node, ['const']), enum: listed };
  const fitting = listed.filter(value => isOfType(value, typesOf(schema.type)));
  if (fitting.length === 0) {
    // The values were written down one by one, the type was not; the official client believes them too.
    trace.exact = false;
    schema = { ...without(schema, STRUCTURE), type: typeFor(listed) };
  } else if (Array.isArray(schema.type)) {
    schema = { ...schema, type: typeFor(fitting), enum: fitting };
  } else {
    schema.enum = fitting;
  }
  return withinLimits(splitTypes(schema), trace);
}

function valuesOf(node: JsonSchema, trace: SchemaTrace): unknown[] | undefined {
  const listed = Array.isArray(node.enum) ? node.enum : undefined;
  if (!Object.hasOwn(node, 'const')) {
    return listed === undefined ? undefined : distinct(listed);
  }
  const constant = JSON.stringify(node.const);
  trace.exact &&= listed === undefined || listed.some(value => JSON.stringify(value) === constant);
  return [node.const];
}

function distinct(values: readonly unknown[]): unknown[] {
  return [...new Map(values.map(value => [JSON.stringify(value), value])).values()];
}

function typeFor(values: readonly unknown[]): string | string[] {
  const types = typesOfValues(values);
  return types.length === 1 ? (types[0] as string) : types;
}

/** One branch for each type; only `null` may stand beside another simple type (docs/wire.md#schema-enums). */
function splitTypes(schema: JsonSchema): JsonSchema {
  const types = typesOf(schema.type);
  const others = types.filter(type => type !== 'null');
  const pair = types.length === 2 && others.length === 1 && !['object', 'array'].includes(others[0] as string);
  if (!Array.isArray(schema.type) || types.length === 1 || pair) {
    return schema;
  }
  const values = schema.enum as unknown[];
  const annotations = Object.fromEntries(Object.entries(schema).filter(([keyword]) => ANNOTATIONS.has(keyword)));
  const constraints = without(schema, [...ANNOTATIONS, 'type', 'enum']);
  return {
    ...annotations,
    anyOf: types.map(type => simplify({ type, ...constraints, enum: values.filter(value => isOfType(value, [type])) })),
  };
}

/** The same without a list that says no more than the type. */
function simplify(schema: JsonSchema): JsonSchema {
  const values = schema.enum as unknown[] | undefined;
  const whole = schema.type === 'null' || (schema.type === 'boolean' && values?.length === 2);
  return whole ? without(schema, ['enum']) : schema;
}

function withinLimits(schema: JsonSchema, trace: SchemaTrace): JsonSchema {
  if (Array.isArray(schema.anyOf)) {
    return { ...schema, anyOf: schema.anyOf.map(branch => withinLimits(branch as JsonSchema, trace)) };
  }
  const values = schema.enum;
  if (!Array.isArray(values) || values.length <= MANY_VALUES) {
    return simplify(schema);
  }
  const length = values.reduce<number>((sum, value) => sum + String(value).length, 0);
  if (values.length <= MOST_VALUES && length <= LONGEST_TEXT) {
    return schema;
  }
  trace.exact = false;
  trace.warnings.push(
    `a list of ${values.length} values is longer than Kimi takes; the model was told the first ${EXAMPLES}`,
  );
  const examples = values.slice(0, EXAMPLES).map(value => String(value).slice(0, 100));
  const text = `One of ${values.length} values, for example: ${examples.join(', ')}.`;
  return {
    ...without(schema, ['enum']),
    description: typeof schema.description === 'string' ? `${schema.description} ${text}` : text,
  };
}
