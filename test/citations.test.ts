import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

const WIRE = read('docs/wire.md');
const DECISIONS = read('docs/decisions.md');

/** Everything that may cite: code, tests, examples and the texts beside them, but not this file. */
const CITING = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter(file =>
    /^(src|test|examples|bench|chaos|\.ci)\/|^(README|AGENTS|CONTRIBUTING)\.md$|^[\w.]+\.config\.ts$/.test(file),
  )
  .filter(file => !/\.(png|svg|ico|lock)$|package-lock\.json$/.test(file) && file !== 'test/citations.test.ts')
  .filter(file => existsSync(`${root}/${file}`))
  .map(file => ({ file, text: read(file) }));

/** What the notes outside the repository were called, and line numbers in files that nobody has. */
const OUTSIDE = [
  /(?<!docs\/|\]\()\b(?:wire|decisions)\.md\b/,
  /\b(?:peers|clients|aisdk|tooling|house|layout|style|today)\.md\b/,
  /\bwalle\.md\b|shared\/reference|error-reference\.html|\bplatform docs\b/,
  /\b[Ii]ssues? #?\d+\b(?! of)/,
  /\bB:\d{3,}/,
  /\b[KP] (?:[\w-]+\/)*[\w-]+\.(?:py|ts|md)\b/,
  /\btraps? \d+\b/,
];

type Section = { heading: string; anchor: string; body: string; part: string };

