/** Chance that can be repeated: every actor draws from a stream of its own, so that what one does moves no other. */

export type Random = {
  /** From 0 to below 1. */
  next(): number;
  /** From `low` to below `high`. */
  between(low: number, high: number): number;
  pick<T>(from: readonly T[]): T;
  /** One of the names, each as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name;
};

/** The same seed and actor give the same numbers (mulberry32 over a hash of both). */
export function randomOf(seed: number, actor: string): Random {
  let state = seed >>> 0;
  for (const character of actor) {
    state = Math.imul(state ^ character.charCodeAt(0), 0x01000193) + 0x9e3779b9;
  }
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    pick,
    weighted(weights) {
      const entries = Object.entries(weights) as [keyof typeof weights, number][];
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        left -= weight;
        if (left < 0) {
          return name;
        }
      }
      return entries.at(-1)![0];
    },
  };
}
