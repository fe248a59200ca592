import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';

/** The version that docs/wire.md#pi-providers was written from. */
const VERSION = '1.5.2';

/**
 * Path of the real program, from npm. Kept in the temporary folder under its version, so that the second run starts at
 * once. `marked-cjk-friendly`, which its terminal uses for Chinese text, is not in every registry: an empty one stands
 * in for it.
 */
export async function installPi(): Promise<string> {
  const folder = path.join(tmpdir(), `ai-sdk-provider-kimi-pi-${VERSION}`);
  const program = path.join(folder, 'node_modules/@earendil-works/pi-coding-agent/dist/bundle/cli.js');
  if (existsSync(program)) {
    return program;
  }
  const fresh = mkdtempSync(`${folder}-`);
  const standIn = path.join(fresh, 'marked-cjk-friendly');
  mkdirSync(standIn);
  writeFileSync(
    path.join(standIn, 'package.json'),
    '{"name":"marked-cjk-friendly","version":"1.0.0","type":"module","main":"index.js"}\n',
  );
  writeFileSync(path.join(standIn, 'index.js'), 'export default () => ({});\n');
  writeFileSync(
    path.join(fresh, 'package.json'),
    JSON.stringify({
      private: true,
      dependencies: { '@earendil-works/pi-coding-agent': VERSION },
      overrides: { 'marked-cjk-friendly': 'file:./marked-cjk-friendly' },
    }),
  );
  await promisify(execFile)('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: fresh,
    env: inject('npmEnvironment'),
    shell: process.platform === 'win32',
  });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  return program;
}
