/** What of a plan is used, window by window, in words for people. */
import type { PlanUsage } from './plan-usage';
import { timeUntil } from './time-words';
import type { KimiUsageWindow } from './usage-windows';

export type UsageRow = { label: string; usedRatio: number | undefined; resetsAt: Date | undefined };

/** The windows that Kimi names, the shortest first, then what was bought beside the plan. */
export function usageRows(usage: PlanUsage): UsageRow[] {
  const named: Array<[string, KimiUsageWindow | undefined]> = [
    ['5 hours', usage.fiveHours],
    ['7 days', usage.weekly],
    ['Month', usage.monthly],
    ['Month, Code', usage.monthlyCode],
    ...usage.otherWindows.map(window => [window.name.slice(0, 14), window] as [string, KimiUsageWindow]),
  ];
  return [
    ...named.flatMap(([label, window]) => (window === undefined ? [] : [{ label, ...window }])),
    ...(usage.addOnPacks === undefined ? [] : [{ label: 'Add-on packs', ...usage.addOnPacks }]),
  ];
}

/** Never 100 % while something is left, never 0 % while something is used. */
export function percentUsed(usedRatio: number | undefined): string {
  if (usedRatio === undefined) {
    return 'not known';
  }
  const whole = Math.round(usedRatio * 100);
  return usedRatio > 0 && whole === 0 ? '<1 %' : usedRatio < 1 && whole === 100 ? '>99 %' : `${whole} %`;
}

/** A line a window, for places without columns and colours: `7 days: 12 % used, fresh in 3 days, Sun 29 Nov 23:49`. */
export function usageLines(usage: PlanUsage, now: number): string[] {
  const rows = usageRows(usage);
  return rows.length === 0
    ? ['Kimi names no window of this plan.']
    : rows.map(({ label, usedRatio, resetsAt }) => {
        const use = usedRatio === undefined ? 'not known' : `${percentUsed(usedRatio)} used`;
        return `${label}: ${use}${resetsAt === undefined ? '' : `, fresh ${timeUntil(resetsAt, now)}`}`;
      });
}
