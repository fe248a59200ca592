/** An entry of `search_results`, as the official clients read it (docs/wire.md#web-search). */
export type SimulatorSearchResult = {
  site_name?: unknown;
  title?: unknown;
  url?: unknown;
  snippet?: unknown;
  /** Sent where pages were asked for, too; the platform calls it `text`. */
  content?: unknown;
  /** Sent by the platform only. */
  authority?: unknown;
  date?: unknown;
  icon?: unknown;
  mime?: unknown;
} & Record<string, unknown>;

/** What the simulator finds and reads. Nothing of it is fetched from anywhere. */
export type SimulatorWeb = {
  /** What every search finds, best first; the first `limit` are sent. Default: three pages that name the query. */
  results: readonly SimulatorSearchResult[] | undefined;
  /** Address to Markdown. Others: a page that names its address. `undefined` for one that cannot be read. */
  pages: Record<string, string | undefined>;
};

export function resultsOf({ results }: SimulatorWeb, query: string): readonly SimulatorSearchResult[] {
  return (
    results ??
    [1, 2, 3].map(number => ({
      site_name: `Site ${number}`,
      title: `${query}, page ${number}`,
      url: `https://example.com/${number}?q=${encodeURIComponent(query)}`,
      snippet: `What page ${number} says of ${query}.`,
      content: `# ${query}\n\nAll that page ${number} says.`,
      date: '2026-11-25',
      icon: 'https://example.com/favicon.ico',
      mime: 'text/html',
      authority: 'A',
    }))
  );
}

/** `undefined` where the page cannot be read. */
export function pageOf({ pages }: SimulatorWeb, url: string): string | undefined {
  return Object.hasOwn(pages, url) ? pages[url] : `# Page\n\nThe text of ${url}.\n`;
}
