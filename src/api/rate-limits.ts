/** What the headers of an answer tell of rate limits (docs/wire.md#rate-limit-headers). */

/** One limit; what the headers do not say is absent. */
export type KimiRateLimit = {
  limit?: number;
  remaining?: number;
  /** When it is whole again. */
  resetsAt?: Date;
};

/** What is absent, the answer did not say. Kimi documents none of these headers. */
export type KimiRateLimits = {
  /** `x-ratelimit-limit-requests` and the like, also without `-requests`. */
  requests?: KimiRateLimit;
  /** `x-ratelimit-limit-tokens` and the like. */
  tokens?: KimiRateLimit;
  /** How much of the plan's window of five hours is used, 0 to 1: `x-ratelimit-unified-5h-utilization`. */
  fiveHoursUsedRatio?: number;
  /** The same of seven days: `x-ratelimit-unified-7d-utilization`. */
  weeklyUsedRatio?: number;
};

/** The vendor's own prefix first. */
const PREFIXES = ['x-msh-ratelimit-', 'x-ratelimit-'];

type HeaderValues = Readonly<Record<string, string>>;

/** @returns `undefined` where no header tells of a limit */
export function rateLimitsOf(headers: HeaderValues | undefined, now: number): KimiRateLimits | undefined {
  const tokens = limitOf(headers ?? {}, ['-tokens'], now);
  const requests = limitOf(headers ?? {}, ['-requests', ''], now);
  const fiveHoursUsedRatio = numberOf(headers ?? {}, ['unified-5h-utilization']);
  const weeklyUsedRatio = numberOf(headers ?? {}, ['unified-7d-utilization']);
  const limits = {
    ...(requests && { requests }),
    ...(tokens && { tokens }),
    ...(fiveHoursUsedRatio !== undefined && { fiveHoursUsedRatio }),
    ...(weeklyUsedRatio !== undefined && { weeklyUsedRatio }),
  };
  return Object.keys(limits).length === 0 ? undefined : limits;
}

function limitOf(headers: HeaderValues, endings: readonly string[], now: number): KimiRateLimit | undefined {
  const named = (name: string) => endings.map(ending => `${name}${ending}`);
  const limit = numberOf(headers, named('limit'));
  const remaining = numberOf(headers, named('remaining'));
  const resetsAt = timeOf(valueOf(headers, named('reset')), now);
  return limit === undefined && remaining === undefined
    ? undefined
    : {
        ...(limit !== undefined && { limit }),
        ...(remaining !== undefined && { remaining }),
        ...(resetsAt !== undefined && { resetsAt }),
      };
}

function numberOf(headers: HeaderValues, names: readonly string[]): number | undefined {
  const value = valueOf(headers, names);
  return value !== undefined && /^\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : undefined;
}

function valueOf(headers: HeaderValues, names: readonly string[]): string | undefined {
  return names.flatMap(name => PREFIXES.map(prefix => headers[prefix + name]?.trim())).find(value => value);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Seconds (`12`), a span (`6m0s`, `250ms`), seconds since the epoch, or a date. */
function timeOf(value: string | undefined, now: number): Date | undefined {
  if (value === undefined || value.length > 64) {
    return undefined;
  }
  const spans = /^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h|d))+$/.test(value)
    ? [...value.matchAll(/(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)/g)]
    : [];
  const number = /^\d{1,15}(\.\d{1,9})?$/.test(value) ? Number(value) : undefined;
  const time =
    number !== undefined
      ? number > 1e11
        ? number
        : number > 1e9
          ? number * 1000
          : now + number * 1000
      : spans.length > 0
        ? spans.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), now)
        : Date.parse(value);
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
