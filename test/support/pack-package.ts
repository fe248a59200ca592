import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * An app's folder with this package installed from its tarball; its dependencies, and `others` that the app has, are
 * those of the checkout.
 */
export async function packPackage(
  others: readonly string[] = [],
): Promise<{ app: string; installed: string; dispose: () => Promise<void> }> {
  const app = await mkdtemp(path.join(tmpdir(), 'kimi-packed-'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', app], {
    cwd: root,
    shell: process.platform === 'win32',
  });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await run('tar', ['-xzf', filename], { cwd: app });

  const modules = path.join(app, 'node_modules');
  const installed = path.join(modules, 'ai-sdk-provider-kimi');
  await mkdir(modules);
  await rename(path.join(app, 'package'), installed);

  const { dependencies, peerDependencies } = JSON.parse(
    await readFile(path.join(installed, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  for (const name of [
    ...Object.keys({ ...dependencies, zod: peerDependencies?.zod, ai: '', 'ai-v6': '' }),
    ...others,
  ]) {
    await mkdir(path.dirname(path.join(modules, name)), { recursive: true });
    await symlink(path.join(root, 'node_modules', name), path.join(modules, name), 'junction');
  }
  return { app, installed, dispose: () => rm(app, { recursive: true, force: true }) };
}
