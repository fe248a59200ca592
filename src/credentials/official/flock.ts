/**
 * What holds `flock(2)` for us: the program of that name, or `fs-native-extensions`
 * (docs/decisions.md#13-official-locks).
 */
import { spawn } from 'node:child_process';
import type * as nativeLocks from 'fs-native-extensions';
import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { sleep } from '../../transport/wait';

/** A lock that was taken, by whatever mechanism. */
export type HeldLock = {
  /** False when the lock is gone: whoever held it for us died. */
  isHeld: () => Promise<boolean>;
  /** Gives the lock back; when it resolves others can take it. Never throws. */
  release: () => Promise<void>;
};

/** What can take the lock here. */
export type FlockMechanism = { kind: 'program'; command: string } | { kind: 'native'; locks: NativeLocks };

/**
 * Looks for the program on Linux and for the optional dependency elsewhere. On Linux the latter is of no use: its locks
 * do not exclude `flock(2)` (docs/decisions.md#13-official-locks).
 */
export async function findFlockMechanism({
  environment,
  platform = process.platform,
}: {
  environment: Readonly<Record<string, string | undefined>>;
  platform?: NodeJS.Platform;
}): Promise<FlockMechanism | undefined> {
  if (platform !== 'linux') {
    const locks = await loadNativeLocks();
    return locks === undefined ? undefined : { kind: 'native', locks };
  }
  for (const directory of (environment.PATH ?? '').split(delimiter).filter(entry => entry !== '')) {
    const command = join(directory, 'flock');
    if (await isExecutable(command)) {
      return { kind: 'program', command };
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Takes `flock(2)` on `path` through the program `flock` (util-linux or BusyBox), because Node has no `flock(2)` and
 * the locks that it has through native modules on Linux (OFD) do not exclude it (docs/decisions.md#13-official-locks).
 * The program runs `cat`, which holds the lock for as long as its input is open: when this process dies in whatever
 * way, the kernel closes the pipe and the lock is free.
 *
 * Waits until the lock is free; `stop` ends the wait.
 * @param command path of the `flock` program
 * @param stop aborted when the caller no longer wants the lock
 * @returns `undefined` when the wait was stopped
 * @throws Error with what the program printed when it cannot lock
 */
export async function flockChild(
  path: string,
  { command, stop, environment }: { command: string; stop: AbortSignal; environment: NodeJS.ProcessEnv },
): Promise<HeldLock | undefined> {
  if (stop.aborted) {
    return undefined;
  }
  // Detached: Ctrl-C in a terminal reaches the whole foreground group, and must not free the lock under a process that
  // is still saving.
  const child = spawn(command, ['-x', path, 'cat'], {
    detached: true,
    env: environment,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  let failure: Error | undefined;
  const closed = new Promise<false>(resolve => {
    child.once('error', error => {
      failure = error;
      resolve(false);
    });
    child.once('close', () => resolve(false));
  });
  if ((child as Partial<typeof child>).stdin === undefined) {
    // No more files may be open (EMFILE): there are no pipes, only `error`.
    await closed;
    throw failure ?? new Error(`${command} could not be started`);
  }
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-500);
  });
  // Writing to a program that is gone: `closed` tells.
  child.stdin.on('error', () => undefined);

  /** What is written comes back only from a running `cat`, which runs only while the lock is held. */
  const echo = (): Promise<boolean> => {
    const answered = new Promise<true>(resolve => child.stdout.once('data', () => resolve(true)));
    child.stdin.write('.');
    return Promise.race([answered, closed]);
  };
  /** Somebody may have stopped the program, which then neither answers nor ends. The signal reaches `cat`, too. */
  const kill = () => {
    try {
      process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');
    } catch {
      // It has ended, or never began.
    }
  };
  const end = async () => {
    child.stdin.end();
    if ((await within(SILENCE_MS, closed)) === undefined) {
      kill();
      await closed;
    }
  };

  const stopped = new Promise<'stopped'>(resolve =>
    stop.addEventListener('abort', () => resolve('stopped'), { once: true }),
  );
  const outcome = await Promise.race([echo(), stopped]);
  if (outcome === 'stopped') {
    kill();
    await closed;
    return undefined;
  }
  if (!outcome) {
    throw failure ?? new Error(output.trim() || `${command} ended with status ${child.exitCode ?? child.signalCode}`);
  }
  const isHeld = async () => {
    const answer = await within(SILENCE_MS, echo());
    if (answer === undefined) {
      kill();
    }
    return answer ?? false;
  };
  return { isHeld, release: end };
}

/** A program that only echoes what it is given answers sooner, however busy the machine is. */
const SILENCE_MS = 5_000;

/** What the promise gives, or `undefined` after so long. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  const isSettled = new AbortController();
  const limit = sleep(milliseconds, isSettled.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([promise, limit]);
  } finally {
    isSettled.abort();
  }
}

/** The client locks the first byte on Windows (docs/wire.md#lock-of-kimi-cli); `flock(2)` ignores the range. */
const OFFSET = 0;
const LENGTH = 1;

/** The functions of `fs-native-extensions`. */
type NativeLocks = typeof nativeLocks;

/** The optional dependency, or `undefined` where it is not installed or has no build for this platform. */
async function loadNativeLocks(): Promise<NativeLocks | undefined> {
  return import('fs-native-extensions').catch(() => undefined);
}

/**
 * Tries once to take the kernel's lock on the file, which ends with this process. @returns `undefined` when somebody
 * else has it
 */
export async function nativeFlock(path: string, { tryLock, unlock }: NativeLocks): Promise<HeldLock | undefined> {
  const file = await open(path, 'a+', 0o600);
  let isLocked = false;
  try {
    isLocked = tryLock(file.fd, OFFSET, LENGTH);
  } finally {
    if (!isLocked) {
      await file.close();
    }
  }
  if (!isLocked) {
    return undefined;
  }
  return {
    isHeld: async () => true,
    release: async () => {
      try {
        unlock(file.fd, OFFSET, LENGTH);
      } finally {
        await file.close().catch(() => undefined);
      }
    },
  };
}
