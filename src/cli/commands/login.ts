import { isAbsolute } from 'node:path';
import { EXIT_CODES } from '../exit-codes';
import { canOpenBrowser } from '../can-open-browser';
import { outputScreen, printJSON, type CommandContext } from '../command-context';
import { loginFlags, openKimi, type LoginOptions } from '../open-kimi';
import { showVerification } from '../show-verification';
import { shortenHome } from '../terminal/shorten-home';
import { startProgress } from '../terminal/start-progress';
import { UsageError } from '../usage-error';
import { saveKey } from './login-key';

export type LoginCommandOptions = LoginOptions & {
  /** `false`: `--no-browser`. */
  browser?: boolean | undefined;
  /** Keep a key, from stdin or a hidden prompt, instead of signing in. */
  apiKey?: boolean | undefined;
};

/**
 * Device login, or a key. With `--json` one event a line: `verification` (again with each new code), then `signed-in`.
 * An abort before Kimi has confirmed leaves everything as it was; from then on the login is saved to its end.
 */
export async function login(context: CommandContext, options: LoginCommandOptions): Promise<number> {
  const screen = outputScreen(context);
  if (options.service === 'platform' && options.apiKey !== true) {
    throw new UsageError('The platform knows keys only: npx ai-sdk-provider-kimi login --service platform --api-key');
  }
  const kimi = openKimi(context, options);
  const forced = context.env.KIMI_CREDENTIAL_STORE;
  if (forced === 'environment' || forced === 'memory') {
    throw new UsageError(
      `KIMI_CREDENTIAL_STORE is ${forced}, where nothing can be kept for later. Say where: --store keychain or ` +
        '--store file.',
    );
  }
  if (options.apiKey === true) {
    await saveKey(context, options, kimi);
  } else {
    const { abortSignal } = context;
    const mayOpen = options.browser !== false && options.json !== true && canOpenBrowser(context);
    const progress = options.json === true ? undefined : startProgress(context);
    let codes = 0;
    try {
      await kimi.auth.login({
        abortSignal,
        async onVerification(verification) {
          codes++;
          if (options.json === true) {
            const { userCode, verificationUri, verificationUriComplete, expiresIn, interval } = verification;
            printJSON(context, {
              event: 'verification',
              userCode,
              verificationUri,
              verificationUriComplete,
              expiresIn,
              interval,
            });
            return;
          }
          progress?.stop();
          const { verificationUriComplete } = verification;
          const isOpened =
            mayOpen &&
            codes === 1 &&
            (await context.openBrowser(verificationUriComplete).then(
              () => true,
              () => false,
            ));
          showVerification(screen, verification, { isOpened, isReplacement: codes > 1 });
          progress?.show('Waiting for you (Ctrl-C to stop)');
        },
      });
    } finally {
      progress?.stop();
    }
  }

  // Asked of a provider that knows nothing yet: what an app would find now.
  const status = await openKimi(context, options).auth.status();
  const { account, region, service, source, kind } = status;
  // A key in the environment stands above what is saved (decisions.md 8).
  const override = source.startsWith('the environment variable ')
    ? source.slice('the environment variable '.length)
    : undefined;
  if (options.json === true) {
    const overriddenBy = override === undefined ? {} : { overriddenBy: override };
    printJSON(context, { event: 'signed-in', account, region, service, kind, source, ...overriddenBy });
    return EXIT_CODES.ok;
  }
  const { colours, symbols } = screen;
  const done = options.apiKey === true ? 'The key is saved.' : 'Signed in to Kimi.';
  screen.text(done, { sign: colours.green(symbols.ok), style: colours.bold });
  screen.fields([
    ['Account', account],
    ['Service', `${service}, ${region}`],
    ['Kept in', override === undefined ? shortenHome(source) : undefined],
  ]);
  const hint = (text: string) => screen.text(text, { sign: colours.yellow(symbols.warning), style: colours.dim });
  if (override !== undefined) {
    hint(`${override} is set and is used instead. Unset it to use what was saved now.`);
  }
  if (isAbsolute(source) && !context.env.KIMI_CREDENTIAL_STORE) {
    hint(
      'No keychain can be used here, so a file that only you can read keeps it. "npx ai-sdk-provider-kimi ' +
        'doctor" says why.',
    );
  }
  screen.line();
  screen.text('Try it:', { indent: 2, style: colours.dim });
  screen.line(`  npx ai-sdk-provider-kimi ask hello${loginFlags(options)}`);
  const settings = settingsInCode(options);
  if (settings !== '') {
    screen.text('In code:', { indent: 2, style: colours.dim });
    screen.line(`  createKimi({ ${settings} })`);
  }
  return EXIT_CODES.ok;
}

/** A login of another account, region or service is found only by who asks for it. */
function settingsInCode({ account, region, service }: LoginOptions): string {
  return Object.entries({ account, region, service })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: '${value}'`)
    .join(', ');
}
