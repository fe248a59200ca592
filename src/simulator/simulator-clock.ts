/** The simulator's time. Tests move it forward instead of waiting; it never goes back. */
export type SimulatorClock = {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Moves the simulator's time forward by `milliseconds`. Real delays (`delayMs`) are not touched. */
  advance(milliseconds: number): void;
};

/** A clock that runs with `base` (default: the real one) plus whatever `advance` added. */
export function createSimulatorClock(base: () => number = Date.now): SimulatorClock {
  let ahead = 0;
  return {
    now: () => base() + ahead,
    advance(milliseconds) {
      ahead += milliseconds;
    },
  };
}
