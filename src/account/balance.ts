import { z } from 'zod/v4';
import { requestJSON } from '../api/request-json';
import { lazy } from '../transport/lazy';
import type { KimiRegion } from '../upstream';
import type { AccountRequest } from './plan-usage';
import { amount } from './wire-values';

/** The money of a platform account. What the server does not say is `undefined`. */
export type KimiBalance = {
  /** `CNY` on moonshot.cn, `USD` on moonshot.ai: the server does not say (docs/wire.md#platform-balance). */
  currency: 'CNY' | 'USD';
  /** What can be spent: cash and vouchers. At 0 or below every request is refused. */
  available: number | undefined;
  voucher: number | undefined;
  /** May be below zero, which is what the account owes. */
  cash: number | undefined;
};

const CURRENCIES: Readonly<Record<KimiRegion, KimiBalance['currency']>> = { 'mainland-cn': 'CNY', global: 'USD' };

/** One amount of the three makes a balance; a bad one costs itself. */
const balanceSchema = lazy(() =>
  z
    .looseObject({
      data: z.looseObject({ available_balance: amount(), voucher_balance: amount(), cash_balance: amount() }),
    })
    .refine(({ data }) => [data.available_balance, data.voucher_balance, data.cash_balance].some(Number.isFinite)),
);

/** In bytes. */
const LIMIT = 256 * 1024;

/** `GET /users/me/balance` of the platform (docs/wire.md#platform-balance). @throws as `requestJSON` */
export async function requestBalance({
  apiBaseURL,
  region,
  now: _now,
  ...rest
}: AccountRequest & { region: KimiRegion }): Promise<KimiBalance> {
  const url = `${apiBaseURL}/users/me/balance`;
  const { data } = await requestJSON({ ...rest, url, schema: balanceSchema(), limit: LIMIT });
  return {
    currency: CURRENCIES[regionOf(apiBaseURL) ?? region],
    available: data.available_balance,
    voucher: data.voucher_balance,
    cash: data.cash_balance,
  };
}

/** Where a base URL of one's own names a host of the other region, the host counts. */
function regionOf(apiBaseURL: string): KimiRegion | undefined {
  const { hostname } = new URL(apiBaseURL);
  return hostname.endsWith('.cn') ? 'mainland-cn' : hostname.endsWith('.moonshot.ai') ? 'global' : undefined;
}
