import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countJson } from '../../src/engine/count-json';
import { countText } from './count-text';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const halves = fc.string({ unit: fc.constantFrom('\ud83d', '\ude00', 'a', '\ufffd'), maxLength: 9 });
/** Around the lengths from which strings are encoded, and encoded piece by piece. */
const long = fc
  .tuple(
    fc.constantFrom('x', '"\n\u0001', 'é', '月', '😀', 'a😀', '\ud83d', '\ude00\ufffd'),
    fc.constantFrom(60, 128, 16_383, 16_384, 40_000),
    halves,
  )
  .map(([unit, length, end]) => unit.repeat(Math.ceil(length / unit.length)) + end);
const anyText = fc.oneof(text, halves, long);

describe('countJson', () => {
  it('counts what JSON.stringify writes', () => {
    const anyJson = fc.oneof(
      anyText,
      fc.anything({
        values: [anyText, fc.double(), fc.boolean(), fc.constant(null), fc.constant(undefined)],
        withDate: true,
      }),
      fc.constantFrom<unknown>(Number.NaN, -0, 1e21, 1e-7, [], {}, [undefined, () => 1], { a: undefined, b: () => 1 }),
      fc.constantFrom<unknown>(
        new URL('https://example.com/ä'),
        { toJSON: () => 'é' },
        JSON.parse('{"__proto__":{"a":1}}'),
      ),
    );
    fc.assert(
      fc.property(anyJson, value => {
        const json = JSON.stringify(value);
        expect(countJson(value)).toEqual(countText(json ?? ''));
      }),
      { numRuns: 3_000 },
    );
  });
});
