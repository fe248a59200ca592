import {
  anything,
  isSchema,
  isTypeName,
  mapChildren,
  nothing,
  without,
  type JsonSchema,
  type SchemaTrace,
} from './json-schema';

/** Keywords where every client sends a boolean and Kimi takes it. */
const MAY_BE_BOOLEAN = ['additionalProperties', 'unevaluatedProperties', 'unevaluatedItems', 'additionalItems'];

/**
 * `true` and `false` where a schema belongs become objects ("property schema for '…' must be an object",
 * can1357/oh-my-pi#5952). What is no schema at all, a bare type name for one (diegosouzapw/OmniRoute#13586), becomes
 * one.
 */
export function replaceBooleanSchemas(node: JsonSchema, trace: SchemaTrace): JsonSchema {
  return mapChildren(prune(node, trace), (child, slot) => {
    if (isSchema(child)) {
      return replaceBooleanSchemas(child, trace);
    }
    if (typeof child === 'boolean') {
      return MAY_BE_BOOLEAN.includes(slot) ? child : child ? anything() : nothing();
    }
    trace.exact = false;
    return isTypeName(child) ? { type: child } : anything();
  });
}

/** Takes out the booleans that can go without a trace. */
function prune(node: JsonSchema, trace: SchemaTrace): JsonSchema {
  let schema = node;
  if (schema.items === true) {
    schema = without(schema, ['items']);
  } else if (schema.items === false) {
    // `items: false` is refused even beside `prefixItems` (docs/wire.md#schema-tuples).
    const length = Array.isArray(schema.prefixItems) ? schema.prefixItems.length : 0;
    schema = {
      ...without(schema, ['items']),
      maxItems: Math.min(length, typeof schema.maxItems === 'number' ? schema.maxItems : length),
    };
  }
  if (schema.not === false) {
    schema = without(schema, ['not']);
  }
  if (Array.isArray(schema.anyOf) && schema.anyOf.includes(false) && schema.anyOf.some(branch => branch !== false)) {
    schema = { ...schema, anyOf: schema.anyOf.filter(branch => branch !== false) };
  }
  if (isSchema(schema.properties) && Object.values(schema.properties).includes(false)) {
    // A property that may not be there is one that the model need not know of.
    const forbidden = Object.keys(schema.properties).filter(name => (schema.properties as JsonSchema)[name] === false);
    trace.exact &&= schema.additionalProperties === false && schema.patternProperties === undefined;
    schema = { ...schema, properties: without(schema.properties, forbidden) };
  }
  return schema;
}

/**
 * A list in `items` becomes `prefixItems`, and `additionalItems` becomes `items` (docs/wire.md#schema-tuples).
 */
export function rewriteTuples(node: JsonSchema): JsonSchema {
  return mapChildren(rewriteTuple(node), child => (isSchema(child) ? rewriteTuples(child) : child));
}

function rewriteTuple(node: JsonSchema): JsonSchema {
  if (!Array.isArray(node.items)) {
    // Without a tuple, `additionalItems` means nothing.
    return node.additionalItems === undefined ? node : without(node, ['additionalItems']);
  }
  const { items, additionalItems: rest, ...schema } = node;
  const first = [...(Array.isArray(schema.prefixItems) ? schema.prefixItems : []), ...(items as unknown[])];
  const limit = typeof schema.maxItems === 'number' ? Math.min(schema.maxItems, first.length) : first.length;
  return {
    ...schema,
    ...(first.length === 0 ? {} : { prefixItems: first }),
    ...(rest === false ? { maxItems: limit } : {}),
    ...(isSchema(rest) ? { items: rest } : {}),
  };
}
