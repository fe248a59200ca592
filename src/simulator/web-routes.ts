/** Search and fetch: of the coding service, and of the platform below `/tools`. */
import { TRACK_ID_HEADER, type KimiService } from '../upstream';
import { authorize, isAuthorized } from './authorize';
import { refuseApi, type Exchange } from './exchange';
import type { SimulatorRule } from './rules/simulator-rule';
import { WEB_RULES } from './rules/web-rules';
import type { Route, SimulatorState } from './simulator-state';
import { pageOf, resultsOf, type SimulatorSearchResult } from './simulator-web';

/** What a field must be, and what is said where it is not. */
type Field = { isGood: (value: unknown) => boolean; text: string };

const SEARCH_FIELDS: Readonly<Record<KimiService, Readonly<Record<string, Field>>>> = {
  coding: {
    text_query: { isGood: isText, text: 'Invalid request: text_query must be text that is not blank' },
    limit: { isGood: isWholeUpTo(20), text: 'Invalid request: limit must be a whole number from 1 to 20' },
    enable_page_crawling: { isGood: isBoolean, text: 'Invalid request: enable_page_crawling must be true or false' },
    timeout_seconds: { isGood: isWholeUpTo(60), text: 'Invalid request: timeout_seconds must be a number of seconds' },
  },
  platform: {
    text_query: { isGood: isText, text: 'text_query is required' },
    limit: { isGood: isWholeUpTo(20), text: 'limit must be between 1 and 20' },
    include_content: { isGood: isBoolean, text: 'invalid request body' },
    timeout_seconds: { isGood: isWholeUpTo(60), text: 'timeout_seconds must be less than or equal to 60' },
  },
};

const FETCH_FIELDS: Readonly<Record<KimiService, Readonly<Record<string, Field>>>> = {
  coding: { url: { isGood: isWebAddress, text: 'Invalid request: url must be an http(s) address' } },
  platform: {
    url: { isGood: isWebAddress, text: 'The provided URL is invalid: only http and https are supported' },
  },
};

const search = (service: KimiService, path: string): Route => ({
  method: 'POST',
  path,
  count: () => 'searches',
  async handle(exchange, state) {
    const row = service === 'platform' ? WEB_RULES.platformSearchBody : WEB_RULES.codingSearchBody;
    const body = await readBody(exchange, state, service, SEARCH_FIELDS[service], row);
    if (body === undefined) {
      return;
    }
    const { text_query: query, limit = 5 } = body;
    const withContent = body.enable_page_crawling === true || body.include_content === true;
    const found = resultsOf(state.web, query as string).slice(0, limit as number);
    exchange.request.answeredRules.push(WEB_RULES.search.rule);
    const results = found.map(result => toWire(result, service, withContent));
    await exchange.reply(200, { search_results: results }, headersOf(exchange, service));
  },
});

const fetchPage = (service: KimiService, path: string): Route => ({
  method: 'POST',
  path,
  count: () => 'fetches',
  async handle(exchange, state) {
    const isPlatform = service === 'platform';
    const row = isPlatform ? WEB_RULES.platformFetchBody : WEB_RULES.codingFetchBody;
    const body = await readBody(exchange, state, service, FETCH_FIELDS[service], row);
    if (body === undefined) {
      return;
    }
    const { request } = exchange;
    const url = body.url as string;
    const page = pageOf(state.web, url);
    if (page === undefined) {
      await refuseApi(exchange, isPlatform ? WEB_RULES.pageEmpty : WEB_RULES.pageUnreadable);
      return;
    }
    request.answeredRules.push(WEB_RULES.fetch.rule);
    if (!isPlatform && request.headers.accept?.includes('text/markdown')) {
      request.passedRules.push(WEB_RULES.fetchAccept.rule);
      await exchange.reply(200, page, { 'content-type': 'text/markdown; charset=utf-8' });
      return;
    }
    if (!isPlatform) {
      request.notices.push(`${WEB_RULES.fetchAccept.rule}: ${request.headers.accept}`);
    }
    const title = /^# (.*)$/m.exec(page.slice(0, 4096))?.[1] ?? '';
    await exchange.reply(200, { url, title, markdown: page }, headersOf(exchange, service));
  },
});

/** The body, if credential and fields are good: the first is required, no other than these may be there. */
async function readBody(
  exchange: Exchange,
  state: SimulatorState,
  service: KimiService,
  fields: Readonly<Record<string, Field>>,
  row: SimulatorRule,
): Promise<Record<string, unknown> | undefined> {
  const { request } = exchange;
  if (service === 'platform' && !isAuthorized(request, state, service)) {
    request.refusedBy = WEB_RULES.platformCredential.rule;
    await exchange.reply(WEB_RULES.platformCredential.status, '', headersOf(exchange, service));
    return undefined;
  }
  if (service === 'coding' && !(await authorize(exchange, state, service))) {
    return undefined;
  }
  const wrong = faultOf(request.json, fields);
  if (wrong !== undefined) {
    await refuseApi(exchange, row, wrong);
    return undefined;
  }
  request.passedRules.push(row.rule);
  return request.json as Record<string, unknown>;
}

function faultOf(json: unknown, fields: Readonly<Record<string, Field>>): string | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return 'invalid request body';
  }
  const [required = ''] = Object.keys(fields);
  return Object.entries({ [required]: undefined, ...json })
    .map(([name, value]) => {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      return field === undefined
        ? `invalid request body: unknown field ${name}`
        : field.isGood(value)
          ? ''
          : field.text;
    })
    .find(text => text !== '');
}

/** The platform has all fields, empty where nothing is known; the coding service those that are there. */
function toWire(result: SimulatorSearchResult, service: KimiService, withContent: boolean): Record<string, unknown> {
  const { content, authority, ...rest } = result;
  if (service === 'coding') {
    return withContent && content !== undefined ? { ...rest, content } : rest;
  }
  const empty = { authority: '', date: '', icon: '', mime: '', site_name: '', snippet: '', title: '', url: '' };
  return { ...empty, ...rest, authority: authority ?? '', text: withContent ? (content ?? '') : '' };
}

/** The platform's tools have an id of their own. */
function headersOf({ request }: Exchange, service: KimiService): Record<string, string> {
  return service === 'platform' ? { [TRACK_ID_HEADER]: `track-${request.time}` } : {};
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isWholeUpTo(most: number): (value: unknown) => boolean {
  return value => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
}

function isWebAddress(value: unknown): boolean {
  return isText(value) && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

export const WEB_ROUTES: readonly Route[] = [
  search('coding', '/coding/v1/search'),
  search('platform', '/v1/tools/search'),
  fetchPage('coding', '/coding/v1/fetch'),
  fetchPage('platform', '/v1/tools/fetch'),
];
