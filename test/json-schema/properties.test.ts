import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeSchema } from '../../src/json-schema/normalize-schema';
import { isValidJson } from '../support/is-valid-json';
import { arbitrarySchema, arbitraryValue } from './arbitrary-schema';
import { schemaFaults } from './schema-faults';

const RUNS = 4_000;

describe('any JSON schema', () => {
  it('becomes one that Kimi accepts, however large only with a warning', () => {
    fc.assert(
      fc.property(arbitrarySchema, schema => {
        const { schema: normalized, size, warnings } = normalizeSchema(schema);
        const faults = schemaFaults(normalized);
        expect(size > 15_000 ? faults.filter(fault => !fault.startsWith('schema-too-large')) : faults).toEqual([]);
        expect(warnings.some(warning => warning.includes('bytes'))).toBe(size > 15_000);
      }),
      { numRuns: RUNS },
    );
  });

  it('takes the same objects as before where it says so', () => {
    let exact = 0;
    fc.assert(
      fc.property(
        arbitrarySchema,
        fc.array(fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd e', '$ref', 'type'), arbitraryValue, { maxKeys: 4 }), {
          minLength: 3,
          maxLength: 6,
        }),
        (schema, values) => {
          const result = normalizeSchema(schema);
          if (!result.exact) {
            return;
          }
          exact += 1;
          for (const value of values) {
            expect(isValidJson(result.schema, value), JSON.stringify({ value, normalized: result.schema })).toBe(
              isValidJson(schema, value),
            );
          }
        },
      ),
      { numRuns: RUNS },
    );
    expect(exact).toBeGreaterThan(RUNS / 20);
  });

  it('is left alone, gives the same bytes each time, and is fine as it is once it was worked on', () => {
    fc.assert(
      fc.property(arbitrarySchema, schema => {
        const before = JSON.stringify(schema);
        const { schema: normalized } = normalizeSchema(schema);
        expect(JSON.stringify(schema)).toBe(before);
        expect(JSON.stringify(normalizeSchema(structuredClone(schema)).schema)).toBe(JSON.stringify(normalized));
        expect(
          schemaFaults(normalizeSchema(structuredClone(normalized)).schema).filter(
            fault => !fault.startsWith('schema-too-large'),
          ),
        ).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});
