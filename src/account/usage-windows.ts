import { count, record, resetOf, words } from './wire-values';

/** One place of the answer that speaks of a window, as it was read. */
export type KimiUsageStatement = {
  /** Where it stands in the answer: `usages.limit_7d`, `usage`, `limits[0]`. */
  from: string;
  /** What it says of the use: 0 is nothing, 1 all; more than 1 where the server counts on. */
  usedRatio: number | undefined;
  /** In units of the plan, which are neither requests nor tokens. */
  used: number | undefined;
  limit: number | undefined;
  remaining: number | undefined;
  resetsAt: Date | undefined;
  /** The same as the server wrote it. */
  raw: unknown;
};

/** A window of the plan, which fills with use and is fresh again at its end. */
export type KimiUsageWindow = {
  /** How long it is, in ms, where that is fixed. */
  durationMs: number | undefined;
  /**
   * What is used of it: 0 is nothing, 1 all; more than 1 where the server counts on. The highest that any statement of
   * the answer gives, because the lower ones are known to be wrong (docs/wire.md#usage-contradictions). `undefined`
   * where no statement says.
   */
  usedRatio: number | undefined;
  /** When it is fresh again, by the statement that `usedRatio` is from, else by another. */
  resetsAt: Date | undefined;
  /** What it was made of, in the answer's order. */
  statements: readonly KimiUsageStatement[];
};

/** A window that is none of the four. */
export type KimiOtherUsageWindow = KimiUsageWindow & {
  /** The server's name of it, else its length: `limit_day`, `3 h`. */
  name: string;
};

export type UsageWindows = {
  fiveHours: KimiUsageWindow | undefined;
  weekly: KimiUsageWindow | undefined;
  monthly: KimiUsageWindow | undefined;
  monthlyCode: KimiUsageWindow | undefined;
  others: readonly KimiOtherUsageWindow[];
};

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What the server calls the windows of its newer shape, without case and underscores. */
const NAMES: Readonly<Record<string, keyof UsageWindows>> = {
  limit5h: 'fiveHours',
  limit7d: 'weekly',
  limitweek: 'weekly',
  limitmonthtotal: 'monthly',
  limitmonthcode: 'monthlyCode',
};

const DURATIONS: Readonly<Partial<Record<keyof UsageWindows, number>>> = { fiveHours: 5 * HOUR_MS, weekly: 7 * DAY_MS };

/** `TIME_UNIT_MINUTE`, `minute`, `minutes`. */
const UNITS: Readonly<Record<string, number>> = {
  second: 1000,
  minute: 60_000,
  hour: HOUR_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
};

/** More entries than any answer has; the rest is not looked at. */
const MOST_ENTRIES = 100;

type Told = { window: keyof UsageWindows; name: string; durationMs: number | undefined; statement: KimiUsageStatement };

/**
 * The windows of both shapes of `GET /usages`, also of an answer that has both (docs/wire.md#usage-windows): `usages`
 * with a ratio for each, `usage` for the week, `limits[]` with their length.
 */
export function readWindows(body: Readonly<Record<string, unknown>>, now: number): UsageWindows {
  const told = [...ratios(body.usages, now), ...week(body.usage, 'usage', now), ...limits(body.limits, 'limits', now)];
  const of = (window: keyof UsageWindows) => merge(told.filter(one => one.window === window));
  const others = Map.groupBy(
    told.filter(({ window }) => window === 'others'),
    // Nothing else says that two statements are of one window.
    ({ name, durationMs }) => `${name} ${durationMs ?? ''}`,
  );
  return {
    fiveHours: of('fiveHours'),
    weekly: of('weekly'),
    monthly: of('monthly'),
    monthlyCode: of('monthlyCode'),
    others: [...others.values()].flatMap(ones => {
      const [window, name] = [merge(ones), ones[0]?.name];
      return window === undefined || name === undefined ? [] : [{ name, ...window }];
    }),
  };
}

/** Newer shape: an object of windows. The web console's shape is a list of features, with `detail` and `limits`. */
function ratios(usages: unknown, now: number): Told[] {
  if (Array.isArray(usages)) {
    return usages.slice(0, MOST_ENTRIES).flatMap((entry: unknown, index) => {
      const { scope, detail, limits: inner } = record().parse(entry) ?? {};
      const from = `usages[${index}]`;
      return scope === undefined || scope === 'FEATURE_CODING'
        ? [...week(detail, `${from}.detail`, now), ...limits(inner, `${from}.limits`, now)]
        : [];
    });
  }
  return Object.entries(record().parse(usages) ?? {})
    .slice(0, MOST_ENTRIES)
    .flatMap(([name, raw]) => {
      const statement = readStatement(raw, `usages.${name}`, now);
      const window = NAMES[name.replaceAll('_', '').toLowerCase()] ?? 'others';
      return statement === undefined ? [] : [{ window, name, durationMs: DURATIONS[window], statement }];
    });
}

