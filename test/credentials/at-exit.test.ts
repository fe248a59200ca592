import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleWorker } from './bundle-worker';

let worker: Awaited<ReturnType<typeof bundleWorker>>;
let directory: string;
beforeAll(async () => {
  worker = await bundleWorker('at-exit-worker.ts');
  directory = await mkdtemp(join(tmpdir(), 'kimi-at-exit-'));
});
afterAll(async () => {
  await worker.dispose();
  await rm(directory, { recursive: true, force: true });
});

/** Node warns of a leak where a process has more than ten listeners of one kind, and each login had one of its own. */
it.each(['exit', 'release'])('many logins that are about to be saved leave no file and no warning (%s)', async mode => {
  const child = spawn(process.execPath, [worker.path, directory, mode], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(output).toBe('30 files\n');
  expect(await readdir(directory)).toEqual([]);
});
