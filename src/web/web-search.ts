import { z } from 'zod/v4';
import { requestJSON } from '../api/request-json';
import { KimiInvalidArgumentError } from '../errors/kimi-error';
import { lazy } from '../transport/lazy';
import { timeLimitOf, toolCallHeader, type WebCall, type WebOptions } from './web-call';

/** One thing that was found, as the service tells of it; what it does not say is absent. */
export type WebSearchResult = {
  /** http or https; absent where the service gives another one or none. */
  url?: string;
  title?: string;
  /** The service's own summary, or a passage of the page. */
  snippet?: string;
  siteName?: string;
  /** In the service's words: usually `2026-11-26`, but also `3 days ago`. */
  date?: string;
  /** Text of the page, where it was asked for and could be read. */
  content?: string;
  /** How trustworthy the platform takes the site for: `S`, `A`, `B`, … */
  authority?: string;
  /** Address of the site's icon; http or https. */
  icon?: string;
  /** For example `text/html`. */
  mime?: string;
};

/** How a search is made. */
export type WebSearchOptions = WebOptions & {
  /** How many results at most: 1 to 20. @default 5 */
  limit?: number | undefined;
  /** Asks for the text of each page, too; slower, and large. @default false */
  includeContent?: boolean | undefined;
};

export const MOST_RESULTS = 20;
export const USUAL_RESULTS = 5;

/** Of the answer, in bytes: twenty pages with their text. */
const ANSWER_LIMIT = 8 * 1024 * 1024;

/** So long the service itself may look for and read pages, in seconds; the official client asks for that. At most 60. */
const SERVICE_TIME_LIMIT = 30;

const text = () => z.string().trim().min(1).optional().catch(undefined);
const webAddress = () => z.string().trim().refine(isWebAddress).optional().catch(undefined);

/** Field by field: what has a wrong type counts as not said, so that one bad field costs no result. */
const resultSchema = lazy(() =>
  z.object({
    url: webAddress(),
    title: text(),
    snippet: text(),
    site_name: text(),
    date: text(),
    content: text(),
    text: text(),
    authority: text(),
    icon: webAddress(),
    mime: text(),
  }),
);

/** Without a list nothing was found, as the official client has it; an error body is none. */
const answerSchema = lazy(() =>
  z.looseObject({ search_results: z.array(z.unknown()).nullish(), error: z.null().optional() }),
);

/**
 * `POST /search` of the coding service (docs/wire.md#web-search), `POST /tools/search` of the platform
 * (docs/wire.md#web-search-of-the-platform): what was found, best first, at most `limit`.
 * @throws KimiInvalidArgumentError; else as `requestJSON`
 */
export async function requestSearch(
  { apiBaseURL, service, ...call }: WebCall,
  query: string,
  { limit = USUAL_RESULTS, includeContent = false, timeoutMs, toolCallId }: WebSearchOptions = {},
): Promise<WebSearchResult[]> {
  if (typeof query !== 'string' || query.trim() === '') {
    throw new KimiInvalidArgumentError({
      argument: 'query',
      message: 'There is nothing to search for: "query" is empty.',
    });
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_RESULTS) {
    throw new KimiInvalidArgumentError({
      argument: 'limit',
      message: `"limit" must be a whole number from 1 to ${MOST_RESULTS}, not ${JSON.stringify(limit)}.`,
    });
  }
  const timeLimitMs = timeLimitOf(timeoutMs);
  const answer = await requestJSON({
    ...call,
    url: `${apiBaseURL}${service === 'platform' ? '/tools' : ''}/search`,
    headers: toolCallHeader(service, toolCallId),
    body: {
      text_query: query,
      limit,
      [service === 'platform' ? 'include_content' : 'enable_page_crawling']: includeContent,
      timeout_seconds: Math.min(SERVICE_TIME_LIMIT, Math.max(1, Math.floor(timeLimitMs / 1000))),
    },
    schema: answerSchema(),
    limit: ANSWER_LIMIT,
    timeLimitMs,
  });
  return (answer.search_results ?? []).flatMap(toResult).slice(0, limit);
}

/** None for an entry that says nothing. */
function toResult(candidate: unknown): WebSearchResult[] {
  const entry = resultSchema().safeParse(candidate);
  if (!entry.success) {
    return [];
  }
  const { site_name: siteName, url, title, snippet, date, icon, mime, authority } = entry.data;
  const content = entry.data.content ?? entry.data.text;
  if ((url ?? title ?? snippet ?? content) === undefined) {
    return [];
  }
  const said = Object.entries({ url, title, snippet, siteName, date, content, authority, icon, mime });
  return [Object.fromEntries(said.filter(([, value]) => value !== undefined))];
}

/** Results are made into links: an address that is script or data must not come so far. */
function isWebAddress(address: string): boolean {
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
}
