import { InvalidArgumentError, Option } from 'commander';
import type { KimiBalance } from '../../account/balance';
import type { KimiUsage } from '../../provider/account-usage';
import { sleep } from '../../transport/wait';
import { KEY_CONSOLE_URLS } from '../../upstream';
import { printJSON, type Command, type CommandContext } from '../command';
import { describeFailure, EXIT_CODES } from '../failures';
import { loginOptions, openKimi, resolvePlace, type LoginOptions } from '../login-choice';
import { progressForPeople, styled, type Screen } from '../terminal';
import { balanceJSON, showBalance, showUsage, summaryOf, usageJSON } from '../usage-view';

type UsageOptions = LoginOptions & {
  /** Stay, and show what changes. */
  watch?: boolean | undefined;
  /** Seconds between two looks. */
  interval?: number | undefined;
};

const INTERVAL_S = 60;

export const usage: Command<UsageOptions> = {
  name: 'usage',
  description: 'Show what of the plan is used and when it is fresh again; of the platform the balance.',
  options: [
    new Option('--watch', 'stay, and show what changes; Ctrl-C ends it'),
    new Option('--interval <seconds>', `between two looks of --watch (default: ${INTERVAL_S})`).argParser(interval),
    ...loginOptions('all'),
  ],
  run: tellUsage,
};

/** What was found, in the forms that it is shown in. */
type Found = {
  json: Record<string, unknown>;
  /** On one line, for pipes; the same as long as nothing has changed. */
  summary: string;
  show(screen: Screen, now: number): void;
};

async function tellUsage(context: CommandContext, options: UsageOptions): Promise<number> {
  const kimi = await openKimi(context, options);
  const { service, region, account } = await resolvePlace(context, options);
  const look = async (): Promise<Found> =>
    service === 'platform'
      ? ofBalance(await kimi.balance(context), KEY_CONSOLE_URLS.platform[region], account)
      : ofUsage(await kimi.usage(context), account);
  const progress = await progressForPeople(context, options);
  progress?.show('Asking Kimi');
  const first = await look().finally(() => progress?.stop());
  if (options.watch === true) {
    return watch(context, options, first, look);
  }
  if (options.json === true) {
    printJSON(context, first.json);
  } else {
    first.show(context.output, context.now());
  }
  return EXIT_CODES.ok;
}

function ofUsage(found: KimiUsage, account: string): Found {
  return {
    json: { service: 'coding', account, ...usageJSON(found) },
    summary: summaryOf(found),
    show: (screen, now) => showUsage(screen, found, now),
  };
}

function ofBalance(found: KimiBalance, topUpURL: string, account: string): Found {
  const json = balanceJSON(found);
  return {
    json: { service: 'platform', account, ...json },
    summary: `${json.available ?? 'not known'} ${found.currency} available`,
    show: screen => showBalance(screen, found, topUpURL),
  };
}

/**
 * Until it is ended. What passes (Kimi is busy, the network is gone) is told and waited for; what needs a person ends
 * it.
 */
async function watch(
  context: CommandContext,
  { json, interval: seconds = INTERVAL_S }: UsageOptions,
  first: Found,
  look: () => Promise<Found>,
): Promise<never> {
  const { output, errors, abortSignal, now } = context;
  const page = json === true ? undefined : output.page();
  let shown: string | undefined;
  let failed: string | undefined;
  for (let found: Found = first; ;) {
    const key = json === true ? JSON.stringify(found.json) : found.summary;
    if (page !== undefined) {
      page(screen => {
        found.show(screen, now());
        screen.text(failed ?? `Looked at ${clock(now())}, every ${seconds} s. Ctrl-C ends it.`, { style: 'dim' });
      });
    } else if (key !== shown) {
      if (json === true) {
        printJSON(context, { at: new Date(now()).toISOString(), ...found.json });
      } else {
        output.line(`${new Date(now()).toISOString().slice(0, 19)}Z ${found.summary}`);
      }
    }
    shown = key;
    await sleep(seconds * 1000, abortSignal);
    const before: string | undefined = failed;
    failed = undefined;
    found = await look().catch((error: unknown) => {
      abortSignal.throwIfAborted();
      const { message, exitCode } = describeFailure(error);
      if (exitCode !== EXIT_CODES.unavailable) {
        throw error;
      }
      failed = message;
      return found;
    });
    if (failed !== undefined && failed !== before && page === undefined) {
      errors.text(failed, { sign: styled(errors.symbols.warning, 'yellow') });
    }
  }
}

function clock(now: number): string {
  return new Date(now).toTimeString().slice(0, 8);
}

function interval(value: string): number {
  const seconds = Number(value);
  if (!/^\d{1,6}$/.test(value) || seconds < 5) {
    throw new InvalidArgumentError('It is a whole number of seconds, 5 or more.');
  }
  return seconds;
}
