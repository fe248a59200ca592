/** Usage of a plan and balance of an account, as people, pipes and programs get them. */
import type { KimiBalance } from '../account/balance';
import { percentUsed, usageRows, type UsageRow } from '../account/usage-rows';
import type { KimiUsage } from '../provider/account-usage';
import { styled, type Part, type Screen, type StyleName } from './terminal';
import { timeUntil } from './wording';

/** From this use on a bar is yellow, then red. */
const [MUCH, NEARLY_ALL] = [0.7, 0.9];

const WIDEST_BAR = 24;
const LEAST_BAR = 6;
/** `  fresh in 19 days, Wed 16 Dec 00:00` and a bit. */
const WIDEST_RESET = 37;

/** On one line: the use of each window. */
export function summaryOf(usage: KimiUsage): string {
  const windows = usageRows(usage).map(({ label, usedRatio }) => `${label}: ${percentUsed(usedRatio)}`);
  return windows.length === 0 ? 'Kimi names no window of this plan' : windows.join(', ');
}

export function showUsage(screen: Screen, usage: KimiUsage, now: number): void {
  const { membership, boosterWallet, parallelLimit } = usage;
  const plan = membership?.name ?? membership?.level;
  screen.text(plan === undefined ? 'Kimi Code' : `Kimi Code, ${plan}`, { style: 'bold' });
  const rows = usageRows(usage);
  if (rows.length === 0) {
    screen.text('Kimi names no window of this plan.', { indent: 2 });
  }
  const width = Math.max(...rows.map(({ label }) => label.length), 0) + 2;
  for (const row of rows) {
    showRow(screen, row, width, now);
  }
  screen.fields([
    ...(boosterWallet === undefined
      ? []
      : ([
          ['Extra usage', walletWords(boosterWallet)],
          ['This month', monthWords(boosterWallet)],
        ] as Array<[string, string | undefined]>)),
    ['At once', parallelLimit === undefined ? undefined : `${parallelLimit} requests`],
  ]);
}

function showRow(screen: Screen, { label, usedRatio, resetsAt }: UsageRow, labelWidth: number, now: number): void {
  const room = Math.min(screen.columns, 80) - labelWidth - 9;
  // Without room for all of it the time stands below the bar.
  const isNarrow = room - WIDEST_RESET < LEAST_BAR;
  const size = Math.max(LEAST_BAR, Math.min(WIDEST_BAR, isNarrow ? room : room - WIDEST_RESET));
  const reset = resetsAt === undefined ? '' : `fresh ${timeUntil(resetsAt, now)}`;
  const head: Part[] = ['  ', styled(label.padEnd(labelWidth), 'dim'), ...bar(screen, usedRatio, size)];
  const shown = usedRatio === undefined ? 'not known' : percentUsed(usedRatio).padStart(6);
  screen.line(...head, shown, ...(isNarrow || reset === '' ? [] : ['  ', styled(reset, 'dim')]));
  if (isNarrow && reset !== '') {
    screen.text(reset, { indent: 2 + labelWidth, style: 'dim' });
  }
}

function bar({ symbols }: Screen, usedRatio: number | undefined, size: number): Part[] {
  if (usedRatio === undefined) {
    return [];
  }
  const used = Math.min(1, usedRatio);
  // What is used shows, and so does what is left.
  const full = used === 0 ? 0 : used === 1 ? size : Math.min(size - 1, Math.max(1, Math.round(used * size)));
  const colour: StyleName = used >= NEARLY_ALL ? 'red' : used >= MUCH ? 'yellow' : 'green';
  return [styled(symbols.barFull.repeat(full), colour), styled(symbols.barEmpty.repeat(size - full), 'dim')];
}

type Wallet = NonNullable<KimiUsage['boosterWallet']>;

function walletWords({ leftCents, totalCents, currency }: Wallet): string {
  return leftCents === undefined
    ? `${money(totalCents / 100)} ${currency} put in`
    : `${money(leftCents / 100)} of ${money(totalCents / 100)} ${currency} left`;
}

function monthWords({ monthlyUsedCents, monthlyLimitCents, currency }: Wallet): string | undefined {
  if (monthlyUsedCents === undefined) {
    return monthlyLimitCents === undefined ? undefined : `at most ${money(monthlyLimitCents / 100)} ${currency}`;
  }
  const limit = monthlyLimitCents === undefined ? '' : ` of ${money(monthlyLimitCents / 100)}`;
  return `${money(monthlyUsedCents / 100)}${limit} ${currency} used`;
}

/** @param topUpURL where money is put in */
export function showBalance(
  screen: Screen,
  { currency, available, voucher, cash }: KimiBalance,
  topUpURL: string,
): void {
  const amount = (value: number | undefined) => (value === undefined ? undefined : `${money(value)} ${currency}`);
  screen.text('Moonshot platform', { style: 'bold' });
  screen.fields([
    ['Available', amount(available) ?? 'not known'],
    ['Vouchers', amount(voucher)],
    ['Cash', amount(cash)],
  ]);
  if (available !== undefined && available <= 0) {
    screen.text(`Nothing is left to spend, so requests are refused. Top it up at ${topUpURL}.`, {
      sign: styled(screen.symbols.warning, 'yellow'),
    });
  }
}

/** Two digits, never rounded up to what is not there. */
function money(value: number): string {
  return (Math.floor(value * 100 + 1e-6) / 100).toFixed(2);
}

/** `null` where the server says nothing. */
export function usageJSON(usage: KimiUsage): Record<string, unknown> {
  const { fiveHours, weekly, monthly, monthlyCode, otherWindows } = usage;
  const { membership, addOnPacks, boosterWallet, parallelLimit } = usage;
  return withNulls({
    fiveHours,
    weekly,
    monthly,
    monthlyCode,
    otherWindows,
    membership,
    addOnPacks,
    boosterWallet,
    parallelLimit,
  }) as Record<string, unknown>;
}

export function balanceJSON({ currency, available, voucher, cash }: KimiBalance): Record<string, unknown> {
  return withNulls({ currency, available, voucher, cash }) as Record<string, unknown>;
}

function withNulls(value: unknown): unknown {
  if (value === undefined) {
    return null;
  }
  if (Array.isArray(value)) {
    return value.map(withNulls);
  }
  return typeof value === 'object' && value !== null && !(value instanceof Date)
    ? Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withNulls(field)]))
    : value;
}
