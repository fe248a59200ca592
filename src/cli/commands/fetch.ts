import { KimiInvalidArgumentError } from '../../errors/kimi-error';
import type { WebPage } from '../../web/web-page';
import { printJSON, type Command, type CommandContext } from '../command';
import { EXIT_CODES, UsageError } from '../failures';
import { loginOptions, openKimi, type LoginOptions } from '../login-choice';
import { progressForPeople, styled } from '../terminal';

export const fetch: Command<LoginOptions> = {
  name: 'fetch',
  description: 'Show the text of a web page, read by Kimi. On the platform each page is billed.',
  words: ['<url>', 'a public http(s) address'],
  options: loginOptions('all'),
  run: fetchPage,
};

async function fetchPage(context: CommandContext, options: LoginOptions, [url = '']: readonly string[]) {
  const { web } = await openKimi(context, options);
  const progress = await progressForPeople(context, options);
  progress?.show('Reading');
  let page: WebPage;
  try {
    page = await web.fetch(url, { abortSignal: context.abortSignal });
  } catch (error) {
    const isAddress = KimiInvalidArgumentError.isInstance(error) && error.argument === 'url';
    throw isAddress ? new UsageError(error.message) : error;
  } finally {
    progress?.stop();
  }
  const { output, errors } = context;
  if (options.json === true) {
    printJSON(context, page);
  } else if (page.text.trim() === '') {
    errors.text('The page has no text.', { sign: styled(errors.symbols.warning, 'yellow') });
  } else {
    // As it is: Markdown has its own line ends.
    output.print(page.text.endsWith('\n') ? page.text : `${page.text}\n`);
  }
  return EXIT_CODES.ok;
}
