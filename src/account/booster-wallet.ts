import { count, record, words } from './wire-values';

/** Extra usage that was paid for, beside the plan (docs/wire.md#booster-wallet). Amounts in cents of `currency`. */
export type KimiBoosterWallet = {
  currency: string;
  /** What was put in. */
  totalCents: number;
  /** What is left of it. */
  leftCents: number | undefined;
  /** Whether the use of a month is limited. */
  hasMonthlyLimit: boolean | undefined;
  /** The limit, where there is one. */
  monthlyLimitCents: number | undefined;
  monthlyUsedCents: number | undefined;
};

/** The server counts in millionths of a cent. */
const UNITS_OF_A_CENT = 1_000_000;

/** The wallet of an answer of `GET /usages`; `undefined` where there is none, or nothing was ever put in. */
export function readBoosterWallet(body: unknown): KimiBoosterWallet | undefined {
  const wallet = record().parse(body) ?? {};
  const balance = record().parse(wallet.balance) ?? {};
  const total = count().parse(balance.amount);
  if (balance.type !== 'BOOSTER' || total === undefined || total === 0) {
    return undefined;
  }
  const limit = record().parse(wallet.monthlyChargeLimit) ?? {};
  const used = record().parse(wallet.monthlyUsed) ?? {};
  const enabled = typeof wallet.monthlyChargeLimitEnabled === 'boolean' ? wallet.monthlyChargeLimitEnabled : undefined;
  const limitCents = count().parse(limit.priceInCents);
  // A limit of 0 is none.
  const hasMonthlyLimit = enabled === false || limitCents === 0 ? false : limitCents === undefined ? enabled : true;
  return {
    currency: words().parse(limit.currency) ?? words().parse(used.currency) ?? 'USD',
    totalCents: centsOf(total),
    leftCents: centsOf(count().parse(balance.amountLeft)),
    hasMonthlyLimit,
    monthlyLimitCents: hasMonthlyLimit === true ? limitCents : undefined,
    monthlyUsedCents: count().parse(used.priceInCents),
  };
}

/** What is above nothing is at least one cent, as the official client has it. */
function centsOf(units: number): number;
function centsOf(units: number | undefined): number | undefined;
function centsOf(units: number | undefined): number | undefined {
  const cents = units === undefined ? undefined : units / UNITS_OF_A_CENT;
  return cents === undefined ? undefined : cents > 0 && cents < 1 ? 1 : Math.round(cents);
}
