import type { PlanUsage } from './plan-usage';

/** Which window of a used-up plan it is, and when it is fresh again. */
export type UsedUp = {
  /** The `reason` of the error, where the server's text names no window. */
  reason: '5-hour' | 'weekly' | 'monthly' | undefined;
  resetsAt: Date | undefined;
};

/** Shortest first. A month outlasts a week, so that the last one that is full is the one to wait for. */
const WINDOWS = [
  { reason: '5-hour', names: ['fiveHours'] },
  { reason: 'weekly', names: ['weekly'] },
  { reason: 'monthly', names: ['monthly', 'monthlyCode'] },
] as const;

/**
 * What an answer of `GET /usages` says of a refusal for want of quota.
 * @param reason what the server's text told: a window's name, `billing-cycle`, or `period` where it named none
 * @returns `undefined` where it says nothing of it
 */
export function usedUpOf(usage: PlanUsage, reason: string, now: number): UsedUp | undefined {
  const windows = WINDOWS.map(({ reason: name, names }) => {
    const known = names.map(window => usage[window]).filter(window => window !== undefined);
    const full = known.filter(({ usedRatio }) => usedRatio !== undefined && usedRatio >= 1);
    const ahead = (full.length > 0 ? full : known)
      .map(({ resetsAt }) => resetsAt?.getTime() ?? 0)
      .filter(time => time > now);
    return { name, isKnown: known.length > 0, isFull: full.length > 0, reset: Math.max(0, ...ahead) };
  });
  const full = windows.filter(({ isFull }) => isFull);
  // The text is surer than the numbers, which are known to stand at zero (docs/wire.md#usage-contradictions).
  const named = windows.find(
    ({ name, isKnown }) => isKnown && name === (reason === 'billing-cycle' ? 'monthly' : reason),
  );
  const meant =
    named ??
    (reason === 'period'
      ? full.at(-1)
      : // Before September the answer had no month, and a cycle was a week.
        reason === 'billing-cycle'
        ? full.findLast(({ name }) => name === 'weekly')
        : undefined);
  if (meant === undefined) {
    return undefined;
  }
  const until = Math.max(meant.reset, ...full.map(({ reset }) => reset));
  return {
    reason: reason === 'period' ? meant.name : undefined,
    resetsAt: meant.reset === 0 ? undefined : new Date(until),
  };
}
