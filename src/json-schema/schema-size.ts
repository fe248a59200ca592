import { isSchema, mapChildren, setField, type JsonSchema } from './json-schema';

/**
 * Largest schema that the server takes, in bytes: measured on `function.parameters` (docs/wire.md#schema-size), checked
 * on both kinds by the vendor's validator.
 */
export const LARGEST_SCHEMA = 15_000;

/**
 * Bytes that a schema counts for on the server: UTF-8 JSON as Go writes it, which escapes `<`, `>`, `&` and two line
 * separators to six bytes each (docs/wire.md#schema-size).
 */
export function schemaSize(schema: unknown): number {
  const json = JSON.stringify(schema);
  let bytes = 0;
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index);
    if (code === 0x3c || code === 0x3e || code === 0x26 || code === 0x2028 || code === 0x2029) {
      bytes += 6;
    } else if (code < 0x80) {
      bytes += 1;
    } else if (code < 0x800) {
      bytes += 2;
    } else {
      // Half of a surrogate pair is two of its four bytes.
      bytes += code >= 0xd800 && code <= 0xdfff ? 2 : 3;
    }
  }
  return bytes;
}

/** From this size on repeated parts are shared (docs/wire.md#schema-size). */
const SHARE_ABOVE = 14_000;

/** What one definition costs beside its body: name, quotes, colon, comma. */
const OVERHEAD = 12;

/** Rounds in which parts of shared parts are shared too. */
const MOST_ROUNDS = 8;

/**
 * A schema that comes near the server's limit of 15,000 bytes, with the parts that occur more than once moved to
 * `$defs`: references are not expanded before the limit is checked (docs/wire.md#schema-size). The largest repeated
 * parts first.
 */
export function shareDefinitions(root: JsonSchema): JsonSchema {
  let schema = root;
  for (let round = 0; round < MOST_ROUNDS && schemaSize(schema) > SHARE_ABOVE; round++) {
    const shared = shareOnce(schema);
    if (shared === undefined) {
      break;
    }
    schema = shared;
  }
  return schema;
}

function shareOnce(root: JsonSchema): JsonSchema | undefined {
  const counts = new Map<string, number>();
  const count = (node: unknown): unknown => {
    if (isSchema(node)) {
      if (node.$ref === undefined) {
        const json = JSON.stringify(node);
        counts.set(json, (counts.get(json) ?? 0) + 1);
      }
      mapChildren(node, count);
    }
    return node;
  };
  mapChildren(root, count);

  const definitions: JsonSchema = isSchema(root.$defs) ? { ...root.$defs } : {};
  const names = new Map<string, string>();
  let next = 1;
  const nameOf = (json: string): string | undefined => {
    const known = names.get(json);
    if (known !== undefined) {
      return known;
    }
    while (Object.hasOwn(definitions, `s${next}`)) {
      next += 1;
    }
    const name = `s${next}`;
    const times = counts.get(json) ?? 0;
    const reference = `{"$ref":"#/$defs/${name}"}`.length;
    // Definitions whose keys hold a slash are refused (docs/wire.md#schema-references).
    if (times < 2 || (times - 1) * json.length <= times * reference + OVERHEAD || hasSlashInKey(JSON.parse(json))) {
      return undefined;
    }
    names.set(json, name);
    // The body comes from its first place.
    definitions[name] = JSON.parse(json);
    return name;
  };
  const share = (node: unknown): unknown => {
    if (!isSchema(node) || node.$ref !== undefined) {
      return node;
    }
    const name = nameOf(JSON.stringify(node));
    return name === undefined ? mapChildren(node, share) : { $ref: `#/$defs/${name}` };
  };

  const { $defs: own, ...rest } = root;
  const shared = mapChildren(rest, share);
  // Bodies of definitions are not replaced as a whole, or two of them would be each other.
  for (const [name, body] of Object.entries(isSchema(own) ? own : {})) {
    setField(definitions, name, isSchema(body) ? mapChildren(body, share) : body);
  }
  return names.size === 0 ? undefined : { ...shared, $defs: definitions };
}

function hasSlashInKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  return Object.entries(value).some(
    ([key, child]) => (key.includes('/') && !Array.isArray(value)) || hasSlashInKey(child),
  );
}
