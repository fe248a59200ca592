/** An answer's Markdown on a terminal: styles in place of signs, whatever the pieces are that it comes in. */
import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { markdownPrinter } from '../../src/cli/markdown';
import { openTerminal } from '../../src/cli/terminal';
import { KEY, run, simulator } from './command-harness';

/** All that is written for `pieces`, with its escape sequences; `after` is told what stood there after each piece. */
async function shown(pieces: readonly string[], columns = 80, after: string[] = []): Promise<string> {
  let text = '';
  const stream = Object.assign(new Writable({ write: (chunk, _encoding, done) => ((text += String(chunk)), done()) }), {
    isTTY: true,
    columns,
  });
  const { output } = openTerminal({ stdout: stream, stderr: stream, environment: {}, platform: 'linux' });
  const printer = await markdownPrinter(output);
  for (const piece of pieces) {
    await printer.write(piece);
    after.push(stripVTControlCharacters(text));
  }
  await printer.end();
  return text;
}
const plain = async (markdown: string, columns?: number) => stripVTControlCharacters(await shown([markdown], columns));

const ANSWER = `# Title

Some **bold** and *leaning* words, \`code\`, a [link](https://a.example) and https://b.example; a < b & c.

- one
- two, with more

  and a paragraph
  - inside
3. third

\`\`\`ts
const a = 1;

  if (a < 2) {}
\`\`\`

> quoted
> text

| Name | Size |
|---|---:|
| a | **1** |

- [x] done
- [ ] open

---
`;

describe('what is shown', () => {
  it('has styles in place of signs', async () => {
    expect(await plain(ANSWER)).toBe(`Title

Some bold and leaning words, code, a link (https://a.example) and
https://b.example; a < b & c.

• one
• two, with more
  and a paragraph
  • inside

3. third

\`\`\`ts
const a = 1;

  if (a < 2) {}
\`\`\`

| quoted text

Name  Size
a        1

• [x] done
• [ ] open

----------------------------------------
`);
    const styles = await shown(['# T\n\nA **b** `c` [d](https://e)\n']);
    expect(styles).toContain('\u001b[1mT\u001b[22m');
    expect(styles).toContain('\u001b[1mb\u001b[22m');
    expect(styles).toContain('\u001b[36mc\u001b[39m');
    expect(styles).toContain('\u001b[4md\u001b[24m');
  });

  it('is the same whatever the pieces are', async () => {
    const whole = await shown([ANSWER]);
    for (const size of [1, 2, 3, 7, 50]) {
      expect(await shown(ANSWER.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [])).toBe(whole);
    }
  });

  it('comes block by block, and code line by line', async () => {
    const after: string[] = [];
    await shown(['one\n\n', 'two', '\n\n```\nfirst\n', 'sec', 'ond\n'], 80, after);
    expect(after[0]).toBe('one\n');
    expect(after[1]).toBe('one\n');
    expect(after[2]).toBe('one\n\ntwo\n\n```\nfirst\n');
    expect(after[4]).toBe('one\n\ntwo\n\n```\nfirst\nsecond\n');
  });

  it('does not read a paragraph of a megabyte anew at each word that comes', async () => {
    const text = await shown(Array.from({ length: 200_000 }, () => 'word '));
    expect(stripVTControlCharacters(text).split('\n')).toHaveLength(200_000 / 16 + 1);
  });

  it('comes line by line in a long paragraph, as far as nothing to come can change it', async () => {
    const after: string[] = [];
    const words = 'one two three four five six seven eight nine ten ';
    await shown([words, words, 'and **bold ', words, 'words** end.'], 40, after);
    expect(after[0]).toBe('one two three four five six seven eight\n');
    expect(after[1]).toBe('one two three four five six seven eight\nnine ten one two three four five six\n');
    expect(after[3]).toBe(after[2]);
    const text = `${words.repeat(9)}with **bold words that go on and on and on, over more than one line**, end.`;
    const whole = await shown([text], 40);
    expect(await shown(text.match(/[^]{1,3}/g) ?? [], 40)).toBe(whole);
    expect(
      stripVTControlCharacters(whole)
        .split('\n')
        .every(line => line.length <= 40),
    ).toBe(true);
  });

  it('fits the window, but for what cannot be broken; a table that does not stands as it was written', async () => {
    const text = await plain(ANSWER.replace('| a |', '| a name that needs more room than there is |'), 40);
    expect(text.split('\n').filter(line => line.length > 40 && !line.startsWith('|'))).toEqual([]);
    expect(text).toContain('|---|---:|');
  });

  it('cannot steer the terminal', async () => {
    const text = await shown([
      '# a\u001b[2J\n\n`b\u001b]0;c\u0007` [d](https://e\u009b31m) \u202e\n\n```\nf\u001b[1A\n```\n',
    ]);
    // Only our own styles.
    // oxlint-disable-next-line no-control-regex -- what is looked for
    expect(text.replace(/\u001b\[\d+m/g, '')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  it('is what there is where nothing closes', async () => {
    expect(await plain('**open and `more\n\n```\ncode')).toBe('**open and `more\n\n```\ncode\n');
    expect(await plain('')).toBe('');
  });
});

describe('ask', () => {
  const answer = () => simulator.script([{ text: ANSWER }]);

  it('renders it on a terminal with colours, and nowhere else', async () => {
    answer();
    const terminal = await run('ask hi', { columns: 80, env: { KIMI_API_KEY: KEY } });
    expect(terminal.code).toBe(0);
    expect(terminal.plain).toContain('Some bold and leaning words');
    answer();
    expect((await run('ask hi', { columns: 80, env: { KIMI_API_KEY: KEY, NO_COLOR: '1' } })).stdout).toContain(
      '**bold**',
    );
    answer();
    expect((await run('ask hi', { env: { KIMI_API_KEY: KEY } })).stdout).toBe(ANSWER);
  });
});
