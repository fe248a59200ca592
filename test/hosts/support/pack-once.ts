import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of this package's tarball, as `npm publish` would send it. Read with `inject('tarball')`. */
    tarball: string;
    /** The user's own HOME before the tests hid it: npm's configuration and cache are there. */
    npmHome: string;
  }
}

export default async function packOnce(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kimi-hosts-'));
  const options = { shell: process.platform === 'win32' };
  const { stdout } = await promisify(execFile)('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], options);
  const [packed] = JSON.parse(stdout) as [{ filename: string }];
  project.provide('tarball', path.join(folder, packed.filename));
  project.provide('npmHome', process.env.HOME ?? '');
  return () => rm(folder, { recursive: true, force: true });
}
