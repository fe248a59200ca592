import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { OAUTH_HOSTS, type KimiRegion } from '../upstream';
import { VERSION } from '../version';
import { errorScreen, outputScreen, printJSON, type CommandContext, type CommonOptions } from './command-context';
import { describeFailure } from './describe-failure';
import { EXIT_CODES, EXIT_CODES_HELP } from './exit-codes';
import { UsageError } from './usage-error';

/** Stores that a login can be saved in, and those that can only be read from. */
const OWN_STORES = ['keychain', 'file'];
const ALL_STORES = [...OWN_STORES, 'environment', 'kimi-code', 'kimi-cli'];

type Action<Options> = (options: Options) => Promise<number>;

/**
 * Parses `argv` (without interpreter and script), runs the command and gives its exit code. Commands are loaded when
 * they are run, so that `--help` costs none of them.
 */
export async function runCli(argv: readonly string[], context: CommandContext): Promise<number> {
  let exitCode: number = EXIT_CODES.ok;
  const running =
    <Options extends CommonOptions>(action: Action<Options>) =>
    async (options: Options): Promise<void> => {
      exitCode = await endingWell(context, options.json === true, () => action(options));
    };

  const program = new Command('ai-sdk-provider-kimi')
    .description('Sign in to Kimi once, for every app on this machine that uses ai-sdk-provider-kimi.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride()
    .configureOutput({
      writeOut: text => void context.stdout.write(text),
      writeErr: text => void context.stderr.write(text),
      getOutHelpWidth: () => Math.min(outputScreen(context).columns, 80),
      getErrHelpWidth: () => Math.min(errorScreen(context).columns, 80),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });

  const command = (name: string, description: string): Command =>
    program.command(name).description(description).option('--json', 'print JSON');
  const regions = Object.keys(OAUTH_HOSTS) as KimiRegion[];
  /** Which login it is about, below the command's own options. */
  const aboutLogin = (created: Command, stores: readonly string[]): Command =>
    created
      .optionsGroup('Which login:')
      .option('--account <name>', 'one of several (default: KIMI_ACCOUNT)', nonEmpty)
      .option(
        '--region <region>',
        regions.map(region => `${region} (${domainOf(region)})`).join(' or '),
        oneOf(regions),
      )
      .option('--service <service>', 'coding (subscription) or platform (pay per token)', oneOf(['coding', 'platform']))
      .option('--store <store>', `${stores.join(', ')} (default: where it is)`, oneOf(stores));

  aboutLogin(
    command('login', 'Sign in with a code on a Kimi page, or keep a key.')
      .option('--no-browser', 'do not open a browser')
      .option('--api-key', 'keep a key instead, from stdin or a hidden prompt'),
    OWN_STORES,
  ).action(running(async options => (await import('./commands/login')).login(context, options)));
  aboutLogin(command('logout', 'Remove the saved login or key from this machine.'), OWN_STORES).action(
    running(async options => (await import('./commands/logout')).logout(context, options)),
  );
  aboutLogin(command('status', 'Say who is signed in, where that is kept, and until when.'), ALL_STORES).action(
    running(async options => (await import('./commands/status')).status(context, options)),
  );
  aboutLogin(
    command('token', 'Print a fresh access token, for other tools.').option('--force', 'print it on a terminal, too'),
    ALL_STORES,
  ).action(running(async options => (await import('./commands/token')).token(context, options)));
  aboutLogin(
    command('ask', 'Stream an answer. What is piped in is added to the prompt.')
      .argument('[prompt...]', 'the question')
      .option('-m, --model <id>', 'which model (see "models")', nonEmpty)
      .option('-e, --effort <level>', 'off, on, low, medium, high, max, or what "models" shows', nonEmpty)
      .option('-i, --image <file>', 'PNG, JPEG, GIF or WebP; may be repeated', (file: string, files: string[] = []) => [
        ...files,
        file,
      ]),
    ALL_STORES,
  ).action(async (words: string[], given: CommonOptions) =>
    running(async options => (await import('./commands/ask')).ask(context, words, options))(given),
  );
  aboutLogin(
    command('models', "List the account's models, in the server's order.").option(
      '--explain <id>',
      'say what an id means for this account',
      nonEmpty,
    ),
    ALL_STORES,
  ).action(running(async options => (await import('./commands/models')).models(context, options)));
  command('simulate', 'Run a strict Kimi on this machine, for tests and offline work.')
    .option('--port <n>', 'port on 127.0.0.1 (default: a free one)', port)
    .option(
      '--gate <mode>',
      'who may chat: known-agents (default), named, off',
      oneOf(['known-agents', 'named', 'off']),
    )
    .option('--ask', 'logins wait until you approve them on their page')
    .option('--lenient', 'answer what Kimi would refuse')
    .action(running(async options => (await import('./commands/simulate')).simulate(context, options)));
  aboutLogin(
    command('doctor', 'Check all that a sign-in depends on, and say what to do.').option(
      '--chat',
      'ask one short question, too',
    ),
    ALL_STORES,
  ).action(running(async options => (await import('./commands/doctor')).doctor(context, options)));
  program.addHelpText('after', EXIT_CODES_HELP);

  if (argv.length === 0) {
    program.outputHelp();
    return EXIT_CODES.ok;
  }
  return endingWell(context, argv.includes('--json'), async () => {
    refuseKeyInArguments(argv);
    try {
      await program.parseAsync(argv, { from: 'user' });
    } catch (error) {
      if (error instanceof CommanderError) {
        // It has printed what there is to say.
        return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
      }
      throw error;
    }
    return exitCode;
  });
}

/** The one place where a failure is told: people get its message on stderr, programs an object on stdout. */
async function endingWell(context: CommandContext, isJSON: boolean, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (thrown) {
    // What fails because the command is being ended is not a failure of its own.
    const error: unknown = context.abortSignal.aborted ? context.abortSignal.reason : thrown;
    const { code, message, exitCode } = describeFailure(error);
    if (exitCode === EXIT_CODES.ok) {
      return exitCode;
    }
    if (isJSON) {
      printJSON(context, { error: { code, message, exitCode } });
    } else {
      const { text, colours, symbols } = errorScreen(context);
      text(message, { sign: colours.red(symbols.failure) });
    }
    return exitCode;
  }
}

/** Before anything else looks at it, and could repeat it. */
function refuseKeyInArguments(argv: readonly string[]): void {
  const at = argv.findIndex(argument => /^--api-?key(=|$)/i.test(argument));
  const next = argv[at + 1];
  if (at >= 0 && (argv[at]?.includes('=') === true || (next !== undefined && !next.startsWith('-')))) {
    throw new UsageError(
      'A key on the command line can be read by every program of this machine, and stays in the history of the ' +
        'shell: make a new key. ' +
        'Run "npx ai-sdk-provider-kimi login --api-key" and paste it when asked, or pipe it in.',
    );
  }
}

/** What people know a region by. */
function domainOf(region: KimiRegion): string {
  return new URL(OAUTH_HOSTS[region]).hostname.split('.').slice(-2).join('.');
}

function nonEmpty(value: string): string {
  if (value.trim() === '') {
    throw new InvalidArgumentError('It is empty.');
  }
  return value;
}

function oneOf(allowed: readonly string[]): (value: string) => string {
  return value => {
    if (!allowed.includes(value)) {
      throw new InvalidArgumentError(`It must be one of ${allowed.join(', ')}.`);
    }
    return value;
  };
}

function port(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > 65_535) {
    throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  }
  return number;
}
