// Fails for lines over 120 columns that could be broken. The formatter breaks code; comments and texts are ours.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const WIDTH = 120;
/** What has no place to break: a regular expression, a row of a table, a word. Programs in a template are text, too. */
const UNBREAKABLE = /^\s*(\/.*\/[a-z]*,?$|\* \||[`'"]?\S{70,}$)|\S{70,}/;
const PROGRAMS = new Set([
  'src/credentials/keychain/keychain-child-source.ts',
  'test/edge.test.ts',
  'test/packed/opencode-contract.test.ts',
  'test/secrets-stores.test.ts',
  'test/simulator/access.test.ts',
]);

const listed = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
const files = execFileSync('git', listed, { encoding: 'utf8' })
  .split('\0')
  .filter(file => /\.[cm]?[jt]sx?$/.test(file) && !PROGRAMS.has(file));
const wide = files.flatMap(file =>
  readText(file)
    .split('\n')
    .flatMap((line, index) => (line.length > WIDTH && !UNBREAKABLE.test(line) ? [`${file}:${index + 1}`] : [])),
);
if (wide.length > 0) {
  console.error(`Lines over ${WIDTH} columns:\n${wide.map(place => `  ${place}`).join('\n')}`);
  process.exit(1);
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
