import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { startLoopbackRegistry } from './loopback-registry';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of this package's tarball, as `npm publish` would send it. Read with `inject('tarball')`. */
    tarball: string;
    /** URL of a registry that has this package in it. */
    registry: string;
    /** The user's own environment before the tests hid it: npm's configuration, cache and proxy are there. */
    npmEnvironment: Record<string, string | undefined>;
  }
}

export default async function packOnce(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kimi-hosts-'));
  const options = { shell: process.platform === 'win32' };
  const { stdout } = await promisify(execFile)(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    options,
  );
  const [packed] = JSON.parse(stdout) as [{ filename: string }];
  const tarball = path.join(folder, packed.filename);
  const registry = await startLoopbackRegistry(tarball);
  project.provide('tarball', tarball);
  project.provide('registry', registry.url);
  project.provide('npmEnvironment', { ...process.env });
  return async () => {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  };
}
