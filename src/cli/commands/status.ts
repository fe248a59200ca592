import type { KimiAuthStatus } from '../../provider/kimi-auth';
import { printJSON, type Command, type CommandContext } from '../command';
import { EXIT_CODES } from '../failures';
import { loginFlags, loginOptions, openKimi, type LoginOptions } from '../login-choice';
import { styled } from '../terminal';
import { shortenHome, timeSpan } from '../wording';

export const status: Command<LoginOptions> = {
  name: 'status',
  description: 'Say who is signed in, where that is kept, and until when.',
  options: loginOptions('all'),
  run: tellStatus,
};

/** Who is signed in, from which source and place, until when. Sends nothing; never shows a secret. */
async function tellStatus(context: CommandContext, options: LoginOptions): Promise<number> {
  const found = await (await openKimi(context, options)).auth.status();
  const isSignedIn = found.state === 'valid' || found.state === 'due';
  if (options.json === true) {
    const { state, kind, account, service, region, source, expiresAt, apiBaseURL, oauthHost, identity } = found;
    const end = expiresAt?.toISOString() ?? null;
    const where = { account, service, region, source, expiresAt: end, apiBaseURL, oauthHost, identity };
    printJSON(context, { signedIn: isSignedIn, state, kind: kind ?? null, ...where });
  } else {
    show(context, options, found, isSignedIn);
  }
  return isSignedIn ? EXIT_CODES.ok : EXIT_CODES.loginRequired;
}

function show(context: CommandContext, options: LoginOptions, found: KimiAuthStatus, isSignedIn: boolean): void {
  const { output: screen } = context;
  const { symbols } = screen;
  const notSignedIn =
    found.state === 'revoked' ? 'The login has ended: Kimi no longer accepts it' : 'Not signed in to Kimi';
  const title = isSignedIn ? 'Signed in to Kimi' : notSignedIn;
  screen.text(title, {
    sign: isSignedIn ? styled(symbols.ok, 'green') : styled(symbols.failure, 'red'),
    style: 'bold',
  });
  screen.fields([
    ['Account', found.account],
    ['Service', `${found.service}, ${found.region}`],
    ['With', found.kind === undefined ? undefined : found.kind === 'oauth' ? 'Kimi Code login' : 'API key'],
    [isSignedIn || found.state === 'revoked' ? 'Source' : 'Looked in', shortenHome(found.source)],
    ['Token', tokenLife(found, context.now())],
    ['API', found.apiBaseURL],
    ['As', found.identity],
  ]);
  if (isSignedIn) {
    context.notices.forEach(notice => screen.text(notice, { sign: styled(symbols.warning, 'yellow'), style: 'dim' }));
  } else {
    const login = found.service === 'platform' ? 'login --api-key' : 'login';
    screen.text(`Sign in: npx ai-sdk-provider-kimi ${login}${loginFlags(options)}`, { indent: 2 });
  }
}

function tokenLife({ kind, state, expiresAt }: KimiAuthStatus, now: number): string | undefined {
  if (kind !== 'oauth' || state === 'revoked' || expiresAt === undefined) {
    return undefined;
  }
  const left = expiresAt.getTime() - now;
  const end = left > 0 ? `ends in ${timeSpan(left)}` : `ended ${timeSpan(left)} ago`;
  return `${end}; ${state === 'due' ? 'renewed at the next request' : 'renewed by itself before'}`;
}
