/**
 * One command in this process, against a simulator: environment, streams and signals are the test's.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { CommandContext } from '../../src/cli/command';
import { runCli } from '../../src/cli/run-cli';
import { openTerminal } from '../../src/cli/terminal';
import type { KimiSimulator } from '../../src/simulator/index';

export type RunOptions = {
  /** Piped in; `undefined`: stdin is a terminal. */
  input?: string | undefined;
  /** What a person types at that terminal. */
  typed?: string;
  /** A terminal of this width; a pipe when absent. */
  columns?: number | undefined;
  /** Beside what `process.env` has, and not in there: what reaches the provider was handed down to it. */
  env?: Record<string, string>;
  platform?: NodeJS.Platform;
  now?: () => number;
  abortSignal?: AbortSignal;
  notices?: string[];
  ownCommand?: readonly string[];
  isRoot?: boolean;
  /** Called with all of stdout so far, at each write. */
  onOutput?: (text: string) => void;
};

export type RunResult = { code: number; stdout: string; stderr: string; plain: string; opened: string[] };

export async function runInProcess(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const opened: string[] = [];
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => {
    const stream = new PassThrough();
    stream.on('data', chunk => {
      written[name] += String(chunk);
      options.onOutput?.(written.stdout);
    });
    // stderr is no terminal here, so that no spinner runs: those are seen in a real terminal.
    return Object.assign(
      stream,
      name === 'stdout' && options.columns !== undefined ? { isTTY: true, columns: options.columns } : {},
    );
  };
  const stdin = Object.assign(new PassThrough(), options.input === undefined ? { isTTY: true } : {});
  if (options.typed !== undefined) {
    stdin.write(options.typed);
  }
  if (options.input !== undefined) {
    stdin.end(options.input);
  }
  const environment = { ...process.env, ...options.env };
  const platform = options.platform ?? 'linux';
  const context: CommandContext = {
    ...openTerminal({ stdout: output('stdout'), stderr: output('stderr'), environment, platform }),
    stdin,
    environment,
    platform,
    now: options.now ?? Date.now,
    abortSignal: options.abortSignal ?? new AbortController().signal,
    notices: options.notices ?? [],
    openBrowser: async url => void opened.push(url),
    ownCommand: options.ownCommand ?? ['/node', '/cli.js'],
    isRoot: options.isRoot ?? false,
  };
  const code = await runCli(argv, context);
  return { code, ...written, plain: stripVTControlCharacters(written.stdout), opened };
}

/** No keychain, a fresh data directory, and the simulator as Kimi. */
export function environmentFor(simulator: KimiSimulator): Record<string, string> {
  return {
    KIMI_CODE_BASE_URL: simulator.apiBaseURL,
    KIMI_CODE_OAUTH_HOST: simulator.oauthHost,
    KIMI_PROVIDER_HOME: mkdtempSync(path.join(tmpdir(), 'kimi-cli-home-')),
    XDG_RUNTIME_DIR: mkdtempSync(path.join(tmpdir(), 'kimi-cli-no-bus-')),
  };
}

/** What would lead to a keychain, to a browser, or colour the output. */
export const UNSET = [
  'DBUS_SESSION_BUS_ADDRESS',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'CI',
  'NO_COLOR',
  'FORCE_COLOR',
  'SSH_CONNECTION',
  'SSH_CLIENT',
  'SSH_TTY',
  'TERM_PROGRAM',
];
