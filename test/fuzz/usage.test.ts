/**
 * Any body of `/usages`: no throw, no number that the server did not say, and of two statements the higher one.
 */
import fc from 'fast-check';
import { it } from 'vitest';
import { readPlanUsage } from '../../src/account/plan-usage';
import { usedUpOf } from '../../src/account/used-up';
import { NOW, USAGE_BODIES } from '../account/usage-bodies';
import { check } from './fuzz';

const number = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.integer({ min: 0, max: 200 }).map(String),
  fc.double(),
  fc.constantFrom(null, '', '1e9', '-1', 'NaN', true, {}, []),
);
const time = fc.oneof(
  fc.date({ noInvalidDate: true }).map(date => date.toISOString()),
  fc.string(),
  fc.double(),
  fc.constantFrom(null, '2026-09-16T20:11:32.979529123Z', 1_789_560_000, '60'),
);
const counts = fc.record(
  { used: number, limit: number, remaining: number, resetTime: time, reset_at: time, reset_in: time, ttl: time },
  { requiredKeys: [] },
);
const ratio = fc.record({ used_ratio: number, usedRatio: number, reset_time: time }, { requiredKeys: [] });
const limit = fc.record(
  {
    window: fc.oneof(
      fc.record({ duration: number, timeUnit: fc.constantFrom('TIME_UNIT_MINUTE', 'hour', 3) }),
      fc.json(),
    ),
    detail: fc.oneof(counts, fc.string()),
    name: fc.oneof(fc.string(), number),
  },
  { requiredKeys: [] },
);
const body = fc.record(
  {
    usage: fc.oneof(counts, fc.string()),
    limits: fc.oneof(fc.array(fc.oneof(limit, fc.constant(null))), fc.string()),
    usages: fc.oneof(
      fc.dictionary(fc.constantFrom('limit_5h', 'limit_7d', 'limit_month_total', '__proto__', 'x'), ratio),
      fc.array(fc.record({ scope: fc.constantFrom('FEATURE_CODING', 'x'), detail: counts, limits: fc.array(limit) })),
    ),
    totalQuota: fc.oneof(counts, fc.json()),
    boosterWallet: fc.oneof(
      fc.json(),
      fc.record({ balance: fc.record({ type: fc.constant('BOOSTER'), amount: number }) }),
    ),
  },
  { requiredKeys: [] },
);

it('reads any body', async () => {
  await check(
    fc.property(body, answer => {
      const usage = readPlanUsage(answer, NOW);
      const windows = [usage.fiveHours, usage.weekly, usage.monthly, usage.monthlyCode, ...usage.otherWindows];
      for (const window of windows.filter(known => known !== undefined)) {
        const said = window.statements.map(({ usedRatio }) => usedRatio).filter(known => known !== undefined);
        const highest = said.length === 0 ? undefined : Math.max(...said);
        if (window.usedRatio !== highest || Number.isNaN(window.usedRatio) || (window.usedRatio ?? 0) < 0) {
          throw new Error(`${window.usedRatio} of ${said.join()}`);
        }
        if (window.resetsAt !== undefined && Number.isNaN(window.resetsAt.getTime())) {
          throw new Error('No date');
        }
      }
      for (const reason of ['period', 'weekly', 'billing-cycle']) {
        const found = usedUpOf(usage, reason, NOW);
        if (found?.resetsAt !== undefined && !(found.resetsAt.getTime() > NOW)) {
          throw new Error('It has passed');
        }
      }
    }),
    2000,
  );
});

it('reads every published body with any of its values replaced', async () => {
  const places = Object.values(USAGE_BODIES).flatMap(({ body: published }) => {
    const text = JSON.stringify(published);
    return [...text.matchAll(/:("[^"]*"|-?[\d.]+(?:e\+\d+)?|true|null)/g)].map(({ index, 0: { length } }) => ({
      text,
      index,
      length,
    }));
  });
  await check(
    fc.property(fc.constantFrom(...places), fc.json(), ({ text, index, length }, value) => {
      readPlanUsage(
        JSON.parse(`${text.slice(0, index)}:${value}${text.slice(index + length)}`) as object as never,
        NOW,
      );
    }),
    2000,
  );
});
