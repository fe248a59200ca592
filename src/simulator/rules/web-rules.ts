import type { SimulatorRule } from './simulator-rule';

const INVALID = {
  kind: 'refusal',
  status: 400,
  type: 'invalid_request_error',
  text: 'Invalid request: …',
  wording: 'ours',
} as const;

/** Rows of search and fetch: of the coding service, and of the platform below `/tools`. */
export const WEB_RULES = {
  search: {
    rule: 'web-search',
    kind: 'answer',
    summary:
      '`search_results`, best first, with what is known of each; with `content` where `enable_page_crawling` asks ' +
      'for it, on the platform with `text`, empty without `include_content`.',
    source: 'docs/wire.md#web-search, #web-search-of-the-platform',
    confidence: 'read in source',
    status: 200,
  },
  fetch: {
    rule: 'web-fetch',
    kind: 'answer',
    summary:
      'The text of the page as Markdown: as it is, or on the platform as JSON with `url`, `title` and `markdown`.',
    source: 'docs/wire.md#web-fetch, #web-fetch-of-the-platform',
    confidence: 'read in source',
    status: 200,
  },
  codingSearchBody: {
    ...INVALID,
    rule: 'search-body',
    summary:
      'A search that is not JSON with a `text_query`; a `limit` that is not 1 to 20; fields of another type, or that ' +
      'no client sends.',
    source: 'docs/wire.md#web-search: what the clients send; what the service does with anything else is not known',
    confidence: 'assumed',
  },
  codingFetchBody: {
    ...INVALID,
    rule: 'fetch-body',
    summary:
      'A page that is asked for without JSON with a `url` of http or https, or with fields that no client sends.',
    source: 'docs/wire.md#web-fetch: what the clients send; what the service does with anything else is not known',
    confidence: 'assumed',
  },
  fetchAccept: {
    rule: 'fetch-accept',
    kind: 'notice',
    summary: 'A page that is asked for without `Accept: text/markdown`; the answer is JSON then.',
    source: 'docs/wire.md#web-fetch',
    confidence: 'reported',
  },
  pageUnreadable: {
    rule: 'page-unreadable',
    kind: 'refusal',
    summary: 'A page that the coding service cannot read; the clients then fetch it themselves.',
    source: 'docs/wire.md#web-fetch: any status but 200; which one is not known',
    confidence: 'assumed',
    status: 500,
    type: 'server_error',
    text: 'Failed to fetch the page',
    wording: 'ours',
  },
  platformSearchBody: {
    ...INVALID,
    rule: 'platform-search-body',
    summary:
      'A search without `text_query`, with a `limit` that is not 1 to 20 or `timeout_seconds` that are not 1 to 60.',
    source: 'docs/wire.md#web-search-of-the-platform',
    confidence: 'reported',
    type: 'invalid_request',
    text: '…',
    wording: 'real',
  },
  platformFetchBody: {
    ...INVALID,
    rule: 'platform-fetch-body',
    summary: 'A `url` that is none of http or https.',
    source: 'docs/wire.md#web-fetch-of-the-platform',
    confidence: 'reported',
    type: 'invalid_url',
    text: 'The provided URL is invalid: …',
    wording: 'real',
  },
  platformCredential: {
    rule: 'platform-tools-credential',
    kind: 'refusal',
    summary: 'Search and fetch of the platform without a key, or with one that is not known: no body at all.',
    source: 'docs/wire.md#web-search-of-the-platform',
    confidence: 'reported',
    status: 401,
    type: '',
    text: '',
    wording: 'real',
  },
  pageEmpty: {
    rule: 'page-empty',
    kind: 'refusal',
    summary: 'A page that has no text.',
    source: 'docs/wire.md#error-page',
    confidence: 'reported',
    status: 404,
    type: 'markdown_not_found',
    text: 'No text/markdown content found for the current URL.',
    wording: 'real',
  },
} as const satisfies Record<string, SimulatorRule>;
