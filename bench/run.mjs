/**
 * What this package costs, as ratios within one run: times of a shared machine say nothing, ratios of interleaved runs
 * do.
 *
 *   npm run bench                       build, then everything (a few minutes)
 *   npm run bench -- --quick            2,000 chunks and few rounds, for CI: shows that it runs, not how fast
 *   npm run bench -- --json             JSON on stdout instead of tables
 *   npm run bench -- --output FILE      JSON into FILE besides
 *   node --expose-gc bench/run.mjs --dist DIR    another build
 *
 * Streams: CPU (`process.cpuUsage`) and wall time per chunk, in two ways of arriving (server.mjs). Requests: one whole
 * answer with key, identity and body rules. Imports: fresh processes. "x raw" and "x bare" are medians of the ratios of
 * each round (measure.mjs). Ends with the targets and whether they were met; never fails over a time.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { fetchOneEventPerRead } from './one-event-per-read.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    output: { type: 'string' },
    dist: { type: 'string', default: join(import.meta.dirname, '../dist') },
  },
});

const PLAN = options.quick
  ? {
      sizes: [2000],
      streams: { 2000: { rounds: 5, warmups: 2, repeats: 1 } },
      requests: { rounds: 5, warmups: 3, repeats: 20 },
      imports: { rounds: 3 },
    }
  : {
      sizes: [2000, 20000],
      streams: { 2000: { rounds: 15, warmups: 4, repeats: 2 }, 20000: { rounds: 9, warmups: 1, repeats: 1 } },
      requests: { rounds: 7, warmups: 2, repeats: 60 },
      imports: { rounds: 7 },
    };
const MODES = {
  batched: { title: 'batched (16 kB writes)', fetch: globalThis.fetch },
  single: { title: 'one event per packet', fetch: fetchOneEventPerRead },
};
const TARGETS = { V2: 1.25, V3: 1.1, V4: 1.1, requestMilliseconds: 0.3, importMilliseconds: 20 };

// A home of its own: the identity reads and writes the device id there, and no key or login of the user's may take
// part.
const home = await mkdtemp(join(tmpdir(), 'kimi-bench-'));
process.env.HOME = process.env.USERPROFILE = home;
for (const name of Object.keys(process.env)) {
  if (/^(KIMI|MOONSHOT|ANTHROPIC|XDG)_/.test(name)) {
    delete process.env[name];
  }
}
globalThis.AI_SDK_LOG_WARNINGS = false;

const server = fork(join(import.meta.dirname, 'server.mjs'));
try {
  await main();
} finally {
  if (server.connected) {
    server.disconnect();
  }
  await rm(home, { recursive: true, force: true });
}

async function main() {
  const [port] = await once(server, 'message');
  const { BARE, BARE_REQUEST, RAW, oursRequest, oursStream, requestCases, streamCases } = await import('./cases.mjs');
  const { measure, median, paired, table } = await import('./measure.mjs');
  const { importTimes } = await import('./imports.mjs');

  const entry = name => pathToFileURL(resolve(options.dist, `${name}.js`)).href;
  const faces = { V2: await import(entry('v2')), V3: await import(entry('v3')), V4: await import(entry('v4')) };
  const print = text => options.json || console.log(text);
  const report = {
    node: process.version,
    cpu: cpus()[0]?.model,
    quick: options.quick,
    streams: [],
    requests: [],
    imports: [],
    targets: [],
  };
  const target = (name, measured, limit, unit) =>
    report.targets.push({ name, measured, limit, unit, met: measured <= limit });

  for (const [mode, { title, fetch }] of Object.entries(MODES)) {
    for (const chunks of PLAN.sizes) {
      const cases = streamCases(`http://127.0.0.1:${port}/${mode}/${chunks}/v1`, fetch, faces);
      const samples = await measure(cases, PLAN.streams[chunks]);
      const rows = cases.map(({ name }) => ({
        mode,
        chunks,
        name,
        cpuMicrosecondsPerChunk: (median(samples.get(name).map(({ cpu }) => cpu)) * 1000) / chunks,
        wallMicrosecondsPerChunk: (median(samples.get(name).map(({ wall }) => wall)) * 1000) / chunks,
        cpuToRaw: paired(samples, name, RAW, (mine, raw) => mine.cpu / raw.cpu),
        wallToRaw: paired(samples, name, RAW, (mine, raw) => mine.wall / raw.wall),
        cpuToBare: paired(samples, name, BARE, (mine, bare) => mine.cpu / bare.cpu),
        wallToBare: paired(samples, name, BARE, (mine, bare) => mine.wall / bare.wall),
      }));
      report.streams.push(...rows);
      for (const face of Object.keys(faces)) {
        const { cpuToBare } = rows.find(({ name }) => name === oursStream(face));
        target(`${face} doStream CPU, ${chunks} chunks, ${title}`, cpuToBare, TARGETS[face], 'x bare');
      }
      print(
        table(
          `Stream of ${chunks} chunks, ${title}`,
          ['', 'CPU us/chunk', 'wall us/chunk', 'CPU x raw', 'wall x raw', 'CPU x bare', 'wall x bare'],
          rows.map(row => [
            row.name,
            row.cpuMicrosecondsPerChunk.toFixed(1),
            row.wallMicrosecondsPerChunk.toFixed(1),
            ...[row.cpuToRaw, row.wallToRaw, row.cpuToBare, row.wallToBare].map(ratio => ratio.toFixed(2)),
          ]),
        ),
      );
    }
  }

  const requests = requestCases(`http://127.0.0.1:${port}/batched/0/v1`, faces);
  const samples = await measure(requests, PLAN.requests);
  report.requests = requests.map(({ name }) => ({
    name,
    wallMilliseconds: median(samples.get(name).map(({ wall }) => wall)),
    cpuMilliseconds: median(samples.get(name).map(({ cpu }) => cpu)),
    wallOverBare: paired(samples, name, BARE_REQUEST, (mine, bare) => mine.wall - bare.wall),
  }));
  print(
    table(
      `One answer without streaming (${PLAN.requests.rounds} rounds of ${PLAN.requests.repeats})`,
      ['', 'wall ms', 'CPU ms', 'wall over bare ms'],
      report.requests.map(row => [
        row.name,
        row.wallMilliseconds.toFixed(2),
        row.cpuMilliseconds.toFixed(2),
        signed(row.wallOverBare, 2),
      ]),
    ),
  );
  for (const face of Object.keys(faces)) {
    const { wallOverBare } = report.requests.find(({ name }) => name === oursRequest(face));
    target(`${face} doGenerate over bare`, wallOverBare, TARGETS.requestMilliseconds, 'ms');
  }

  report.imports = await importTimes(
    { root: entry('index'), V2: entry('v2'), V3: entry('v3'), V4: entry('v4') },
    PLAN.imports,
  );
  print(
    table(
      'Import, fresh processes',
      ['', 'ms'],
      report.imports.map(row => [row.name, row.milliseconds.toFixed(1)]),
    ),
  );
  for (const { name, milliseconds } of report.imports.filter(row => row.entry)) {
    target(`import ${name}`, milliseconds, TARGETS.importMilliseconds, 'ms');
  }

  print(
    table(
      'Targets',
      ['', 'measured', 'at most', ''],
      report.targets.map(row => [
        row.name,
        `${row.measured.toFixed(2)} ${row.unit}`,
        `${row.limit.toFixed(2)} ${row.unit}`,
        row.met ? 'met' : 'missed',
      ]),
    ),
  );
  const json = JSON.stringify(report, null, 2);
  if (options.json) {
    console.log(json);
  }
  if (options.output !== undefined) {
    await writeFile(options.output, `${json}\n`);
  }
}

function signed(value, digits) {
  return `${value < 0 ? '' : '+'}${value.toFixed(digits)}`;
}
