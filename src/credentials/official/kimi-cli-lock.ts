/**
 * The lock of the official Python client: `flock(2)` on a file that stays (docs/wire.md#lock-of-kimi-cli). On Linux the
 * program `flock` holds it, elsewhere `fs-native-extensions` (docs/decisions.md#13-official-locks). That client waits
 * at most about ten seconds and then refreshes without the lock, so hold it briefly.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KimiCredentialStoreError } from '../../errors/kimi-error';
import { sleep as realSleep, type Sleep } from '../../transport/wait';
import type { CredentialLock, CredentialLockOptions } from '../credential-store';
import { checkFolderOf, touchPrivateFile } from '../private-file';
import { flockChild, nativeFlock, type FlockMechanism, type HeldLock } from './flock';
import { officialFileError } from './official-file';

export type KimiCliLockOptions = CredentialLockOptions & {
  lockPath: string;
  /** The store's `location`, for errors. */
  location: string;
  mechanism: FlockMechanism;
  environment: Readonly<Record<string, string | undefined>>;
  /** In ms. */
  waitMs: number;
  sleep?: Sleep | undefined;
};

/**
 * Runs `callback` while this process holds the lock.
 * @throws KimiCredentialStoreError `locked` after `waitMs`, `permissions` or `failed` when the lock file cannot be
 *   used; the abort reason
 */
export async function withKimiCliLock<T>(
  callback: (lock: CredentialLock) => Promise<T>,
  options: KimiCliLockOptions,
): Promise<T> {
  const { lockPath, location } = options;
  options.abortSignal?.throwIfAborted();
  try {
    await mkdir(dirname(lockPath), { recursive: true, mode: 0o700 });
    await touchPrivateFile(lockPath, { modes: 'ignored' });
    await checkFolderOf(lockPath);
  } catch (error) {
    throw officialFileError(lockPath, 'lock', error);
  }
  const held = await acquire(options);
  try {
    return await callback({
      assertHeld: async () => {
        if (!(await held.isHeld())) {
          const message =
            `The lock of ${location} (${lockPath}) was lost: the process that held it has ended. ` +
            'Nothing was sent or saved. Try again.';
          throw new KimiCredentialStoreError({ location, operation: 'lock', reason: 'lock-lost', message });
        }
      },
    });
  } finally {
    await held.release();
  }
}

async function acquire(options: KimiCliLockOptions): Promise<HeldLock> {
  const { lockPath, location, abortSignal, waitMs, sleep = realSleep } = options;
  // Ends the wait for both reasons: the caller's signal and the limit.
  const stop = new AbortController();
  const abort = () => stop.abort();
  abortSignal?.addEventListener('abort', abort, { once: true });
  const limit = sleep(waitMs, stop.signal).then(abort, () => undefined);
  try {
    const held = await waitForLock(options, stop.signal);
    if (abortSignal?.aborted) {
      await held?.release();
      abortSignal.throwIfAborted();
    }
    if (held !== undefined) {
      return held;
    }
    const message =
      `Another process has held the lock of ${location} for more than ${Math.round(waitMs / 1000)} s. ` +
      `End the kimi-cli process that hangs; "fuser ${lockPath}" shows which one it is.`;
    throw new KimiCredentialStoreError({ location, operation: 'lock', reason: 'locked', message });
  } finally {
    abortSignal?.removeEventListener('abort', abort);
    stop.abort();
    await limit;
  }
}

async function waitForLock(
  { lockPath, location, mechanism, environment }: KimiCliLockOptions,
  stop: AbortSignal,
): Promise<HeldLock | undefined> {
  try {
    if (mechanism.kind === 'program') {
      return await flockChild(lockPath, { command: mechanism.command, stop, environment: { PATH: environment.PATH } });
    }
    while (!stop.aborted) {
      const held = await nativeFlock(lockPath, mechanism.locks);
      if (held !== undefined) {
        return held;
      }
      await realSleep(100, stop).catch(() => undefined);
    }
    return undefined;
  } catch (cause) {
    const reason = (cause as Error).message;
    const message = `The lock of ${location} cannot be taken: ${reason}. Look at the lock file ${lockPath}.`;
    throw new KimiCredentialStoreError({ location, operation: 'lock', reason: 'failed', message, cause });
  }
}
