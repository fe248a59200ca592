/** What is wrong with one tool schema, by the name of the rule that says so. */
export type SchemaFault = { rule: string; path: string; problem: string };

const COMBINATORS = ['$ref', 'anyOf', 'allOf', 'oneOf', 'not', 'if', 'then', 'else'];
const SIZE_LIMIT = 15_000;

type Schema = Record<string, unknown>;

/**
 * Walks a schema as the "moonshot flavored" validator is known to (wire.md 6.5, peers.md 5.4) and lists each fault.
 * Paths are written as the server writes them: `properties.a.items.properties.b`, the top is `root`.
 */
export function findSchemaFaults(root: unknown): SchemaFault[] {
  const faults: SchemaFault[] = [];
  if (!isSchema(root)) {
    return [{ rule: 'schema-root-object', path: 'root', problem: '' }];
  }
  if (root.type !== 'object') {
    faults.push({ rule: 'schema-root-object', path: 'root', problem: '' });
  }
  if (Buffer.byteLength(JSON.stringify(root)) > SIZE_LIMIT) {
    faults.push({ rule: 'schema-too-large', path: 'root', problem: 'schema exceeds maximum allowed size' });
  }
  visit(root, '', faults);
  return faults;
}

function visit(schema: Schema, path: string, faults: SchemaFault[]): void {
  const at = path === '' ? 'root' : path;
  const join = (...names: string[]): string => [path, ...names].filter(name => name !== '').join('.');

  if (typeof schema.$ref === 'string') {
    if (!schema.$ref.startsWith('#/$defs/')) {
      faults.push({ rule: 'schema-ref-outside-defs', path: join('$ref'), problem: 'references must start with #/$defs/' });
    }
    const beside = Object.keys(schema).filter(key => key !== '$ref' && key !== '$defs' && key !== '$schema');
    if (beside.length > 0) {
      faults.push({ rule: 'schema-ref-siblings', path: at, problem: `conflicting keywords found after $ref expansion: ${beside.join(', ')}` });
    }
  }
  if (schema.anyOf !== undefined && schema.type !== undefined) {
    faults.push({
      rule: 'schema-type-beside-any-of',
      path: at,
      problem: 'when using anyOf, type should be defined in anyOf items instead of the parent schema',
    });
  }
  if (path !== '' && schema.type === undefined && !COMBINATORS.some(keyword => schema[keyword] !== undefined)) {
    faults.push({ rule: schema.enum === undefined ? 'schema-type-missing' : 'schema-enum-without-type', path: at, problem: 'type is not defined' });
  }

  for (const keyword of ['properties', '$defs', 'definitions', 'patternProperties']) {
    const children = schema[keyword];
    for (const [name, child] of isSchema(children) ? Object.entries(children) : []) {
      visitChild(child, join(keyword, name), faults, { path: join(keyword), problem: `property schema for '${name}' must be an object` });
    }
  }
  for (const keyword of ['anyOf', 'allOf', 'oneOf', 'prefixItems']) {
    const children = schema[keyword];
    for (const child of Array.isArray(children) ? children : []) {
      visitChild(child, join(keyword), faults);
    }
  }
  if (schema.items !== undefined) {
    for (const child of Array.isArray(schema.items) ? schema.items : [schema.items]) {
      visitChild(child, join('items'), faults);
    }
  }
  // `additionalProperties: false` is plain JSON Schema in every client; only its object form is a schema.
  if (isSchema(schema.additionalProperties)) {
    visitChild(schema.additionalProperties, join('additionalProperties'), faults);
  }
}

function visitChild(child: unknown, path: string, faults: SchemaFault[], described = { path, problem: 'schema must be an object' }): void {
  if (isSchema(child)) {
    visit(child, path, faults);
  } else {
    faults.push({ rule: 'schema-boolean', ...described });
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
