import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../src/cli', import.meta.url));

/** What leads to a stream of the process, or makes an escape sequence. */
const NAMES = /^(stdout|stderr|console|styleText|emitWarning|_rawDebug|writeSync|createWriteStream|inspect)$/;

/** Whose words these are is the terminal's business alone. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'terminal.ts': ['stdout', 'stderr', 'styleText'],
  // Hands the streams over, and hears that a pipe has broken.
  'process.ts': ['stdout', 'stderr'],
  // One sentence of ours, where nothing else can be loaded.
  'main.ts': ['stderr'],
  // Asks whether they are a terminal, which the program that it starts has then.
  'claude/run-program.ts': ['stdout', 'stderr'],
};

/** Names and texts in a file that could bring anything to the terminal past `terminal.ts`. */
function waysOut(file: string, code: string): string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && NAMES.test(node.text) && !ALLOWED[file]?.includes(node.text)) {
      found.add(node.text);
    }
    // oxlint-disable-next-line no-control-regex -- what is looked for
    if ((ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) && /[\x1b\x9b]/.test(node.text)) {
      found.add('an escape sequence');
    }
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && file === 'process.ts') {
      const { name, expression } = node.expression;
      if (name.text === 'write' || (/\bstd(out|err)$/.test(expression.getText()) && name.text !== 'on')) {
        found.add(`${expression.getText()}.${name.text}`);
      }
    }
    node.forEachChild(visit);
  };
  visit(ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true));
  return [...found].map(way => `${file}: ${way}`);
}

it('nothing but terminal.ts can write to the terminal (docs/decisions.md#58-what-a-terminal-is-shown)', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(15);
  expect(files.flatMap(file => waysOut(file, readFileSync(path.join(folder, file), 'utf8')))).toEqual([]);
});

it.each([
  ['commands/x.ts', 'process.stdout.write(answer)'],
  ['commands/x.ts', "import { stderr } from 'node:process'"],
  ['commands/x.ts', 'console.log(answer)'],
  ['commands/x.ts', "output.line('\\x1b[31m')"],
  ['run-cli.ts', 'const { stdout } = context'],
  ['process.ts', 'process.stdout.write(message)'],
  ['process.ts', 'stderr.end(message)'],
  ['main.ts', 'console.error(message)'],
])('would see it in %s: %s', (file, code) => {
  expect(waysOut(file, code)).not.toEqual([]);
});
