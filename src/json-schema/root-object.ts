import { ANNOTATIONS, isSchema, sameJson, setField, without, type JsonSchema, type SchemaTrace } from './json-schema';
import { resolvePointer } from './references';
import { layOver } from './unions';

/** Keywords that mean something only at the top of a document, and nothing once references are rewritten. */
const DOCUMENT_KEYWORDS = [
  '$schema',
  '$id',
  '$anchor',
  '$comment',
  '$vocabulary',
  '$dynamicAnchor',
  '$recursiveAnchor',
];

/**
 * The root as an object: Kimi wants `type: "object"` there and no `anyOf` beside it (docs/wire.md#schema-root). A root
 * that is a reference becomes what it points at, a union of objects becomes one object with everybody's properties.
 */
export function rootObject(document: unknown, trace: SchemaTrace): JsonSchema {
  const resolved = resolveRoot(document, trace);
  if (!isSchema(resolved)) {
    trace.exact = false;
    return { type: 'object', properties: {} };
  }
  const root = without(resolved, DOCUMENT_KEYWORDS);
  const types = Array.isArray(root.type) ? root.type : [root.type];
  if (root.type !== undefined && !types.includes('object')) {
    trace.exact = false;
    const type = JSON.stringify(root.type);
    trace.warnings.push(
      `its schema is of type ${type}, and Kimi takes only objects; it was sent as an object of any shape`,
    );
    return {
      type: 'object',
      properties: {},
      ...(typeof root.description === 'string' ? { description: root.description } : {}),
    };
  }
  if (root.type !== 'object') {
    trace.exact = false;
  }
  if (root.enum !== undefined || Object.hasOwn(root, 'const')) {
    // Whole argument objects written down one by one: Kimi knows lists of plain values only.
    trace.exact = false;
  }
  const { type: _, enum: _values, const: _value, ...rest } = root;
  const object: JsonSchema = { type: 'object', ...rest };
  const unions = ['anyOf', 'oneOf'].filter(keyword => Array.isArray(object[keyword]));
  const merged = unions.reduce((schema, keyword) => mergeUnion(schema, keyword, document, trace), object);
  return merged.properties === undefined ? { ...merged, properties: {} } : merged;
}

/** The root through its references; what stands beside them counts too. */
function resolveRoot(document: unknown, trace: SchemaTrace): unknown {
  let root = document;
  const seen = new Set<string>();
  while (isSchema(root) && typeof root.$ref === 'string') {
    const target = resolvePointer(document, root.$ref);
    if (seen.has(root.$ref) || !isSchema(target)) {
      trace.exact = false;
      return without(root, ['$ref']);
    }
    seen.add(root.$ref);
    const beside = without(root, ['$ref', '$defs', 'definitions', ...DOCUMENT_KEYWORDS]);
    const annotations = Object.fromEntries(Object.entries(beside).filter(([keyword]) => ANNOTATIONS.has(keyword)));
    const constraints = without(beside, ANNOTATIONS);
    const chained = typeof target.$ref === 'string';
    const merged =
      Object.keys(constraints).length === 0 || chained
        ? undefined
        : layOver(without(target, ['$defs', 'definitions']), constraints);
    trace.exact &&= Object.keys(constraints).length === 0 || merged !== undefined;
    root = { ...(merged ?? target), ...annotations };
  }
  return root;
}

/** One object that takes what any branch takes, and more. */
function mergeUnion(root: JsonSchema, keyword: string, document: unknown, trace: SchemaTrace): JsonSchema {
  const branches = (root[keyword] as unknown[]).map(branch => resolveBranch(branch, document)).filter(isObjectSchema);
  const base = without(root, [keyword]);
  trace.exact = false;
  if (branches.length === 0) {
    return base;
  }
  const properties: JsonSchema = {};
  for (const name of new Set([base, ...branches].flatMap(schema => Object.keys(schema.properties ?? {})))) {
    const own = isSchema(base.properties) && Object.hasOwn(base.properties, name) ? base.properties[name] : undefined;
    const variants = branches.flatMap(({ properties: some }) =>
      isSchema(some) && Object.hasOwn(some, name) ? [some[name]] : [],
    );
    setField(properties, name, own ?? union(variants));
  }
  const names = branches.map(branch => namesOf(branch.required));
  const always = (names[0] ?? []).filter(name => names.every(some => some.includes(name)));
  const required = [...new Set([...namesOf(base.required), ...always])];
  const closed =
    base.additionalProperties === undefined && branches.every(branch => branch.additionalProperties === false);
  const choice = choiceText(names.map(some => some.filter(name => !required.includes(name))));
  return {
    ...base,
    ...(choice === undefined
      ? {}
      : { description: typeof base.description === 'string' ? `${base.description} ${choice}` : choice }),
    properties,
    ...(required.length === 0 ? {} : { required }),
    ...(closed ? { additionalProperties: false } : {}),
  };
}

function resolveBranch(branch: unknown, document: unknown): unknown {
  const target =
    isSchema(branch) && typeof branch.$ref === 'string' ? resolvePointer(document, branch.$ref) : undefined;
  return isSchema(target) ? { ...target, ...without(branch as JsonSchema, ['$ref']) } : branch;
}

function isObjectSchema(
  branch: unknown,
): branch is { properties?: JsonSchema; required?: unknown; additionalProperties?: unknown } {
  if (!isSchema(branch)) {
    return false;
  }
  const { type, properties } = branch;
  return (type === undefined || type === 'object') && (properties === undefined || isSchema(properties));
}

function namesOf(required: unknown): string[] {
  return Array.isArray(required) ? required.filter(name => typeof name === 'string') : [];
}

function union(variants: readonly unknown[]): unknown {
  const different = variants.filter(
    (variant, index) => variants.findIndex(other => sameJson(other, variant)) === index,
  );
  return different.length === 1 ? different[0] : { anyOf: different };
}

/** What the union said about which properties go together, for the model. */
function choiceText(sets: readonly string[][]): string | undefined {
  const different = [...new Set(sets.filter(names => names.length > 0).map(names => names.join(', ')))];
  return different.length < 2 ? undefined : `Give one of these sets of properties: ${different.join('; ')}.`;
}
