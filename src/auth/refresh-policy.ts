/**
 * When an access token is renewed (docs/decisions.md#16-refresh-threshold; docs/wire.md#refresh-threshold), and for how
 * long it can still be used. Pure.
 *
 * The wall clock may be wrong by hours, or jump. It is compared only with itself: `expiresAt` was computed by the clock
 * of the machine that saved it. Beside it counts the token's age by a clock that never jumps, as far as this process
 * knows it. The shorter of the two decides, so that a clock set back does not keep a token alive, and a suspended
 * process, whose monotonic clock stood still, notices. A clock set forward costs one refresh: the new token is dated by
 * the new time.
 */

/**
 * Machines that share a store may differ by so much, in seconds, before "more left than it ever had" means that a clock
 * jumped.
 */
const CLOCK_TOLERANCE = 60;

/** What the policy looks at. */
export type TokenTimes = {
  /** End of the token in unix seconds, by the clock of whoever saved it. */
  expiresAt: number;
  /** Whole lifetime in seconds. */
  expiresIn: number;
  /** Wall clock in ms. */
  now: number;
  /** The least time in ms that the token is known to exist, by a clock that never jumps. */
  knownAgeMs: number;
};

/**
 * `due`: renew before use. `secondsLeft`: at or below 0 it is dead, so that it is not used even where it cannot be
 * renewed.
 */
export type TokenVerdict = { due: boolean; secondsLeft: number };

/** Applies the policy. */
export function judgeToken({ expiresAt, expiresIn, now, knownAgeMs }: TokenTimes): TokenVerdict {
  const byWallClock = expiresAt - now / 1000;
  const byAge = expiresIn - knownAgeMs / 1000;
  const clockJumped = byWallClock > expiresIn + CLOCK_TOLERANCE;
  const secondsLeft = clockJumped ? byAge : Math.min(byWallClock, byAge);
  return { due: clockJumped || secondsLeft < refreshThreshold(expiresIn), secondsLeft };
}

/**
 * With fewer seconds left than this, a token that lives `expiresIn` seconds is renewed: max(300, half of it), but half
 * of it where it lives 600 seconds or less, which would otherwise be renewed at each request.
 */
export function refreshThreshold(expiresIn: number): number {
  return expiresIn <= 600 ? expiresIn / 2 : Math.max(300, expiresIn / 2);
}
