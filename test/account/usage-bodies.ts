/** Bodies of `GET /usages` as they were published, each with its thread (docs/wire.md#usage-windows). */
import type { PlanUsage } from '../../src/account/plan-usage';

type Expected = Partial<Record<'fiveHours' | 'weekly' | 'monthly' | 'monthlyCode', number | undefined>>;

export type UsageBody = {
  body: Record<string, unknown>;
  /** The use of each window; one that is not named must be absent. */
  used: Expected;
  resets?: Partial<Record<keyof Expected, string>>;
  more?: Partial<PlanUsage>;
};

const fiveHours = { window: { duration: 300, timeUnit: 'TIME_UNIT_MINUTE' } };

/** What relative times of the bodies count from. */
export const NOW = Date.parse('2026-09-16T12:00:00Z');

export const USAGE_BODIES: Readonly<Record<string, UsageBody>> = {
  'counts as text, used missing (agegr/pi-web#848)': {
    body: {
      user: { membership: { level: 'LEVEL_ADVANCED' } },
      usage: { limit: '100', remaining: '100', resetTime: '2026-09-21T03:17:42Z' },
      limits: [
        { ...fiveHours, detail: { limit: '100', used: '1', remaining: '99', resetTime: '2026-09-14T10:17:42Z' } },
      ],
      parallel: { limit: '30' },
      authentication: { method: 'METHOD_API_KEY', scope: 'FEATURE_CODING' },
    },
    used: { weekly: 0, fiveHours: 0.01 },
    resets: { weekly: '2026-09-21T03:17:42.000Z', fiveHours: '2026-09-14T10:17:42.000Z' },
    more: { parallelLimit: 30 },
  },
  'remaining missing (NousResearch/hermes-agent#74424)': {
    body: { usage: { limit: '100', used: '1' }, limits: [{ ...fiveHours, detail: { limit: '100', used: '3' } }] },
    used: { weekly: 0.01, fiveHours: 0.03 },
  },
  'numbers that are numbers, hours in small letters': {
    body: {
      usage: { used: 123_456, limit: 1_000_000, remaining: 876_544, resetTime: '2026-08-30T16:00:00.000Z' },
      limits: [{ window: { duration: 5, timeUnit: 'hour' }, detail: { used: 4321, limit: 10_000, remaining: 5679 } }],
    },
    used: { weekly: 0.123456, fiveHours: 0.4321 },
  },
  'ratios (kunchenguid/quota-axi#201)': {
    body: {
      usages: {
        limit_5h: { used_ratio: 0.3, reset_time: '2026-09-16T20:00:00Z' },
        limit_7d: { used_ratio: 0.2, reset_time: '2026-09-21T00:00:00Z' },
        limit_month_total: { used_ratio: 0.4, reset_time: '2026-10-01T00:00:00Z' },
        limit_month_code: { used_ratio: 0.25, reset_time: '2026-10-01T00:00:00Z' },
      },
    },
    used: { fiveHours: 0.3, weekly: 0.2, monthly: 0.4, monthlyCode: 0.25 },
    resets: { fiveHours: '2026-09-16T20:00:00.000Z', monthlyCode: '2026-10-01T00:00:00.000Z' },
  },
  'ratios as text': { body: { usages: { limit_5h: { used_ratio: '0.75' } } }, used: { fiveHours: 0.75 } },
  'both, the counts 0 of 0 (akitaonrails/ai-usagebar#199)': {
    body: {
      limits: [
        {
          ...fiveHours,
          detail: { limit: '0', used: '0', remaining: '0', resetTime: '2026-09-16T20:11:32.979529Z' },
        },
      ],
      usages: {
        limit_5h: { used_ratio: 0.5, reset_time: '2026-09-16T20:11:32Z' },
        limit_month_total: { used_ratio: 0.0, reset_time: '2026-10-16T00:00:00Z' },
        limit_month_code: { used_ratio: 0, reset_time: '2026-10-16T00:00:00Z' },
      },
    },
    used: { fiveHours: 0.5, monthly: 0, monthlyCode: 0 },
    resets: { fiveHours: '2026-09-16T20:11:32.000Z' },
  },
  'the counts alone, 0 of 0: not known': {
    body: { usage: { limit: '0', used: '0' }, limits: [{ ...fiveHours, detail: { limit: 0, used: 0, remaining: 0 } }] },
    used: { weekly: undefined, fiveHours: undefined },
  },
  'contradicting: ratio 0, counts full (MoonshotAI/kimi-code#3951)': {
    body: {
      usage: { limit: '100', used: '100', remaining: '0', resetTime: '2026-09-20T00:00:00Z' },
      usages: { limit_7d: { used_ratio: 0, reset_time: '2026-09-23T23:07:12Z' } },
    },
    used: { weekly: 1 },
    resets: { weekly: '2026-09-20T00:00:00.000Z' },
  },
  'contradicting: ratios 0, counts 1 and 19 (steipete/CodexBar#3754)': {
    body: {
      usage: { limit: '100', used: '19', remaining: '81' },
      limits: [{ ...fiveHours, detail: { limit: '100', used: '1', remaining: '99' } }],
      usages: { limit_5h: { used_ratio: 0 }, limit_7d: { used_ratio: 0 } },
    },
    used: { fiveHours: 0.01, weekly: 0.19 },
  },
  'contradicting in one object: used 0, nothing remaining': {
    body: { usage: { limit: '100', used: '0', remaining: '0' } },
    used: { weekly: 1 },
  },
  'other names of times and windows (kimi-cli 1.49.0; MoonshotAI/kimi-code#3908)': {
    body: {
      usage: { limit: 10, used: 5, reset_in: '3600' },
      usages: { limit5h: { usedRatio: 0.1, resetAt: '2026-09-18T12:07:12Z' } },
    },
    used: { weekly: 0.5, fiveHours: 0.1 },
    resets: { weekly: '2026-09-16T13:00:00.000Z', fiveHours: '2026-09-18T12:07:12.000Z' },
  },
  'ttl, seconds since the epoch, counts beside the window': {
    body: {
      usage: { limit: 4, remaining: 1, ttl: 60 },
      limits: [{ duration: 300, timeUnit: 'TIME_UNIT_MINUTE', limit: 4, used: 1, reset_at: 1_789_560_000 }],
    },
    used: { weekly: 0.75, fiveHours: 0.25 },
    resets: { weekly: '2026-09-16T12:01:00.000Z', fiveHours: new Date(1_789_560_000_000).toISOString() },
  },
  'nine digits of fraction': {
    body: { usages: { limit_5h: { used_ratio: 1, reset_time: '2026-09-16T20:11:32.979529123Z' } } },
    used: { fiveHours: 1 },
    resets: { fiveHours: '2026-09-16T20:11:32.979Z' },
  },
  'windows of other lengths': {
    body: {
      limits: [
        { window: { duration: 1, timeUnit: 'TIME_UNIT_WEEK' }, detail: { limit: 2, used: 1 } },
        { window: { duration: 30, timeUnit: 'TIME_UNIT_DAY' }, detail: { limit: 8, used: 1 } },
        { window: { duration: 3, timeUnit: 'TIME_UNIT_HOUR' }, detail: { limit: 4, used: 1 } },
        { name: 'burst', detail: { limit: 5, used: 1 } },
      ],
      usages: { limit_day: { used_ratio: 0.6 } },
    },
    used: { weekly: 0.5, monthly: 0.125 },
  },
  'the list of the web console': {
    body: {
      usages: [
        { scope: 'FEATURE_OTHER', detail: { limit: '1', used: '1' } },
        {
          scope: 'FEATURE_CODING',
          detail: { limit: '2048', used: '214', remaining: '1834', resetTime: '2026-09-20T00:00:00Z' },
          limits: [{ ...fiveHours, detail: { limit: '200', used: '139', remaining: '61' } }],
        },
      ],
    },
    used: { weekly: 214 / 2048, fiveHours: 139 / 200 },
  },
  'add-on packs (can1357/oh-my-pi#11827)': {
    body: { totalQuota: { limit: '500', used: '20', remaining: '480', resetTime: '2026-12-01T00:00:00Z' } },
    used: {},
    more: {
      addOnPacks: {
        usedRatio: 0.04,
        used: 20,
        limit: 500,
        remaining: 480,
        resetsAt: new Date('2026-12-01T00:00:00Z'),
      },
    },
  },
  'a booster wallet (kimi-code 0.38.0, its tests)': {
    body: {
      usages: {},
      boosterWallet: {
        balance: { type: 'BOOSTER', amount: '20000000000', amountLeft: '10000000000' },
        monthlyChargeLimitEnabled: true,
        monthlyChargeLimit: { priceInCents: '20000', currency: 'CNY' },
        monthlyUsed: { priceInCents: '5000' },
      },
    },
    used: {},
    more: {
      boosterWallet: {
        currency: 'CNY',
        totalCents: 20_000,
        leftCents: 10_000,
        hasMonthlyLimit: true,
        monthlyLimitCents: 20_000,
        monthlyUsedCents: 5000,
      },
    },
  },
  'a wallet with less than a cent, and no limit': {
    body: {
      boosterWallet: {
        balance: { type: 'BOOSTER', amount: 20_000_000_000, amountLeft: '1' },
        monthlyChargeLimit: { priceInCents: '0' },
      },
    },
    used: {},
    more: {
      boosterWallet: {
        currency: 'USD',
        totalCents: 20_000,
        leftCents: 1,
        hasMonthlyLimit: false,
        monthlyLimitCents: undefined,
        monthlyUsedCents: undefined,
      },
    },
  },
  'wallets that do not count': {
    body: { boosterWallet: { balance: { type: 'GIFT', amount: '5000000' } }, totalQuota: null },
    used: {},
  },
  'a wallet that was never filled': {
    body: { boosterWallet: { balance: { type: 'BOOSTER', amount: '0' } } },
    used: {},
  },
  'bad fields cost themselves': {
    body: {
      usage: { limit: '100', used: 'many', remaining: '40', resetTime: 'soon' },
      limits: [null, 7, 'x', { ...fiveHours, detail: { limit: '1e3', used: -1, remaining: '9'.repeat(400) } }],
      usages: {
        limit_5h: { used_ratio: 0.5, reset_time: 17.5e20 },
        limit_7d: { used_ratio: -1 },
        limit_month_total: 3,
      },
      parallel: { limit: '0' },
      boosterWallet: 'none',
    },
    used: { weekly: 0.6, fiveHours: 0.5 },
  },
  'nothing at all': { body: {}, used: {} },
};
