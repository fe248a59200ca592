import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The CLI as a program of its own, from the sources of this moment. */
export async function bundleCLI(): Promise<{ program: string; dispose: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kimi-cli-'));
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
  await build({
    entryPoints: [path.join(root, 'src/cli/main.ts')],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'es2023',
    logLevel: 'silent',
    define: { __PACKAGE_VERSION__: '"0.0.0-test"' },
    plugins: [
      {
        name: 'node-imports',
        setup(setup) {
          setup.onResolve({ filter: /^#platform$/ }, () => ({ path: path.join(root, 'src/platform/node.ts') }));
        },
      },
    ],
  });
  return { program: path.join(folder, 'main.mjs'), dispose: () => rm(folder, { recursive: true, force: true }) };
}
