/** What is wrong with one tool schema, by the name of the rule that says so. */
export type SchemaFault = { rule: string; path: string; problem: string };

/** The faults, and the names of all rules that had something to look at. */
export type SchemaFindings = { faults: SchemaFault[]; concerned: Set<string> };

const COMBINATORS = ['$ref', 'anyOf', 'allOf', 'oneOf', 'not', 'if', 'then', 'else'];
const SIZE_LIMIT = 15_000;

type Schema = Record<string, unknown>;

/**
 * Walks a schema as the "moonshot flavored" validator is known to (docs/wire.md#moonshot-flavored-schemas) and adds
 * each fault to `findings`. Paths are written as the server writes them: `properties.a.items.properties.b`, the top is
 * `root`.
 */
export function findSchemaFaults(
  root: unknown,
  findings: SchemaFindings = { faults: [], concerned: new Set() },
): SchemaFindings {
  const { faults, concerned } = findings;
  concerned.add('schema-root-object').add('schema-too-large');
  if (!isSchema(root) || root.type !== 'object') {
    faults.push({ rule: 'schema-root-object', path: 'root', problem: '' });
  }
  if (!isSchema(root)) {
    return findings;
  }
  if (Buffer.byteLength(JSON.stringify(root)) > SIZE_LIMIT) {
    faults.push({ rule: 'schema-too-large', path: 'root', problem: 'schema exceeds maximum allowed size' });
  }
  visit(root, '', findings);
  return findings;
}

function visit(schema: Schema, path: string, findings: SchemaFindings): void {
  const { faults, concerned } = findings;
  const at = path === '' ? 'root' : path;
  const join = (...names: string[]): string => [path, ...names].filter(name => name !== '').join('.');

  if (typeof schema.$ref === 'string') {
    concerned.add('schema-ref-outside-defs').add('schema-ref-siblings');
    if (!schema.$ref.startsWith('#/$defs/')) {
      faults.push({
        rule: 'schema-ref-outside-defs',
        path: join('$ref'),
        problem: 'references must start with #/$defs/',
      });
    }
    const beside = Object.keys(schema).filter(key => key !== '$ref' && key !== '$defs' && key !== '$schema');
    if (beside.length > 0) {
      faults.push({
        rule: 'schema-ref-siblings',
        path: at,
        problem: `conflicting keywords found after $ref expansion: ${beside.join(', ')}`,
      });
    }
  }
  if (schema.anyOf !== undefined) {
    concerned.add('schema-type-beside-any-of');
    if (schema.type !== undefined) {
      const problem = 'when using anyOf, type should be defined in anyOf items instead of the parent schema';
      faults.push({ rule: 'schema-type-beside-any-of', path: at, problem });
    }
  }
  if (path !== '' && !COMBINATORS.some(keyword => schema[keyword] !== undefined)) {
    const rule = schema.enum === undefined ? 'schema-type-missing' : 'schema-enum-without-type';
    concerned.add(rule);
    if (schema.type === undefined) {
      faults.push({ rule, path: at, problem: 'type is not defined' });
    }
  }

  visitChildren(schema, join, findings);
}

function visitChildren(schema: Schema, join: (...names: string[]) => string, findings: SchemaFindings): void {
  for (const keyword of ['properties', '$defs', 'definitions', 'patternProperties']) {
    const children = schema[keyword];
    for (const [name, child] of isSchema(children) ? Object.entries(children) : []) {
      visitChild(child, join(keyword, name), findings, {
        path: join(keyword),
        problem: `property schema for '${name}' must be an object`,
      });
    }
  }
  for (const keyword of ['anyOf', 'allOf', 'oneOf', 'prefixItems']) {
    const children = schema[keyword];
    for (const child of Array.isArray(children) ? children : []) {
      visitChild(child, join(keyword), findings);
    }
  }
  if (schema.items !== undefined) {
    for (const child of Array.isArray(schema.items) ? schema.items : [schema.items]) {
      visitChild(child, join('items'), findings);
    }
  }
  // `additionalProperties: false` is plain JSON Schema in every client; only its object form is a schema.
  if (isSchema(schema.additionalProperties)) {
    visitChild(schema.additionalProperties, join('additionalProperties'), findings);
  }
}

function visitChild(
  child: unknown,
  path: string,
  findings: SchemaFindings,
  described = { path, problem: 'schema must be an object' },
): void {
  findings.concerned.add('schema-boolean');
  if (isSchema(child)) {
    visit(child, path, findings);
  } else {
    findings.faults.push({ rule: 'schema-boolean', ...described });
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
