/** How the account endpoints write numbers, times and words: each field by itself, so that a bad one costs only itself. */
import { z } from 'zod/v4';
import { lazy } from '../transport/lazy';

const number = z.union([
  z.number(),
  z
    .string()
    .max(64)
    .trim()
    .regex(/^-?\d+(\.\d+)?$/)
    .transform(Number)
    .pipe(z.number()),
]);

/** A number or its text (`"100"`, `"0"`), which may be below zero. What is none counts as not said. */
export const amount = lazy(() => number.optional().catch(undefined));

/** The same from zero on. */
export const count = lazy(() => number.pipe(z.number().min(0)).optional().catch(undefined));

/** Words that say something. */
export const words = lazy(() => z.string().trim().min(1).max(1000).optional().catch(undefined));

/** A word, or a number that stands for one. */
export const label = lazy(() =>
  z
    .union([z.string().trim().min(1).max(1000), z.number().transform(String)])
    .optional()
    .catch(undefined),
);

/** Any object; what is none counts as not said. */
export const record = lazy(() => z.record(z.string(), z.unknown()).optional().catch(undefined));

/** When a window is fresh again, by any of the names that are known (docs/wire.md#usage-windows). */
export function resetOf(fields: Readonly<Record<string, unknown>>, now: number): Date | undefined {
  for (const name of ['reset_time', 'resetTime', 'reset_at', 'resetAt']) {
    const instant = instantOf(fields[name]);
    if (instant !== undefined) {
      return instant;
    }
  }
  for (const name of ['reset_in', 'resetIn', 'ttl']) {
    const seconds = count().parse(fields[name]);
    const instant = seconds === undefined ? undefined : dateOf(now + seconds * 1000);
    if (instant !== undefined) {
      return instant;
    }
  }
  return undefined;
}

/** RFC 3339 with a fraction of any length, or seconds or milliseconds since the epoch. */
function instantOf(value: unknown): Date | undefined {
  const time = amount().parse(value);
  if (time !== undefined) {
    return time > 0 ? dateOf(time > 1e11 ? time : time * 1000) : undefined;
  }
  // Go writes nanoseconds; not every runtime reads more than milliseconds.
  return typeof value === 'string' && value.length <= 64
    ? dateOf(Date.parse(value.trim().replace(/(\.\d{3})\d+/, '$1')))
    : undefined;
}

function dateOf(time: number): Date | undefined {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
