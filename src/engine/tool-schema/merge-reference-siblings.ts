import { ANNOTATIONS, isSchema, sameJson, without, type JsonSchema, type SchemaTrace } from './json-schema';
import { mapChildren } from './map-children';

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

/**
 * Nothing stands beside a `$ref` (peers.md 5.4: "conflicting keywords found after $ref expansion", kimi-cli#2061,
 * CLIProxyAPI#5316). A description goes around it, which loses nothing: `{description, anyOf: [{$ref}]}`. Constraints
 * are laid over a copy of the definition; where that cannot be done truly, they are left out, so that more is taken.
 */
export function mergeReferenceSiblings(root: JsonSchema, trace: SchemaTrace): JsonSchema {
  const definitions = isSchema(root.$defs) ? root.$defs : {};
  const inlining = new Set<string>();

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
        canLayOver(target, constraints)
      ) {
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
