/**
 * The process that makes the native calls for us: what it is asked and answers, which libraries it can use, and how it
 * is run.
 */
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { atExit } from '../at-exit';
import { KEYCHAIN_CHILD_SOURCE } from './keychain-child-source';

/**
 * The libraries that can reach the keychain. They share items on macOS only (docs/wire.md#keychain-item-names).
 */
export type KeychainLibrary = 'keytar' | '@napi-rs/keyring';

/**
 * One native call. `library` counts in the order of those that could be loaded. Where there is no second one,
 * `secret-tool` stands in.
 */
export type KeychainStep =
  | {
      op: 'get';
      account: string;
      library: number;
      /** Skip this step if that earlier one found something. */
      unless?: number;
      /** Nothing found is believed only if the keychain is known to be unlocked, else the request fails as `locked`. */
      confirm?: boolean;
      /** A failure counts as null: the outcome is not needed. */
      optional?: boolean;
    }
  | { op: 'set'; account: string; value: string; library: number }
  | { op: 'delete'; account: string; library: number; confirm?: boolean; optional?: boolean };

/** What one child process is asked, as JSON on its stdin. Its steps run in order; the first failure ends it. */
export type KeychainRequest = {
  service: string;
  /** In order of preference; those that cannot be loaded are left out. */
  libraries: readonly { name: KeychainLibrary; path: string }[];
  steps: readonly KeychainStep[];
};

/** What it answers, as JSON on the last line of its stdout. */
export type KeychainAnswer =
  | {
      ok: true;
      /** Per step: the value or null for `get`, whether there was one for `delete`, null for `set`. */
      results: readonly (string | boolean | null)[];
      /** The libraries that were loaded. */
      loaded: readonly KeychainLibrary[];
    }
  | { ok: false; kind: 'missing' | 'locked' | 'unavailable' | 'ended' | 'unreadable' | 'failed'; message: string };

const LIBRARIES: readonly KeychainLibrary[] = ['keytar', '@napi-rs/keyring'];

/**
 * The keychain libraries that the app has installed, best first: `keytar`, because an app that has it chose it, then
 * `@napi-rs/keyring`. Only resolves paths; nothing is loaded. Looked for from the main script and from this package,
 * which finds those of the app in either case; not from the working directory: a command that is installed globally
 * must not load a module of the folder it is run in.
 */
export function findKeychainLibraries(): { name: KeychainLibrary; path: string }[] {
  const bases = [mainScript(), ownFile()].filter(base => base !== undefined);
  return LIBRARIES.flatMap(name => {
    for (const base of bases) {
      try {
        return [{ name, path: createRequire(base).resolve(name) }];
      } catch {
        // Not installed there.
      }
    }
    return [];
  });
}

function mainScript(): string | undefined {
  try {
    return process.argv[1] === undefined ? undefined : realpathSync(process.argv[1]);
  } catch {
    return undefined;
  }
}

/** The file this code is in: `import.meta` is empty in a bundle that is CommonJS, `__filename` is missing elsewhere. */
function ownFile(): string | undefined {
  const url: string | undefined =
    import.meta.url ?? (typeof __filename === 'string' ? pathToFileURL(__filename).href : undefined);
  return url?.startsWith('file:') ? url : undefined;
}

/**
 * Whether the libraries have any chance to find a D-Bus session. Where they have none (a server, a container, cron),
 * the keychain is reported as unavailable without the cost of a process.
 */
export function hasSessionBus(environment: Readonly<Record<string, string | undefined>>): boolean {
  // With a display, a bus may be started on demand.
  if (environment.DBUS_SESSION_BUS_ADDRESS || environment.DISPLAY) {
    return true;
  }
  const runtime = environment.XDG_RUNTIME_DIR || `/run/user/${process.getuid?.() ?? 0}`;
  return existsSync(join(runtime, 'bus'));
}

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
 * user's (docs/wire.md#hung-keychains). Values travel over pipes only: arguments and environment can be read by other
 * processes. Never rejects.
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
    const letLive = atExit(kill);

    const finish = (answer: KeychainAnswer | KeychainChildFailure) => {
      clearTimeout(timer);
      letLive();
      resolve(answer);
    };
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
    // Where no more files may be open (EMFILE) there are no pipes, only `error`.
    const { stdin, stdout } = child as Partial<typeof child>;
    stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    // A child that ended early closes its stdin; `close` tells the story.
    stdin?.on('error', () => undefined);
    stdin?.end(JSON.stringify(request));
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
