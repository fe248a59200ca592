/**
 * What this package costs, as ratios within one run: times of a shared machine say nothing, ratios of interleaved runs
 * do. README.md says what each part measures and how to read it.
 *
 *   npm run bench                       build, then everything (several minutes)
 *   npm run bench -- --quick            few rounds, for CI: shows that it runs, not how fast
 *   npm run bench -- --only streams,imports      these parts
 *   npm run bench -- --json             JSON on stdout instead of tables
 *   npm run bench -- --output FILE      JSON into FILE besides
 *   npm run bench -- --svg FILE         a chart of the targets into FILE besides
 *   node --expose-gc bench/run.mjs --dist DIR    another build
 *   node bench/run.mjs --input FILE --svg FILE   a chart of what `--output` has kept
 *
 * Ends with the targets and whether they were met. Never fails over a time, but where two cases have not done the same
 * work.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { chart } from './chart.mjs';
import { targetTable } from './report.mjs';

const FULL = {
  streams: [
    { arrival: 'batched', chunks: 2000, rounds: 15, warmups: 4, repeats: 2 },
    { arrival: 'batched', chunks: 20000, rounds: 9, warmups: 1, repeats: 1 },
    { arrival: 'packets', chunks: 2000, rounds: 15, warmups: 4, repeats: 1 },
    { arrival: 'packets', chunks: 20000, rounds: 5, warmups: 1, repeats: 1 },
    { arrival: 'single', chunks: 2000, rounds: 9, warmups: 2, repeats: 1 },
  ],
  atOnce: { streams: 64, chunks: 1000, rounds: 9, warmups: 2 },
  answers: { rounds: 15, warmups: 2, repeats: 100 },
  largePrompts: { rounds: 15, warmups: 3, repeats: 10 },
  firstDeltas: { rounds: 15, warmups: 2, repeats: 40 },
  preparation: { rounds: 21, warmups: 3, repeats: 1 },
  imports: { rounds: 15 },
  heap: { streams: 64, chunks: 2000, rounds: 5 },
};
const QUICK = {
  streams: [
    { arrival: 'batched', chunks: 2000, rounds: 3, warmups: 2, repeats: 1 },
    { arrival: 'packets', chunks: 2000, rounds: 3, warmups: 1, repeats: 1 },
    { arrival: 'single', chunks: 2000, rounds: 1, warmups: 1, repeats: 1 },
  ],
  atOnce: { streams: 64, chunks: 100, rounds: 2, warmups: 1 },
  answers: { rounds: 5, warmups: 2, repeats: 20 },
  largePrompts: { rounds: 3, warmups: 1, repeats: 5 },
  firstDeltas: { rounds: 5, warmups: 1, repeats: 10 },
  preparation: { rounds: 3, warmups: 1, repeats: 1 },
  imports: { rounds: 2 },
  heap: { streams: 64, chunks: 200, rounds: 1 },
};

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(FULL).join() },
    json: { type: 'boolean', default: false },
    output: { type: 'string' },
    svg: { type: 'string' },
    dist: { type: 'string', default: join(import.meta.dirname, '../dist') },
    input: { type: 'string' },
  },
});
const wanted = options.only.split(',');
const unknown = wanted.filter(part => !(part in FULL));
if (unknown.length > 0) {
  throw new Error(`There is no part "${unknown.join('", "')}". There are: ${Object.keys(FULL).join(', ')}.`);
}

const report = options.input === undefined ? await measured() : JSON.parse(await readFile(options.input, 'utf8'));
const json = JSON.stringify(report, null, 2);
console.log(options.json ? json : targetTable(report.targets));
if (options.output !== undefined) {
  await writeFile(options.output, `${json}\n`);
}
if (options.svg !== undefined) {
  await writeFile(options.svg, chart(report));
}

async function measured() {
  // A home of its own: the identity reads and writes the device id there, and no key or login of the user's may take
  // part, nor a cache of compiled modules in the import times.
  const home = await mkdtemp(join(tmpdir(), 'kimi-bench-'));
  process.env.HOME = process.env.USERPROFILE = home;
  for (const name of Object.keys(process.env)) {
    if (/^(KIMI|MOONSHOT|ANTHROPIC|XDG)_|^NODE_COMPILE_CACHE$/.test(name)) {
      delete process.env[name];
    }
  }
  globalThis.AI_SDK_LOG_WARNINGS = false;

  const server = fork(join(import.meta.dirname, 'server.mjs'));
  // It ends with 0 once it is left alone. Else it takes its connections along, and their errors do not say so.
  server.on('exit', (code, signal) => code === 0 || console.error(`The server has ended: ${signal ?? code}.`));
  const unexpected = [];
  server.on('message', message => message.unexpected && unexpected.push(message.unexpected));
  try {
    const [{ port }] = await once(server, 'message');
    const parts = await measureParts(`http://127.0.0.1:${port}`);
    if (unexpected.length > 0) {
      throw new Error(`What was measured also asked for: ${[...new Set(unexpected)].join(', ')}.`);
    }
    return parts;
  } finally {
    if (server.connected) {
      server.disconnect();
    }
    await rm(home, { recursive: true, force: true });
  }
}

async function measureParts(origin) {
  // Only now: what is imported sees the environment as it is above.
  const { loadBuild } = await import('./contenders.mjs');
  const parts = {
    ...(await import('./streams.mjs')),
    ...(await import('./requests.mjs')),
    ...(await import('./preparation.mjs')),
    ...(await import('./processes.mjs')),
  };
  const entry = name => pathToFileURL(resolve(options.dist, `${name}.js`)).href;
  const build = await loadBuild(entry);
  const plans = options.quick ? QUICK : FULL;
  const all = {
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    // Of the machine, in the minute before and the last one: ratios bear company, but not any amount of it.
    load: [loadavg()[0]],
    quick: options.quick,
    targets: [],
  };
  for (const part of Object.keys(FULL).filter(name => wanted.includes(name))) {
    const { rows, tables, targets } = await parts[part]({ build, entry, origin, plan: plans[part] });
    all[part] = rows;
    all.targets.push(...targets);
    if (!options.json) {
      tables.forEach(text => console.log(text));
    }
  }
  all.load.push(loadavg()[0]);
  return all;
}
