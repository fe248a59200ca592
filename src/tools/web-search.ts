import { z } from 'zod/v4';
import { KimiInvalidArgumentError } from '../errors/kimi-error';
import type { KimiWeb } from '../provider/kimi-web';
import { MOST_RESULTS, USUAL_RESULTS, type WebSearchResult } from '../web/web-search';
import { checkedLength } from './checked-length';
import { cutText, FOREIGN_TEXT, type KimiTool } from './kimi-tool';

/** Settings of {@link webSearch}. */
export type WebSearchToolOptions = {
  /** How many results where the model does not say: 1 to 20. @default 5 */
  limit?: number | undefined;
  /** Whether results have the text of their pages. @default the model's choice, which is no where it says nothing */
  includeContent?: boolean | undefined;
  /** How many characters of page texts one search may give the model, shared among the results. @default 40000 */
  maxLength?: number | undefined;
  /** How many milliseconds one search may take. @default 60000 */
  timeoutMs?: number | undefined;
};

/** What the model gives. */
export type WebSearchInput = { query: string; limit?: number | undefined; includeContent?: boolean | undefined };

/** What the model gets: the results, best first, and what they are. */
export type WebSearchOutput = { note: string; results: WebSearchResult[] };

/** The tool that {@link webSearch} makes, for AI SDK 5, 6 and 7. */
export type WebSearchTool = KimiTool<WebSearchInput, WebSearchOutput>;

const PAGE_TEXT_LIMIT = 40_000;
/** Of a result's other fields, in characters; more is no title and no snippet. */
const FIELD_LIMITS = { title: 500, snippet: 2000, siteName: 200, date: 100, authority: 100, mime: 100 } as const;
/** A longer address is left out: cut, it would lead elsewhere. */
const LONGEST_ADDRESS = 4096;

/**
 * Searches the web with a Kimi Code plan or a platform key, as a tool: `tools: { search: webSearch(kimi) }`.
 * @param provider any `kimi`, whose login and endpoints are used; the model may be another one's
 * @throws KimiInvalidArgumentError for a setting out of its bounds
 */
export function webSearch(provider: { readonly web: KimiWeb }, options: WebSearchToolOptions = {}): WebSearchTool {
  const { limit: usual = USUAL_RESULTS, includeContent: fixed, timeoutMs } = options;
  if (!Number.isInteger(usual) || usual < 1 || usual > MOST_RESULTS) {
    throw new KimiInvalidArgumentError({
      argument: 'limit',
      message: `webSearch(): "limit" must be a whole number from 1 to ${MOST_RESULTS}.`,
    });
  }
  const maxLength = checkedLength('webSearch', options.maxLength ?? PAGE_TEXT_LIMIT);
  return {
    description:
      'Searches the web. Gives titles, addresses and short passages of pages, best first. For what is newer than you ' +
      'know, and for facts that need a source. Ask again in other words where nothing fits.',
    inputSchema: inputSchema(usual, fixed === undefined),
    async execute({ query, limit = usual, includeContent }, { toolCallId, abortSignal } = {}) {
      const results = await provider.web.search(query, {
        // A model that asks for 50, or for 0, is better answered than told.
        limit: Number.isFinite(limit) ? Math.min(MOST_RESULTS, Math.max(1, Math.round(limit))) : usual,
        includeContent: fixed ?? includeContent ?? false,
        timeoutMs,
        toolCallId,
        abortSignal,
      });
      const note = results.length === 0 ? 'Nothing was found. Try other words.' : FOREIGN_TEXT;
      return { note, results: fitted(results, maxLength) };
    },
  };
}

function inputSchema(usual: number, asksForContent: boolean): z.ZodType<WebSearchInput> {
  const schema = z.object({
    query: z.string().describe('What to search for'),
    limit: z.number().optional().describe(`How many results, 1 to ${MOST_RESULTS}; ${usual} if left out`),
  });
  const includeContent = z
    .boolean()
    .optional()
    .describe('Whether to give the text of each page, too: long, and rarely needed');
  return asksForContent ? schema.extend({ includeContent }) : schema;
}

/** The texts of the pages share what there is: what a short one leaves is for the next ones. */
function fitted(results: readonly WebSearchResult[], maxLength: number): WebSearchResult[] {
  let left = maxLength;
  return results.map((result, index) => {
    const short: WebSearchResult = { ...result };
    for (const [name, most] of Object.entries(FIELD_LIMITS) as Array<[keyof typeof FIELD_LIMITS, number]>) {
      const value = short[name];
      if (value !== undefined) {
        short[name] = cutText(value, most);
      }
    }
    for (const name of ['url', 'icon'] as const) {
      if ((short[name]?.length ?? 0) > LONGEST_ADDRESS) {
        delete short[name];
      }
    }
    if (short.content !== undefined) {
      const share = Math.max(1, Math.floor(left / (results.length - index)));
      left -= Math.min(share, short.content.length);
      short.content = cutText(short.content, share);
    }
    return short;
  });
}
