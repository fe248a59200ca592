import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inject } from 'vitest';

const examples = fileURLToPath(new URL('../../../examples', import.meta.url));

/**
 * A copy of `examples/<name>` with what its package.json names, and this package from its tarball in place of the
 * published one.
 */
export async function installExample(name: string): Promise<{ folder: string; dispose: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), `kimi-example-${name}-`));
  await cp(path.join(examples, name), folder, {
    recursive: true,
    filter: source => !['node_modules', '.next'].includes(path.basename(source)),
  });
  await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', inject('tarball')], {
    cwd: folder,
    env: inject('npmEnvironment'),
    shell: process.platform === 'win32',
    maxBuffer: 16 * 1024 * 1024,
  });
  return { folder, dispose: () => rm(folder, { recursive: true, force: true }) };
}