/** The sections of `level` of a document, with the anchors that GitHub gives them. */
function sections(text: string, level: '##' | '###'): Section[] {
  let part = '';
  return text.split(/^(?=##)/m).flatMap(block => {
    const [, marks = '', heading = ''] = /^(#+) (.*)$/m.exec(block) ?? [];
    if (marks === '##') {
      part = heading;
    }
    return marks === level
      ? [{ heading, anchor: anchorOf(heading), body: block.slice(block.indexOf('\n')), part }]
      : [];
  });
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

/** Every anchor that a text cites: `docs/wire.md#a`, `docs/wire.md#a, #b`, `docs/wire.md#a to #b`. */
function citations(text: string): { file: string; anchor: string }[] {
  // A citation may be broken over lines of a comment or parts of a string.
  const flat = text.replace(/\n\s*(?:\*|\/\/|#)? */g, ' ').replace(/['"] \+ ['"]/g, '');
  return [...flat.matchAll(/docs\/(\w+\.md)((?:(?:\]\([^)]*\))?(?:, | to | and )?\[?#[\w-]+)+)/g)].flatMap(
    ([, file, all]) =>
      [...(all as string).matchAll(/(?<!\(docs\/\w+\.md)#([\w-]+)/g)].map(([, anchor]) => ({
        file: file as string,
        anchor: anchor as string,
      })),
  );
}

const FACTS = sections(WIRE, '###');
const CHOICES = sections(DECISIONS, '##');
const ANCHORS: Record<string, Set<string>> = {
  ...Object.fromEntries(
    readdirSync(new URL('../docs', import.meta.url))
      .filter(file => file.endsWith('.md'))
      .map(file => {
        const all = [...sections(read(`docs/${file}`), '##'), ...sections(read(`docs/${file}`), '###')];
        return [file, new Set(all.map(({ anchor }) => anchor))];
      }),
  ),
  'wire.md': new Set(FACTS.map(fact => fact.anchor)),
  'decisions.md': new Set(CHOICES.map(choice => choice.anchor)),
};
const CITED = new Set(
  CITING.flatMap(({ text }) => citations(text))
    .map(({ file, anchor }) => `${file}#${anchor}`)
    .concat([...(WIRE + DECISIONS).matchAll(/\]\((\w+\.md#[\w-]+)\)/g)].map(([, target]) => target as string)),
);

describe('citations', () => {
  test('are found', () => {
    expect(citations('a (docs/wire.md#x, #y; docs/decisions.md#1-z to #2-w) #no')).toEqual([
      { file: 'wire.md', anchor: 'x' },
      { file: 'wire.md', anchor: 'y' },
      { file: 'decisions.md', anchor: '1-z' },
      { file: 'decisions.md', anchor: '2-w' },
    ]);
    expect(citations('[docs/wire.md#x](docs/wire.md#x), [#y](docs/wire.md#y)').map(({ anchor }) => anchor)).toContain(
      'y',
    );
    expect(CITED.size).toBeGreaterThan(100);
  });

  test('resolve to a heading', () => {
    const missing = CITING.flatMap(({ file: from, text }) =>
      citations(text).flatMap(({ file, anchor }) =>
        ANCHORS[file]?.has(anchor) ? [] : [`${from}: docs/${file}#${anchor}`],
      ),
    );
    expect(missing).toEqual([]);
  });

  test('inside docs resolve, too', () => {
    const links = [...(WIRE + DECISIONS).matchAll(/\]\((\w+\.md)#([\w-]+)\)/g)];
    expect(links.filter(([, file = '', anchor = '']) => !ANCHORS[file]?.has(anchor)).map(([link]) => link)).toEqual([]);
  });

  test('name nothing that a reader of the repository cannot open', () => {
    const found = CITING.flatMap(({ file, text }) =>
      text.split('\n').flatMap((line, index) => {
        const hit = OUTSIDE.map(pattern => pattern.exec(line)?.[0]).find(match => match !== undefined);
        return hit === undefined ? [] : [`${file}:${index + 1}: ${hit}`];
      }),
    );
    expect(found).toEqual([]);
  });

  test('give threads with their owner, so that they can be opened', () => {
    const names = new Set(
      [...(WIRE + DECISIONS).matchAll(/[\w.-]+\/([\w.-]+)#\d+/g)].map(([, name]) => name as string),
    );
    const found = CITING.flatMap(({ file, text }) =>
      [...text.matchAll(/(?<![\w/.-])([\w.-]+)#\d+/g)]
        .filter(([, name = '']) => names.has(name))
        .map(([thread]) => `${file}: ${thread}`),
    );
    expect(found).toEqual([]);
  });
});

describe('docs/wire.md', () => {
  const CONFIDENCE = /^(captured|tried|read in source|vendor document|reported \(\d+ threads\)|reported once|assumed)$/;

  test.each(FACTS)('$heading: text, source, day and confidence', ({ body }) => {
    const [text = '', ...lines] = body.trim().split('\n\n');
    expect(text.length).toBeGreaterThan(20);
    expect(lines).toHaveLength(1);
    const [, source, seen, confidence] =
      /^- Source: (.+)\n- Seen: (.+)\n- Confidence: (.+)$/.exec(lines[0] ?? '') ?? [];
    expect(source?.length).toBeGreaterThan(7);
    expect(seen).toMatch(/^20\d\d-\d\d-\d\d$/);
    expect((confidence ?? '').split('; ').filter(word => !CONFIDENCE.test(word))).toEqual([]);
  });

  test('names each fact once', () => {
    expect(FACTS.length).toBeGreaterThan(100);
    expect(ANCHORS['wire.md']?.size).toBe(FACTS.length);
  });

  test('holds nothing that nobody relies on, but under "Background"', () => {
    const idle = FACTS.filter(({ part, anchor }) => part !== 'Background' && !CITED.has(`wire.md#${anchor}`));
    expect(idle.map(({ heading }) => heading)).toEqual([]);
  });
});

describe('docs/decisions.md', () => {
  test('numbers them in order, and no number twice', () => {
    const numbers = CHOICES.map(({ heading }) => Number.parseInt(heading, 10));
    expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
  });

  test.each(CHOICES)('$heading: a reason, and a test that is there or a state', ({ body }) => {
    expect(body).toMatch(/^- Why: .+/m);
    expect(body).toMatch(/^- (Held by|State): .+/m);
    const tests = [...(/^- Held by: (.+)$/m.exec(body)?.[1] ?? '').matchAll(/`([^`]+)`/g)].map(
      ([, file]) => file as string,
    );
    expect(tests.filter(file => !existsSync(`${root}/${file}`))).toEqual([]);
  });

  test('are cited where they are built', () => {
    const idle = CHOICES.filter(
      ({ anchor, body }) => !/^- (State|Background): /m.test(body) && !CITED.has(`decisions.md#${anchor}`),
    );
    expect(idle.map(({ heading }) => heading)).toEqual([]);
  });
});
