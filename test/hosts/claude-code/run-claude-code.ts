import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { KimiSimulator, RecordedRequest } from '../../../src/simulator/index';

/** The known failure is an agent that never stops: beyond this many model calls a run is killed. */
const MAXIMUM_CALLS = 20;
const MAXIMUM_MS = 90_000;

/** Calls for an answer; tokens are not counted. */
export const calls = (simulator: KimiSimulator): RecordedRequest[] =>
  simulator.requests.filter(({ path: called }) => called.endsWith('/v1/messages'));

/** A line of `--output-format stream-json`, as far as it is looked at. */
export type ClaudeCodeEvent = {
  type: string;
  subtype?: string;
  session_id?: string;
  result?: string;
  is_error?: boolean;
  apiKeySource?: string;
  compact_metadata?: { trigger: string; pre_tokens: number };
  modelUsage?: Record<string, { contextWindow: number }>;
};

export type ClaudeCodeRun = {
  code: number | null;
  events: ClaudeCodeEvent[];
  stdout: string;
  stderr: string;
  stoppedBecause?: string;
};

/** A machine of its own. What leads out of it ends at `outside`, which tells what was asked for. */
export type ClaudeCodeHome = {
  home: string;
  project: string;
  environment: Record<string, string>;
};

/** A proxy that lets nothing through: what Claude Code would ask of the internet. */
export async function startOutside(): Promise<{ url: string; asked: string[]; close: () => void }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(502).end();
  });
  server.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export function openClaudeCodeHome(
  simulator: KimiSimulator,
  bin: string,
  proxy: string,
  environment: Record<string, string> = {},
): ClaudeCodeHome {
  const home = mkdtempSync(path.join(tmpdir(), 'kimi-claude-code-home-'));
  const project = path.join(home, 'project');
  mkdirSync(project);
  writeFileSync(path.join(project, 'secret.txt'), 'The word is kumquat.\n');
  return {
    home,
    project,
    environment: {
      PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}`,
      HOME: home,
      TMPDIR: mkdtempSync(path.join(home, 'tmp-')),
      TERM: 'xterm-256color',
      KIMI_CODE_BASE_URL: simulator.apiBaseURL,
      KIMI_CODE_OAUTH_HOST: simulator.oauthHost,
      KIMI_CREDENTIAL_STORE: 'file',
      KIMI_PROVIDER_HOME: path.join(home, 'kimi'),
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      HTTP_PROXY: proxy,
      HTTPS_PROXY: proxy,
      NO_PROXY: '127.0.0.1',
      ...environment,
    },
  };
}

/** `claude -p --output-format stream-json` by our command, bounded in model calls and in time, with all it started. */
export function runClaudeCode(
  cli: string,
  simulator: KimiSimulator,
  { project, environment }: ClaudeCodeHome,
  parameters: readonly string[],
): Promise<ClaudeCodeRun> {
  const format = ['--output-format', 'stream-json', '--verbose'];
  return run(process.execPath, [cli, 'claude', ...parameters, ...format], simulator, project, environment);
}

export function run(
  program: string,
  parameters: readonly string[],
  simulator: KimiSimulator,
  cwd: string,
  environment: Record<string, string>,
): Promise<ClaudeCodeRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      cwd,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const result: ClaudeCodeRun = { code: null, events: [], stdout: '', stderr: '' };
    const stop = (why: string) => {
      result.stoppedBecause ??= why;
      process.kill(-(child.pid as number), 'SIGKILL');
    };
    const watch = setInterval(() => {
      if (calls(simulator).length > MAXIMUM_CALLS) {
        stop(`more than ${MAXIMUM_CALLS} model calls`);
      }
    }, 50);
    const limit = setTimeout(() => stop(`still running after ${MAXIMUM_MS} ms`), MAXIMUM_MS);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (result.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (result.stderr += text));
    child.on('error', reject);
    child.on('close', code => {
      clearInterval(watch);
      clearTimeout(limit);
      result.code = code;
      result.events = result.stdout
        .split('\n')
        .filter(line => line.startsWith('{'))
        .map(line => JSON.parse(line) as ClaudeCodeEvent);
      resolve(result);
    });
  });
}
