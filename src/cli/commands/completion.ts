import type { Command } from '../command';
import { completionScript, SHELLS, type Shell } from '../completion-scripts';
import { EXIT_CODES, UsageError } from '../failures';
import { printJSON } from '../command';

/** @param commands what is completed: all there are, this one among them */
export function completion(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    description: 'Print the script with which a shell completes these commands.',
    words: ['<shell>', SHELLS.join(', ')],
    wordValues: SHELLS,
    options: [],
    async run(context, options, [shell = '']) {
      if (!SHELLS.includes(shell as Shell)) {
        throw new UsageError(`There is none for ${JSON.stringify(shell)}: bash, zsh, fish and powershell have one.`);
      }
      const script = completionScript(shell as Shell, commands());
      if (options.json === true) {
        printJSON(context, { shell, script });
      } else {
        context.output.print(script);
      }
      return EXIT_CODES.ok;
    },
  };
}
