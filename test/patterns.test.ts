/**
 * No regular expression takes more time than in proportion to what it is given, or it is given at most 4 kB
 * (docs/decisions.md#40-limits-on-what-is-read). recheck proves the first for every pattern of src/; the second stands
 * here, each with the place that cuts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../src', import.meta.url));

/** Patterns that see at most 4 kB: by file, and by what they begin with where the file has others. */
const CUT: ReadonlyArray<{ file: string; pattern: string; cutIn: string; by: string }> = [
  { file: 'api/error-table.ts', pattern: '', cutIn: 'api/classify.ts', by: 'slice(0, LONGEST_SAID)' },
  { file: 'api/error-body.ts', pattern: '/<(title|h1)', cutIn: 'api/error-body.ts', by: 'page.slice(0, 4096)' },
  { file: 'api/retry-after.ts', pattern: '/\\b(?:resets?', cutIn: 'api/retry-after.ts', by: 'text.slice(0, 4096)' },
  { file: 'api/retry-after.ts', pattern: '/(\\d+(?:', cutIn: 'api/retry-after.ts', by: 'text.slice(0, 4096)' },
  { file: 'cli/wording.ts', pattern: '/"[^"\\n]*"', cutIn: 'cli/wording.ts', by: 'text.length > LONGEST_PROSE' },
  {
    file: 'credentials/describe-failure.ts',
    pattern: '/,? ?with args',
    cutIn: 'credentials/describe-failure.ts',
    by: '.slice(0, 4096)',
  },
  { file: 'platform/node.ts', pattern: '/<key>ProductVersion', cutIn: 'platform/node.ts', by: 'plist.slice(0, 4096)' },
  {
    file: 'simulator/rules/access-rules.ts',
    pattern: '/\\([^)]*\\)',
    cutIn: 'simulator/rules/access-rules.ts',
    by: '.slice(0, 4096)',
  },
];

type Pattern = { file: string; text: string };

function patternsOf(file: string): { patterns: Pattern[]; made: string[] } {
  const text = readFileSync(path.join(source, file), 'utf8');
  const patterns: Pattern[] = [];
  const made: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      patterns.push({ file, text: node.text });
    } else if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'RegExp') {
      made.push(`${file}: ${node.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return { patterns, made };
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => name.replaceAll('\\', '/'));
const found = files.map(patternsOf);
const isCut = ({ file, text }: Pattern): boolean => CUT.some(row => row.file === file && text.startsWith(row.pattern));
const toProve = [
  ...new Set(
    found
      .flatMap(({ patterns }) => patterns)
      .filter(pattern => !isCut(pattern))
      .map(({ text }) => text),
  ),
];

describe('patterns', () => {
  let isLinear: (pattern: string) => string;

  beforeAll(async () => {
    // Without a binary or Java: nothing to start.
    process.env.RECHECK_SYNC_BACKEND = 'pure';
    const { checkSync } = await import('recheck');
    isLinear = pattern => {
      const [, body = '', flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(pattern) ?? [];
      // A sticky pattern begins where it is told to, and nowhere else.
      const [checked, others] = flags.includes('y') ? [`^(?:${body})`, flags.replace('y', '')] : [body, flags];
      const proof = checkSync(checked, others, { checker: 'automaton', timeout: 200_000 });
      return `${proof.status} ${proof.status === 'unknown' ? proof.error.kind : proof.complexity.type}`;
    };
  });

  it('are found in src/', () => {
    expect(toProve.length).toBeGreaterThan(50);
    expect(patternsOf('transport/headers.ts').patterns.length).toBeGreaterThan(1);
  });

  it('are told from slow ones', () => {
    expect(isLinear('/^(a+)+$/')).toBe('vulnerable exponential');
    expect(isLinear('/\\s+$/')).toBe('vulnerable polynomial');
    expect(isLinear('/a\\s+b/y')).toMatch(/^safe/);
  });

  it('are literals: what is made at run time cannot be proved', () => {
    expect(found.flatMap(({ made }) => made)).toEqual([]);
  });

  it.each(toProve)(
    '%s takes time in proportion',
    pattern => {
      expect(isLinear(pattern)).toMatch(/^safe (linear|safe)$/);
    },
    240_000,
  );

  it.each(CUT)('$file $pattern sees what is cut in $cutIn', ({ file, pattern, cutIn, by }) => {
    expect(patternsOf(file).patterns.some(({ text }) => text.startsWith(pattern))).toBe(true);
    expect(readFileSync(path.join(source, cutIn), 'utf8')).toContain(by);
  });
});
