import { findSchemaFaults } from '../../src/simulator/rules/find-schema-faults';

/**
 * What Kimi would refuse: the simulator's rules, and what its open-source validator checks at every level
 * (MoonshotAI/walle, keyword_validators.go, validator.go).
 */
export function schemaFaults(schema: unknown): string[] {
  const faults = findSchemaFaults(schema).faults.map(({ rule, path }) => `${rule} at ${path}`);
  visit(schema, schema, 'root', faults);
  return faults;
}

type Schema = Record<string, unknown>;

function visit(node: unknown, root: unknown, path: string, faults: string[]): void {
  if (!isObject(node)) {
    return;
  }
  const fault = (problem: string): void => void faults.push(`${problem} at ${path}`);
  const { $ref: reference, $defs: definitions, properties, required, anyOf, enum: values } = node;
  if (definitions !== undefined && node !== root) {
    fault('$defs below the root');
  }
  if (
    typeof reference === 'string' &&
    !Object.hasOwn((root as { $defs?: Schema }).$defs ?? {}, reference.slice('#/$defs/'.length))
  ) {
    fault(`nothing at ${reference}`);
  }
  for (const name of Object.keys(isObject(definitions) ? definitions : {})) {
    if (name === '' || name.includes('/')) {
      fault(`definition named ${JSON.stringify(name)}`);
    }
  }
  if (properties !== undefined && !isObject(properties)) {
    fault('properties is no object');
  }
  if (
    required !== undefined &&
    !(
      Array.isArray(required) &&
      required.every(name => typeof name === 'string' && isObject(properties) && Object.hasOwn(properties, name))
    )
  ) {
    fault(`required ${JSON.stringify(required)} is not all in properties`);
  }
  if (anyOf !== undefined) {
    if (!Array.isArray(anyOf) || anyOf.length === 0 || anyOf.length > 100) {
      fault('anyOf of a wrong length');
    }
    for (const branch of Array.isArray(anyOf) ? anyOf.filter(isObject) : []) {
      const shared = Object.keys(branch).filter(
        keyword => !['description', 'title', 'anyOf'].includes(keyword) && Object.hasOwn(node, keyword),
      );
      if (shared.length > 0) {
        fault(`${shared.join(', ')} beside anyOf and in it`);
      }
    }
  }
  if (values !== undefined) {
    checkEnum(values, [node.type].flat(), fault);
  }
  if (node.items !== undefined && !isObject(node.items)) {
    fault('items is no object');
  }
  if (typeof node.description !== 'string' && node.description !== undefined) {
    fault('description is no string');
  }
  for (const [keyword, value] of Object.entries(node)) {
    if (['properties', '$defs', 'patternProperties', 'dependentSchemas'].includes(keyword) && isObject(value)) {
      Object.entries(value).forEach(([name, child]) => visit(child, root, `${path}.${keyword}.${name}`, faults));
    } else if (['anyOf', 'allOf', 'oneOf', 'prefixItems'].includes(keyword) && Array.isArray(value)) {
      value.forEach((child, index) => visit(child, root, `${path}.${keyword}.${index}`, faults));
    } else if (
      ['items', 'additionalProperties', 'not', 'if', 'then', 'else', 'contains', 'propertyNames'].includes(keyword)
    ) {
      visit(value, root, `${path}.${keyword}`, faults);
    }
  }
}

function checkEnum(values: unknown, types: unknown[], fault: (problem: string) => void): void {
  if (!Array.isArray(values) || values.length === 0 || values.length > 500) {
    fault('enum of a wrong length');
    return;
  }
  if (values.length > 250 && values.map(String).join('').length > 7_500) {
    fault('enum with too much text');
  }
  if (types.length > 2 || (types.length === 2 && !types.includes('null'))) {
    fault(`enum beside the types ${types.join(', ')}`);
  }
  const typeOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
  if (!values.every(value => types.includes(typeOf(value)) || (types.includes('integer') && Number.isInteger(value)))) {
    fault('enum values of another type');
  }
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
