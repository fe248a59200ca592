import { InvalidArgumentError, Option } from 'commander';
import { MOST_RESULTS, USUAL_RESULTS, type WebSearchResult } from '../../web/web-search';
import { printJSON, type Command, type CommandContext } from '../command';
import { EXIT_CODES, UsageError } from '../failures';
import { loginOptions, openKimi, type LoginOptions } from '../login-choice';
import { progressForPeople, styled } from '../terminal';

type SearchOptions = LoginOptions & {
  /** How many results at most. */
  limit?: number | undefined;
  /** With the text of each page. */
  content?: boolean | undefined;
};

export const search: Command<SearchOptions> = {
  name: 'search',
  description: 'Search the web with your plan. On the platform each search is billed.',
  words: ['<words...>', 'what to search for'],
  options: [
    new Option('--limit <count>', `how many results, 1 to ${MOST_RESULTS} (default: ${USUAL_RESULTS})`).argParser(
      count,
    ),
    new Option('--content', 'with the text of each page'),
    ...loginOptions('all'),
  ],
  run: searchWeb,
};

function count(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > MOST_RESULTS) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_RESULTS}.`);
  }
  return number;
}

async function searchWeb(context: CommandContext, options: SearchOptions, words: readonly string[]): Promise<number> {
  const { limit, content: includeContent, json } = options;
  const query = words.join(' ').trim();
  if (query === '') {
    throw new UsageError('There is nothing to search for. Try: npx ai-sdk-provider-kimi search kimi k3');
  }
  const { web } = await openKimi(context, options);
  const progress = await progressForPeople(context, options);
  progress?.show('Searching');
  let results: WebSearchResult[];
  try {
    results = await web.search(query, { limit, includeContent, abortSignal: context.abortSignal });
  } finally {
    progress?.stop();
  }
  if (json === true) {
    printJSON(context, { query, results });
  } else {
    showResults(context, results);
  }
  return EXIT_CODES.ok;
}

function showResults({ output }: CommandContext, results: readonly WebSearchResult[]): void {
  if (results.length === 0) {
    output.text('Nothing was found.', { sign: styled(output.symbols.warning, 'yellow') });
    return;
  }
  results.forEach(({ title, url, siteName, date, snippet, content }, index) => {
    if (index > 0) {
      output.line();
    }
    const indent = 3;
    output.text(title ?? url ?? 'Without a title', { label: `${index + 1}. `.padEnd(indent), style: 'bold' });
    if (url !== undefined && title !== undefined) {
      output.text(url, { indent, style: 'cyan' });
    }
    const origin = [siteName, date].filter(part => part !== undefined).join(', ');
    if (origin !== '') {
      output.text(origin, { indent, style: 'dim' });
    }
    for (const text of [snippet, content]) {
      if (text !== undefined) {
        output.text(text, { indent });
      }
    }
  });
}
