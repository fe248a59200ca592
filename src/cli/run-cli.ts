import { Command as Program, CommanderError, Help, Option } from 'commander';
import { VERSION } from '../version';
import { printJSON, type Command, type CommandContext, type CommonOptions } from './command';
import { ask } from './commands/ask';
import { claude } from './commands/claude';
import { completion } from './commands/completion';
import { doctor } from './commands/doctor';
import { fetch } from './commands/fetch';
import { login } from './commands/login';
import { logout } from './commands/logout';
import { models } from './commands/models';
import { opencode } from './commands/opencode';
import { search } from './commands/search';
import { simulate } from './commands/simulate';
import { status } from './commands/status';
import { token } from './commands/token';
import { upload } from './commands/upload';
import { usage } from './commands/usage';
import { version } from './commands/version';
import { describeFailure, EXIT_CODES, EXIT_CODE_WORDS, UsageError } from './failures';
import { loginFlags, remedyOf, resolvePlace, type LoginOptions } from './login-choice';
import type { Reader } from './refusal-words';
import { styled } from './terminal';
import { shortenHomes, wrapText } from './wording';

/** All there are, in the order of `--help`. */
export const COMMANDS: readonly Command[] = [
  login,
  logout,
  status,
  usage,
  token,
  ask,
  claude,
  opencode,
  upload,
  search,
  fetch,
  models,
  simulate,
  doctor,
  completion(() => COMMANDS),
  version,
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
        if (error.exitCode === 0) {
          return EXIT_CODES.ok;
        }
        // `help x` prints the help where there is no x.
        const said = error.code === 'commander.help' ? `unknown command '${argv[1]}'` : error.message;
        throw new UsageError(`${usageWords(said)} ${whatThereIs(argv[0])}`);
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
  return endingWell(context, options.json === true, () => command.run(context, options, words), options);
}

/** What is common to all commands: name, help, where output goes. It never ends the process. */
function createProgram(context: CommandContext): Program {
  return new Program('ai-sdk-provider-kimi')
    .description('Sign in to Kimi once, for every app on this machine that uses ai-sdk-provider-kimi.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'Print this help, or that of a command.')
    .exitOverride()
    .configureHelp({ formatItem: formatHelpItem })
    .configureOutput({
      writeOut: text => context.output.print(text),
      // An error of its own is thrown as well, and told as all others are.
      writeErr: () => {},
      getOutHelpWidth: () => Math.min(context.output.columns, 80),
      getErrHelpWidth: () => Math.min(context.errors.columns, 80),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', () => exitCodesHelp(Math.min(context.output.columns, 80)));
}

/** `error: unknown command 'lgin'\n(Did you mean login?)` as one of our sentences. */
function usageWords(message: string): string {
  const [said = '', ...more] = message.replace(/^error: /, '').split('\n');
  const text = [said.charAt(0).toUpperCase() + said.slice(1), ...more.map(line => line.replace(/^\((.*)\)$/, '$1'))];
  return text.map(line => line.replace(/(^|\s)'([^']*)'/g, '$1"$2"').replace(/(?<![.?!])$/, '.')).join(' ');
}

function whatThereIs(name: string | undefined): string {
  const command = COMMANDS.some(one => one.name === name) ? ` ${name}` : '';
  return `Run "npx ai-sdk-provider-kimi${command} --help" to see what there is.`;
}

/** In a narrow window what a flag or command does stands below it: beside it there would be no room for words. */
function formatHelpItem(term: string, termWidth: number, description: string, helper: Help): string {
  const width = helper.helpWidth ?? 80;
  return width - termWidth - 4 >= 40 || description === ''
    ? Help.prototype.formatItem.call(helper, term, termWidth, description, helper)
    : [`  ${term}`, ...wrapText(description, width - 6).map(line => `      ${line}`)].join('\n');
}

/** The codes for people, below every `--help`. */
function exitCodesHelp(width: number): string {
  const rows = EXIT_CODE_WORDS.map(([code, words]) =>
    wrapText(words, width - 7).map((line, index) => `  ${(index === 0 ? code : '').padEnd(5)}${line}`),
  );
  return ['', 'Exit codes:', ...rows.flat()].join('\n');
}

/** The one place where a failure is told: people get its message on stderr, programs an object on stdout. */
async function endingWell(
  context: CommandContext,
  isJSON: boolean,
  run: () => Promise<number>,
  options: LoginOptions = {},
): Promise<number> {
  try {
    return await run();
  } catch (thrown) {
    // What fails because the command is being ended is not a failure of its own.
    const error: unknown = context.abortSignal.aborted ? context.abortSignal.reason : thrown;
    const { code, message, exitCode } = describeFailure(error, await readerOf(context, options));
    if (exitCode === EXIT_CODES.ok) {
      return exitCode;
    }
    if (isJSON) {
      printJSON(context, { error: { code, message: message.replaceAll('\n', ' '), exitCode } });
    } else {
      const { text, symbols } = context.errors;
      text(shortenHomes(message), { sign: styled(symbols.failure, 'red') });
    }
    return exitCode;
  }
}

/** Nobody but who gave these flags reads it. */
async function readerOf(context: CommandContext, options: LoginOptions): Promise<Partial<Reader>> {
  const now = context.now();
  const flags = loginFlags(options);
  // Settings that cannot work are what the failure itself is about.
  const place = await resolvePlace(context, options).catch(() => undefined);
  return place === undefined ? { flags, now } : { flags, now, remedy: remedyOf(context, options, place) };
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
