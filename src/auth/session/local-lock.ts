import type { CredentialStore } from '../../credentials/credential-store';
import { untilAborted } from '../../transport/wait';

/** Runs callbacks while no other user of the same place runs one. */
export type StoreLock = NonNullable<CredentialStore['withLock']>;

/**
 * A lock among the callers of one process, one after the other, for stores that have none: a renewal that is on its way
 * must not write over a login that a person has just made, nor bring back one that was signed out.
 */
export function createLocalLock(): StoreLock {
  let last: Promise<unknown> = Promise.resolve();
  return async (callback, { abortSignal } = {}) => {
    const before = last;
    let end = (): void => undefined;
    const turn = new Promise<void>(resolve => {
      end = resolve;
    });
    last = before.then(() => turn);
    try {
      await untilAborted(before, abortSignal);
      return await callback({ assertHeld: () => undefined });
    } finally {
      end();
    }
  };
}
