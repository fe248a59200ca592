import {
  ANNOTATIONS,
  areTypes,
  commonTypes,
  isSchema,
  mapChildren,
  nothing,
  sameJson,
  typesOf,
  without,
  type JsonSchema,
  type SchemaTrace,
} from './json-schema';

/** Longest list that `anyOf` may be (docs/wire.md#schema-unions). */
const LONGEST_UNION = 100;

/** A keyword that may stand on both sides of `anyOf`. */
const SHARED: ReadonlySet<string> = new Set(['description', 'title']);

/**
 * Unions as Kimi takes them: `type` inside the branches of `anyOf` and not beside it, no keyword both beside `anyOf`
 * and in a branch (docs/wire.md#schema-unions), at most one condition in an `allOf` (docs/wire.md#schema-conditions).
 */
export function separateUnions(root: JsonSchema, trace: SchemaTrace): JsonSchema {
  const definitions = isSchema(root.$defs) ? root.$defs : {};

  const separate = (node: unknown): unknown => {
    if (!isSchema(node)) {
      return node;
    }
    const single = singleCondition(node, trace);
    const schema = single.anyOf === undefined ? single : separateUnion(single, definitions, trace);
    return mapChildren(schema, separate);
  };
  return separate(root) as JsonSchema;
}

function separateUnion(node: JsonSchema, definitions: JsonSchema, trace: SchemaTrace): JsonSchema {
  if (!Array.isArray(node.anyOf) || node.anyOf.length === 0) {
    trace.exact = false;
    return without(node, ['anyOf']);
  }
  const { type, ...schema } = node;
  const annotations = Object.keys(node).filter(keyword => ANNOTATIONS.has(keyword) && !SHARED.has(keyword));
  let branches = node.anyOf.filter(isSchema).map(branch => without(branch, annotations));
  if (type !== undefined) {
    trace.exact &&= areTypes(type);
    branches = branches.flatMap(branch => pushType(branch, type, definitions, trace));
  }
  if (branches.length === 0) {
    branches = [nothing()];
  }
  return nested(distribute({ ...schema, anyOf: branches }, branches, trace));
}

/** The branch with the parent's type; none where the two cannot both hold. */
function pushType(branch: JsonSchema, type: unknown, definitions: JsonSchema, trace: SchemaTrace): JsonSchema[] {
  if (typeof branch.$ref === 'string') {
    const target = definitions[branch.$ref.slice('#/$defs/'.length)];
    const own = isSchema(target) ? typesOf(target.type) : undefined;
    const common = own === undefined ? undefined : commonTypes(own, typesOf(type));
    // Nothing may stand beside the reference, so the type is lost unless the definition says it too.
    trace.exact &&= own !== undefined && common?.length === own.length;
    return common?.length === 0 ? [] : [branch];
  }
  if (branch.type === undefined) {
    return [{ type, ...branch }];
  }
  trace.exact &&= areTypes(branch.type);
  const common = commonTypes(typesOf(branch.type), typesOf(type));
  return common.length === 0 ? [] : [{ ...branch, type: common.length === 1 ? common[0] : common }];
}

/** Moves what stands beside `anyOf` into the branches, where leaving it would be refused. */
function distribute(node: JsonSchema, branches: readonly JsonSchema[], trace: SchemaTrace): JsonSchema {
  const { anyOf: _, ...beside } = node;
  const own = Object.fromEntries(
    Object.entries(beside).filter(([keyword]) => !ANNOTATIONS.has(keyword) && keyword !== '$defs'),
  );
  const conflicts = Object.keys(own).filter(
    keyword => !SHARED.has(keyword) && branches.some(branch => Object.hasOwn(branch, keyword)),
  );
  // Names in `required` need their properties beside them, which a later step adds; on both sides these are a conflict
  // again.
  const speaksOfNames = (schema: JsonSchema): boolean =>
    schema.properties !== undefined || schema.required !== undefined;
  if (conflicts.length === 0 && !(speaksOfNames(own) && branches.some(speaksOfNames))) {
    return node;
  }
  const merged = branches.map(branch => layOver(branch, own));
  if (merged.every(branch => branch !== undefined)) {
    return { ...without(beside, Object.keys(own)), anyOf: merged };
  }
  trace.exact = false;
  const kept = without(node, [...conflicts, ...(branches.some(speaksOfNames) ? ['required'] : [])]);
  return kept.properties === undefined
    ? kept
    : { ...kept, anyOf: branches.map(branch => without(branch, ['required'])) };
}

function nested(node: JsonSchema): JsonSchema {
  const branches = node.anyOf as unknown[];
  if (branches.length <= LONGEST_UNION) {
    return node;
  }
  const size = Math.max(LONGEST_UNION, Math.ceil(branches.length / LONGEST_UNION));
  const starts = Array.from({ length: Math.ceil(branches.length / size) }, (_, index) => index * size);
  return { ...node, anyOf: starts.map(start => ({ anyOf: branches.slice(start, start + size) })) };
}

function singleCondition(node: JsonSchema, trace: SchemaTrace): JsonSchema {
  if (!Array.isArray(node.allOf)) {
    return node;
  }
  const parts = node.allOf.filter(isSchema);
  if (parts.filter(part => part.if !== undefined).length + (node.if === undefined ? 0 : 1) > 1) {
    trace.exact = false;
    const plain = parts.map(part => without(part, ['if', 'then', 'else'])).filter(part => Object.keys(part).length > 0);
    const rest = without(node, ['allOf', 'if', 'then', 'else']);
    return plain.length === 0 ? rest : singleCondition({ ...rest, allOf: plain }, trace);
  }
  // A part alone is a union of one, which MFJS knows; Pydantic writes fields so.
  const alone =
    parts.length === 1 && Object.keys(node).every(keyword => keyword === 'allOf' || ANNOTATIONS.has(keyword));
  return alone ? { ...without(node, ['allOf']), anyOf: parts } : node;
}

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
