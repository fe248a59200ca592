import { Option } from 'commander';
import { credentialSlot } from '../../credentials/credential-slot';
import { keyVariable } from '../../provider/configured-key';
import type { KimiAuth, KimiAuthStatus } from '../../provider/kimi-auth';
import { printJSON, type Command, type CommandContext } from '../command';
import { EXIT_CODES, UsageError } from '../failures';
import { loginEnvironment, loginFlags, loginOptions, openKimi, type LoginOptions } from '../login-choice';
import { confirm } from '../read-input';
import { styled, type Screen } from '../terminal';
import { shortenHome } from '../wording';

type LoginCommandOptions = LoginOptions & {
  /** `false`: `--no-browser`. */
  browser?: boolean | undefined;
  /** Do not ask where somebody is signed in already. */
  yes?: boolean | undefined;
  /** Keep a key, from stdin or a hidden prompt, instead of signing in. */
  apiKey?: boolean | undefined;
};

export const login: Command<LoginCommandOptions> = {
  name: 'login',
  description: 'Sign in with a code on a Kimi page, or keep a key.',
  options: [
    new Option('--no-browser', 'do not open a browser'),
    new Option('--api-key', 'keep a key instead, from stdin or a hidden prompt'),
    new Option('-y, --yes', 'do not ask when signed in already'),
    ...loginOptions('own'),
  ],
  run: signIn,
};

/**
 * Device login, or a key. With `--json` one event a line: `verification` (again with each new code), then `signed-in`.
 * An abort before Kimi has confirmed leaves everything as it was; from then on the login is saved to its end.
 */
async function signIn(context: CommandContext, options: LoginCommandOptions): Promise<number> {
  if (options.service === 'platform' && options.apiKey !== true) {
    throw new UsageError('The platform knows keys only: npx ai-sdk-provider-kimi login --service platform --api-key');
  }
  const environment = loginEnvironment(context, options);
  const forced = environment.KIMI_CREDENTIAL_STORE;
  const kimi = await openKimi(context, options);
  if (forced === 'environment' || forced === 'memory') {
    throw new UsageError(
      `KIMI_CREDENTIAL_STORE is ${forced}, where nothing can be kept for later. Say where: --store keychain or ` +
        '--store file.',
    );
  }
  if (!(await mayReplace(context, options, kimi.auth))) {
    context.output.text('Nothing was changed.');
    return EXIT_CODES.ok;
  }
  if (options.apiKey === true) {
    const { saveKey } = await import('./login-key');
    await saveKey(context, options, kimi);
  } else {
    await deviceLogin(context, options, kimi.auth);
  }

  // Asked of a provider that knows nothing yet: what an app would find now.
  const status = await (await openKimi(context, options)).auth.status();
  // A key in the environment stands above what is saved (docs/decisions.md#8-which-credential).
  const override = keyVariable(status.service, environment);
  if (options.json === true) {
    const { account, region, service, source, kind } = status;
    const overriddenBy = override === undefined ? {} : { overriddenBy: override };
    printJSON(context, { event: 'signed-in', account, region, service, kind, source, ...overriddenBy });
  } else {
    await tellWhere(context, options, status, override);
  }
  return EXIT_CODES.ok;
}

/** Says that somebody is signed in already, and asks where there is a person to ask. A program gets what it asked for. */
async function mayReplace(context: CommandContext, options: LoginCommandOptions, auth: KimiAuth): Promise<boolean> {
  // What cannot be read is what a login mends.
  const found = await auth.status().catch(() => undefined);
  const isSaved =
    found !== undefined &&
    (found.state === 'valid' || found.state === 'due') &&
    keyVariable(found.service, loginEnvironment(context, options)) === undefined;
  if (!isSaved || options.yes === true || options.json === true) {
    return true;
  }
  const { errors, stdin } = context;
  const what = found.kind === 'oauth' ? 'Signed in already' : 'A key is kept already';
  errors.text(`${what}: account "${found.account}", ${found.service}, in ${shortenHome(found.source)}.`, {
    sign: styled(errors.symbols.warning, 'yellow'),
  });
  const isPerson = stdin.isTTY === true && context.output.isTTY;
  return !isPerson || confirm(context, options.apiKey === true ? 'Keep another key?' : 'Sign in again?');
}

async function deviceLogin(context: CommandContext, options: LoginCommandOptions, auth: KimiAuth): Promise<void> {
  const { abortSignal } = context;
  const mayOpen = options.browser !== false && options.json !== true && canOpenBrowser(context);
  const progress = options.json === true ? undefined : await context.startProgress();
  let codes = 0;
  try {
    await auth.login({
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
        await showVerification(context.output, verification, { isOpened, isReplacement: codes > 1 });
        progress?.show('Waiting for you (Ctrl-C to stop)');
      },
    });
  } finally {
    progress?.stop();
  }
}

