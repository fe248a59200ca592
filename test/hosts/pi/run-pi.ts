import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inject } from 'vitest';
import type { KimiSimulator } from '../../../src/simulator/index';
import { chats } from '../../support/chats';

/** Beyond this many model calls a run is killed. */
const MAXIMUM_CHATS = 12;
const MAXIMUM_MS = 90_000;

/** A machine of its own: home, project, and what pi installed once for all of them. */
export type PiHome = { home: string; agent: string; project: string; environment: Record<string, string> };

export type PiRun = { code: number | null; events: PiEvent[]; stdout: string; stderr: string; stoppedBecause?: string };

/** A line of `--mode json`, as far as it is looked at. */
export type PiEvent = { type: string; message?: PiMessage; id?: string };
export type PiMessage = {
  role: string;
  content: Array<{ type: string; text?: string; thinking?: string; name?: string }>;
  usage?: { input: number; output: number; cacheRead: number; reasoning?: number; cost: { total: number } };
  stopReason?: string;
  errorMessage?: string;
};

/** @param installed a home in which pi has installed this package */
export function openPiHome(
  simulator: KimiSimulator | undefined,
  environment: Record<string, string> = {},
  installed?: PiHome,
): PiHome {
  const home = mkdtempSync(path.join(tmpdir(), 'kimi-pi-home-'));
  const agent = path.join(home, '.pi', 'agent');
  const project = path.join(home, 'project');
  mkdirSync(agent, { recursive: true });
  mkdirSync(project);
  if (installed !== undefined) {
    cpSync(path.join(installed.agent, 'settings.json'), path.join(agent, 'settings.json'));
    cpSync(path.join(installed.agent, 'npm'), path.join(agent, 'npm'), { recursive: true });
  }
  return {
    home,
    agent,
    project,
    environment: {
      PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH ?? ''}`,
      HOME: home,
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      npm_config_registry: inject('registry'),
      npm_config_cache: path.join(tmpdir(), 'kimi-pi-npm-cache'),
      PI_SKIP_VERSION_CHECK: '1',
      PI_TELEMETRY: '0',
      ...(simulator === undefined
        ? {}
        : { KIMI_CODE_BASE_URL: simulator.apiBaseURL, KIMI_CODE_OAUTH_HOST: simulator.oauthHost }),
      ...environment,
    },
  };
}

export function readAuth({ agent }: PiHome): Record<string, Record<string, unknown>> {
  const file = path.join(agent, 'auth.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>) : {};
}

export function writeAuth({ agent }: PiHome, entries: Record<string, unknown>): void {
  writeFileSync(path.join(agent, 'auth.json'), JSON.stringify(entries, null, 2), { mode: 0o600 });
}

/**
 * pi with these arguments, bounded in model calls and in time; what it started goes with it.
 * @param through a command that runs it
 */
export function runPi(
  program: string,
  simulator: KimiSimulator | undefined,
  { project, environment }: PiHome,
  parameters: readonly string[],
  through: readonly string[] = [],
): Promise<PiRun> {
  return new Promise((resolve, reject) => {
    const [command = '', ...rest] = [...through, process.execPath, program, ...parameters];
    const child = spawn(command, rest, {
      cwd: project,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const run: PiRun = { code: null, events: [], stdout: '', stderr: '' };
    const stop = (why: string) => {
      run.stoppedBecause ??= why;
      process.kill(-(child.pid as number), 'SIGKILL');
    };
    const watch = setInterval(() => {
      if (simulator !== undefined && chats(simulator).length > MAXIMUM_CHATS) {
        stop(`more than ${MAXIMUM_CHATS} model calls`);
      }
    }, 50);
    const limit = setTimeout(() => stop(`still running after ${MAXIMUM_MS} ms`), MAXIMUM_MS);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (run.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (run.stderr += text));
    child.on('error', reject);
    child.on('close', code => {
      clearInterval(watch);
      clearTimeout(limit);
      run.code = code;
      run.events = run.stdout
        .split('\n')
        .filter(line => line.startsWith('{'))
        .map(line => JSON.parse(line) as PiEvent);
      resolve(run);
    });
  });
}
