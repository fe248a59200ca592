import type { Readable, Writable } from 'node:stream';
import { createScreen, type Screen } from './terminal/screen';

/** What a stream to a person may tell about itself; a pipe has none of it. */
export type Output = Writable & { isTTY?: boolean | undefined; columns?: number | undefined };
export type Input = Readable & { isTTY?: boolean | undefined; fd?: number | undefined };

/** All that a command knows of the process it runs in, so that tests can be the process. */
export type CommandContext = {
  stdin: Input;
  stdout: Output;
  stderr: Output;
  /** `process.env` itself: the provider reads it, and `--store` is passed on in it. */
  env: Record<string, string | undefined>;
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
};

/** What all commands take. */
export type CommonOptions = { json?: boolean | undefined };

/** Where a command's result goes, for people. */
export function outputScreen(context: CommandContext): Screen {
  return createScreen(context.stdout, context);
}

/** Where what goes beside the result goes: errors, progress, hints of commands whose output is read by programs. */
export function errorScreen(context: CommandContext): Screen {
  return createScreen(context.stderr, context);
}

/** One JSON value on one line, for `--json`. */
export function printJSON({ stdout }: CommandContext, value: unknown): void {
  stdout.write(`${JSON.stringify(value)}\n`);
}
