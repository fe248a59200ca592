import type * as nativeLocks from 'fs-native-extensions';
import { open } from 'node:fs/promises';
import type { HeldLock } from './held-lock';

/** The client locks the first byte on Windows (P auth/oauth.py `_CrossProcessLock`); `flock(2)` ignores the range. */
const OFFSET = 0;
const LENGTH = 1;

/** The functions of `fs-native-extensions`. */
export type NativeLocks = typeof nativeLocks;

/** The optional dependency, or `undefined` where it is not installed or has no build for this platform. */
export async function loadNativeLocks(): Promise<NativeLocks | undefined> {
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
