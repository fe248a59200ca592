import {
  ANNOTATIONS,
  anything,
  isSchema,
  mapChildren,
  sameJson,
  setField,
  without,
  type JsonSchema,
  type SchemaTrace,
} from './json-schema';

/**
 * What a `$ref` within `document` points at: a JSON pointer, `#`, an `$anchor`, or the `$id` of a part. `undefined` for
 * what lies outside or nowhere.
 */
export function resolvePointer(document: unknown, reference: string): unknown {
  if (reference === '#') {
    return document;
  }
  if (!reference.startsWith('#/')) {
    return findNamed(document, reference, new Set());
  }
  let current: unknown = document;
  for (const segment of segmentsOf(reference)) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, segment)) {
      return undefined;
    }
    current = (current as JsonSchema)[segment];
  }
  return current;
}

/** The unescaped parts of a `#/…` pointer. */
function segmentsOf(pointer: string): string[] {
  return pointer
    .slice(2)
    .split('/')
    .map(segment => decode(segment).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function findNamed(node: unknown, reference: string, seen: Set<unknown>): unknown {
  if (typeof node !== 'object' || node === null || seen.has(node)) {
    return undefined;
  }
  seen.add(node);
  if (
    isSchema(node) &&
    (node.$id === reference || (typeof node.$anchor === 'string' && `#${node.$anchor}` === reference))
  ) {
    return node;
  }
  for (const child of Object.values(node)) {
    const found = findNamed(child, reference, seen);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

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

/** So many definitions are worked on inside each other; those that they lead to come later, and none overflows. */
const DEEPEST_CHAIN = 50;

/**
 * Every reference as `#/$defs/<name>`, all definitions at the root, and only those that are used
 * (docs/wire.md#schema-references). Recursion survives. What points outside the document takes anything.
 */
export function rewriteReferences(root: JsonSchema, document: unknown, trace: SchemaTrace): JsonSchema {
  const names = new Map<unknown, string>();
  const definitions: JsonSchema = {};
  const later: Array<() => void> = [];
  let chain = 0;

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
    const fill = (): void => {
      chain += 1;
      setField(definitions, name, rewrite(target.schema === document ? root : target.schema));
      chain -= 1;
    };
    if (chain < DEEPEST_CHAIN) {
      fill();
    } else {
      later.push(fill);
    }
    return name;
  };

  const rewritten = rewrite(root) as JsonSchema;
  for (let fill = later.pop(); fill !== undefined; fill = later.pop()) {
    fill();
  }
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

/** Keywords whose meaning depends on others beside them, so that two schemas cannot be laid over each other. */
const DEPENDENT = [
  'properties',
  'patternProperties',
  'additionalProperties',
  'unevaluatedProperties',
  'items',
  'prefixItems',
  'additionalItems',
  'unevaluatedItems',
  'if',
  'then',
  'else',
  'contains',
  'minContains',
  'maxContains',
];

/** So many copies of definitions are made, and so many inside each other: copies in copies double with each level. */
const MOST_COPIES = 1_000;
const DEEPEST_COPY = 20;

/**
 * Nothing stands beside a `$ref` (docs/wire.md#siblings-of-a-reference). A description goes around it, which loses
 * nothing: `{description, anyOf: [{$ref}]}`. Constraints are laid over a copy of the definition; where that cannot be
 * done truly, they are left out, so that more is taken.
 */
export function mergeReferenceSiblings(root: JsonSchema, trace: SchemaTrace): JsonSchema {
  const definitions = isSchema(root.$defs) ? root.$defs : {};
  const inlining = new Set<string>();
  let copies = 0;

  const merge = (node: unknown): unknown => {
    if (!isSchema(node) || typeof node.$ref !== 'string' || Object.keys(node).length === 1) {
      return isSchema(node) ? mapChildren(node, merge) : node;
    }
    const { $ref: reference, ...beside } = node;
    const annotations: JsonSchema = {};
    const constraints: JsonSchema = {};
    const target = definitions[(reference as string).slice('#/$defs/'.length)];
    for (const [keyword, value] of Object.entries(beside)) {
      if (ANNOTATIONS.has(keyword)) {
        annotations[keyword] = value;
      } else if (!isSchema(target) || !Object.hasOwn(target, keyword) || !sameJson(target[keyword], value)) {
        constraints[keyword] = value;
      }
    }
    if (Object.keys(constraints).length > 0) {
      if (
        isSchema(target) &&
        target.$ref === undefined &&
        !inlining.has(reference as string) &&
        inlining.size < DEEPEST_COPY &&
        copies < MOST_COPIES &&
        canLayOver(target, constraints)
      ) {
        copies += 1;
        inlining.add(reference as string);
        const inlined = mapChildren({ ...target, ...constraints, ...annotations }, merge);
        inlining.delete(reference as string);
        return inlined;
      }
      trace.exact = false;
    }
    return Object.keys(annotations).length === 0
      ? { $ref: reference }
      : { ...annotations, anyOf: [{ $ref: reference }] };
  };

  // The root keeps its definitions, which are schemas of their own.
  const merged = mapChildren(without(root, ['$defs']), merge);
  const bodies = Object.entries(definitions).map(([name, body]) => [name, merge(body)]);
  return root.$defs === undefined ? merged : { ...merged, $defs: Object.fromEntries(bodies) };
}

function canLayOver(target: JsonSchema, constraints: JsonSchema): boolean {
  const added = Object.keys(constraints);
  return added.every(keyword => !Object.hasOwn(target, keyword) && !DEPENDENT.includes(keyword));
}
