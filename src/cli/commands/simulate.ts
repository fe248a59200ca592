import type { IdentityGate, KimiSimulator } from '../../simulator/index';
import { EXIT_CODES } from '../exit-codes';
import { outputScreen, printJSON, type CommandContext, type CommonOptions } from '../command-context';
import { UsageError } from '../usage-error';

export type SimulateOptions = CommonOptions & {
  port?: number | undefined;
  gate?: IdentityGate | undefined;
  /** Device logins wait for approval on their page. */
  ask?: boolean | undefined;
  lenient?: boolean | undefined;
};

/** Runs the simulator until Ctrl-C, which is its usual end and so no failure. */
export async function simulate(
  context: CommandContext,
  { port, gate, ask, lenient, json }: SimulateOptions,
): Promise<number> {
  const { startKimiSimulator } = await import('../../simulator/index');
  const simulator: KimiSimulator = await startKimiSimulator({
    ...(port === undefined ? {} : { port }),
    ...(gate === undefined ? {} : { gate }),
    autoApprove: ask !== true,
    strict: lenient !== true,
  }).catch((error: NodeJS.ErrnoException) => {
    const isTaken = error.code === 'EADDRINUSE';
    throw isTaken
      ? new UsageError(`Port ${port} is in use. Choose another one with --port, or none for a free one.`)
      : error;
  });
  const { url, apiBaseURL, oauthHost, platformBaseURL } = simulator;
  if (json === true) {
    printJSON(context, {
      url,
      apiBaseURL,
      oauthHost,
      platformBaseURL,
      apiKeys: { coding: 'sk-kimi-simulator', platform: 'sk-simulator' },
    });
  } else {
    const screen = outputScreen(context);
    const { colours } = screen;
    screen.line(`${colours.bold('Kimi simulator')} on ${colours.cyan(url)} ${colours.dim('(Ctrl-C stops it)')}`);
    screen.line();
    screen.text('Point this command, an app or an official client at it:', { indent: 2 });
    screen.line(`  export KIMI_CODE_BASE_URL=${apiBaseURL}`);
    screen.line(`  export KIMI_CODE_OAUTH_HOST=${oauthHost}`);
    screen.line();
    screen.fields([
      ['Key', `sk-kimi-simulator at ${apiBaseURL}`],
      ['Platform', `sk-simulator at ${platformBaseURL}`],
      ['Login', ask === true ? 'waits for you on its page' : 'confirmed at once'],
    ]);
  }
  await new Promise<void>(resolve => {
    context.abortSignal.addEventListener('abort', () => resolve(), { once: true });
    if (context.abortSignal.aborted) {
      resolve();
    }
  });
  await simulator.close();
  return EXIT_CODES.ok;
}
