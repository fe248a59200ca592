import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KIMI_CODE } from '../../src/upstream';

const PACKAGE = '@moonshot-ai/kimi-code';

/**
 * Path of the real client's entry file, from npm, without running any of its install scripts. Kept in the temporary
 * folder under its version, so that the second run starts at once.
 */
export function installOfficialClient(): string {
  const folder = join(tmpdir(), `ai-sdk-provider-kimi-official-client-${KIMI_CODE.version}`);
  const entry = join(folder, 'node_modules', ...PACKAGE.split('/'), 'dist', 'main.mjs');
  if (existsSync(entry)) {
    return entry;
  }
  const fresh = mkdtempSync(`${folder}-`);
  writeFileSync(join(fresh, 'package.json'), '{"private":true}\n');
  const options = [
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-save',
    `${PACKAGE}@${KIMI_CODE.version}`,
  ];
  const npm = process.env.npm_execpath;
  if (npm?.endsWith('.js')) {
    execFileSync(process.execPath, [npm, ...options], { cwd: fresh, stdio: 'pipe' });
  } else {
    execFileSync('npm', options, { cwd: fresh, stdio: 'pipe', shell: process.platform === 'win32' });
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  return entry;
}
