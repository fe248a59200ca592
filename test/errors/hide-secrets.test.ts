import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hideSecrets } from '../../src/errors/hide-secrets';

const hidePrompt = <T>(value: T, prompts: unknown): T => hideSecrets(value, { prompts });

const request = (...prompts: string[]) =>
  prompts.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content }));

/** As Python's `json.dumps` writes other scripts. */
const escapes = (text: string, inCapitals = false) =>
  text.replace(/[^\0-\x7f]/g, character => {
    const hex = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${inCapitals ? hex.toUpperCase() : hex}`;
  });

describe('hidePrompt', () => {
  it.each([
    [
      'a stretch of it',
      'The tax number of Mrs. Example is 12-345-678.',
      'bad: tax number of Mrs. Example',
      'bad: [prompt]',
    ],
    ['all of a short one', 'my secret 123', 'cannot read "my secret 123" here', 'cannot read "[prompt]" here'],
    ['none of a shorter one', 'my secret', 'cannot read "my secret" here', 'cannot read "my secret" here'],
    ['a beginning alone of a short one', 'my secret 123', 'my secret 12', 'my secret 12'],
    [
      'two that touch, as one',
      'abcdefghijklmnopqrstuvwxyz',
      '<abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz>',
      '<[prompt]>',
    ],
    [
      'it at both ends',
      'abcdefghijklmnopqrstuvwxyz',
      'abcdefghijklmnopqrstu and fghijklmnopqrstuvwxyz',
      '[prompt] and [prompt]',
    ],
    [
      'it as JSON has it',
      'line one\nline two\nline three',
      '{"echo":"line one\\nline two\\nline three"}',
      '{"echo":"[prompt]"}',
    ],
    [
      'it in another script',
      '我的密码是一二三四五六七八九十甲乙丙丁戊己庚辛',
      '错误：我的密码是一二三四五六七八九十甲乙丙丁戊己庚辛。',
      '错误：[prompt]。',
    ],
    [
      'it as Python escapes it',
      '我的密码是一二三四五六七八九十甲乙丙丁戊己庚辛',
      `{"echo": "${escapes('我的密码是一二三四五六七八九十甲乙丙丁戊己庚辛')}"}`,
      '{"echo": "[prompt]"}',
    ],
    [
      'it escaped in capitals',
      'où êtes-vous né, à Besançon?',
      `"${escapes('où êtes-vous né, à Besançon?', true)}"`,
      '"[prompt]"',
    ],
    ['nothing', 'What is the weather like in Bern?', 'The model does not exist.', 'The model does not exist.'],
  ])('hides %s', (_, prompt, text, expected) => {
    expect(hidePrompt(text, request('something else that was said', prompt))).toBe(expected);
  });

  it('reaches every text of parsed JSON, and nothing else of it', () => {
    const prompt = 'a prompt that is long enough';
    expect(
      hidePrompt({ error: { message: prompt, list: [prompt, 5, null, true] }, code: 'x' }, request(prompt)),
    ).toEqual({
      error: { message: '[prompt]', list: ['[prompt]', 5, null, true] },
      code: 'x',
    });
  });

  it('cuts what is too deep, and texts beyond 96 kB in all', () => {
    let deep: unknown = 'a text';
    for (let depth = 0; depth < 50; depth++) {
      deep = { deep };
    }
    expect(JSON.stringify(hidePrompt(deep, request('a prompt that is long enough')))).toContain('[hidden]');
    const long = hidePrompt({ first: 'x'.repeat(90_000), second: 'y'.repeat(90_000) }, request('long enough, too'));
    expect(long.first.length + long.second.length).toBe(96 * 1024 - 'firstsecond'.length);
  });

  it('leaves no stretch of 20 characters of any prompt, in any text around it', () => {
    const prompts = fc.array(fc.string({ minLength: 20, maxLength: 80, unit: 'grapheme' }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(
        prompts,
        fc.array(fc.string({ maxLength: 30 }), { maxLength: 5 }),
        fc.nat(),
        (texts, around, seed) => {
          const prompt = texts[seed % texts.length] ?? '';
          const from = seed % Math.max(1, prompt.length - 20);
          const quoted = [...around, prompt.slice(from), ...around.toReversed()].join(' ');
          const shown = hidePrompt(quoted, request(...texts)).replaceAll('[prompt]', '\u{10ffff}');
          for (const text of texts) {
            for (let start = 0; start + 20 <= text.length; start++) {
              expect(shown.includes(text.slice(start, start + 20))).toBe(false);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('changes nothing where nothing is quoted', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'abc ') }),
        fc.string({ unit: fc.constantFrom(...'xyz '), minLength: 12 }),
        (text, prompt) => {
          fc.pre(!/ {12}/.test(text));
          expect(hidePrompt(text, request(prompt))).toBe(text);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('finds the shortest quotation wherever in a long prompt it begins', () => {
    const prompt = Array.from({ length: 20_000 }, (_, index) => `${index.toString(36)}:`).join('');
    // A prompt is read in pieces, of whatever power of two.
    for (let edge = 4096; edge + 20 <= prompt.length; edge += 4096) {
      for (let start = edge - 20; start <= edge; start++) {
        expect(hidePrompt(`<${prompt.slice(start, start + 20)}>`, prompt), `at ${start}`).toBe('<[prompt]>');
      }
    }
  });

  it('hides nothing for the end of one prompt and the middle of the one before', () => {
    const [first, second] = ['abcdefghijklmnopqrstuvwxyzabcdefghijklmn', 'ABCDEFGHIJKLMNOPQRST0123456789'];
    const text = `${second.slice(-20)}${first.slice(second.length)}`;
    expect(hidePrompt(text.slice(10), [first, second])).toBe(text.slice(10));
    expect(hidePrompt(text.slice(10), [second, first])).toBe(text.slice(10));
  });

  // Quadratic work here took 22 s for 400 kB, which is more than this test may take.
  it.each([
    ['prose', 'lorem ipsum dolor sit amet, '],
    ['one letter', 'a'],
    ['many lines', 'SELECT name FROM people WHERE id = 17;\n'],
  ])('takes an echo of megabytes: %s', (_, unit) => {
    const conversation = unit.repeat(Math.ceil(2_000_000 / unit.length));
    const shown = hidePrompt(
      { error: { message: `cannot use: ${conversation}` } },
      request(conversation, conversation),
    );
    expect(shown.error.message).toBe('cannot use: [prompt]');
  });

  it('takes ten thousand short prompts', () => {
    const prompts = Array.from({ length: 10_000 }, (_, index) => `question ${index}`.padEnd(15, '?'));
    const echo = prompts.join('\n').slice(0, 60_000);
    expect(hidePrompt(echo, request(...prompts))).not.toContain('question 17?');
  });

  it('shows no long text beside a prompt that is too long to search', () => {
    const prompt = 'x'.repeat(17 * 1024 * 1024);
    expect(hidePrompt({ message: 'a message of some length', code: 'short' }, request(prompt))).toEqual({
      message: '[prompt]',
      code: 'short',
    });
  });
});

it('takes out a credential that looks like an escape, in JSON in a URL in a URL', () => {
  const error = `<<${encodeURIComponent(encodeURIComponent('!%00!\\/!!'))}>>`;
  expect(hideSecrets({ error }, { secrets: ['!%00!/!!'] })).toEqual({ error: '<<[secret]>>' });
});
