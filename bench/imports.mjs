/** Import time, each sample in a fresh process. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { median, shuffled } from './measure.mjs';

const execute = promisify(execFile);

/**
 * @param {Record<string, string>} entries face to file URL
 * @returns {Promise<Array<{ name: string, milliseconds: number, entry: boolean }>>} medians; "after ai" counts only
 *   what comes on top of it
 */
export async function importTimes(entries, { rounds }) {
  const cases = [
    { name: 'ai', modules: ['ai'] },
    { name: '@ai-sdk/openai-compatible', modules: ['@ai-sdk/openai-compatible'] },
    { name: '@ai-sdk/openai-compatible after ai', modules: ['ai', '@ai-sdk/openai-compatible'] },
    { name: '@ai-sdk/moonshotai after ai', modules: ['ai', '@ai-sdk/moonshotai'] },
    ...Object.entries(entries).map(([face, url]) => ({
      name: `ours ${face} after ai`,
      modules: ['ai', url],
      entry: true,
    })),
  ].map(one => ({ ...one, samples: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const { modules, samples } of shuffled(cases)) {
      samples.push(await importOnce(modules));
    }
  }
  return cases.map(({ name, samples, entry = false }) => ({ name, milliseconds: median(samples), entry }));
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
