import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Format } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findKeychainLibraries } from '../../src/credentials/keychain/keychain-child';

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'kimi-libraries-')));
});
afterEach(() => rm(root, { recursive: true }));

/** What an app at `file`, run in `cwd`, finds. */
async function foundBy(file: string, cwd: string, format: Format): Promise<unknown> {
  await mkdir(dirname(file), { recursive: true });
  await build({
    stdin: {
      contents:
        "import { findKeychainLibraries } from './keychain-child'; " +
        'console.log(JSON.stringify(findKeychainLibraries()));',
      resolveDir: fileURLToPath(new URL('../../src/credentials/keychain', import.meta.url)),
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format,
    logLevel: 'error',
    outfile: file,
  });
  return JSON.parse(execFileSync(process.execPath, [file], { cwd, encoding: 'utf8', timeout: 30_000 }));
}

async function install(folder: string, name: string): Promise<string> {
  const path = join(folder, 'node_modules', name, 'index.js');
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, "throw new Error('loaded')");
  return path;
}

describe('findKeychainLibraries', () => {
  test('finds those of this package, keytar first', () => {
    expect(findKeychainLibraries()).toEqual([
      { name: 'keytar', path: expect.stringContaining('keytar') },
      { name: '@napi-rs/keyring', path: expect.stringContaining('keyring') },
    ]);
  });

  test.each([
    ['esm', 'main.mjs'],
    ['cjs', 'main.cjs'],
  ] as const)('finds what the app has, whatever the working directory (%s)', async (format, name) => {
    const path = await install(join(root, 'app'), '@napi-rs/keyring');
    expect(await foundBy(join(root, 'app', 'src', name), root, format)).toEqual([{ name: '@napi-rs/keyring', path }]);
  });

  test('never takes one from the working directory', async () => {
    await install(join(root, 'untrusted'), 'keytar');
    expect(await foundBy(join(root, 'global', 'main.mjs'), join(root, 'untrusted'), 'esm')).toEqual([]);
  });
});