/** Code, address and, where the window is wide enough, the address as a QR code for a phone. */
async function showVerification(
  screen: Screen,
  { userCode, verificationUriComplete }: { userCode: string; verificationUriComplete: string },
  { isOpened, isReplacement }: { isOpened: boolean; isReplacement: boolean },
): Promise<void> {
  screen.line();
  if (isReplacement) {
    screen.text('That code has expired. Here is a new one.', { indent: 2 });
    screen.line();
  }
  screen.line('  ', styled('Code', 'dim'), '  ', styled(userCode, 'bold'));
  screen.line();
  const task = isOpened
    ? 'Your browser has opened this page. Compare the code and confirm:'
    : 'Open this page, on any device, compare the code and confirm:';
  screen.text(task, { indent: 2 });
  screen.line();
  // Never broken or indented further than it fits: it is copied.
  const indent = verificationUriComplete.length + 2 <= screen.columns ? '  ' : '';
  screen.line(indent, styled(verificationUriComplete, 'cyan', 'underline'));
  screen.line();
  const { renderUnicodeCompact } = await import('uqr');
  const code = renderUnicodeCompact(verificationUriComplete).split('\n');
  if (screen.isTTY && (code[0]?.length ?? 0) + 2 <= screen.columns) {
    // White on black whatever the theme: scanners want dark modules on light.
    code.forEach(row => screen.line('  ', styled(row, 'bgBlack', 'whiteBright')));
    screen.line();
  }
}

/**
 * Whether a browser that opens now would be seen by who runs the command: not over SSH, not in CI, not for a program
 * that reads the output, and on Linux only with a display. (`open` reports success without a display,
 * docs/wire.md#browser-without-a-display.)
 */
export function canOpenBrowser({
  environment,
  output,
  platform,
}: Pick<CommandContext, 'environment' | 'platform'> & { output: { isTTY: boolean } }): boolean {
  const { CI, SSH_CONNECTION, SSH_CLIENT, SSH_TTY, DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME } = environment;
  if (!output.isTTY || CI || SSH_CONNECTION || SSH_CLIENT || SSH_TTY) {
    return false;
  }
  // Windows opens it for its Linux.
  return platform === 'win32' || platform === 'darwin' || Boolean(DISPLAY || WAYLAND_DISPLAY || WSL_DISTRO_NAME);
}

/** That it is done, what is used now and where it is kept, and how to go on. */
async function tellWhere(
  context: CommandContext,
  options: LoginCommandOptions,
  status: KimiAuthStatus,
  override: string | undefined,
): Promise<void> {
  const { output: screen } = context;
  const { symbols } = screen;
  const done = options.apiKey === true ? 'The key is saved.' : 'Signed in to Kimi.';
  screen.text(done, { sign: styled(symbols.ok, 'green'), style: 'bold' });
  screen.fields([
    ['Account', status.account],
    ['Service', `${status.service}, ${status.region}`],
    ['Kept in', override === undefined ? shortenHome(status.source) : undefined],
  ]);
  const hint = (text: string) => screen.text(text, { sign: styled(symbols.warning, 'yellow'), style: 'dim' });
  if (override !== undefined) {
    hint(`${override} is set and is used instead. Unset it to use what was saved now.`);
  } else if (await isFileForWantOfKeychain(context, options, status)) {
    hint(
      'No keychain can be used here, so a file that only you can read keeps it. "npx ai-sdk-provider-kimi ' +
        'doctor" says why.',
    );
  }
  screen.line();
  screen.text('Try it:', { indent: 2, style: 'dim' });
  screen.line(`  npx ai-sdk-provider-kimi ask hello${loginFlags(options)}`);
  const settings = settingsInCode(options);
  if (settings !== '') {
    screen.text('In code:', { indent: 2, style: 'dim' });
    screen.line(`  createKimi({ ${settings} })`);
  }
}

/** Nobody has asked for a file, and the login is in ours. */
async function isFileForWantOfKeychain(
  context: CommandContext,
  options: LoginOptions,
  status: KimiAuthStatus,
): Promise<boolean> {
  const environment = loginEnvironment(context, options);
  if (environment.KIMI_CREDENTIAL_STORE) {
    return false;
  }
  const { fileCredentialStore } = await import('../../credential-stores');
  return status.source === fileCredentialStore({ slot: await credentialSlot(status), environment }).location;
}

/** A login of another account, region or service is found only by who asks for it. */
function settingsInCode({ account, region, service, allowInsecure }: LoginOptions): string {
  const values = Object.entries({ account, region, service })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: '${value}'`);
  return [...values, ...(allowInsecure === true ? ['allowInsecure: true'] : [])].join(', ');
}
