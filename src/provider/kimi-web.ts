import { untilAborted } from '../transport/wait';
import { requestPage, type WebPage, type WebPageOptions } from '../web/web-page';
import { requestSearch, type WebSearchOptions, type WebSearchResult } from '../web/web-search';
import type { WebCall } from '../web/web-call';
import type { CallResolver } from './resolve-call';

/**
 * The web as a Kimi Code plan has it; on the platform each search and each page is billed. What comes back is foreign
 * text: material to judge, no instructions.
 */
export type KimiWeb = {
  /**
   * Searches the web: what was found, best first.
   * @throws KimiInvalidArgumentError, KimiAPIError, KimiLoginRequiredError, the abort reason
   */
  search(query: string, options?: WebSearchOptions): Promise<WebSearchResult[]>;
  /**
   * The text of an http(s) page, read by Kimi's service and not by this machine.
   * @throws KimiInvalidArgumentError, KimiAPIError, KimiLoginRequiredError, the abort reason
   */
  fetch(url: string | URL, options?: WebPageOptions): Promise<WebPage>;
};

export function kimiWeb(calls: CallResolver): KimiWeb {
  return {
    search: async (query, options) => requestSearch(await webCall(calls, options?.abortSignal), query, options),
    fetch: async (url, options) => requestPage(await webCall(calls, options?.abortSignal), url, options),
  };
}

async function webCall(calls: CallResolver, abortSignal: AbortSignal | undefined): Promise<WebCall> {
  const { place, fetch, credentialSource, secrets } = await untilAborted(calls.access(), abortSignal);
  const { service, apiBaseURL } = place.endpoints;
  return { fetch, apiBaseURL, service, abortSignal, credentialSource, secrets };
}
