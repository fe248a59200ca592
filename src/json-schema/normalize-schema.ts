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

/**
 * Characters of schemas that are remembered by their text: a few hundred tools, and no more memory than one large
 * request.
 */
const MOST_REMEMBERED = 1_000_000;

/**
 * Any JSON Schema as "Moonshot flavored" JSON Schema, in the order of docs/decisions.md#49-order-of-the-schema-steps.
 * Never changes its argument. The same schema is worked on once, and gives the same object each time, which nobody may
 * change.
 */
export const normalizeSchema = onceForEachSchema(normalize, MOST_REMEMBERED);

/**
 * `work`, done once for each object, and once for each text: the AI SDK hands over the object of `jsonSchema()` as it
 * is on every step of a loop (so do its MCP clients), but makes a new one of a Zod schema each time (`asSchema` of ai
 * 5, 6 and 7). Texts are forgotten, the longest unused first, where all together have more than `limit` characters.
 */
export function onceForEachSchema<T>(work: (schema: unknown) => T, limit: number): (schema: unknown) => T {
  const byObject = new WeakMap<object, T>();
  // A map gives its entries in the order in which they were set.
  const byText = new Map<string, T>();
  let remembered = 0;

  const forText = (text: string): T => {
    const known = byText.get(text);
    // From the text, so that what one object gives holds for all that are written alike.
    const result = known ?? work(JSON.parse(text));
    remembered += byText.delete(text) ? 0 : text.length;
    byText.set(text, result);
    for (const oldest of byText.keys()) {
      if (remembered <= limit) {
        break;
      }
      byText.delete(oldest);
      remembered -= oldest.length;
    }
    return result;
  };

  return schema => {
    if (typeof schema !== 'object' || schema === null) {
      return work(schema);
    }
    let result = byObject.get(schema);
    if (result === undefined) {
      result = forText(JSON.stringify(schema) ?? 'null');
      byObject.set(schema, result);
    }
    return result;
  };
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
