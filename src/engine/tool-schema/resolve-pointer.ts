import { isSchema, type JsonSchema } from './json-schema';

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
export function segmentsOf(pointer: string): string[] {
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
