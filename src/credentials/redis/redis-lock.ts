import { KimiCredentialStoreError } from '../../errors/kimi-error';
import type { Sleep } from '../../transport/wait';
import type { CredentialLock, CredentialLockOptions } from '../credential-store';
import { ACQUIRE, RELEASE, RENEW, type RunScript } from './redis-client';

/** What this process knows of the lock it holds. */
export type HeldRedisLock = {
  /** Says in Redis that it is ours. */
  readonly token: string;
  /** The generation we found when we took it, or made by our own last write. */
  generation: string;
};

export type RedisLock = {
  /** The lock that a callback of this store runs under now. */
  readonly held: HeldRedisLock | undefined;
  withLock: <T>(callback: (lock: CredentialLock) => Promise<T>, options?: CredentialLockOptions) => Promise<T>;
};

export type RedisLockOptions = {
  run: RunScript;
  /** As the scripts expect them: the hash, the lock. */
  keys: string[];
  location: string;
  lockTtlMs: number;
  lockWaitMs: number;
  now: () => number;
  sleep: Sleep;
  random: () => number;
};

/**
 * The lock of one store: a key with a random token that expires, renewed while a callback runs, and removed only by the
 * one who made it. Callbacks of one store run one after the other even when Redis has forgotten the lock, so that
 * `held` is never ambiguous.
 */
export function redisLock(options: RedisLockOptions): RedisLock {
  const { run, keys, location, lockTtlMs } = options;
  let held: HeldRedisLock | undefined;

  const tryAcquire = async (): Promise<HeldRedisLock | undefined> => {
    if (held !== undefined) {
      return undefined;
    }
    const token = crypto.randomUUID();
    const generation = await run('lock', ACQUIRE, keys, [token, String(lockTtlMs)]);
    if (generation === null || generation === undefined) {
      return undefined;
    }
    if (held !== undefined) {
      // The answer was so late that the lock expired on its way, and another callback of this store got it.
      await release(token);
      return undefined;
    }
    held = { token, generation: String(generation) };
    return held;
  };

  const release = async (token: string): Promise<void> => {
    // What cannot be removed expires.
    await run('lock', RELEASE, keys, [token]).catch(() => undefined);
  };

  const renew = async ({ token, generation }: HeldRedisLock): Promise<boolean> =>
    (await run('lock', RENEW, keys, [token, generation, String(lockTtlMs)])) === 1;

  return {
    get held() {
      return held;
    },

    async withLock(callback, { abortSignal } = {}) {
      const mine = await waitFor(tryAcquire, options, abortSignal);
      const stopRenewal = keepRenewing(lockTtlMs / 3, () => renew(mine));
      try {
        abortSignal?.throwIfAborted();
        return await callback({
          assertHeld: async () => {
            if (!(await renew(mine))) {
              throw lost(location);
            }
          },
        });
      } finally {
        // Waits for a renewal on its way: after the release it would take the free lock again.
        await stopRenewal();
        held = undefined;
        await release(mine.token);
      }
    },
  };
}

/** Tries again and again, at uneven times so that those who wait do not march in step. */
async function waitFor(
  tryAcquire: () => Promise<HeldRedisLock | undefined>,
  { keys, location, lockWaitMs, now, sleep, random }: RedisLockOptions,
  abortSignal: AbortSignal | undefined,
): Promise<HeldRedisLock> {
  const start = now();
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 300)) {
    abortSignal?.throwIfAborted();
    const mine = await tryAcquire();
    if (mine !== undefined) {
      return mine;
    }
    const left = start + lockWaitMs - now();
    if (left <= 0) {
      throw waitedTooLong(location, keys[1]!, lockWaitMs);
    }
    await sleep(Math.min(left, pause * (0.5 + random())), abortSignal);
  }
}

/**
 * Renews until stopped or lost. A renewal that fails is tried again at the next turn: only an answer of Redis says that
 * it is lost.
 */
function keepRenewing(intervalMs: number, renew: () => Promise<boolean>): () => Promise<void> {
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let renewal: Promise<void> = Promise.resolve();
  const turn = async () => {
    const isHeld = await renew().catch(() => true);
    if (isHeld && !isStopped) {
      schedule();
    }
  };
  const schedule = () => {
    timer = setTimeout(() => {
      renewal = turn();
    }, intervalMs);
    // Node only; elsewhere a timer is a number and keeps nothing alive.
    (timer as { unref?: () => void }).unref?.();
  };
  schedule();
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await renewal;
  };
}

function lost(location: string): KimiCredentialStoreError {
  const message =
    `This process was stopped for so long that another one took over the lock of ${location}, or somebody ` +
    'signed in or out meanwhile. ' +
    'Nothing was sent or saved. Try again.';
  return new KimiCredentialStoreError({ location, operation: 'lock', reason: 'lock-lost', message });
}

function waitedTooLong(location: string, lockKey: string, lockWaitMs: number): KimiCredentialStoreError {
  const message =
    `Another process has held the lock of ${location} for more than ${Math.round(lockWaitMs / 1000)} s. ` +
    `If no other process is signing in or refreshing, remove it: redis-cli DEL '${lockKey}'`;
  return new KimiCredentialStoreError({ location, operation: 'lock', reason: 'locked', message });
}
