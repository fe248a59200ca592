import { findSchemaFaults, type SchemaFault, type SchemaFindings } from './find-schema-faults';
import { notice, refusal, verdict, type ChatRule, type ChatSubject, type SimulatorRule } from './simulator-rule';

/** What the schemas of one request have: they are walked once, however many rules ask. */
const found = new WeakMap<object, SchemaFindings>();

export function findingsOf({ body }: ChatSubject): SchemaFindings {
  let findings = found.get(body);
  if (!findings) {
    findings = { faults: [], concerned: new Set() };
    for (const { function: tool } of body.tools ?? []) {
      if (tool?.parameters !== undefined) {
        findSchemaFaults(tool.parameters, findings);
      }
    }
    found.set(body, findings);
  }
  return findings;
}

function message({ rule, path, problem }: SchemaFault): string {
  return rule === 'schema-root-object'
    ? 'Invalid request: tools.function.parameters.type is required and must be "object"'
    : `tools.function.parameters is not a valid moonshot flavored json schema, details: <At path '${path}': ` +
        `${problem}>`;
}

function schemaRefusal(
  row: Pick<SimulatorRule, 'rule' | 'summary' | 'source' | 'confidence' | 'text' | 'wording'>,
): ChatRule {
  return refusal({
    ...row,
    check(subject) {
      const { faults, concerned } = findingsOf(subject);
      const fault = faults.find(({ rule }) => rule === row.rule);
      return verdict(concerned.has(row.rule), fault && message(fault));
    },
  });
}

const FRAME = (path: string, problem: string): string => message({ rule: '', path, problem });

/** What the "moonshot flavored" validator of tool schemas refuses. */
export const TOOL_SCHEMA_RULES: readonly ChatRule[] = [
  schemaRefusal({
    rule: 'schema-root-object',
    summary: 'Parameters that are not `type: "object"` at the top.',
    source: 'docs/wire.md#schema-root (measured on the platform)',
    confidence: 'reported',
    text: 'Invalid request: tools.function.parameters.type is required and must be "object"',
    wording: 'real',
  }),
  schemaRefusal({
    rule: 'schema-too-large',
    summary: 'Parameters of one tool above about 15,000 bytes.',
    source: 'docs/wire.md#schema-size',
    confidence: 'reported',
    text: FRAME('root', 'schema exceeds maximum allowed size'),
    wording: 'real',
  }),
  schemaRefusal({
    rule: 'schema-type-missing',
    summary: 'A nested schema without `type` (and without `$ref`, anyOf, allOf, oneOf, not, if).',
    source: 'docs/wire.md#schema-types',
    confidence: 'read in source',
    text: FRAME('properties.…', 'type is not defined'),
    wording: 'real',
  }),
  schemaRefusal({
    rule: 'schema-enum-without-type',
    summary: 'A nested `enum` without `type`.',
    source: 'docs/wire.md#schema-references',
    confidence: 'read in source',
    text: FRAME('properties.…', 'type is not defined'),
    wording: 'real',
  }),
  schemaRefusal({
    rule: 'schema-type-beside-any-of',
    summary: '`type` beside `anyOf`; it belongs into the items.',
    source: 'docs/wire.md#schema-unions',
    confidence: 'reported',
    text: FRAME('…', 'when using anyOf, type should be defined in anyOf items instead of the parent schema'),
    wording: 'real',
  }),
  schemaRefusal({
    rule: 'schema-boolean',
    summary: '`true` or `false` where a schema belongs.',
    source: 'docs/wire.md#boolean-schemas',
    confidence: 'reported',
    text: FRAME('…', "property schema for '…' must be an object"),
    wording: 'real',
  }),
  schemaRefusal({
    rule: 'schema-ref-outside-defs',
    summary: 'A `$ref` that does not start with `#/$defs/`.',
    source: 'docs/wire.md#schema-references',
    confidence: 'reported',
    text: FRAME('….$ref', 'references must start with #/$defs/'),
    wording: 'real',
  }),
  schemaRefusal({
    rule: 'schema-ref-siblings',
    summary: 'Other keywords beside `$ref`.',
    source: 'docs/wire.md#siblings-of-a-reference',
    confidence: 'reported',
    text: FRAME('…', 'conflicting keywords found after $ref expansion: …'),
    wording: 'real',
  }),
  notice({
    rule: 'response-format-schema',
    summary: 'A `response_format` schema that would be refused as a tool schema.',
    source: 'docs/wire.md#response-format: whether the same validator judges it is not known',
    confidence: 'assumed',
    check({ body }) {
      const format = body.response_format as { json_schema?: { schema?: unknown } } | undefined;
      const schema = format?.json_schema?.schema;
      if (schema === undefined) {
        return undefined;
      }
      const fault = findSchemaFaults(schema).faults[0];
      return verdict(true, fault && `${fault.rule} at ${fault.path}`);
    },
  }),
];