/** Older shape: the week by its counts. */
function week(usage: unknown, from: string, now: number): Told[] {
  const statement = readStatement(usage, from, now);
  return statement === undefined ? [] : [{ window: 'weekly', name: 'usage', durationMs: DURATIONS.weekly, statement }];
}

/** Older shape: windows by their length, the counts in `detail` or beside it. */
function limits(entries: unknown, from: string, now: number): Told[] {
  return (Array.isArray(entries) ? entries.slice(0, MOST_ENTRIES) : []).flatMap((raw: unknown, index) => {
    const entry = record().parse(raw) ?? {};
    const detail = record().parse(entry.detail) ?? entry;
    const place = `${from}[${index}]`;
    const statement = readStatement(detail, place, now);
    if (statement === undefined) {
      return [];
    }
    const durationMs = durationOf({ ...detail, ...entry, ...record().parse(entry.window) });
    const window = windowOf(durationMs);
    const given = [entry.name, entry.title, entry.scope, detail.name, detail.title].map(name => words().parse(name));
    const name = given.find(text => text !== undefined) ?? (durationMs === undefined ? place : spanOf(durationMs));
    return [{ window, name, durationMs, statement: { ...statement, raw } }];
  });
}

function durationOf(fields: Readonly<Record<string, unknown>>): number | undefined {
  const duration = count().parse(fields.duration);
  const unit = words()
    .parse(fields.timeUnit ?? fields.time_unit)
    ?.toLowerCase()
    .replace(/^time_unit_/, '')
    .replace(/s$/, '');
  const length = UNITS[unit ?? ''];
  return duration === undefined || duration === 0 || length === undefined ? undefined : duration * length;
}

function windowOf(durationMs: number | undefined): keyof UsageWindows {
  return durationMs === 5 * HOUR_MS
    ? 'fiveHours'
    : durationMs === 7 * DAY_MS
      ? 'weekly'
      : durationMs !== undefined && durationMs >= 28 * DAY_MS && durationMs <= 31 * DAY_MS
        ? 'monthly'
        : 'others';
}

function spanOf(durationMs: number): string {
  const [size, unit] =
    durationMs % DAY_MS === 0
      ? [DAY_MS, 'days']
      : durationMs % HOUR_MS === 0
        ? [HOUR_MS, 'h']
        : durationMs % 60_000 === 0
          ? [60_000, 'min']
          : [1000, 's'];
  return durationMs === DAY_MS ? '1 day' : `${durationMs / size} ${unit}`;
}

/**
 * Ratio, counts and reset of one object, whatever they are called. A limit of zero says nothing: 0 of 0 is not "nothing
 * used". @returns `undefined` where none of it is there
 */
export function readStatement(raw: unknown, from: string, now: number): KimiUsageStatement | undefined {
  const fields = record().parse(raw) ?? {};
  const [used, limit, remaining] = [fields.used, fields.limit, fields.remaining].map(value => count().parse(value));
  const stated = [
    count().parse(fields.used_ratio ?? fields.usedRatio),
    ...(limit === undefined || limit === 0
      ? []
      : [
          used === undefined ? undefined : used / limit,
          remaining === undefined ? undefined : Math.max(0, limit - remaining) / limit,
        ]),
  ].filter(ratio => ratio !== undefined);
  const usedRatio = stated.length === 0 ? undefined : Math.max(...stated);
  const resetsAt = resetOf(fields, now);
  const isEmpty = [usedRatio, used, limit, remaining, resetsAt].every(value => value === undefined);
  return isEmpty ? undefined : { from, usedRatio, used, limit, remaining, resetsAt, raw };
}

/** One window out of all that is said of it. */
function merge(told: readonly Told[]): KimiUsageWindow | undefined {
  if (told.length === 0) {
    return undefined;
  }
  const statements = told.map(({ statement }) => statement);
  const known = statements.filter(({ usedRatio }) => usedRatio !== undefined);
  const highest = known.reduce<KimiUsageStatement | undefined>(
    (best, one) => (best === undefined || (one.usedRatio ?? 0) > (best.usedRatio ?? 0) ? one : best),
    undefined,
  );
  return {
    durationMs: told.find(({ durationMs }) => durationMs !== undefined)?.durationMs,
    usedRatio: highest?.usedRatio,
    resetsAt: highest?.resetsAt ?? statements.find(({ resetsAt }) => resetsAt !== undefined)?.resetsAt,
    statements,
  };
}
