import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inject } from 'vitest';

/** The version that docs/wire.md#opencode-loading was written from, and the oldest that is supported. */
export const NEWEST = '1.18.33';
export const OLDEST = '1.14.34';

/**
 * Path of the real binary, from npm. Kept in the temporary folder under its version, so that the second run starts at
 * once.
 */
export function installOpencode(version: string = NEWEST): string {
  const folder = path.join(tmpdir(), `ai-sdk-provider-kimi-opencode-${version}`);
  const name = `opencode-${process.platform}-${process.arch}${needsBaseline() ? '-baseline' : ''}`;
  const binary = path.join(folder, 'node_modules', name, 'bin', 'opencode');
  if (existsSync(binary)) {
    return binary;
  }
  const fresh = mkdtempSync(`${folder}-`);
  writeFileSync(path.join(fresh, 'package.json'), '{"private":true}\n');
  const options = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', `${name}@${version}`];
  execFileSync('npm', options, {
    cwd: fresh,
    stdio: 'pipe',
    env: inject('npmEnvironment'),
    shell: process.platform === 'win32',
  });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  return binary;
}

/** Bun's ordinary x64 build needs AVX2. */
function needsBaseline(): boolean {
  return (
    process.platform === 'linux' && process.arch === 'x64' && !/\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
  );
}
