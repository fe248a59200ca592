/** A credential or a prompt in a text, in any of two encodings stacked, is not shown (docs/decisions.md#56-hidden-by-value). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hideSecrets } from '../../src/errors/hide-secrets';
import { ENCODINGS, isReadable, remainder, type Encoding } from './encodings';
import { check } from './fuzz';

/** Keys, tokens and whatever else HTTP can send, long enough to be one. */
const secret = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'ABCDEFGHabcdefgh0123456789-_'), minLength: 12, maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...'sk-imAZ09_.eyJ~+/='), minLength: 12, maxLength: 200 }),
  fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map(code => String.fromCharCode(code)),
    minLength: 8,
    maxLength: 60,
  }),
);

/** Prompts of every script: CJK, emoji, right to left, combining marks, and code. */
const prompt = fc
  .array(
    fc.constantFrom(
      '我的密码',
      '秘密の話',
      '비밀',
      '👩‍👩‍👧 family',
      '🦜',
      'שלום עולם',
      'مرحبا بالعالم',
      'naïve',
      'e\u0301a\u0308',
      'हिन्दी',
      'Ωμέγα',
      'Ärger über Öl',
      'the recipe',
      ' needs ',
      '4 g\n',
      'if (a && b) { return "x/y"; }',
      'C:\\temp\\new',
      '100% sure',
      ' & ',
      '<b>',
      '\u{1d54f}',
    ),
    { minLength: 8, maxLength: 40 },
  )
  .map(words => words.join(' '))
  .filter(text => text.length >= 24);

const encodings = fc
  .tuple(fc.constantFrom(...ENCODINGS), fc.constantFrom(...ENCODINGS))
  .filter(([first, second]) => isReadable(first, second));
const draws = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 8, maxLength: 8 });

/** What is left between the marks that stand around a text that is hidden as a whole. */
function left(shown: string): string {
  return shown
    .slice(shown.indexOf('<<') + 2, shown.lastIndexOf('>>'))
    .replaceAll(/\[secret\]|\[prompt\]/g, '')
    .trim();
}

function expectHidden(
  text: string,
  what: 'secrets' | 'prompts',
  [first, second]: [Encoding, Encoding],
  numbers: number[],
) {
  let drawn = 0;
  const draw = (): number => numbers[drawn++ % numbers.length] ?? 0;
  const written = second.encode(first.encode(text, draw), draw);
  const shown = hideSecrets(`{"error":"<<${written}>>"}`, { [what]: [text] });
  const about = `${second.name} of ${first.name}: ${written} became ${shown}`;
  expect(left(shown).length, about).toBeLessThanOrEqual(remainder(first, second));
}

describe('what is hidden', () => {
  it('is every credential, in every two encodings', async () => {
    await check(
      fc.property(secret, encodings, draws, (key, pair, numbers) => expectHidden(key, 'secrets', pair, numbers)),
      10_000,
    );
  }, 300_000);

  it('is every prompt, in every two encodings and every script', async () => {
    await check(
      fc.property(prompt, encodings, draws, (text, pair, numbers) => expectHidden(text, 'prompts', pair, numbers)),
      3_000,
    );
  }, 300_000);
});
