/** EMFILE, for real: a process that may not open anything gets an error of ours from each store, and lives on. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const APP = fileURLToPath(new URL('descriptors-app.mjs', import.meta.url));
const FAILING = ['file', 'keychain', 'kimi-code', 'kimi-cli'].flatMap(store =>
  ['load', 'save', 'lock'].map(operation => `${store} ${operation}`),
);

test.skipIf(process.platform === 'win32')('a process without file descriptors', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kimi-descriptors-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    'ulimit -n 64; exec "$0" "$@"',
    process.execPath,
    APP,
    folder,
  ]);
  const { without, again } = JSON.parse(stdout) as Record<'without' | 'again', Record<string, string>>;
  for (const operation of FAILING) {
    expect(without[operation], operation).toMatch(/^KimiCredentialStoreError: .*EMFILE/);
  }
  expect(without.provider).toMatch(/^Kimi\w*Error: .*EMFILE/);
  // As if nothing had been: no module is missing because it could not be loaded then.
  expect(again).toMatchObject({ 'file load': 'done', 'file save': 'done', 'file lock': 'done' });
  expect(again['kimi-code lock']).toBe('done');
  expect(again.provider).toMatch(/^KimiLoginRequiredError/);
});
