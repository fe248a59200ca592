import { isSchema, without, type JsonSchema } from './json-schema';
import { mapChildren } from './map-children';

/**
 * A list in `items` becomes `prefixItems`, and `additionalItems` becomes `items` ("items must be an object",
 * vercel/ai#18921, live).
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
