import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inject } from 'vitest';

/** The version that docs/wire.md#claude-code-requests was written from. */
const VERSION = '2.1.332';

/**
 * A folder with the real `claude`, from npm, for PATH. Kept in the temporary folder under its version, so that the
 * second run starts at once.
 */
export function installClaudeCode(): string {
  const folder = path.join(tmpdir(), `ai-sdk-provider-kimi-claude-code-${VERSION}`);
  const bin = path.join(folder, 'bin');
  if (existsSync(path.join(bin, 'claude'))) {
    return bin;
  }
  const fresh = mkdtempSync(`${folder}-`);
  npmInstall(fresh, `@anthropic-ai/claude-code@${VERSION}`);
  // What its own install script would copy to where npm's `claude` leads.
  const libc = 'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header ? '' : '-musl';
  const suffix = process.platform === 'linux' ? libc : '';
  const binary = `node_modules/@anthropic-ai/claude-code-${process.platform}-${process.arch}${suffix}/claude`;
  mkdirSync(path.join(fresh, 'bin'));
  symlinkSync(path.join('..', binary), path.join(fresh, 'bin', 'claude'));
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  return bin;
}

/** This package from its tarball, as an app or `npx` has it. @returns the command line's file */
export function installOwnPackage(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'kimi-claude-code-package-'));
  npmInstall(folder, inject('tarball'));
  return path.join(folder, 'node_modules', 'ai-sdk-provider-kimi', 'dist', 'cli.js');
}

function npmInstall(folder: string, what: string): void {
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n');
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', what], {
    cwd: folder,
    stdio: 'pipe',
    env: inject('npmEnvironment'),
    shell: process.platform === 'win32',
  });
}
