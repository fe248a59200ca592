import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import type { KimiSimulator } from '../../../src/simulator/index';
import { chats } from '../../support/chats';

const EXAMPLE = fileURLToPath(new URL('../../../examples/opencode/opencode.json', import.meta.url));

/** The known failure is an agent that never stops: beyond this many model calls a run is killed. */
const MAXIMUM_CHATS = 12;
const MAXIMUM_MS = 90_000;

/** A line of `--format json`, as far as it is looked at. */
export type OpencodeEvent = {
  type: string;
  sessionID: string;
  part?: {
    text?: string;
    reason?: string;
    tool?: string;
    tokens?: OpencodeTokens;
    state?: { status: string; output?: string };
  };
  error?: { name?: string; data?: { message?: string; isRetryable?: boolean; statusCode?: number } };
};

type OpencodeTokens = { input: number; output: number; reasoning: number; cache: { read: number; write: number } };

export type OpencodeRun = { code: number | null; events: OpencodeEvent[]; stderr: string; stoppedBecause?: string };

/**
 * A machine of its own: home, project with the example's configuration, and the package cache that all runs of the
 * tests share.
 */
export type OpencodeHome = { project: string; environment: Record<string, string> };

const cache = mkdtempSync(path.join(tmpdir(), 'kimi-opencode-cache-'));

export function openOpencodeHome(simulator: KimiSimulator, environment: Record<string, string>): OpencodeHome {
  const home = mkdtempSync(path.join(tmpdir(), 'kimi-opencode-home-'));
  const project = path.join(home, 'project');
  mkdirSync(project);
  cpSync(EXAMPLE, path.join(project, 'opencode.json'));
  return {
    project,
    environment: {
      PATH: process.env.PATH ?? '',
      HOME: home,
      XDG_CACHE_HOME: cache,
      npm_config_registry: inject('registry'),
      KIMI_CODE_BASE_URL: simulator.apiBaseURL,
      KIMI_CODE_OAUTH_HOST: simulator.oauthHost,
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_SHARE: '1',
      ...environment,
    },
  };
}

/** The `dist` folder of the copy of this package that opencode installed for itself. */
export function installedCopy(): string {
  const packages = path.join(cache, 'opencode', 'packages');
  const own = readdirSync(packages).filter(name => name.startsWith('ai-sdk-provider-kimi'));
  return path.join(packages, own[0] ?? '', 'node_modules', 'ai-sdk-provider-kimi', 'dist');
}

/** `opencode run --format json`, bounded in model calls and in time; what it started goes with it. */
export function runOpencode(
  binary: string,
  simulator: KimiSimulator,
  { project, environment }: OpencodeHome,
  parameters: string[],
): Promise<OpencodeRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, ['run', '--format', 'json', ...parameters], {
      cwd: project,
      // Two that are started in a fresh home at once fail over opencode's own database ("database is locked").
      env: {
        ...environment,
        OPENCODE_DB: path.join(mkdtempSync(path.join(tmpdir(), 'kimi-opencode-db-')), 'opencode.db'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const run: OpencodeRun = { code: null, events: [], stderr: '' };
    let stdout = '';
    const stop = (why: string) => {
      run.stoppedBecause ??= why;
      process.kill(-(child.pid as number), 'SIGKILL');
    };
    const watch = setInterval(() => {
      if (chats(simulator).length > MAXIMUM_CHATS) {
        stop(`more than ${MAXIMUM_CHATS} model calls`);
      }
    }, 50);
    const limit = setTimeout(() => stop(`still running after ${MAXIMUM_MS} ms`), MAXIMUM_MS);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (run.stderr += text));
    child.on('error', reject);
    child.on('close', code => {
      clearInterval(watch);
      clearTimeout(limit);
      run.code = code;
      run.events = stdout
        .split('\n')
        .filter(line => line.startsWith('{'))
        .map(line => JSON.parse(line) as OpencodeEvent);
      resolve(run);
    });
  });
}
