import { z } from 'zod/v4';
import { isErrorBody } from '../api/error-body';
import { requestJSON } from '../api/request-json';
import type { FetchFunction } from '../transport/fetch';
import { lazy } from '../transport/lazy';
import { readBoosterWallet, type KimiBoosterWallet } from './booster-wallet';
import { readStatement, readWindows, type KimiOtherUsageWindow, type KimiUsageWindow } from './usage-windows';
import { count, label, record } from './wire-values';

/** What of a plan is used. What the server does not say is `undefined`, never 0. */
export type PlanUsage = {
  /** The window of five hours. */
  fiveHours: KimiUsageWindow | undefined;
  /** The window of seven days. */
  weekly: KimiUsageWindow | undefined;
  /** The month of the plan, with all that Kimi does. */
  monthly: KimiUsageWindow | undefined;
  /** What Kimi Code has used of that month. */
  monthlyCode: KimiUsageWindow | undefined;
  /** Windows that are none of these. */
  otherWindows: readonly KimiOtherUsageWindow[];
  /** Packs that were bought beside the plan. */
  addOnPacks: KimiAddOnPacks | undefined;
  /** Extra usage that is paid for by use. */
  boosterWallet: KimiBoosterWallet | undefined;
  /** How many requests at once the plan allows. */
  parallelLimit: number | undefined;
};

/** In units of the plan, which are neither requests nor tokens. */
export type KimiAddOnPacks = {
  usedRatio: number | undefined;
  used: number | undefined;
  limit: number | undefined;
  remaining: number | undefined;
  /** When they end. */
  resetsAt: Date | undefined;
};

/** What a request to an endpoint of the account is made with. */
export type AccountRequest = {
  fetch: FetchFunction;
  apiBaseURL: string;
  /** Clock in ms since the epoch. */
  now: () => number;
  timeLimitMs?: number | undefined;
  abortSignal?: AbortSignal | undefined;
  credentialSource?: (() => string | undefined) | undefined;
  secrets?: (() => Iterable<string>) | undefined;
};

/** Fields of which an answer must have one, unless it is empty: an account without a plan has nothing to tell. */
const FIELDS = ['usages', 'usage', 'limits', 'totalQuota', 'boosterWallet', 'user'];

const usageSchema = lazy(() =>
  z.record(z.string(), z.unknown()).refine(body => FIELDS.some(name => name in body) || !isErrorBody(body)),
);

/** In bytes; an answer has less than one kilobyte. */
const LIMIT = 1024 * 1024;

/** `GET /usages` (docs/wire.md#usage-windows), and the level of the plan where the answer has it. @throws as `requestJSON` */
export async function requestPlanUsage(
  request: AccountRequest,
): Promise<{ usage: PlanUsage; level: string | undefined }> {
  const { apiBaseURL, now, ...rest } = request;
  const body = await requestJSON({ ...rest, url: `${apiBaseURL}/usages`, schema: usageSchema(), limit: LIMIT });
  return { usage: readPlanUsage(body, now()), level: levelOf(body) };
}

/** An answer of `GET /usages` in either shape, or in both. `now` is what relative times count from. */
export function readPlanUsage(body: Readonly<Record<string, unknown>>, now: number): PlanUsage {
  const { others, ...windows } = readWindows(body, now);
  const packs = readStatement(body.totalQuota, 'totalQuota', now);
  return {
    ...windows,
    otherWindows: others,
    addOnPacks:
      packs === undefined
        ? undefined
        : {
            usedRatio: packs.usedRatio,
            used: packs.used,
            limit: packs.limit,
            remaining: packs.remaining,
            resetsAt: packs.resetsAt,
          },
    boosterWallet: readBoosterWallet(body.boosterWallet),
    parallelLimit: count().parse(record().parse(body.parallel)?.limit) || undefined,
  };
}

/** `user.membership.level` of the older shape. */
function levelOf(body: Readonly<Record<string, unknown>>): string | undefined {
  const user = record().parse(body.user);
  return label().parse(record().parse(user?.membership)?.level ?? user?.membershipLevel);
}
