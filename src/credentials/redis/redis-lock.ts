import { KimiCredentialStoreError } from '../../errors/kimi-error';
import { stopwatch } from '../../transport/stopwatch';
import type { Sleep } from '../../transport/wait';
import type { CredentialLock, CredentialLockOptions } from '../credential-store';
import { lockWatch } from '../lock-watch';
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
  /** Milliseconds since the epoch. Tells a holder that it slept, nothing else. */
  wallNow: () => number;
  sleep: Sleep;
  random: () => number;
};

/** How often a holder who was stopped in the middle of the proof makes it again. */
const PROOFS = 3;

/** Somebody else's lock: for how many ms it was watched unchanged, and after how many it is dead. */
type SeenLock = { unchangedMs: number; deadAfterMs: number };

/**
 * The lock of one store: the random token of its holder, who raises a number beside it while a callback runs, and
 * removes it afterwards. It is dead once it was watched for `lockTtlMs` and the number stayed. Callbacks of one store
 * run one after the other even when Redis has forgotten the lock, so that `held` is never ambiguous.
 */
export function redisLock(options: RedisLockOptions): RedisLock {
  const { run, keys, location, lockTtlMs, now, wallNow } = options;
  const watch = lockWatch();
  const [lockName = ''] = keys;
  let held: HeldRedisLock | undefined;
  /** What was watched for long enough, and may be taken over if it still says the same. */
  let dead = '';

  const tryAcquire = async (): Promise<HeldRedisLock | SeenLock> => {
    if (held !== undefined) {
      return { unchangedMs: 0, deadAfterMs: lockTtlMs };
    }
    const token = `${crypto.randomUUID()}/${Math.ceil(lockTtlMs)}`;
    const answer = await run('lock', ACQUIRE, keys, [token, dead]).catch((error: unknown) => {
      // It may still be carried out, and nobody would hold the lock then: clients send later what they could not send
      // now, in its order.
      void release(token);
      throw error;
    });
    const [generation, says] = answer as [unknown, unknown];
    if (generation === null || generation === undefined) {
      const unchangedMs = watch.look(lockName, String(says), now());
      const deadAfterMs = Number(/\/(\d+):/.exec(String(says))?.[1] ?? lockTtlMs);
      dead = unchangedMs > deadAfterMs ? String(says) : '';
      return { unchangedMs, deadAfterMs };
    }
    watch.forget(lockName);
    dead = '';
    if (held !== undefined) {
      // The answer was so late that another callback of this store took the lock over on its way.
      await release(token);
      return { unchangedMs: 0, deadAfterMs: lockTtlMs };
    }
    held = { token, generation: String(generation) };
    return held;
  };

  const release = async (token: string): Promise<void> => {
    // What cannot be removed is dead in time.
    await run('lock', RELEASE, keys, [token]).catch(() => undefined);
  };

  const renew = async ({ token, generation }: HeldRedisLock): Promise<boolean> =>
    (await run('lock', RENEW, keys, [token, generation])) === 1;

  /** A process that was stopped while it waited for the answer does not know how old that is, and asks again. */
  const proveHeld = async (mine: HeldRedisLock): Promise<boolean> => {
    for (let proof = 1; proof <= PROOFS; proof += 1) {
      const elapsed = stopwatch(now, wallNow);
      if (!(await renew(mine))) {
        return false;
      }
      if (elapsed() < lockTtlMs / 3) {
        return true;
      }
    }
    return false;
  };

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
            if (!(await proveHeld(mine))) {
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
  tryAcquire: () => Promise<HeldRedisLock | SeenLock>,
  { location, lockWaitMs, now, sleep, random }: RedisLockOptions,
  abortSignal: AbortSignal | undefined,
): Promise<HeldRedisLock> {
  const start = now();
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 300)) {
    abortSignal?.throwIfAborted();
    const attempt = await tryAcquire();
    if ('token' in attempt) {
      return attempt;
    }
    const left = start + lockWaitMs - now();
    if (left <= 0) {
      throw waitedTooLong(location, lockWaitMs, attempt);
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

function waitedTooLong(
  location: string,
  lockWaitMs: number,
  { unchangedMs, deadAfterMs }: SeenLock,
): KimiCredentialStoreError {
  const isAlive = unchangedMs <= deadAfterMs / 2 && lockWaitMs > deadAfterMs / 2;
  const advice = isAlive
    ? 'It is alive. Try again, or end it if it hangs.'
    : `Nothing has been seen of it for ${seconds(unchangedMs)}; a lock that nobody renews is taken over after ` +
      `${seconds(deadAfterMs)}. Try again.`;
  const message = `Another process has held the lock of ${location} for more than ${seconds(lockWaitMs)}. ${advice}`;
  return new KimiCredentialStoreError({ location, operation: 'lock', reason: 'locked', message });
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}
