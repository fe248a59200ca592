/**
 * A lock between processes: an empty directory that the holder touches (proper-lockfile's protocol, which the official
 * TypeScript client uses too: docs/wire.md#lock-of-kimi-code). proper-lockfile keeps it fresh and removes it when the
 * process exits; ours are the abortable wait, the takeover of a stale lock and the proof of ownership, because its own
 * takeover lets two waiters in at once and its release removes whatever is there.
 */
import type { Stats } from 'node:fs';
import { mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KimiCredentialStoreError } from '../errors/kimi-error';
import { sleep as realSleep, type Sleep } from '../transport/wait';
import type { CredentialLock, CredentialLockOptions } from './credential-store';
import { makePrivateDirectory } from './data-directory';
import { lockFileSystem, type LockFileSystem } from './lock-file-system';

export type FileLockOptions = CredentialLockOptions & {
  /**
   * The lock itself: a directory that exists while the lock is held. Its parent is made with mode 0700 if it is
   * missing.
   */
  lockPath: string;
  /** The store's `location`, for errors. */
  location: string;
  /**
   * A lock that was not touched for so long is taken over. In ms, at least 2000. Default 30 s
   * (docs/decisions.md#21-our-locks).
   */
  staleMs?: number;
  /** How long to wait for the lock, in ms. Default 60 s. */
  waitMs?: number;
  /** Milliseconds of a clock that never jumps. Default `performance.now`. */
  now?: () => number;
  /** Waits so many ms, or rejects when the signal aborts. */
  sleep?: Sleep;
  /** 0 to 1. Default `Math.random`. */
  random?: () => number;
};

/**
 * Runs `callback` while this process holds the lock, and releases it whatever happens. Two locks of one process exclude
 * each other too.
 * @throws KimiCredentialStoreError `locked` after the wait limit, `permissions` or `failed` when the lock cannot be
 *   made; the abort reason
 */
export async function withFileLock<T>(
  callback: (lock: CredentialLock) => Promise<T>,
  options: FileLockOptions,
): Promise<T> {
  const held = await acquire(options);
  try {
    return await callback({ assertHeld: held.assertHeld });
  } finally {
    await held.release();
  }
}

type HeldLock = { assertHeld: () => Promise<void>; release: () => Promise<void> };

async function acquire(options: FileLockOptions): Promise<HeldLock> {
  const {
    lockPath,
    abortSignal,
    waitMs = 60_000,
    now = () => performance.now(),
    sleep = realSleep,
    random = Math.random,
  } = options;
  const start = now();
  const watch: Watch = { mtime: undefined, since: start };
  await makePrivateDirectory(dirname(lockPath)).catch((cause: unknown) => Promise.reject(cannotLock(options, cause)));
  for (let pause = 10; ; pause = Math.min(pause * 1.5, 200)) {
    abortSignal?.throwIfAborted();
    const held = await tryAcquire(options);
    if (held !== undefined) {
      if (abortSignal?.aborted) {
        await held.release();
        abortSignal.throwIfAborted();
      }
      return held;
    }
    const isFree = await takeOver(options, watch, now());
    const left = start + waitMs - now();
    if (left <= 0) {
      throw waitedTooLong(options, waitMs);
    }
    if (!isFree) {
      await sleep(Math.min(left, pause * (0.5 + random())), abortSignal);
    }
  }
}

