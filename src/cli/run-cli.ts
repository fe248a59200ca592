import { Command as Program, CommanderError, Option } from 'commander';
import { VERSION } from '../version';
import { printJSON, type Command, type CommandContext, type CommonOptions } from './command';
import { ask } from './commands/ask';
import { claude } from './commands/claude';
import { doctor } from './commands/doctor';
import { fetch } from './commands/fetch';
import { login } from './commands/login';
import { logout } from './commands/logout';
import { models } from './commands/models';
import { search } from './commands/search';
import { simulate } from './commands/simulate';
import { status } from './commands/status';
import { token } from './commands/token';
import { upload } from './commands/upload';
import { usage } from './commands/usage';
import { describeFailure, EXIT_CODES, EXIT_CODES_HELP, UsageError } from './failures';
import { refuseOldRuntime } from './runtime';
import { styled } from './terminal';

/** All there are, in the order of `--help`. */
export const COMMANDS: readonly Command[] = [
  login,
  logout,
  status,
  usage,
  token,
  ask,
  claude,
  upload,
  search,
  fetch,
  models,
  simulate,
  doctor,
];

/** Parses `argv` (without interpreter and script), runs the command and gives its exit code. */
export async function runCli(argv: readonly string[], context: CommandContext): Promise<number> {
  let exitCode: number = EXIT_CODES.ok;
  const program = createProgram(context);
  for (const command of COMMANDS) {
    const registered = program.command(command.name).description(command.description);
    if (command.takesAllWords !== true) {
      registered.addOption(new Option('--json', 'print JSON'));
    }
    command.options.forEach(option => registered.addOption(option));
    if (command.words !== undefined) {
      registered.argument(...command.words);
    }
    registered.action(async () => {
      const options = registered.opts<CommonOptions>();
      exitCode = await runCommand(command, context, options, registered.args);
    });
  }
  if (argv.length === 0) {
    program.outputHelp();
    return EXIT_CODES.ok;
  }
  const taker = COMMANDS.find(({ name, takesAllWords }) => name === argv[0] && takesAllWords === true);
  return endingWell(context, taker === undefined && argv.includes('--json'), async () => {
    refuseKeyInArguments(argv);
    if (taker !== undefined && !['-h', '--help'].includes(argv[1] ?? '')) {
      return runCommand(taker, context, {}, argv.slice(1));
    }
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

function runCommand(
  command: Command,
  context: CommandContext,
  options: CommonOptions,
  words: readonly string[],
): Promise<number> {
  return endingWell(context, options.json === true, async () => {
    if (command !== doctor) {
      // The doctor says it beside what else there is.
      refuseOldRuntime(process.versions);
    }
    return command.run(context, options, words);
  });
}

/** What is common to all commands: name, help, where output goes. It never ends the process. */
function createProgram(context: CommandContext): Program {
  return new Program('ai-sdk-provider-kimi')
    .description('Sign in to Kimi once, for every app on this machine that uses ai-sdk-provider-kimi.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride()
    .configureOutput({
      writeOut: text => context.output.print(text),
      writeErr: text => context.errors.print(text),
      getOutHelpWidth: () => Math.min(context.output.columns, 80),
      getErrHelpWidth: () => Math.min(context.errors.columns, 80),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', EXIT_CODES_HELP);
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
      const { text, symbols } = context.errors;
      text(message, { sign: styled(symbols.failure, 'red') });
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
