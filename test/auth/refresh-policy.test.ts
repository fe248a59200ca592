import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeToken, refreshThreshold } from '../../src/auth/refresh-policy';

const now = 1_800_000_000_000;
const token = (left: number, expiresIn: number, knownAge = 0) =>
  judgeToken({ expiresAt: now / 1000 + left, expiresIn, now, knownAgeMs: knownAge * 1000 });

describe('refreshThreshold', () => {
  it.each([
    [900, 450], // what the official client does at 440 and not at 460 (docs/wire.md#refresh-threshold)
    [3600, 1800],
    [601, 300.5],
    [600, 300],
    [500, 250], // max(300, …) would be due for most of its life
    [60, 30],
    [0, 0],
  ])('a token that lives %i s is renewed below %i s', (expiresIn, threshold) => {
    expect(refreshThreshold(expiresIn)).toBe(threshold);
  });
});

describe('judgeToken', () => {
  it.each([
    ['fresh', 900, 900, 0, false, 900],
    ['above the threshold', 460, 900, 0, false, 460],
    ['below the threshold', 440, 900, 0, true, 440],
    ['expired', -1, 900, 0, true, -1],
    ['never dated by its store (expiresAt 0)', -now / 1000, 0, 0, true, -now / 1000],
    ['a peer whose clock is seconds ahead', 930, 900, 0, false, 900],
    ['hours more than it ever had: the clock jumped', 18_900, 900, 0, true, 900],
    ['clock set back by less than shows, but it is known to be old', 890, 900, 700, true, 200],
    ['clock set back, token known to be dead', 890, 900, 901, true, -1],
    ['suspended: the monotonic clock stood still', -3000, 900, 10, true, -3000],
  ])('%s', (_name, left, expiresIn, knownAge, due, secondsLeft) => {
    expect(token(left, expiresIn, knownAge)).toEqual({ due, secondsLeft });
  });

  it('never calls a token that has just been issued due, whatever the clock says the time is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 0, max: 4e12 }), (expiresIn, clock) => {
        const verdict = judgeToken({ expiresAt: clock / 1000 + expiresIn, expiresIn, now: clock, knownAgeMs: 0 });
        expect(verdict.due).toBe(false);
      }),
    );
  });

  it('never gives more life than the lifetime', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e6, max: 1e6 }),
        fc.integer({ min: 1, max: 1e5 }),
        fc.integer({ min: 0, max: 1e6 }),
        (left, life, age) => {
          expect(token(left, life, age).secondsLeft).toBeLessThanOrEqual(life - age);
        },
      ),
    );
  });
});
