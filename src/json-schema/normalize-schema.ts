import { alignEnums } from './align-enums';
import { replaceBooleanSchemas, rewriteTuples } from './booleans-and-tuples';
import { fillTypes } from './fill-types';
import type { JsonSchema, SchemaTrace } from './json-schema';
import { mergeReferenceSiblings, rewriteReferences } from './references';
import { rootObject } from './root-object';
import { LARGEST_SCHEMA, schemaSize, shareDefinitions } from './schema-size';
import { separateUnions } from './unions';

export type NormalizedSchema = {
  schema: JsonSchema;
  /** Whether `schema` takes exactly the values that the original takes. Where not, it takes other ones, mostly more. */
  exact: boolean;
  /** UTF-8 JSON as the server counts it. */
  size: number;
  /** What the model lost, as parts of a sentence; the AI SDK still checks arguments against the original. */
  warnings: readonly string[];
};

const normalized = new WeakMap<object, NormalizedSchema>();

/**
 * Any JSON Schema as "Moonshot flavored" JSON Schema, in the order of peers.md 6.12. Never changes its argument; the
 * same object is worked on once.
 */
export function normalizeSchema(original: unknown): NormalizedSchema {
  if (typeof original !== 'object' || original === null) {
    return normalize(original);
  }
  let result = normalized.get(original);
  if (result === undefined) {
    result = normalize(original);
    normalized.set(original, result);
  }
  return result;
}

function normalize(original: unknown): NormalizedSchema {
  const trace: SchemaTrace = { exact: true, warnings: [] };
  const object = rootObject(original, trace);
  const rewritten = mergeReferenceSiblings(rewriteReferences(object, original, trace), trace);
  const plain = separateUnions(rewriteTuples(replaceBooleanSchemas(rewritten, trace)), trace);
  const schema = shareDefinitions(alignEnums(fillTypes(plain, trace), trace));
  const size = schemaSize(schema);
  if (size > LARGEST_SCHEMA) {
    trace.warnings.push(
      `its schema has ${size} bytes, and Kimi refuses more than about ${LARGEST_SCHEMA}; shorten descriptions ` +
        'or split the tool',
    );
  }
  return { schema, exact: trace.exact, size, warnings: trace.warnings };
}
