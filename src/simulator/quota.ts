/** What the account of the simulator may still use, and how `GET /usages` tells of it. */
import type { SimulatorClock } from './login-ledger';

/** How `GET /usages` answers (docs/wire.md#usage-windows, #usage-contradictions). */
export type UsageShape =
  /** Newer: a ratio for each window. */
  | 'ratios'
  /** Older: counts as text, the week by itself, no month. */
  | 'counts'
  /** Ratios, and counts that are all zero, as reported in September. */
  | 'both'
  /** Ratios that stand at zero beside counts that are right. */
  | 'contradicting';

/** How much of a plan is used. */
export type SimulatorQuota = {
  /** How many chats the window allows. Default: 1,000,000, which nobody meets. */
  fiveHours?: number;
  weekly?: number;
  monthly?: number;
  /** Default `ratios`. */
  shape?: UsageShape;
  /** What a chat is refused with when a window is full. Default 403. */
  status?: 403 | 429;
  /** Whether the refusal names the window, or only "this period". Default `window`. */
  wording?: 'window' | 'period';
};

export type QuotaWindowName = 'fiveHours' | 'weekly' | 'monthly';

/** One window: set `used` to fill it at once. It empties itself when the simulator's clock has passed its end. */
export type QuotaWindow = { limit: number; used: number; resetsAt: number };

/** Windows of the account. */
export type QuotaWindows = Readonly<Record<QuotaWindowName, QuotaWindow>>;

const HOUR_MS = 3_600_000;
const LENGTHS: Readonly<Record<QuotaWindowName, number>> = {
  fiveHours: 5 * HOUR_MS,
  weekly: 168 * HOUR_MS,
  monthly: 720 * HOUR_MS,
};

/** The server's own texts (docs/wire.md#error-quota). */
const TEXTS: Readonly<Record<QuotaWindowName, string>> = {
  fiveHours: "You've reached your 5-hour usage limit.",
  weekly: "You've reached your weekly (7-day) usage limit.",
  monthly: "You've reached your monthly usage limit for this billing cycle.",
};

export class QuotaLedger {
  readonly windows: QuotaWindows;
  readonly status: 403 | 429;
  private readonly clock: SimulatorClock;
  private readonly shape: UsageShape;
  private readonly wording: 'window' | 'period';

  constructor(clock: SimulatorClock, options: SimulatorQuota) {
    const { shape = 'ratios', status = 403, wording = 'window' } = options;
    this.clock = clock;
    this.shape = shape;
    this.status = status;
    this.wording = wording;
    const start = (name: QuotaWindowName): QuotaWindow => ({
      limit: options[name] ?? 1_000_000,
      used: 0,
      resetsAt: clock.now() + LENGTHS[name],
    });
    this.windows = { fiveHours: start('fiveHours'), weekly: start('weekly'), monthly: start('monthly') };
  }

  /** Takes one chat from every window. @returns the text of the refusal where one is full, the longest first */
  spend(): string | undefined {
    this.renew();
    const names = ['monthly', 'weekly', 'fiveHours'] as const;
    const full = names.find(name => this.windows[name].used >= this.windows[name].limit);
    if (full !== undefined) {
      return this.wording === 'window' ? TEXTS[full] : "You've reached your usage limit for this period.";
    }
    names.forEach(name => (this.windows[name].used += 1));
    return undefined;
  }

  /** The body of `GET /usages`. */
  body(): Record<string, unknown> {
    this.renew();
    const { fiveHours, weekly, monthly } = this.windows;
    const ratios = this.shape !== 'contradicting';
    const isZero = this.shape === 'both';
    const counts = {
      user: { membership: { level: 'LEVEL_INTERMEDIATE' } },
      usage: countsOf(weekly, isZero),
      limits: [{ window: { duration: 300, timeUnit: 'TIME_UNIT_MINUTE' }, detail: countsOf(fiveHours, isZero) }],
      parallel: { limit: '30' },
      authentication: { method: 'METHOD_API_KEY', scope: 'FEATURE_CODING' },
    };
    const usages = {
      limit_5h: ratioOf(fiveHours, ratios),
      limit_7d: ratioOf(weekly, ratios),
      limit_month_total: ratioOf(monthly, ratios),
      limit_month_code: ratioOf(monthly, ratios),
    };
    return this.shape === 'counts' ? counts : this.shape === 'ratios' ? { usages } : { ...counts, usages };
  }

  private renew(): void {
    const now = this.clock.now();
    for (const name of Object.keys(LENGTHS) as QuotaWindowName[]) {
      const window = this.windows[name];
      if (now >= window.resetsAt) {
        window.used = 0;
        window.resetsAt += LENGTHS[name] * (1 + Math.floor((now - window.resetsAt) / LENGTHS[name]));
      }
    }
  }
}

/** Counts as text; a ratio of hundredths, with nanoseconds in the time, as the server has them. */
function countsOf({ limit, used, resetsAt }: QuotaWindow, isZero: boolean): Record<string, string> {
  const percent = Math.min(100, Math.round((used / limit) * 100));
  const [all, spent] = isZero ? [0, 0] : [100, percent];
  return {
    limit: String(all),
    used: String(spent),
    remaining: String(all - spent),
    resetTime: new Date(resetsAt).toISOString().replace('Z', '529123Z'),
  };
}

function ratioOf({ limit, used, resetsAt }: QuotaWindow, isTold: boolean): Record<string, unknown> {
  return {
    used_ratio: isTold ? Math.min(1, used / limit) : 0,
    reset_time: new Date(resetsAt).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}
