import { EXIT_CODES } from '../exit-codes';
import { outputScreen, printJSON, type CommandContext } from '../command-context';
import { openKimi, type LoginOptions } from '../open-kimi';
import { shortenHome } from '../terminal/shorten-home';

/**
 * Removes what this package has saved. Being signed out already is no failure. Environment keys and official clients'
 * logins stay.
 */
export async function logout(context: CommandContext, options: LoginOptions): Promise<number> {
  const kimi = openKimi(context, options);
  const before = await kimi.auth.status().catch(() => undefined);
  await kimi.auth.logout();
  // Asked of a provider that knows nothing yet: what an app would find now.
  const after = await openKimi(context, options).auth.status();
  const stillUsed = after.state === 'missing' ? null : after.source;
  const removed =
    before !== undefined && before.state !== 'missing' && before.source !== stillUsed ? before.source : null;

  if (options.json === true) {
    printJSON(context, { account: after.account, removed, stillUsed });
    return EXIT_CODES.ok;
  }
  const screen = outputScreen(context);
  const { colours, symbols } = screen;
  const title =
    removed === null
      ? `Nothing of ours is kept for account "${after.account}".`
      : `Signed out account "${after.account}".`;
  screen.text(title, { sign: colours.green(symbols.ok), style: colours.bold });
  if (removed !== null) {
    screen.fields([['Removed', shortenHome(removed)]]);
  }
  if (stillUsed !== null) {
    screen.text(`Requests still use ${shortenHome(stillUsed)}, which is not ours to remove.`, {
      sign: colours.yellow(symbols.warning),
    });
  }
  return EXIT_CODES.ok;
}
