import { Option } from 'commander';
import { ACCOUNT_TIME_LIMIT_MS } from '../../api/request-json';
import { KimiCredentialStoreError, KimiLoginRequiredError } from '../../errors/kimi-error';
import type { KimiAuth } from '../../provider/kimi-auth';
import { printJSON, type Command, type CommandContext } from '../command';
import { EXIT_CODES, UsageError } from '../failures';
import { loginOptions, openKimi, remedyOf, type LoginOptions } from '../login-choice';
import { styled } from '../terminal';

type TokenOptions = LoginOptions & {
  /** Print it on a terminal, too. */
  force?: boolean | undefined;
  /** Ask Kimi first whether it takes it. */
  check?: boolean | undefined;
};

export const token: Command<TokenOptions> = {
  name: 'token',
  description: 'Print a fresh access token, for other tools.',
  options: [
    new Option('--check', 'ask Kimi first, and renew a token that it refuses'),
    new Option('--force', 'print it on a terminal, too'),
    ...loginOptions('all'),
  ],
  run: printToken,
};

/**
 * The bearer of the next request, for other tools: a fresh access token, renewed when less than half its life is left;
 * or the key. Refuses a terminal: what is on a screen is in its scrollback, in a screen share and in the next
 * screenshot.
 */
async function printToken(context: CommandContext, options: TokenOptions): Promise<number> {
  if (context.output.isTTY && options.force !== true) {
    throw new UsageError(
      'A token does not belong on a screen. Pass it on: curl -H "Authorization: Bearer $(npx ' +
        'ai-sdk-provider-kimi token)" … ' +
        'To see it all the same, add --force.',
    );
  }
  const { auth } = await openKimi(context, options);
  if (options.check === true) {
    await renewWhatKimiRefuses(context, options, auth);
  }
  const bearer = await auth.getAccessToken({ abortSignal: context.abortSignal });
  const { state, kind, expiresAt, source } = await auth.status();
  if (!/^[\x21-\x7e]+$/.test(bearer)) {
    throw new KimiCredentialStoreError({
      location: source,
      operation: 'load',
      reason: 'corrupt',
      message: `The token in ${source} has characters that no token has. Sign in again: npx ai-sdk-provider-kimi login`,
    });
  }
  if (options.json === true) {
    printJSON(context, { token: bearer, kind, expiresAt: expiresAt?.toISOString() ?? null });
  } else {
    context.output.line(bearer);
  }
  if (state === 'due') {
    const { text, symbols } = context.errors;
    text('Kimi could not be reached to renew it: less than half of its life is left.', {
      sign: styled(symbols.warning, 'yellow'),
    });
  }
  return EXIT_CODES.ok;
}

/**
 * For programs that ask again because Kimi has refused the last token, and cannot say which that was: another machine
 * may have ended it before its time. Where nobody knows, the token is printed as it is.
 * @throws KimiLoginRequiredError where Kimi takes no other one either
 */
async function renewWhatKimiRefuses(context: CommandContext, options: TokenOptions, auth: KimiAuth): Promise<void> {
  const { checkSignIn } = await import('../check-sign-in');
  const found = await auth.status();
  const remedy = remedyOf(context, options, found);
  const { abortSignal } = context;
  const check = await checkSignIn(auth, found, { remedy, timeLimitMs: ACCOUNT_TIME_LIMIT_MS, abortSignal });
  if (check.outcome === 'rejected') {
    throw new KimiLoginRequiredError({ reason: 'rejected', source: found.source, message: check.message });
  }
}
