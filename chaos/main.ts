/** `npm run chaos -- --seed N --minutes M`: see README.md. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runChaos } from './run.ts';
import { table } from './table.ts';
import { judge } from './verdict.ts';

const SHOWN = 20;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    minutes: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    log: { type: 'string' },
  },
});
const seed = number('seed', values.seed);
const minutes = number('minutes', values.minutes);
const log = values.log ?? mkdtempSync(join(tmpdir(), 'kimi-chaos-log-'));
const again = `npm run chaos -- --seed ${seed} --minutes ${minutes}`;
// Figures alone on stdout where a program reads them.
const say = (line: string) => (values.json ? console.error(line) : console.log(line));

process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
say(`chaos: seed ${seed}, ${minutes} minutes`);
const { events, logins, logFile, stage } = await runChaos({ seed, minutes, log, say });
const verdict = judge(events, logins);
if (values.json) {
  console.log(JSON.stringify({ seed, minutes, stage, ...verdict }, null, 2));
} else {
  console.log(`\n${table(verdict)}\n`);
}
for (const violation of verdict.violations.slice(0, SHOWN)) {
  say(`VIOLATION ${violation}`);
}
if (verdict.violations.length > 0) {
  say(`${verdict.violations.length} violations. To play the same plan again: ${again}`);
  process.exitCode = 1;
}
say(`seed ${seed}; every event is in ${logFile}`);
// The verdict stands; what outlives the services of its world is not waited for.
process.exit();

function number(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || text.trim() === '') {
    throw new Error(`--${name} is a number, not ${JSON.stringify(text)}.`);
  }
  return value;
}
