import { isSchema, sameJson, type JsonSchema } from './json-schema';

/** Keywords that must be read together: two sets of them cannot be laid over each other. */
const GROUPS = [
  ['patternProperties', 'additionalProperties', 'unevaluatedProperties'],
  ['items', 'prefixItems', 'additionalItems', 'unevaluatedItems'],
  ['contains', 'minContains', 'maxContains'],
  ['if', 'then', 'else'],
];

/**
 * One schema that takes exactly what `branch` and `own` both take, or `undefined` where two keywords disagree.
 * Properties may be on both sides while neither closes the object to those of the other.
 */
export function layOver(branch: JsonSchema, own: JsonSchema): JsonSchema | undefined {
  if (branch.$ref !== undefined || own.$ref !== undefined) {
    return undefined;
  }
  const result: JsonSchema = { ...branch };
  for (const [keyword, value] of Object.entries(own)) {
    if (keyword === 'required') {
      result.required = [...new Set([...listOf(branch.required), ...listOf(value)])];
    } else if (keyword === 'properties' && branch.properties !== undefined) {
      const merged = mergeProperties(branch.properties, value);
      if (merged === undefined) {
        return undefined;
      }
      result.properties = merged;
    } else if (branch[keyword] === undefined) {
      result[keyword] = value;
    } else if (!sameJson(branch[keyword], value)) {
      return undefined;
    }
  }
  return mayMeet(branch, own) ? result : undefined;
}

function mayMeet(branch: JsonSchema, own: JsonSchema): boolean {
  for (const group of GROUPS.slice(1)) {
    if (group.some(keyword => branch[keyword] !== undefined) && group.some(keyword => own[keyword] !== undefined)) {
      return group.every(keyword => sameJson(branch[keyword], own[keyword]));
    }
  }
  const names = (schema: JsonSchema): string[] => (isSchema(schema.properties) ? Object.keys(schema.properties) : []);
  const closes = (schema: JsonSchema): boolean => (GROUPS[0] ?? []).some(keyword => schema[keyword] !== undefined);
  const within = (inner: JsonSchema, outer: JsonSchema): boolean =>
    names(inner).every(name => names(outer).includes(name));
  if (closes(branch) && closes(own)) {
    return (
      (GROUPS[0] ?? []).every(keyword => sameJson(branch[keyword], own[keyword])) &&
      within(branch, own) &&
      within(own, branch)
    );
  }
  return !(closes(branch) && !within(own, branch)) && !(closes(own) && !within(branch, own));
}

function mergeProperties(left: unknown, right: unknown): JsonSchema | undefined {
  if (!isSchema(left) || !isSchema(right)) {
    return undefined;
  }
  for (const [name, schema] of Object.entries(left)) {
    if (Object.hasOwn(right, name) && !sameJson(right[name], schema)) {
      return undefined;
    }
  }
  return { ...right, ...left };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
