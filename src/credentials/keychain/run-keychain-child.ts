import { spawn } from 'node:child_process';
import { KEYCHAIN_CHILD_SOURCE } from './keychain-child-source';
import type { KeychainAnswer, KeychainRequest } from './keychain-request';

/**
 * In the environment of the child, so that a host that is not a plain runtime does not start itself again and again.
 */
const CHILD_MARK = 'AI_SDK_PROVIDER_KIMI_KEYCHAIN_CHILD';

/** The child gave no answer: it ran out of time, ended on its own (a native crash), or could not be started. */
export type KeychainChildFailure = { ok: false; kind: 'timeout' | 'crashed' | 'not-started'; message: string };

export type KeychainChildOptions = {
  /** The child is killed after so many ms. */
  timeoutMs: number;
  /** Environment of the child. */
  environment: Readonly<Record<string, string | undefined>>;
};

/**
 * Runs one request in a process of its own, so that a native call that hangs or crashes costs that process and not the
 * user's (tooling.md 3). Values travel over pipes only: arguments and environment can be read by other processes. Never
 * rejects.
 */
export function runKeychainChild(
  request: KeychainRequest,
  { timeoutMs, environment }: KeychainChildOptions,
): Promise<KeychainAnswer | KeychainChildFailure> {
  if (environment[CHILD_MARK] !== undefined || isSingleExecutable()) {
    const message = `${process.execPath} cannot run a script of ours, because it is an app compiled into one file`;
    return Promise.resolve({ ok: false, kind: 'not-started', message });
  }
  return new Promise(resolve => {
    const child = spawn(process.execPath, ['-e', KEYCHAIN_CHILD_SOURCE], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: childEnvironment(environment),
      windowsHide: true,
    });
    let output = '';
    let isLate = false;
    const kill = () => child.kill('SIGKILL');
    const timer = setTimeout(() => {
      isLate = true;
      kill();
    }, timeoutMs);
    // A child that hangs in native code would outlive this process.
    process.once('exit', kill);

    const finish = (answer: KeychainAnswer | KeychainChildFailure) => {
      clearTimeout(timer);
      process.off('exit', kill);
      resolve(answer);
    };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    // A child that ended early closes its stdin; `close` tells the story.
    child.stdin.on('error', () => undefined);
    child.on('error', error => finish({ ok: false, kind: 'not-started', message: error.message }));
    child.on('close', (code, signal) => {
      const answer = parseAnswer(output);
      if (answer !== undefined) {
        finish(answer);
      } else if (isLate) {
        finish({ ok: false, kind: 'timeout', message: `no answer in time` });
      } else {
        finish({ ok: false, kind: 'crashed', message: signal ?? `exit code ${code}` });
      }
    });
    child.stdin.end(JSON.stringify(request));
  });
}

/** Only the last line is ours: a hook of the host may print into its children. */
function parseAnswer(output: string): KeychainAnswer | undefined {
  const line = output.endsWith('\n') ? output.trimEnd().split('\n').at(-1) : undefined;
  try {
    return line === undefined ? undefined : (JSON.parse(line) as KeychainAnswer);
  } catch {
    return undefined;
  }
}

function childEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const { NODE_OPTIONS: nodeOptions, ...rest } = environment;
  return {
    ...rest,
    // A debugger or an instrumentation of the app has no business in the child. Yarn's Plug'n'Play needs its hook there
    // to load anything.
    ...(process.versions.pnp !== undefined && nodeOptions !== undefined ? { NODE_OPTIONS: nodeOptions } : {}),
    // The executable may be a program compiled by Bun, or Electron: both run as a plain runtime with these.
    BUN_BE_BUN: '1',
    ELECTRON_RUN_AS_NODE: '1',
    [CHILD_MARK]: '1',
  };
}

/** Node's single executable applications ignore `-e` and run the app. */
function isSingleExecutable(): boolean {
  return process.versions.bun === undefined && process.getBuiltinModule?.('node:sea')?.isSea() === true;
}
