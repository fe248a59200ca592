import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { KimiSimulator } from '../../../src/simulator/index';
import { openOpencodeHome, type OpencodeHome } from './run-opencode';

const MAXIMUM_MS = 60_000;

export type PluginHome = OpencodeHome & { home: string };
export type OpencodeAuth = Record<string, Record<string, unknown>>;

/**
 * A machine without any configuration in the project.
 * @param installed one on which opencode has installed the plugin: its configuration is copied
 */
export function openPluginHome(
  simulator: KimiSimulator,
  environment: Record<string, string> = {},
  installed?: PluginHome,
): PluginHome {
  const opened = openOpencodeHome(simulator, environment);
  rmSync(path.join(opened.project, 'opencode.json'));
  const home = path.dirname(opened.project);
  if (installed !== undefined) {
    cpSync(configFolder(installed), configFolder({ home }), { recursive: true });
  }
  return { ...opened, home };
}

export function configFolder({ home }: { home: string }): string {
  return path.join(home, '.config', 'opencode');
}

const authFile = ({ home }: PluginHome): string => path.join(home, '.local', 'share', 'opencode', 'auth.json');

export function readAuth(home: PluginHome): OpencodeAuth {
  const file = authFile(home);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as OpencodeAuth) : {};
}

export function writeAuth(home: PluginHome, entries: OpencodeAuth): void {
  mkdirSync(path.dirname(authFile(home)), { recursive: true });
  writeFileSync(authFile(home), JSON.stringify(entries, null, 2), { mode: 0o600 });
}

/** A command of opencode's that ends by itself. */
export function execOpencode(
  binary: string,
  { project, environment }: OpencodeHome,
  parameters: string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...environment, OPENCODE_DB: path.join(mkdtempSync(path.join(tmpdir(), 'kimi-opencode-db-')), 'db') };
  return new Promise(resolve => {
    const child = execFile(
      binary,
      parameters,
      { cwd: project, env, timeout: MAXIMUM_MS, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
      },
    );
    child.stdin?.end();
  });
}
