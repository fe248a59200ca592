import { Option } from 'commander';
import { ACCOUNT_TIME_LIMIT_MS } from '../../api/request-json';
import { otherService } from '../../provider/configured-key';
import type { KimiAuthStatus } from '../../provider/kimi-auth';
import type { SignInCheck } from '../check-sign-in';
import { printJSON, type Command, type CommandContext } from '../command';
import { EXIT_CODES } from '../failures';
import { loginEnvironment, loginFlags, loginOptions, openKimi, remedyOf, type LoginOptions } from '../login-choice';
import { inFlags } from '../refusal-words';
import { progressForPeople, styled } from '../terminal';
import { shortenHome, timeSpan, timeUntil } from '../wording';

type StatusOptions = LoginOptions & {
  /** Wait longer for Kimi, and fail where it cannot be asked. */
  check?: boolean | undefined;
};

/** How long Kimi is asked where nobody said `--check`. */
const GLANCE_MS = 2_000;

export const status: Command<StatusOptions> = {
  name: 'status',
  description: 'Say who is signed in, whether Kimi accepts it, where that is kept, and until when.',
  options: [
    new Option('--check', 'fail where Kimi cannot be asked, and wait 8 s for it instead of 2'),
    ...loginOptions('all'),
  ],
  run: tellStatus,
};

/** Who is signed in, from which source and place, until when, and what Kimi says of it; never shows a secret. */
async function tellStatus(context: CommandContext, options: StatusOptions): Promise<number> {
  const { auth } = await openKimi(context, options);
  let found = await auth.status();
  let check: SignInCheck | undefined;
  if (isSignedIn(found)) {
    const { checkSignIn } = await import('../check-sign-in');
    const progress = await progressForPeople(context, options);
    progress?.show('Asking Kimi');
    try {
      check = await checkSignIn(auth, found, {
        remedy: remedyOf(context, options, found),
        timeLimitMs: options.check === true ? ACCOUNT_TIME_LIMIT_MS : GLANCE_MS,
        abortSignal: context.abortSignal,
      });
    } finally {
      progress?.stop();
    }
    // It may have been renewed for the question.
    found = await auth.status();
  }
  const signedIn = isSignedIn(found) && check?.outcome !== 'rejected';
  if (options.json === true) {
    printJSON(context, asJSON(found, signedIn, check));
  } else {
    show(context, options, { found, signedIn, check });
  }
  return exitCodeOf(signedIn, check, options);
}

function isSignedIn({ state }: KimiAuthStatus): boolean {
  return state === 'valid' || state === 'due';
}

function exitCodeOf(signedIn: boolean, check: SignInCheck | undefined, options: StatusOptions): number {
  if (!signedIn) {
    return EXIT_CODES.loginRequired;
  }
  if (check?.outcome === 'refused') {
    return EXIT_CODES.failure;
  }
  return check?.outcome === 'unknown' && options.check === true ? EXIT_CODES.unavailable : EXIT_CODES.ok;
}

function asJSON(found: KimiAuthStatus, signedIn: boolean, check: SignInCheck | undefined): Record<string, unknown> {
  const { state, kind, account, service, region, source, expiresAt, apiBaseURL, oauthHost, identity } = found;
  const end = expiresAt?.toISOString() ?? null;
  return {
    // Nobody knows where no answer came.
    signedIn: check?.outcome === 'unknown' ? null : signedIn,
    checked: check !== undefined && check.outcome !== 'unknown',
    check: check ?? null,
    state,
    kind: kind ?? null,
    account,
    service,
    region,
    source,
    expiresAt: end,
    apiBaseURL,
    oauthHost,
    identity,
  };
}

type Shown = { found: KimiAuthStatus; signedIn: boolean; check: SignInCheck | undefined };

function show(context: CommandContext, options: StatusOptions, { found, signedIn, check }: Shown): void {
  const { output: screen } = context;
  const { symbols } = screen;
  const warning = styled(symbols.warning, 'yellow');
  screen.text(titleOf({ found, signedIn, check }), {
    sign: !signedIn
      ? styled(symbols.failure, 'red')
      : check?.outcome === 'accepted'
        ? styled(symbols.ok, 'green')
        : warning,
    style: 'bold',
  });
  const isKept = found.state !== 'missing';
  screen.fields([
    ['Account', found.account],
    ['Service', `${found.service}, ${found.region}`],
    ['With', found.kind === undefined ? undefined : found.kind === 'oauth' ? 'Kimi Code login' : 'API key'],
    [isKept ? 'Source' : 'Looked in', shortenHome(found.source)],
    ['Token', signedIn ? tokenLife(found, context.now()) : undefined],
    ['API', found.apiBaseURL],
    ['As', found.identity],
  ]);
  if (check !== undefined && check.outcome !== 'accepted') {
    screen.text(check.message, { sign: signedIn ? warning : styled(symbols.failure, 'red') });
  }
  if (signedIn) {
    context.notices.forEach(notice => screen.text(notice, { sign: warning, style: 'dim' }));
  } else if (check === undefined) {
    screen.text(`Sign in: ${loginCommand(found, options)}`, { indent: 2 });
    const other = otherService(found.service, loginEnvironment(context, options));
    if (other !== undefined) {
      screen.text(inFlags(other), { sign: warning });
    }
  }
}

function titleOf({ found, signedIn, check }: Shown): string {
  if (!signedIn) {
    return found.state === 'missing'
      ? 'Not signed in to Kimi'
      : found.kind === 'api-key'
        ? 'Kimi does not accept this key'
        : 'The login has ended: Kimi no longer accepts it';
  }
  const outcome = check?.outcome;
  return outcome === 'accepted'
    ? 'Signed in to Kimi'
    : outcome === 'refused'
      ? 'Signed in, but Kimi refuses this account'
      : `A ${found.kind === 'api-key' ? 'key' : 'login'} is kept, but was not checked`;
}

function loginCommand({ service }: KimiAuthStatus, options: StatusOptions): string {
  return `npx ai-sdk-provider-kimi login${service === 'platform' ? ' --api-key' : ''}${loginFlags(options)}`;
}

function tokenLife({ kind, state, expiresAt }: KimiAuthStatus, now: number): string | undefined {
  if (kind !== 'oauth' || state === 'revoked' || expiresAt === undefined) {
    return undefined;
  }
  const left = expiresAt.getTime() - now;
  const end = left > 0 ? `ends ${timeUntil(expiresAt, now)}` : `ended ${timeSpan(left)} ago`;
  return `${end}; ${state === 'due' ? 'renewed at the next request' : 'renewed by itself before'}`;
}
