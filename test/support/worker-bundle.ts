import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export type WorkerBundle = { path: string; dispose: () => Promise<void> };

/** Native: looked up at run time in the repository's `node_modules`. */
const EXTERNAL = ['@napi-rs/keyring', 'keytar', 'fs-native-extensions'];

/**
 * Makes one file of a program and the sources it uses, so that many processes start quickly.
 * @param program from this folder
 */
export async function bundleProviderWorker(program = 'worker.ts'): Promise<WorkerBundle> {
  const directory = await mkdtemp(join(tmpdir(), 'kimi-worker-'));
  const path = join(directory, 'worker.mjs');
  const sources = (name: string) => fileURLToPath(new URL(`../../src/${name}`, import.meta.url));
  await build({
    entryPoints: [fileURLToPath(new URL(program, import.meta.url))],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: EXTERNAL,
    define: { __PACKAGE_VERSION__: '"0.0.0-test"' },
    // For the CommonJS among the dependencies.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    plugins: [
      {
        name: 'imports of package.json',
        setup({ onResolve }) {
          onResolve({ filter: /^#platform$/ }, () => ({ path: sources('platform/node.ts') }));
        },
      },
    ],
  });
  await symlink(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(directory, 'node_modules'));
  return { path, dispose: () => rm(directory, { recursive: true, force: true }) };
}
