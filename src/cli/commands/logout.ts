import { printJSON, type Command, type CommandContext } from '../command';
import { EXIT_CODES } from '../failures';
import { loginOptions, openKimi, type LoginOptions } from '../login-choice';
import { styled } from '../terminal';
import { shortenHome } from '../wording';

export const logout: Command<LoginOptions> = {
  name: 'logout',
  description: 'Remove the saved login or key from this machine.',
  options: loginOptions('own'),
  run: signOut,
};

/**
 * Removes what this package has saved. Being signed out already is no failure. Environment keys and official clients'
 * logins stay.
 */
async function signOut(context: CommandContext, options: LoginOptions): Promise<number> {
  const kimi = await openKimi(context, options);
  const before = await kimi.auth.status().catch(() => undefined);
  await kimi.auth.logout();
  // Asked of a provider that knows nothing yet: what an app would find now.
  const after = await (await openKimi(context, options)).auth.status();
  const stillUsed = after.state === 'missing' ? null : after.source;
  const removed =
    before !== undefined && before.state !== 'missing' && before.source !== stillUsed ? before.source : null;

  if (options.json === true) {
    printJSON(context, { account: after.account, removed, stillUsed });
    return EXIT_CODES.ok;
  }
  const { output: screen } = context;
  const { symbols } = screen;
  const title =
    removed === null
      ? `Nothing of ours is kept for account "${after.account}".`
      : `Signed out account "${after.account}".`;
  screen.text(title, { sign: styled(symbols.ok, 'green'), style: 'bold' });
  if (removed !== null) {
    screen.fields([['Removed', shortenHome(removed)]]);
  }
  if (stillUsed !== null) {
    screen.text(`Requests still use ${shortenHome(stillUsed)}, which is not ours to remove.`, {
      sign: styled(symbols.warning, 'yellow'),
    });
  }
  return EXIT_CODES.ok;
}
