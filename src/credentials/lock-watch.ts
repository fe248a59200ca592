/**
 * How a process learns that the holder of a lock is dead: by watching that the lock does not change
 * (docs/decisions.md#21-our-locks). What a lock says is compared for equality alone. Neither the time in it nor the
 * time of day counts: either may be another machine's, or have been set.
 */

/**
 * Two looks further apart prove nothing for the time between: this process was stopped or the machine asleep, and the
 * holder with it. Counted is what looks usually are apart.
 */
const LONGEST_GAP_MS = 1_000;

/** More locks than a process ever waits for. */
const REMEMBERED = 100;

/** What is watched, for how long it was seen unchanged, and when it was last looked at, all in ms. */
type Watch = { state: string; unchangedMs: number; lookedAt: number };

export type LockWatch = {
  /** Notes what the lock says now. @returns for how many ms it was watched to say the same */
  look(lock: string, state: string, now: number): number;
  /** The lock is free, or ours. */
  forget(lock: string): void;
};

/**
 * Remembers each lock across waits, so that a caller who waits 10 s, gives up and comes again gets past a dead holder,
 * too.
 */
export function lockWatch(): LockWatch {
  const watches = new Map<string, Watch>();
  return {
    look(lock, state, now) {
      const before = watches.get(lock);
      if (before?.state === state) {
        before.unchangedMs += Math.min(Math.max(now - before.lookedAt, 0), LONGEST_GAP_MS);
        before.lookedAt = now;
        return before.unchangedMs;
      }
      watches.set(lock, { state, unchangedMs: 0, lookedAt: now });
      const [oldest] = watches.keys();
      if (watches.size > REMEMBERED && oldest !== undefined) {
        watches.delete(oldest);
      }
      return 0;
    },
    forget(lock) {
      watches.delete(lock);
    },
  };
}
