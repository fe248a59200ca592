/** What can only be seen in a fresh process: the time that an import takes, and the peak heap of many streams at once. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { median, shuffled } from './measure.mjs';
import { ARRIVALS, AT_ONCE } from './readers.mjs';
import { fixed, limit, table } from './report.mjs';

const execute = promisify(execFile);
const IMPORT_MILLISECONDS = 28;
const HEAP_LIMIT = 0.35;

/**
 * The nursery of V8 at its smallest, 1 MB: with its default of 16 MB the used heap is mostly garbage that nobody has
 * looked at yet, the same for all, and not what the streams hold.
 */
const HEAP_FLAGS = ['--expose-gc', '--max-semi-space-size=1'];

const HEAP_NAMES = {
  bare: 'bare openai-compatible',
  ours: 'ours V4',
  anthropic: 'bare anthropic',
  messages: 'ours V4 by messages',
};
/** Who is the bare one of each. */
const BARE_OF = { bare: 'bare', ours: 'bare', anthropic: 'anthropic', messages: 'anthropic' };

/** Import time. "after ai" counts only what comes on top of it. */
export async function imports({ entry, plan }) {
  const cases = [
    { name: 'ai', modules: ['ai'] },
    { name: '@ai-sdk/openai-compatible', modules: ['@ai-sdk/openai-compatible'] },
    { name: '@ai-sdk/openai-compatible after ai', modules: ['ai', '@ai-sdk/openai-compatible'] },
    { name: '@ai-sdk/moonshotai after ai', modules: ['ai', '@ai-sdk/moonshotai'] },
    // Ours loads it at the first call by the Anthropic wire.
    { name: '@ai-sdk/anthropic after ai', modules: ['ai', '@ai-sdk/anthropic'] },
    ...['index', 'v2', 'v3', 'v4'].map(name => ({ name: `ours ./${name} after ai`, modules: ['ai', entry(name)] })),
  ].map(one => ({ ...one, samples: [] }));
  for (let round = 0; round < plan.rounds; round++) {
    for (const { modules, samples } of shuffled(cases)) {
      samples.push(await importOnce(modules));
    }
  }
  const rows = cases.map(({ name, samples }) => ({ name, milliseconds: median(samples) }));
  const time = wanted => rows.find(({ name }) => name === wanted).milliseconds;
  return {
    rows,
    tables: [
      table(
        'Import, fresh processes',
        ['', 'ms'],
        rows.map(row => [row.name, fixed(row.milliseconds, 1)]),
      ),
    ],
    targets: [
      limit('Import of ./v4 after ai', time('ours ./v4 after ai'), IMPORT_MILLISECONDS, 'ms', {
        bare: time('@ai-sdk/openai-compatible after ai'),
        moonshotai: time('@ai-sdk/moonshotai after ai'),
      }),
    ],
  };
}

async function importOnce(modules) {
  const last = modules.at(-1);
  const before = modules.slice(0, -1).map(name => `await import(${JSON.stringify(name)});`);
  const script =
    `${before.join('')} const start = performance.now(); await import(${JSON.stringify(last)}); ` +
    'console.log(performance.now() - start);';
  const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
  });
  return Number(stdout);
}

/** Peak of the used heap while many streams are read at once, one process for each sample (heap-child.mjs). */
export async function heap({ entry, origin, plan }) {
  const result = { rows: [], tables: [], targets: [] };
  for (const arrival of AT_ONCE) {
    const { title } = ARRIVALS[arrival];
    const samples = { bare: [], ours: [], anthropic: [], messages: [] };
    for (let round = 0; round < plan.rounds; round++) {
      for (const who of shuffled(Object.keys(samples))) {
        const { streams, chunks } = plan;
        samples[who].push(await peakHeap({ who, arrival, streams, chunks, origin, v4: entry('v4') }));
      }
    }
    const characters = new Set(
      Object.values(samples)
        .flat()
        .map(sample => sample.characters),
    );
    if (characters.size !== 1) {
      throw new Error(`Of the same streams, ${[...characters].join(' and ')} characters were read.`);
    }
    const rows = Object.entries(samples).map(([who, all]) => ({
      name: `${HEAP_NAMES[who]}, ${title}`,
      beforeMegabytes: median(all.map(({ before }) => before / 1e6)),
      peakMegabytes: median(all.map(({ peak }) => peak / 1e6)),
      maxRssMegabytes: median(all.map(({ maxRss }) => maxRss / 1e6)),
      peakToBare: median(all.map(({ peak }, round) => peak / samples[BARE_OF[who]][round].peak)),
    }));
    result.rows.push(...rows);
    result.targets.push(
      limit(`${plan.streams} streams at once, peak heap, ${title}`, rows[1].peakToBare, HEAP_LIMIT, 'x'),
    );
  }
  result.tables.push(
    table(
      `Heap of ${plan.streams} streams at once, ${plan.chunks} chunks each, fresh processes`,
      ['', 'before MB', 'peak MB', 'peak x bare', 'max RSS MB'],
      result.rows.map(row => [
        row.name,
        fixed(row.beforeMegabytes, 1),
        fixed(row.peakMegabytes, 1),
        fixed(row.peakToBare, 2),
        fixed(row.maxRssMegabytes, 0),
      ]),
    ),
  );
  return result;
}

async function peakHeap(options) {
  const child = join(import.meta.dirname, 'heap-child.mjs');
  const { stdout } = await execute(process.execPath, [...HEAP_FLAGS, child, JSON.stringify(options)]);
  return JSON.parse(stdout);
}
