import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printableJSON, printableLine, printablePieces, printableText } from '../../src/errors/printable-text';
import { KimiAPIError, KimiError, KimiTokenRefreshError } from '../../src/index';
import { DANGEROUS, dangerousIn } from '../support/hostile-text';

describe('foreign text', () => {
  it.each(DANGEROUS)('shows %j instead of passing it on', character => {
    const code = [...Array(character.length).keys()].map(
      index => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    );
    expect(printableText(`a${character}b`)).toBe(`a${code.join('')}b`);
    expect(printableLine(`a${character}b`)).toBe(`a${code.join('')}b`);
    const json = printableJSON(JSON.stringify({ [character]: character }));
    expect(dangerousIn(json)).toEqual([]);
    expect(JSON.parse(json)).toEqual({ [character]: character });
    expect(printablePieces()(`a${character}b`)).toBe('ab');
  });

  it('keeps lines and tabs where several lines are meant', () => {
    expect(printableText('a\r\nb\tc\n')).toBe('a\nb\tc\n');
    expect(printableLine('a\nb\tc')).toBe('a\\u000ab\\u0009c');
    expect(printablePieces()('a\r\nb\tc\n')).toBe('a\nb\tc\n');
  });

  const whole = ['naïve 中文 한국어 🙂', '👩‍👩‍👧‍👦', '👍🏽', '❤️', '⌨︎', 'می‌خواهم', 'क्‍ष', 'ශ්‍රී', '©️'];
  it.each(whole)('leaves %s alone', text => {
    expect(printableText(text)).toBe(text);
    const printable = printablePieces();
    expect([...Array(text.length).keys()].map(index => printable(text.charAt(index))).join('')).toBe(text);
  });

  it.each(['k\u200d3', 'admin\u200c', 'k3\ufe0f', 'пе\u200dй', '\u200dx', 'kimi\u{e0061}\u{e0100}'])(
    'shows what hides in %j',
    text => {
      expect(printableText(text)).toContain('\\u');
    },
  );

  it('does not let anything come together from pieces', () => {
    const hostile = fc.array(fc.constantFrom(...DANGEROUS, '[31m', ']0;', 'a', '中', '\ud842', '\udfb7', '\n'));
    fc.assert(
      fc.property(fc.array(hostile), pieces => {
        const printable = printablePieces();
        const shown = pieces.map(piece => printable(piece.join(''))).join('');
        expect(dangerousIn(shown)).toEqual([]);
        expect(dangerousIn(printableText(pieces.flat().join('')))).toEqual([]);
      }),
    );
  });

  it('costs one pass', () => {
    const text = '\u202e\u200d'.repeat(500_000);
    const started = performance.now();
    expect(printableText(text)).toHaveLength(text.length * 6);
    // Quadratic, it takes minutes.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('messages of errors', () => {
  const hostile = DANGEROUS.join('x');

  it('are harmless, whoever is quoted, and what a server sent stays as it was', () => {
    const api = new KimiAPIError({
      code: 'KIMI_UNKNOWN',
      reason: 'unknown',
      message: `It says: ${hostile}`,
      url: 'https://api.kimi.com',
      requestBodyValues: {},
      isRetryable: false,
      responseBody: hostile,
    });
    const store = new KimiError({ name: 'KimiError', code: 'X', message: hostile });
    const refresh = new KimiTokenRefreshError({ url: 'https://auth.kimi.com', source: 'x', message: hostile });
    for (const error of [api, store, refresh]) {
      expect(dangerousIn(`${error.message}${error.stack}`)).toEqual([]);
      expect(error.message).toContain('\\u001b');
    }
    expect(api.responseBody).toBe(hostile);
  });
});
