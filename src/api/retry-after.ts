type HeaderValues = Headers | Readonly<Record<string, string>> | undefined;

/**
 * From this many milliseconds on the AI SDK ignores what the server asks for and retries at once
 * (docs/decisions.md#32-long-waits-are-not-retried).
 */
export const LONGEST_RETRY_WAIT = 60_000;

/** Nothing sensible is further away, and `Date` has an end. */
const LONGEST_RESET = 400 * 86_400_000;

/** When `retry-after-ms` or `Retry-After` (seconds or an HTTP date) wants the request repeated. */
export function retryAfterOf(headers: HeaderValues, now: number): Date | undefined {
  const milliseconds = numberOf(headerOf(headers, 'retry-after-ms'));
  if (milliseconds !== undefined) {
    return dateOf(now + milliseconds);
  }
  const value = headerOf(headers, 'retry-after');
  const seconds = numberOf(value);
  return seconds === undefined ? dateOf(Date.parse(value ?? '')) : dateOf(now + seconds * 1000);
}

/**
 * When a used-up quota is fresh again: a field of the body (`reset_at`, `resetTime`, `resets_in_seconds` …, as
 * `/usages` names them, docs/wire.md#usage-windows), the text ("resets in 2 hours"), a rate limit header, else the time
 * of `Retry-After`.
 */
export function resetTimeOf(data: unknown, text: string, headers: HeaderValues, now: number): Date | undefined {
  return (
    fieldOf(data, now, 0) ??
    textOf(text.slice(0, 4096), now) ??
    instantOf(headerOf(headers, 'x-ratelimit-reset'), now) ??
    retryAfterOf(headers, now)
  );
}

function fieldOf(value: unknown, now: number, depth: number): Date | undefined {
  if (typeof value !== 'object' || value === null || depth > 3) {
    return undefined;
  }
  for (const [key, field] of Object.entries(value)) {
    const found = /^resets?_?in(_?seconds)?$|^ttl$/i.test(key)
      ? relative(numberOf(field), now)
      : /^(quota_?)?resets?_?(at|time)$/i.test(key)
        ? instantOf(field, now)
        : fieldOf(field, now, depth + 1);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

const UNITS: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** "resets in 4hr 59min", "reset at 2026-09-18T22:00:00Z". */
function textOf(text: string, now: number): Date | undefined {
  const duration =
    /\b(?:resets?|refresh(?:es|ed)?|available)\s+in\s+((?:\d+(?:\.\d+)?\s*(?:d|h|m|s)[a-z]*[\s,and]*)+)/i.exec(
      text,
    )?.[1];
  if (duration !== undefined) {
    const seconds = [...duration.matchAll(/(\d+(?:\.\d+)?)\s*([dhms])/gi)].reduce(
      (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit?.toLowerCase() ?? ''] ?? 0),
      0,
    );
    return relative(seconds, now);
  }
  const instant =
    /\b(?:resets?|refresh(?:es|ed)?)\s+(?:at|on)\s+(\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)/i.exec(text)?.[1];
  return instantOf(instant, now);
}

/** ISO text, or seconds or milliseconds since the epoch; only what lies ahead counts. */
function instantOf(value: unknown, now: number): Date | undefined {
  const number = numberOf(value);
  const time =
    number === undefined
      ? typeof value === 'string'
        ? Date.parse(value)
        : Number.NaN
      : number > 1e11
        ? number
        : number * 1000;
  return time > now && time - now < LONGEST_RESET ? dateOf(time) : undefined;
}

function relative(seconds: number | undefined, now: number): Date | undefined {
  return seconds !== undefined && seconds > 0 && seconds * 1000 < LONGEST_RESET
    ? dateOf(now + seconds * 1000)
    : undefined;
}

function numberOf(value: unknown): number | undefined {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim())
        ? Number(value)
        : undefined;
  return number !== undefined && Number.isFinite(number) && number >= 0 ? number : undefined;
}

function dateOf(time: number): Date | undefined {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function headerOf(headers: HeaderValues, name: string): string | undefined {
  return headers instanceof Headers ? (headers.get(name) ?? undefined) : headers?.[name];
}
