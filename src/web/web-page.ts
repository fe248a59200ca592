import { safeParseJSON } from '@ai-sdk/provider-utils';
import { z } from 'zod/v4';
import { unreadableAnswer } from '../api/api-failure';
import { requestText } from '../api/request-json';
import { KimiInvalidArgumentError } from '../errors/kimi-error';
import { lazy } from '../transport/lazy';
import { timeLimitOf, toolCallHeader, type WebCall, type WebOptions } from './web-call';

/** A page of the web, read by Kimi's service. */
export type WebPage = {
  /** The address that was asked for. */
  url: string;
  /** The page's main content as Markdown; empty where it has none. */
  text: string;
  /** Where the service tells it apart from the text. */
  title?: string;
};

/** How a page is asked for. */
export type WebPageOptions = WebOptions;

/** Of the answer, in bytes. */
const ANSWER_LIMIT = 8 * 1024 * 1024;

/** Browsers and proxies take no longer ones. */
const LONGEST_ADDRESS = 8192;

const markdownSchema = lazy(() =>
  z.looseObject({ markdown: z.string(), title: z.string().trim().min(1).optional().catch(undefined) }),
);

/**
 * `POST /fetch` of the coding service, which reads the page and answers with its text (docs/wire.md#web-fetch);
 * `POST /tools/fetch` of the platform, which puts it into JSON (docs/wire.md#web-fetch-of-the-platform).
 * @throws KimiInvalidArgumentError for another address than an http(s) one; else as `requestText`
 */
export async function requestPage(
  { apiBaseURL, service, ...call }: WebCall,
  address: string | URL,
  { timeoutMs, toolCallId }: WebPageOptions = {},
): Promise<WebPage> {
  const url = webAddress(address).href;
  return requestText(
    {
      ...call,
      url: `${apiBaseURL}${service === 'platform' ? '/tools' : ''}/fetch`,
      accept: service === 'platform' ? undefined : 'text/markdown',
      headers: toolCallHeader(service, toolCallId),
      body: { url },
      limit: ANSWER_LIMIT,
      timeLimitMs: timeLimitOf(timeoutMs),
    },
    async (text, exchange) => {
      const type = exchange.responseHeaders?.['content-type'] ?? '';
      // The coding service gives JSON, too, to clients that do not ask for Markdown.
      if (service === 'platform' || /\bjson\b/i.test(type)) {
        const parsed = await safeParseJSON({ text });
        const answer = parsed.success ? markdownSchema().safeParse(parsed.value) : undefined;
        if (answer?.success !== true) {
          throw unreadableAnswer(exchange, text);
        }
        const { markdown, title } = answer.data;
        return { url, text: markdown, ...(title === undefined ? {} : { title }) };
      }
      // The page of a proxy that wants a password.
      if (/\bhtml\b/i.test(type) && /^\s*<(?:!doctype|html)\b/i.test(text)) {
        throw unreadableAnswer(exchange, text);
      }
      return { url, text };
    },
  );
}

/**
 * What may be passed on: an http(s) address without a user name and a password, which would be told to the service.
 * @throws KimiInvalidArgumentError
 */
export function webAddress(address: string | URL): URL {
  const text = String(address).trim();
  const url = text.length <= LONGEST_ADDRESS && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new KimiInvalidArgumentError({
      argument: 'url',
      message:
        '"url" must be a whole http:// or https:// address, without user name and password, of at most ' +
        `${LONGEST_ADDRESS} characters. Nothing was fetched.`,
    });
  }
  return url;
}
