import { Option } from 'commander';
import { printJSON, type Command, type CommandContext } from '../command';
import { EXIT_CODES, UsageError } from '../failures';
import { loginOptions, openKimi, type LoginOptions } from '../login-choice';
import { errorScreen } from '../terminal';

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
  if (context.stdout.isTTY === true && options.force !== true) {
    throw new UsageError(
      'A token does not belong on a screen. Pass it on: curl -H "Authorization: Bearer $(npx ' +
        'ai-sdk-provider-kimi token)" … ' +
        'To see it all the same, add --force.',
    );
  }
  const { auth } = await openKimi(context, options);
  const bearer = await auth.getAccessToken({ abortSignal: context.abortSignal });
  const { state, kind, expiresAt } = await auth.status();
  if (options.json === true) {
    printJSON(context, { token: bearer, kind, expiresAt: expiresAt?.toISOString() ?? null });
  } else {
    context.stdout.write(`${bearer}\n`);
  }
  if (state === 'due') {
    const { text, colours, symbols } = errorScreen(context);
    text('Kimi could not be reached to renew it: less than half of its life is left.', {
      sign: colours.yellow(symbols.warning),
    });
  }
  return EXIT_CODES.ok;
}
