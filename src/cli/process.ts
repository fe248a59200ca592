/**
 * The process around the commands: signals, broken pipes, warnings. A command that was stopped is not cut off: a save
 * that is under way is finished first.
 */
import type { CommandContext } from './command';
import { EXIT_CODES, Interruption } from './failures';
import { runCli } from './run-cli';
import { openTerminal } from './terminal';

const ending = new AbortController();
// Not `once`: libraries that clean up at a signal end the process where they find no other listener left.
const endBy = (signal: NodeJS.Signals, message: string, exitCode: number): void => {
  process.on(signal, () => {
    if (ending.signal.aborted) {
      // Who presses Ctrl-C twice means it.
      process.exit(exitCode);
    }
    ending.abort(new Interruption(message, exitCode));
  });
};
endBy('SIGINT', 'Interrupted.', EXIT_CODES.interrupted);
endBy('SIGTERM', 'Ended by SIGTERM.', EXIT_CODES.terminated);
// `… | head`: who read has gone, which is no failure.
process.stdout.on('error', () => ending.abort(new Interruption('Nobody reads the output.', EXIT_CODES.ok)));
process.stderr.on('error', () => {});

const { stdin, stdout, stderr, env: environment, platform } = process;
const terminal = openTerminal({ stdout, stderr, environment, platform });
// A fault of this program. Node would print its message as it is, whoever's words are in it.
process.on('uncaughtException', (error: unknown) => {
  const stack = error instanceof Error ? error.stack : undefined;
  terminal.errors.print(`${stack ?? String(error)}\n`);
  process.exit(EXIT_CODES.failure);
});

// Node's own way of printing them is for developers: a process id and a hint at --trace-warnings.
const notices: string[] = [];
process.removeAllListeners('warning');
process.on('warning', ({ message, name }) => {
  if (name === 'KimiNotice') {
    notices.push(message);
  }
});

const context: CommandContext = {
  ...terminal,
  stdin,
  environment,
  platform,
  now: Date.now,
  abortSignal: ending.signal,
  notices,
  async openBrowser(url) {
    const { default: open } = await import('open');
    await open(url);
  },
  ownCommand: [process.execPath, process.argv[1] ?? ''],
  isRoot: process.getuid?.() === 0,
};
/** Runs the command of this process. */
export async function runProcess(): Promise<void> {
  process.exitCode = await runCli(process.argv.slice(2), context);
}
