/**
 * A lock between processes: an empty directory that the holder touches (proper-lockfile's protocol, which the official
 * TypeScript client uses too: docs/wire.md#lock-of-kimi-code). proper-lockfile keeps it fresh and removes it when the
 * process exits; ours are the abortable wait, the takeover of a dead holder's lock and the proof of ownership, because
 * its own takeover goes by the clock and lets two waiters in at once, and its release removes whatever is there.
 */
import { lstatSync, rmdirSync, type BigIntStats } from 'node:fs';
import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KimiCredentialStoreError } from '../errors/kimi-error';
import { stopwatch } from '../transport/stopwatch';
import { sleep as realSleep, type Sleep } from '../transport/wait';
import type { CredentialLock, CredentialLockOptions } from './credential-store';
import { makePrivateDirectory } from './data-directory';
import { loadModule } from './load-module';
import { lockFileSystem, lookAt, stateOf, type LockFileSystem } from './lock-file-system';
import { lockWatch } from './lock-watch';

export type FileLockOptions = CredentialLockOptions & {
  /**
   * The lock itself: a directory that exists while the lock is held. Its parent is made with mode 0700 if it is
   * missing.
   */
  lockPath: string;
  /** The store's `location`, for errors. */
  location: string;
  /**
   * A lock that a waiter watched for so long without any change is taken over. In ms, at least 2000. Default 30 s
   * (docs/decisions.md#21-our-locks).
   */
  deadAfterMs?: number;
  /** How often the holder touches it. In ms, at least 1000. Default a third of `deadAfterMs`. */
  touchMs?: number;
  /** Other users may hold it, too. Default false: one of theirs in its place is an error. */
  isShared?: boolean;
  /** How long to wait for the lock, in ms. Default 60 s. */
  waitMs?: number;
  /** Milliseconds of a clock that never jumps. Default `performance.now`. */
  now?: () => number;
  /** Milliseconds since the epoch. Tells a holder that it slept, nothing else. Default `Date.now`. */
  wallNow?: () => number;
  /** Waits so many ms, or rejects when the signal aborts. */
  sleep?: Sleep;
  /** 0 to 1. Default `Math.random`. */
  random?: () => number;
};

const DEAD_AFTER_MS = 30_000;
const WAIT_MS = 60_000;

/** How often a holder who was stopped in the middle of the proof makes it again. */
const PROOFS = 3;

/** What this process has seen of the locks that it waits or waited for. */
const watch = lockWatch();

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
    waitMs = WAIT_MS,
    now = () => performance.now(),
    sleep = realSleep,
    random = Math.random,
  } = options;
  const start = now();
  await makePrivateDirectory(dirname(lockPath)).catch((cause: unknown) => Promise.reject(cannotLock(options, cause)));
  for (let pause = 10; ; pause = Math.min(pause * 1.5, 200)) {
    abortSignal?.throwIfAborted();
    const held = await tryAcquire(options);
    if (held !== undefined) {
      watch.forget(lockPath);
      if (abortSignal?.aborted) {
        await held.release();
        abortSignal.throwIfAborted();
      }
      return held;
    }
    const seen = await takeOver(options, now());
    const left = start + waitMs - now();
    if (left <= 0) {
      throw waitedTooLong(options, seen);
    }
    if (seen !== 'free') {
      await sleep(Math.min(left, pause * (0.5 + random())), abortSignal);
    }
  }
}

