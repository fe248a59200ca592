import { Option } from 'commander';
import { KimiCredentialStoreError } from '../../errors/kimi-error';
import { printJSON, type Command, type CommandContext } from '../command';
import { EXIT_CODES, UsageError } from '../failures';
import { loginOptions, openKimi, type LoginOptions } from '../login-choice';
import { styled } from '../terminal';

type TokenOptions = LoginOptions & {
  /** Print it on a terminal, too. */
  force?: boolean | undefined;
};

export const token: Command<TokenOptions> = {
  name: 'token',
  description: 'Print a fresh access token, for other tools.',
  options: [new Option('--force', 'print it on a terminal, too'), ...loginOptions('all')],
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
