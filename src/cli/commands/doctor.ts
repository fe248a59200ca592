import { credentialSlot } from '../../credentials/credential-slot';
import { EXIT_CODES } from '../exit-codes';
import { outputScreen, printJSON, type CommandContext } from '../command-context';
import type { Check } from '../doctor/check';
import { checkChat } from '../doctor/check-chat';
import { checkFileModes } from '../doctor/check-file-modes';
import { checkHosts } from '../doctor/check-hosts';
import { checkKeychain } from '../doctor/check-keychain';
import { checkRuntime } from '../doctor/check-runtime';
import { checkSignIn } from '../doctor/check-sign-in';
import { loginFlags, openKimi, type LoginOptions } from '../open-kimi';
import { resolvePlace } from '../resolve-place';
import { startProgress } from '../terminal/start-progress';

export type DoctorOptions = LoginOptions & {
  /** Ask one short question, too: only that shows whether Kimi lets this client chat. */
  chat?: boolean | undefined;
};

/**
 * Looks at all that a sign-in depends on, and says what to do about what is wrong. Ends with 1 when something does not
 * work.
 */
export async function doctor(context: CommandContext, options: DoctorOptions): Promise<number> {
  const { env, platform, abortSignal } = context;
  const progress = options.json === true || context.stdout.isTTY !== true ? undefined : startProgress(context);
  progress?.show('Looking');
  const checks: Check[] = [];
  try {
    const kimi = openKimi(context, options);
    const endpoints = await resolvePlace(context, options);
    checks.push(...checkRuntime(process.versions, `${platform} ${process.arch}`));
    checks.push(...(await checkKeychain(env, platform, await credentialSlot(endpoints))));
    checks.push(await checkFileModes(env, platform));
    const hosts = await checkHosts(endpoints, context);
    checks.push(...hosts);
    const isOnline = hosts.every(({ name, state }) => name !== 'Host' || state === 'ok');
    const loginCommand =
      'npx ai-sdk-provider-kimi ' +
      `login${loginFlags(options)}${endpoints.service === 'platform' ? ' --api-key' : ''}`;
    const signIn = await checkSignIn(kimi.auth, { loginCommand, isOnline, abortSignal });
    checks.push(...signIn);
    if (options.chat === true && isOnline && signIn.every(({ state }) => state === 'ok')) {
      checks.push(await checkChat(kimi, endpoints.service === 'platform' ? 'kimi-k3' : 'kimi-for-coding', abortSignal));
    }
  } finally {
    progress?.stop();
  }
  const isSound = checks.every(({ state }) => state !== 'failure');
  if (options.json === true) {
    printJSON(context, { ok: isSound, checks });
  } else {
    show(context, checks, options.chat === true);
  }
  return isSound ? EXIT_CODES.ok : EXIT_CODES.failure;
}

function show(context: CommandContext, checks: readonly Check[], hasChatted: boolean): void {
  const screen = outputScreen(context);
  const { colours, symbols } = screen;
  const signs = {
    ok: colours.green(symbols.ok),
    warning: colours.yellow(symbols.warning),
    failure: colours.red(symbols.failure),
  };
  const width = Math.max(...checks.map(({ name }) => name.length)) + 2;
  for (const { name, state, detail, fix } of checks) {
    screen.text(detail, { sign: signs[state], label: name.padEnd(width) });
    if (fix !== undefined) {
      screen.text(fix, { indent: width + 2, style: colours.dim });
    }
  }
  const failures = checks.filter(({ state }) => state === 'failure').length;
  screen.line();
  screen.text(failures === 0 ? 'All that is needed works.' : `${failures} of ${checks.length} checks failed.`, {
    style: colours.bold,
  });
  if (!hasChatted && failures === 0) {
    screen.text('Whether Kimi lets you chat shows only with --chat, which asks one short question.', {
      style: colours.dim,
    });
  }
}