async function tryAcquire(options: FileLockOptions): Promise<HeldLock | undefined> {
  const { lockPath, deadAfterMs = DEAD_AFTER_MS, touchMs = deadAfterMs / 3 } = options;
  // Loaded on first use: it hooks the process's exit and signals when it is loaded.
  const { lock } = await loadModule(() => import('proper-lockfile'), options.location);
  const fileSystem = lockFileSystem();
  let isLost = false;
  let release: () => Promise<void>;
  try {
    release = await lock(lockPath, {
      lockfilePath: lockPath,
      realpath: false,
      // Not for takeovers, which are ours; it keeps touching for so long after errors.
      stale: deadAfterMs,
      update: touchMs,
      fs: fileSystem.fs,
      // The default throws inside a timer, which ends the process.
      onCompromised: () => {
        isLost = true;
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
      if (isLost || !(await proveHeld(options, fileSystem))) {
        throw lockLost(options);
      }
    },
    release: async () => {
      // Not ours any more: leave it to the one who has it. A lock that cannot be removed is taken over in time.
      if (fileSystem.owns(await lookAt(lockPath))) {
        await (isLost ? rmdir(lockPath) : release()).catch(() => undefined);
      }
    },
  };
}

/**
 * Touches the lock and looks that it is still the one of this process: from then on nobody can take it for dead before
 * the whole time has passed again. A process that was stopped in between does not know how long ago that is, and begins
 * anew.
 */
async function proveHeld(options: FileLockOptions, fileSystem: LockFileSystem): Promise<boolean> {
  const { lockPath, deadAfterMs = DEAD_AFTER_MS, now, wallNow } = options;
  for (let proof = 1; proof <= PROOFS; proof += 1) {
    const elapsed = stopwatch(now, wallNow);
    if (!fileSystem.owns(await lookAt(lockPath))) {
      return false;
    }
    if (elapsed() < deadAfterMs / 3) {
      await fileSystem.touch(lockPath).catch(() => undefined);
      if (!fileSystem.owns(await lookAt(lockPath))) {
        return false;
      }
      if (elapsed() < deadAfterMs / 3) {
        return true;
      }
    }
  }
  return false;
}

/** What was seen of the lock: nobody has it (any more), or for how many ms it was watched unchanged. */
type Seen = 'free' | number;

/**
 * Removes the lock if its holder is dead. Only one waiter at a time may (a directory beside the lock
 * says who), and looks again before: otherwise a slow second one would remove the fresh lock of the first.
 */
async function takeOver(options: FileLockOptions, time: number): Promise<Seen> {
  const { lockPath, deadAfterMs = DEAD_AFTER_MS } = options;
  const stats = await lookAt(lockPath);
  if (stats === undefined) {
    return 0;
  }
  const state = stateOf(stats);
  await checkPlace(options, stats);
  const unchangedMs = watch.look(lockPath, state, time);
  if (unchangedMs <= deadAfterMs) {
    return unchangedMs;
  }
  const guard = `${lockPath}.takeover`;
  try {
    await mkdir(guard);
  } catch {
    await removeDeadGuard(guard, deadAfterMs, time);
    return unchangedMs;
  }
  try {
    removeDead(lockPath, state);
    return 'free';
  } catch (error) {
    throw cannotLock(options, error);
  } finally {
    await rmdir(guard).catch(() => undefined);
  }
}

/** What is no lock of ours is said at once, not after it was watched. */
async function checkPlace(options: FileLockOptions, stats: BigIntStats): Promise<void> {
  const { lockPath, isShared = false } = options;
  const content = stats.isDirectory() ? await readdir(lockPath).catch(() => []) : ['not a directory'];
  if (content.length > 0) {
    throw cannotLock(options, Object.assign(new Error('not an empty directory'), { code: 'ENOTEMPTY' }));
  }
  const owner = Number(stats.uid);
  if (!isShared && process.geteuid !== undefined && owner !== 0 && owner !== process.geteuid()) {
    throw heldByStranger(options, owner);
  }
}

/** Looks and removes in one go: nothing else of this process, however long it takes, comes in between. */
function removeDead(lockPath: string, state: string): void {
  const current = lstatSync(lockPath, { bigint: true, throwIfNoEntry: false });
  if (current !== undefined && stateOf(current) === state) {
    rmdirSync(lockPath);
  }
}

/** One who was about to remove a lock died. */
async function removeDeadGuard(guard: string, deadAfterMs: number, time: number): Promise<void> {
  const stats = await lookAt(guard);
  if (stats !== undefined && watch.look(guard, stateOf(stats), time) > deadAfterMs) {
    watch.forget(guard);
    await rmdir(guard).catch(() => undefined);
  }
}

function waitedTooLong(
  { lockPath, location, waitMs = WAIT_MS, deadAfterMs = DEAD_AFTER_MS }: FileLockOptions,
  seen: Seen,
): KimiCredentialStoreError {
  const isAlive = seen !== 'free' && seen <= deadAfterMs / 2 && waitMs > deadAfterMs / 2;
  const advice = isAlive
    ? 'It is alive. Try again, or end it if it hangs.'
    : `Nothing has been seen of it for ${seconds(Number(seen))}; a lock that nobody touches is taken over after ` +
      `${seconds(deadAfterMs)}. Try again.`;
  const held = `Another process has held the lock of ${location} for more than ${seconds(waitMs)} (${lockPath}).`;
  const message = `${held} ${advice}`;
  return new KimiCredentialStoreError({ location, operation: 'lock', reason: 'locked', message });
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}

function heldByStranger({ lockPath, location }: FileLockOptions, owner: number): KimiCredentialStoreError {
  const message =
    `The lock of ${location} cannot be taken: ${lockPath} belongs to another user (uid ${owner}). ` +
    'Remove it, or set allowSharedRead of fileCredentialStore where several users share the login.';
  return new KimiCredentialStoreError({ location, operation: 'lock', reason: 'permissions', message });
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
