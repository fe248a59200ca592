import { VERSION } from '../../version';
import { printJSON, type Command } from '../command';
import { EXIT_CODES } from '../failures';

export const version: Command = {
  name: 'version',
  description: 'Print the version of this package.',
  options: [],
  async run(context, { json }) {
    if (json === true) {
      printJSON(context, { version: VERSION });
    } else {
      context.output.line(VERSION);
    }
    return EXIT_CODES.ok;
  },
};
