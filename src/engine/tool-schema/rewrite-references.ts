import { anything, isSchema, setField, without, type JsonSchema, type SchemaTrace } from './json-schema';
import { mapChildren } from './map-children';
import { resolvePointer, segmentsOf } from './resolve-pointer';

/** Keywords that only references needed. */
const NAMES_OF_PARTS = [
  '$schema',
  '$id',
  '$anchor',
  '$comment',
  '$defs',
  'definitions',
  '$dynamicAnchor',
  '$recursiveAnchor',
];

/**
 * Every reference as `#/$defs/<name>`, all definitions at the root, and only those that are used (peers.md 5.4:
 * "references must start with #/$defs/", command-code#594; walle.md: `$defs` only at the root, names without `/`).
 * Recursion survives. What points outside the document takes anything.
 */
export function rewriteReferences(root: JsonSchema, document: unknown, trace: SchemaTrace): JsonSchema {
  const names = new Map<unknown, string>();
  const definitions: JsonSchema = {};

  const rewrite = (node: unknown): unknown => {
    if (!isSchema(node)) {
      return node;
    }
    if (node.$dynamicRef !== undefined || node.$recursiveRef !== undefined) {
      trace.exact = false;
    }
    const schema = without(node, NAMES_OF_PARTS);
    if (typeof schema.$ref !== 'string') {
      return mapChildren(without(schema, ['$ref']), rewrite);
    }
    const name = define(schema.$ref);
    if (name === undefined) {
      trace.exact = false;
      const rest = mapChildren(without(schema, ['$ref']), rewrite);
      return Object.keys(rest).length === 0 ? anything() : rest;
    }
    return { ...mapChildren(without(schema, ['$ref']), rewrite), $ref: `#/$defs/${name}` };
  };

  const define = (reference: string): string | undefined => {
    const target = followAliases(document, reference);
    if (target === undefined) {
      trace.warnings.push(
        `its schema refers to ${JSON.stringify(reference)}, which leads nowhere; anything is taken there`,
      );
      return undefined;
    }
    const known = names.get(target.schema);
    if (known !== undefined) {
      return known;
    }
    const name = freeName(target.reference, new Set(names.values()));
    names.set(target.schema, name);
    // The place counts before the body, which may refer to itself.
    setField(definitions, name, undefined);
    setField(definitions, name, rewrite(target.schema === document ? root : target.schema));
    return name;
  };

  const rewritten = rewrite(root) as JsonSchema;
  return names.size === 0 ? rewritten : { ...rewritten, $defs: definitions };
}

/** The target, through definitions that are only another reference; those that lead to themselves lead nowhere. */
function followAliases(document: unknown, first: string): { schema: unknown; reference: string } | undefined {
  if (isEndless(document, first)) {
    return undefined;
  }
  let reference = first;
  let schema = resolvePointer(document, reference);
  while (
    isSchema(schema) &&
    typeof schema.$ref === 'string' &&
    Object.keys(without(schema, NAMES_OF_PARTS)).length === 1
  ) {
    reference = schema.$ref;
    schema = resolvePointer(document, reference);
  }
  if (typeof schema === 'boolean') {
    // Booleans are all the same value, and need a definition each time.
    return { schema: { [schema ? 'allOf' : 'anyOf']: [schema] }, reference };
  }
  return isSchema(schema) ? { schema, reference } : undefined;
}

/** Whether references alone, with or without something beside them, come back to themselves. */
function isEndless(document: unknown, first: string): boolean {
  const seen = new Set<unknown>();
  let schema = resolvePointer(document, first);
  while (isSchema(schema) && typeof schema.$ref === 'string') {
    if (seen.has(schema)) {
      return true;
    }
    seen.add(schema);
    schema = resolvePointer(document, schema.$ref);
  }
  return false;
}

function freeName(reference: string, taken: ReadonlySet<string>): string {
  const last = reference.startsWith('#/') ? segmentsOf(reference).at(-1) : reference.replace(/^#/, '');
  const base = (last ?? '').replaceAll(/[^A-Za-z0-9_.-]/g, '_') || 'root';
  let name = base === '__proto__' ? 'proto' : base;
  for (let count = 2; taken.has(name); count++) {
    name = `${base}_${count}`;
  }
  return name;
}
