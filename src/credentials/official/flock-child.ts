import { spawn } from 'node:child_process';
import type { HeldLock } from './held-lock';

/**
 * Takes `flock(2)` on `path` through the program `flock` (util-linux or BusyBox), because Node has no `flock(2)` and
 * the locks that it has through native modules on Linux (OFD) do not exclude it (decisions.md 13). The program runs
 * `cat`, which holds the lock for as long as its input is open: when this process dies in whatever way, the kernel
 * closes the pipe and the lock is free.
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
  const end = async () => {
    child.stdin.end();
    await closed;
  };

  const stopped = new Promise<'stopped'>(resolve =>
    stop.addEventListener('abort', () => resolve('stopped'), { once: true }),
  );
  const outcome = await Promise.race([echo(), stopped]);
  if (outcome === 'stopped') {
    child.kill();
    await end();
    return undefined;
  }
  if (!outcome) {
    throw failure ?? new Error(output.trim() || `${command} ended with status ${child.exitCode ?? child.signalCode}`);
  }
  return { isHeld: echo, release: end };
}