async function tryAcquire(options: FileLockOptions): Promise<HeldLock | undefined> {
  const { lockPath, staleMs = 30_000 } = options;
  // Loaded on first use: it hooks the process's exit and signals when it is loaded.
  const { lock } = await import('proper-lockfile');
  const fileSystem = lockFileSystem();
  let lost = false;
  let release: () => Promise<void>;
  try {
    release = await lock(lockPath, {
      lockfilePath: lockPath,
      realpath: false,
      stale: staleMs,
      update: staleMs / 3,
      fs: fileSystem.fs,
      // The default throws inside a timer, which ends the process.
      onCompromised: () => {
        lost = true;
      },
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // ENOENT: removed under our hands. On Windows a directory that is just being removed answers EPERM.
    if (code === 'ELOCKED' || code === 'ENOENT' || (code === 'EPERM' && process.platform === 'win32')) {
      return undefined;
    }
    throw cannotLock(options, error);
  }
  return {
    assertHeld: async () => {
      // The timer that would notice a takeover may not have run yet: this process may have been stopped. So look at the
      // disk.
      if (lost || !(await isHeld(lockPath, staleMs, fileSystem))) {
        throw lockLost(options);
      }
    },
    release: async () => {
      // Not ours any more: leave it to the one who has it. A lock that cannot be removed is taken over when it is
      // stale.
      if (!lost && fileSystem.owns(await statOrUndefined(lockPath))) {
        await release().catch(() => undefined);
      }
    },
  };
}

/** Ours by its mtime, and fresh enough that nobody takes it over within the next third of the stale time. */
async function isHeld(lockPath: string, staleMs: number, fileSystem: LockFileSystem): Promise<boolean> {
  const stats = await statOrUndefined(lockPath);
  return stats !== undefined && fileSystem.owns(stats) && Date.now() - stats.mtimeMs < (staleMs * 2) / 3;
}

type Watch = { mtime: number | undefined; since: number };

/**
 * Removes the lock if its holder is dead; true if it did.
 * Dead: untouched for `staleMs` by the wall clock, or unchanged for `staleMs` while we watched, which also holds after
 * the clock jumped back. Only one waiter at a time may remove (a directory beside the lock says who), and looks again
 * before it does: otherwise a slow second one would remove the fresh lock of the first.
 */
async function takeOver(options: FileLockOptions, watch: Watch, time: number): Promise<boolean> {
  const { lockPath, staleMs = 30_000 } = options;
  const stats = await statOrUndefined(lockPath);
  if (stats === undefined) {
    return false;
  }
  if (stats.mtimeMs !== watch.mtime) {
    watch.mtime = stats.mtimeMs;
    watch.since = time;
  }
  if (Date.now() - stats.mtimeMs <= staleMs && time - watch.since <= staleMs) {
    return false;
  }
  const guard = `${lockPath}.takeover`;
  try {
    await mkdir(guard);
  } catch {
    const guardStats = await statOrUndefined(guard);
    if (guardStats !== undefined && Date.now() - guardStats.mtimeMs > staleMs) {
      await rmdir(guard).catch(() => undefined);
    }
    return false;
  }
  try {
    const current = await statOrUndefined(lockPath);
    if (current?.mtimeMs === stats.mtimeMs) {
      await rmdir(lockPath);
    }
    return true;
  } catch (error) {
    throw cannotLock(options, error);
  } finally {
    await rmdir(guard).catch(() => undefined);
  }
}

async function statOrUndefined(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}

function waitedTooLong({ lockPath, location }: FileLockOptions, waitMs: number): KimiCredentialStoreError {
  const message =
    `Another process has held the lock of ${location} for more than ${Math.round(waitMs / 1000)} s. ` +
    `If no other process is signing in or refreshing, remove the lock directory: ${lockPath}`;
  return new KimiCredentialStoreError({ location, operation: 'lock', reason: 'locked', message });
}

function lockLost({ lockPath, location }: FileLockOptions): KimiCredentialStoreError {
  const message =
    'This process was stopped or too busy for so long that another one may have taken over the lock of ' +
    `${location} (${lockPath}). ` +
    'Nothing was sent or saved. Try again.';
  return new KimiCredentialStoreError({ location, operation: 'lock', reason: 'lock-lost', message });
}

function cannotLock({ lockPath, location }: FileLockOptions, cause: unknown): KimiCredentialStoreError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  const isOccupied = code === 'ENOTEMPTY' || code === 'ENOTDIR' || code === 'EEXIST';
  const isForbidden = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  const message = isOccupied
    ? `The lock of ${location} cannot be taken: ${lockPath} is not an empty directory. Remove it.`
    : `The lock of ${location} cannot be made (${code}): ${lockPath}. ` +
      'Make its folder writable for this user, set KIMI_PROVIDER_HOME to a folder that is, or pass another ' +
      'credentialStore. A key needs no place: KIMI_API_KEY.';
  return new KimiCredentialStoreError({
    location,
    operation: 'lock',
    reason: isForbidden ? 'permissions' : 'failed',
    message,
    cause,
  });
}
