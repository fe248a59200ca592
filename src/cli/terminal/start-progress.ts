import yoctoSpinner from 'yocto-spinner';
import { errorScreen, type CommandContext } from '../command-context';

/** Says what is being waited for. */
export type Progress = { show(text: string): void; stop(): void };

/** A spinner on stderr; where that is no terminal, a line. Signals stay the command's own business. */
export function startProgress(context: CommandContext): Progress {
  const { isTTY, line, symbols } = errorScreen(context);
  if (!isTTY || context.stdout.isTTY !== true) {
    return { show: text => line(text + symbols.ellipsis), stop: () => {} };
  }
  const spinner = yoctoSpinner({ stream: context.stderr, handleSignals: false });
  return { show: text => void spinner.start(text), stop: () => void spinner.stop() };
}
