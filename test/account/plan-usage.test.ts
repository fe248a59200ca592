import { describe, expect, it, test } from 'vitest';
import { readPlanUsage } from '../../src/account/plan-usage';
import { usedUpOf } from '../../src/account/used-up';
import { NOW, USAGE_BODIES } from './usage-bodies';

const WINDOWS = ['fiveHours', 'weekly', 'monthly', 'monthlyCode'] as const;

describe('every published body', () => {
  test.each(Object.entries(USAGE_BODIES))('%s', (_, { body, used, resets = {}, more = {} }) => {
    const usage = readPlanUsage(body, NOW);
    for (const name of WINDOWS) {
      expect(usage[name] !== undefined, name).toBe(name in used);
      expect(usage[name]?.usedRatio, name).toBe(used[name]);
    }
    for (const [name, instant] of Object.entries(resets)) {
      expect(usage[name as 'weekly']?.resetsAt?.toISOString(), name).toBe(instant);
    }
    expect(usage).toMatchObject(more);
    expect(usage.addOnPacks).toEqual(more.addOnPacks);
    expect(usage.boosterWallet).toEqual(more.boosterWallet);
  });
});

it('keeps what each statement said, beside the highest', () => {
  const { body } = USAGE_BODIES['contradicting: ratio 0, counts full (MoonshotAI/kimi-code#3951)'] ?? { body: {} };
  expect(readPlanUsage(body, NOW).weekly).toEqual({
    durationMs: 604_800_000,
    usedRatio: 1,
    resetsAt: new Date('2026-09-20T00:00:00Z'),
    statements: [
      {
        from: 'usages.limit_7d',
        usedRatio: 0,
        used: undefined,
        limit: undefined,
        remaining: undefined,
        resetsAt: new Date('2026-09-23T23:07:12Z'),
        raw: { used_ratio: 0, reset_time: '2026-09-23T23:07:12Z' },
      },
      {
        from: 'usage',
        usedRatio: 1,
        used: 100,
        limit: 100,
        remaining: 0,
        resetsAt: new Date('2026-09-20T00:00:00Z'),
        raw: { limit: '100', used: '100', remaining: '0', resetTime: '2026-09-20T00:00:00Z' },
      },
    ],
  });
});

it('names windows that are none of the four', () => {
  const { body } = USAGE_BODIES['windows of other lengths'] ?? { body: {} };
  expect(readPlanUsage(body, NOW).otherWindows.map(({ name, usedRatio }) => [name, usedRatio])).toEqual([
    ['limit_day', 0.6],
    ['3 h', 0.25],
    ['burst', 0.2],
  ]);
});

it('never makes one of windows of which nothing says that they are the same', () => {
  const body = {
    limits: [
      { detail: { used: 1, limit: 4 } },
      { detail: { used: 2, limit: 4 } },
      { name: 'burst', window: { duration: 1, timeUnit: 'DAY' }, detail: { used: 3, limit: 4 } },
      { name: 'burst', window: { duration: 3, timeUnit: 'HOUR' }, detail: { used: 0, limit: 4 } },
      { window: { duration: 24, timeUnit: 'HOUR' }, detail: { used: 4, limit: 4 } },
    ],
  };
  expect(readPlanUsage(body, NOW).otherWindows.map(({ name, usedRatio }) => [name, usedRatio])).toEqual([
    ['limits[0]', 0.25],
    ['limits[1]', 0.5],
    ['burst', 0.75],
    ['burst', 0],
    ['1 day', 1],
  ]);
});

describe('which window a refusal is about', () => {
  const usage = (ratios: { fiveHours?: number; weekly?: number; monthly?: number }) =>
    readPlanUsage(
      {
        usages: {
          ...(ratios.fiveHours !== undefined && {
            limit_5h: { used_ratio: ratios.fiveHours, reset_time: '2026-09-16T14:00:00Z' },
          }),
          ...(ratios.weekly !== undefined && {
            limit_7d: { used_ratio: ratios.weekly, reset_time: '2026-09-20T00:00:00Z' },
          }),
          ...(ratios.monthly !== undefined && {
            limit_month_total: { used_ratio: ratios.monthly, reset_time: '2026-10-01T00:00:00Z' },
          }),
        },
      },
      NOW,
    );
  const five = '2026-09-16T14:00:00.000Z';
  const week = '2026-09-20T00:00:00.000Z';
  const month = '2026-10-01T00:00:00.000Z';
  test.each([
    ['the text names none: the full one', 'period', { fiveHours: 1, weekly: 0.4 }, '5-hour', five],
    ['two are full: the one that lasts', 'period', { fiveHours: 1, weekly: 1.2 }, 'weekly', week],
    ['all are full', 'period', { fiveHours: 1, weekly: 1, monthly: 1 }, 'monthly', month],
    ['the text names it', 'weekly', { fiveHours: 0.2, weekly: 1 }, undefined, week],
    ['the numbers stand at zero: the text is right', 'weekly', { fiveHours: 0, weekly: 0 }, undefined, week],
    ['another one lasts longer', '5-hour', { fiveHours: 1, weekly: 1 }, undefined, week],
    ['a cycle is a month', 'billing-cycle', { weekly: 0.1, monthly: 0 }, undefined, month],
    ['a cycle was a week', 'billing-cycle', { fiveHours: 1, weekly: 1 }, undefined, week],
  ] as const)('%s', (_, reason, ratios, window, reset) => {
    const found = usedUpOf(usage(ratios), reason, NOW);
    expect(found?.reason).toBe(window);
    expect(found?.resetsAt?.toISOString()).toBe(reset);
  });

  test.each([
    ['no window is full', 'period', { fiveHours: 0.99, weekly: 0.5 }],
    ['the named window is not told', 'weekly', { fiveHours: 1 }],
    ['nothing is told', 'billing-cycle', {}],
  ] as const)('not known: %s', (_, reason, ratios) => {
    expect(usedUpOf(usage(ratios), reason, NOW)).toBeUndefined();
  });

  it('takes no time that has passed', () => {
    expect(usedUpOf(usage({ fiveHours: 1 }), 'period', Date.parse('2026-09-16T14:00:01Z'))).toEqual({
      reason: '5-hour',
      resetsAt: undefined,
    });
  });
});
