type Schema = Record<string, unknown>;

/**
 * A small JSON Schema validator for tests, drafts 7 and 2020-12 together: tuples in `items` or `prefixItems`,
 * definitions anywhere. Keywords that it does not know say nothing. Formats are annotations, as by the specification.
 */
export function isValidJson(schema: unknown, value: unknown, document: unknown = schema, depth = 0): boolean {
  if (typeof schema === 'boolean') {
    return schema;
  }
  if (!isObject(schema) || depth > 60) {
    return true;
  }
  const valid = (part: unknown, inner: unknown): boolean => isValidJson(part, inner, document, depth + 1);
  const list = (keyword: string): unknown[] => (Array.isArray(schema[keyword]) ? (schema[keyword] as unknown[]) : []);

  return (
    (typeof schema.$ref !== 'string' || valid(find(document, schema.$ref), value)) &&
    (schema.type === undefined || [schema.type].flat().some(type => hasType(value, type))) &&
    (!Array.isArray(schema.enum) || schema.enum.some(item => same(item, value))) &&
    (!Object.hasOwn(schema, 'const') || same(schema.const, value)) &&
    list('allOf').every(part => valid(part, value)) &&
    (!Array.isArray(schema.anyOf) || list('anyOf').some(part => valid(part, value))) &&
    (!Array.isArray(schema.oneOf) || list('oneOf').filter(part => valid(part, value)).length === 1) &&
    (schema.not === undefined || !valid(schema.not, value)) &&
    (schema.if === undefined ||
      (valid(schema.if, value)
        ? schema.then === undefined || valid(schema.then, value)
        : schema.else === undefined || valid(schema.else, value))) &&
    (typeof value !== 'number' || isValidNumber(schema, value)) &&
    (typeof value !== 'string' || isValidString(schema, value)) &&
    (!Array.isArray(value) || isValidArray(schema, value, valid)) &&
    (!isObject(value) || isValidObject(schema, value, valid))
  );
}

type Check = (schema: unknown, value: unknown) => boolean;

function isValidObject(schema: Schema, value: Schema, valid: Check): boolean {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const patterns = isObject(schema.patternProperties) ? schema.patternProperties : {};
  const names = Object.keys(value);
  return (
    (!Array.isArray(schema.required) || schema.required.every(name => Object.hasOwn(value, String(name)))) &&
    inRange(names.length, schema.minProperties, schema.maxProperties) &&
    names.every(name => {
      const matching = Object.entries(patterns).filter(([pattern]) => new RegExp(pattern, 'u').test(name));
      const known = Object.hasOwn(properties, name);
      return (
        (!known || valid(properties[name], value[name])) &&
        matching.every(([, part]) => valid(part, value[name])) &&
        (known ||
          matching.length > 0 ||
          schema.additionalProperties === undefined ||
          valid(schema.additionalProperties, value[name])) &&
        (schema.propertyNames === undefined || valid(schema.propertyNames, name))
      );
    })
  );
}

function isValidArray(schema: Schema, value: unknown[], valid: Check): boolean {
  const tuple = [schema.prefixItems, schema.items].flatMap(part => (Array.isArray(part) ? part : []));
  const rest = Array.isArray(schema.items) ? schema.additionalItems : schema.items;
  return (
    inRange(value.length, schema.minItems, schema.maxItems) &&
    (schema.uniqueItems !== true || new Set(value.map(item => JSON.stringify(item))).size === value.length) &&
    (schema.contains === undefined || value.some(item => valid(schema.contains, item))) &&
    value.every((item, index) =>
      index < tuple.length ? valid(tuple[index], item) : rest === undefined || valid(rest, item),
    )
  );
}

function isValidString(schema: Schema, value: string): boolean {
  return (
    inRange([...value].length, schema.minLength, schema.maxLength) &&
    (typeof schema.pattern !== 'string' || new RegExp(schema.pattern, 'u').test(value))
  );
}

function isValidNumber(schema: Schema, value: number): boolean {
  return (
    inRange(value, schema.minimum, schema.maximum) &&
    (typeof schema.exclusiveMinimum !== 'number' || value > schema.exclusiveMinimum) &&
    (typeof schema.exclusiveMaximum !== 'number' || value < schema.exclusiveMaximum) &&
    (typeof schema.multipleOf !== 'number' || Number.isInteger(value / schema.multipleOf))
  );
}

function inRange(value: number, least: unknown, most: unknown): boolean {
  return (typeof least !== 'number' || value >= least) && (typeof most !== 'number' || value <= most);
}

function hasType(value: unknown, type: unknown): boolean {
  const own = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  return type === own || (type === 'integer' && Number.isInteger(value));
}

function find(document: unknown, reference: string): unknown {
  if (reference === '#') {
    return document;
  }
  if (!reference.startsWith('#/')) {
    return findAnchor(document, reference.slice(1));
  }
  let current = document;
  for (const segment of reference.slice(2).split('/')) {
    const name = decodeURIComponent(segment).replaceAll('~1', '/').replaceAll('~0', '~');
    current = (current as Schema | undefined)?.[name];
  }
  return current;
}

function findAnchor(node: unknown, anchor: string): unknown {
  if (typeof node !== 'object' || node === null) {
    return undefined;
  }
  return (node as Schema).$anchor === anchor
    ? node
    : Object.values(node)
        .map(child => findAnchor(child, anchor))
        .find(found => found !== undefined);
}

function same(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => same(item, right[index]));
  }
  if (isObject(left) && isObject(right)) {
    const names = Object.keys(left);
    return (
      names.length === Object.keys(right).length &&
      names.every(name => Object.hasOwn(right, name) && same(left[name], right[name]))
    );
  }
  return left === right;
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
