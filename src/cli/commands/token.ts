import { EXIT_CODES } from '../exit-codes';
import { errorScreen, printJSON, type CommandContext } from '../command-context';
import { openKimi, type LoginOptions } from '../open-kimi';
import { UsageError } from '../usage-error';

export type TokenOptions = LoginOptions & {
  /** Print it on a terminal, too. */
  force?: boolean | undefined;
};

/**
 * The bearer of the next request, for other tools: a fresh access token, renewed when less than half its life is left;
 * or the key. Refuses a terminal: what is on a screen is in its scrollback, in a screen share and in the next
 * screenshot.
 */
export async function token(context: CommandContext, options: TokenOptions): Promise<number> {
  if (context.stdout.isTTY === true && options.force !== true) {
    throw new UsageError(
      'A token does not belong on a screen. Pass it on: curl -H "Authorization: Bearer $(npx ' +
        'ai-sdk-provider-kimi token)" … ' +
        'To see it all the same, add --force.',
    );
  }
  const { auth } = openKimi(context, options);
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
