/** What a command is: what it registers, what it is given, and the parsers of its options. */
import type { Readable } from 'node:stream';
import { InvalidArgumentError, type Option } from 'commander';
import type { Terminal } from './terminal';

export type Input = Readable & {
  isTTY?: boolean | undefined;
  fd?: number | undefined;
  /** Of a terminal: whether each key comes at once, and none is shown. */
  setRawMode?: ((isRaw: boolean) => unknown) | undefined;
};

/** All that a command knows of the process it runs in, so that tests can be the process. */
export type CommandContext = Terminal & {
  stdin: Input;
  environment: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  /** Clock in ms since the epoch. */
  now(): number;
  /** Aborts when the command is to end; the reason is an `Interruption`. */
  abortSignal: AbortSignal;
  /**
   * What the provider has told so far (why not the keychain, whose login is shared), for the commands that are about
   * it.
   */
  notices: readonly string[];
  openBrowser(url: string): Promise<void>;
  /** How this program is started again by another one: the runtime, and the path of the program. */
  ownCommand: readonly string[];
  isRoot: boolean;
};

/** What all commands take. */
export type CommonOptions = { json?: boolean | undefined };

/**
 * One command. A new one is a file in `commands/` that exports this, and a line in the list of `run-cli.ts`. All are
 * loaded for `--help`, so that whatever is heavy is imported where it is used: the provider by `openKimi`.
 */
export type Command<Options extends CommonOptions = CommonOptions> = {
  name: string;
  /** One sentence, for `--help`. */
  description: string;
  /** The words that may follow the name, in commander's notation (`[prompt...]`), and what they are. */
  words?: readonly [notation: string, description: string];
  /** All that the word can be, for completion. */
  wordValues?: readonly string[];
  /**
   * It gets every word behind its name as it stands, because most are for another program; `options` are for `--help`
   * alone. It has no `--json`.
   */
  takesAllWords?: true;
  /** Its own flags, in the order of `--help`; `--json` has every command. */
  options: readonly Option[];
  /** @returns the exit code. What it throws is told by `describeFailure`. */
  run(context: CommandContext, options: Options, words: readonly string[]): Promise<number>;
};

/** One JSON value on one line, for `--json`. */
export function printJSON({ output }: Pick<CommandContext, 'output'>, value: unknown): void {
  output.json(value);
}

/** Parser of an option that must say something. */
export function nonEmpty(value: string): string {
  if (value.trim() === '') {
    throw new InvalidArgumentError('It is empty.');
  }
  return value;
}

/** Parser of an option with few values. Not commander's own `choices`, which says them in other words. */
export function oneOf(allowed: readonly string[]): ((value: string) => string) & { values: readonly string[] } {
  const parse = (value: string): string => {
    if (!allowed.includes(value)) {
      throw new InvalidArgumentError(`It must be one of ${allowed.join(', ')}.`);
    }
    return value;
  };
  // Completion offers them.
  return Object.assign(parse, { values: allowed });
}
