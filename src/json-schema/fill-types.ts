import {
  ALL_TYPES,
  anything,
  isSchema,
  isTypeName,
  mapChildren,
  setField,
  typesOf,
  typesOfValues,
  without,
  type JsonSchema,
  type SchemaTrace,
} from './json-schema';

/** Beside one of these no type is missing (B: TYPE_COMPLETION_SKIP_KEYS, main.mjs 188486-188849). */
const COMBINATORS = ['$ref', 'allOf', 'anyOf', 'else', 'if', 'not', 'oneOf', 'then'];

/** Keywords that speak of one type only, in the official client's order of guessing. */
const TYPE_BY_KEYWORD: readonly (readonly [string, readonly string[]])[] = [
  [
    'object',
    [
      'dependencies',
      'dependentSchemas',
      'patternProperties',
      'properties',
      'additionalProperties',
      'propertyNames',
      'unevaluatedProperties',
      'dependentRequired',
      'maxProperties',
      'minProperties',
      'required',
    ],
  ],
  [
    'array',
    [
      'additionalItems',
      'contains',
      'unevaluatedItems',
      'prefixItems',
      'items',
      'maxContains',
      'maxItems',
      'minContains',
      'minItems',
      'uniqueItems',
    ],
  ],
  ['string', ['contentSchema', 'contentEncoding', 'contentMediaType', 'format', 'maxLength', 'minLength', 'pattern']],
  ['number', ['exclusiveMaximum', 'exclusiveMinimum', 'maximum', 'minimum', 'multipleOf']],
];

/**
 * Every schema below the root says its type ("type is not defined"), and every name in `required` is a property
 * (docs/wire.md#schema-types). The guess is the official client's; only where nothing tells is it every type instead of
 * `string`, which loses nothing.
 */
export function fillTypes(node: JsonSchema, trace: SchemaTrace): JsonSchema {
  const filled = defineRequired(fillType(repair(node, trace), trace), trace);
  return mapChildren(filled, child => (isSchema(child) ? fillTypes(child, trace) : child));
}

function fillType(node: JsonSchema, trace: SchemaTrace): JsonSchema {
  const values = Array.isArray(node.enum) ? node.enum : Object.hasOwn(node, 'const') ? [node.const] : undefined;
  const combined = COMBINATORS.some(keyword => node[keyword] !== undefined);
  if (combined && values !== undefined && node.type === undefined) {
    // An `enum` needs its type beside it, which `anyOf` forbids; the values say more.
    trace.exact = false;
    return fillType(without(node, COMBINATORS), trace);
  }
  if (combined || node.type !== undefined) {
    return node;
  }
  if (values !== undefined) {
    const types = typesOfValues(values);
    return { type: types.length === 1 ? types[0] : types, ...node };
  }
  const guess = TYPE_BY_KEYWORD.find(([, keywords]) => keywords.some(keyword => node[keyword] !== undefined))?.[0];
  trace.exact &&= guess === undefined;
  return { type: guess ?? [...ALL_TYPES], ...node };
}

/** Keywords of the wrong JSON type, which the server refuses, go. */
function repair(node: JsonSchema, trace: SchemaTrace): JsonSchema {
  const wrong: string[] = [];
  let schema = node;
  if (node.type !== undefined) {
    const named = Array.isArray(node.type) ? node.type : [node.type];
    const types = typesOf(node.type);
    if (!named.some(isTypeName)) {
      wrong.push('type');
    } else if (types.length !== named.length || (types.length === 1 && Array.isArray(node.type))) {
      trace.exact &&= named.every(isTypeName);
      schema = { ...node, type: types.length === 1 ? types[0] : types };
    }
  }
  if (node.enum !== undefined && (!Array.isArray(node.enum) || node.enum.length === 0)) {
    wrong.push('enum');
  }
  if (node.properties !== undefined && !isSchema(node.properties)) {
    wrong.push('properties');
  }
  if (node.required !== undefined && !Array.isArray(node.required)) {
    wrong.push('required');
  }
  trace.exact &&= wrong.length === 0;
  const unreadable = ['description', 'title'].filter(
    name => node[name] !== undefined && typeof node[name] !== 'string',
  );
  return wrong.length + unreadable.length === 0 ? schema : without(schema, [...wrong, ...unreadable]);
}

function defineRequired(node: JsonSchema, trace: SchemaTrace): JsonSchema {
  if (!Array.isArray(node.required)) {
    return node;
  }
  const required = [...new Set(node.required.filter(name => typeof name === 'string'))];
  trace.exact &&= node.required.every(name => typeof name === 'string');
  const properties = isSchema(node.properties) ? node.properties : {};
  const missing = required.filter(name => !Object.hasOwn(properties, name));
  if (missing.length === 0) {
    return { ...node, required };
  }
  if (node.additionalProperties === false) {
    trace.exact = false;
    return { ...node, required: required.filter(name => !missing.includes(name)) };
  }
  const rest = isSchema(node.additionalProperties) ? node.additionalProperties : undefined;
  trace.exact &&=
    node.unevaluatedProperties === undefined && (rest === undefined || node.patternProperties === undefined);
  const added: JsonSchema = { ...properties };
  for (const name of missing) {
    setField(added, name, rest ?? anything());
  }
  return { ...node, properties: added, required };
}
