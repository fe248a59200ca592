import { InvalidArgumentError, Option } from 'commander';
import type { KimiBalance } from '../../account/balance';
import type { KimiUsage } from '../../provider/account-usage';
import { sleep } from '../../transport/wait';
import { KEY_CONSOLE_URLS } from '../../upstream';
import { printJSON, type Command, type CommandContext } from '../command';
import { describeFailure, EXIT_CODES } from '../failures';
import { loginOptions, openKimi, resolvePlace, type LoginOptions } from '../login-choice';
import { takeKeys } from '../read-input';
import { progressForPeople, styled, type Page, type Screen } from '../terminal';
import { balanceJSON, showBalance, showUsage, summaryOf, usageJSON } from '../usage-view';
import { anySignal } from '../../transport/any-signal';

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
    new Option('--watch', 'stay, and show what changes; q or Ctrl-C ends it'),
    new Option('--interval <seconds>', `watch, with so much between two looks (default: ${INTERVAL_S})`)
      .argParser(interval)
      .implies({ watch: true }),
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
  const look = async (abortSignal: AbortSignal): Promise<Found> =>
    service === 'platform'
      ? ofBalance(await kimi.balance({ abortSignal }), KEY_CONSOLE_URLS.platform[region], account)
      : ofUsage(await kimi.usage({ abortSignal }), account);
  const progress = await progressForPeople(context, options);
  progress?.show('Asking Kimi');
  const first = await look(context.abortSignal).finally(() => progress?.stop());
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

/** Looks again and again until it is ended. */
async function watch(
  context: CommandContext,
  options: UsageOptions,
  first: Found,
  look: (abortSignal: AbortSignal) => Promise<Found>,
): Promise<never> {
  const { output, abortSignal: signals, now } = context;
  const { interval: seconds = INTERVAL_S } = options;
  const page = options.json === true ? undefined : output.page();
  const keys = page === undefined ? undefined : takeKeys(context);
  const abortSignal = anySignal(signals, keys?.signal);
  const ending = keys === undefined ? 'Ctrl-C ends it.' : 'q ends it.';
  const tell =
    page === undefined ? changeTeller(context, options) : pageTeller(context, page, `${seconds} s. ${ending}`);
  try {
    let found = first;
    let lookedAt = now();
    let failed: string | undefined;
    for (;;) {
      tell(found, lookedAt, failed);
      await sleep(seconds * 1000, abortSignal);
      try {
        found = await look(abortSignal);
        lookedAt = now();
        failed = undefined;
      } catch (error) {
        abortSignal.throwIfAborted();
        failed = passingFailure(error);
      }
    }
  } finally {
    keys?.giveBack();
  }
}

/** What passes (Kimi is busy, the network is gone) is waited for. @throws what needs a person */
function passingFailure(error: unknown): string {
  const { message, exitCode } = describeFailure(error);
  if (exitCode !== EXIT_CODES.unavailable) {
    throw error;
  }
  return message;
}

/** Tells what was found, when, and why it could not be asked for again since then. */
type Teller = (found: Found, lookedAt: number, failed: string | undefined) => void;

/** For people: all of it, in one place. */
function pageTeller({ now }: CommandContext, page: Page, howOften: string): Teller {
  return (found, lookedAt, failed) =>
    page(
      screen => found.show(screen, now()),
      screen => {
        if (failed !== undefined) {
          screen.text(failed, { sign: styled(screen.symbols.warning, 'yellow') });
        }
        screen.text(`As of ${clock(lookedAt)}, every ${howOften}`, { style: 'dim' });
      },
    );
}

/** For pipes and programs: a line for each change. */
function changeTeller(context: CommandContext, { json }: UsageOptions): Teller {
  const { output, errors } = context;
  let shown: string | undefined;
  let told: string | undefined;
  return (found, lookedAt, failed) => {
    const at = new Date(lookedAt).toISOString();
    const key = json === true ? JSON.stringify(found.json) : found.summary;
    if (key !== shown && json === true) {
      printJSON(context, { at, ...found.json });
    } else if (key !== shown) {
      output.line(`${at.slice(0, 19)}Z ${found.summary}`);
    }
    if (failed !== undefined && failed !== told) {
      errors.text(failed, { sign: styled(errors.symbols.warning, 'yellow') });
    }
    shown = key;
    told = failed;
  };
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
