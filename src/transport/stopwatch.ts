/**
 * Measures a span that this process may have slept through. A monotonic clock stands still while some machines are
 * suspended, and the wall clock is set forth and back: the larger of both is never less than what really passed.
 * @returns asked for the ms since the start
 */
export function stopwatch(
  monotonicNow: () => number = () => performance.now(),
  wallNow: () => number = Date.now,
): () => number {
  const start = { monotonic: monotonicNow(), wall: wallNow() };
  return () => Math.max(monotonicNow() - start.monotonic, wallNow() - start.wall);
}
