/** The disk that the workers write to: a small one that can be filled, or a limit on what a process may write. */
import { execFile, execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const BLOCK = Buffer.alloc(4096);

export type Disk = {
  path: string;
  /** How it gets full: for the reader of a run. */
  how: string;
  /** Writes fail from now on, of these processes at least. */
  fill(pids: readonly number[]): Promise<void>;
  free(pids: readonly number[]): Promise<void>;
  dispose(): void;
};

/** A tmpfs of 1 MB where mounting is allowed, else RLIMIT_FSIZE, by which the kernel answers EFBIG. */
export function openDisk(root: string): Disk {
  const path = join(root, 'disk');
  mkdirSync(path, { mode: 0o700 });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return {
      path,
      how: 'RLIMIT_FSIZE, as mounting is not allowed here',
      fill: pids => limitAll(pids, '--fsize=64:unlimited'),
      free: pids => limitAll(pids, '--fsize=unlimited:unlimited'),
      dispose: () => undefined,
    };
  }
  const ballast = join(path, 'ballast');
  return {
    path,
    how: 'a tmpfs of 1 MB',
    async fill() {
      const file = openSync(ballast, 'w');
      try {
        // To the last byte: what is written in pieces must not find a corner.
        for (const size of [4096, 1]) {
          while (wrote(file, size)) {
            // Goes on until it is full.
          }
        }
      } finally {
        closeSync(file);
      }
    },
    async free() {
      rmSync(ballast, { force: true });
    },
    dispose: () => execFileSync('umount', ['-l', path]),
  };
}

function wrote(file: number, size: number): boolean {
  try {
    return writeSync(file, BLOCK, 0, size) > 0;
  } catch {
    return false;
  }
}

/** A process that has ended meanwhile has no limits. */
async function limitAll(pids: readonly number[], limit: string): Promise<void> {
  await Promise.all(pids.map(pid => execute('prlimit', ['--pid', String(pid), limit]).catch(() => undefined)));
}

/** Whether processes can be kept from opening anything (Linux). */
export const CAN_LIMIT_DESCRIPTORS = canLimit();

function canLimit(): boolean {
  try {
    execFileSync('prlimit', ['--pid', String(process.pid), '--nofile'], { stdio: 'ignore' });
    return readdirSync('/proc/self/fd').length > 0;
  } catch {
    return false;
  }
}

/** Whatever the process opens from now on fails with EMFILE. Gives what undoes it. */
export async function takeDescriptors(pid: number): Promise<() => Promise<void>> {
  const open = readdirSync(`/proc/${pid}/fd`).length;
  await limitAll([pid], `--nofile=${open}:`);
  return () => limitAll([pid], '--nofile=4096:');
}
