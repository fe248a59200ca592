import { z } from 'zod/v4';
import { KimiInvalidArgumentError } from '../errors/kimi-error';
import type { KimiWeb } from '../provider/kimi-web';
import { untilAborted } from '../transport/wait';
import { webAddress } from '../web/web-page';
import { checkedLength } from './checked-length';
import { cutText, FOREIGN_TEXT, type KimiTool } from './kimi-tool';

/** Settings of {@link webFetch}. */
export type WebFetchToolOptions = {
  /** How many characters of a page the model gets. @default 50000 */
  maxLength?: number | undefined;
  /** How many milliseconds one page may take. @default 60000 */
  timeoutMs?: number | undefined;
  /**
   * Which addresses the model may have fetched. An address can carry what the model has read in this conversation to
   * whoever owns the host. @default all of http and https
   */
  allow?: ((url: URL) => boolean | Promise<boolean>) | undefined;
};

/** What the model gives. */
export type WebFetchInput = { url: string };

/** What the model gets: the page's text as Markdown, and what it is. */
export type WebFetchOutput = { note: string; url: string; title?: string; text: string; truncated: boolean };

/** The tool that {@link webFetch} makes, for AI SDK 5, 6 and 7. */
export type WebFetchTool = KimiTool<WebFetchInput, WebFetchOutput>;

const TEXT_LIMIT = 50_000;

/**
 * Reads a web page with a Kimi Code plan or a platform key, as a tool: `tools: { read: webFetch(kimi) }`. Kimi's
 * service fetches it, not this machine, so that it reaches public pages only, and without any login.
 * @param provider any `kimi`, whose login and endpoints are used; the model may be another one's
 * @throws KimiInvalidArgumentError for a setting out of its bounds
 */
export function webFetch(provider: { readonly web: KimiWeb }, options: WebFetchToolOptions = {}): WebFetchTool {
  const { timeoutMs, allow = () => true } = options;
  const maxLength = checkedLength('webFetch', options.maxLength ?? TEXT_LIMIT);
  return {
    description: 'Reads a public web page and gives the text of its main content as Markdown.',
    inputSchema: z.object({ url: z.string().describe('The whole address, with http:// or https://') }),
    async execute({ url: asked }, { toolCallId, abortSignal } = {}) {
      const address = webAddress(asked);
      if (!(await untilAborted(Promise.resolve(allow(address)), abortSignal))) {
        throw new KimiInvalidArgumentError({
          argument: 'url',
          message: `Pages of ${address.host} may not be fetched here. Nothing was sent.`,
        });
      }
      const { url, text, title } = await provider.web.fetch(address, { timeoutMs, toolCallId, abortSignal });
      return {
        note: text.trim() === '' ? 'The page has no text.' : FOREIGN_TEXT,
        url,
        ...(title === undefined ? {} : { title: cutText(title, 500) }),
        text: cutText(text, maxLength),
        truncated: text.length > maxLength,
      };
    },
  };
}
