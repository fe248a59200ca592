import { describe, expect, test } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { lastRequest } from './simulator-client';

const KEYS = { coding: 'sk-kimi-simulator', platform: 'sk-simulator' };

async function post(
  simulator: KimiSimulator,
  service: 'coding' | 'platform',
  what: 'search' | 'fetch',
  body: unknown,
  headers: Record<string, string> = {},
) {
  const base = service === 'coding' ? simulator.apiBaseURL : `${simulator.platformBaseURL}/tools`;
  const response = await fetch(`${base}/${what}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEYS[service]}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, headers: response.headers };
}

describe('search', () => {
  test('finds three pages that name the query, at most "limit", and their text where it is asked for', async () => {
    await using simulator = await startKimiSimulator();
    const { status, text } = await post(simulator, 'coding', 'search', { text_query: 'moon' });
    const { search_results: found } = JSON.parse(text) as { search_results: Record<string, unknown>[] };
    expect({ status, count: found.length }).toEqual({ status: 200, count: 3 });
    expect(found[0]).toMatchObject({ title: 'moon, page 1', url: 'https://example.com/1?q=moon' });
    expect(Object.keys(found[0] ?? {})).not.toContain('content');
    const crawled = await post(simulator, 'coding', 'search', {
      text_query: 'moon',
      limit: 1,
      enable_page_crawling: true,
      timeout_seconds: 30,
    });
    expect(JSON.parse(crawled.text)).toMatchObject({
      search_results: [{ content: expect.stringContaining('page 1') }],
    });
    expect(simulator.counts.searches).toBe(2);
    expect(lastRequest(simulator)).toMatchObject({ answeredRules: ['web-search'], notices: [] });
  });

  test('on the platform has every field, empty where nothing is known, and an id', async () => {
    await using simulator = await startKimiSimulator();
    simulator.web.results = [{ url: 'https://a.example/' }];
    const { text, headers } = await post(simulator, 'platform', 'search', {
      text_query: 'moon',
      include_content: false,
    });
    expect(JSON.parse(text)).toEqual({
      search_results: [
        {
          url: 'https://a.example/',
          authority: '',
          date: '',
          icon: '',
          mime: '',
          site_name: '',
          snippet: '',
          text: '',
          title: '',
        },
      ],
    });
    expect(headers.get('x-msh-track-id')).toMatch(/./);
  });

  test.each([
    ['coding', 'no JSON', '[]', 400, 'search-body'],
    ['coding', 'no query', {}, 400, 'search-body'],
    ['coding', 'a blank query', { text_query: ' ' }, 400, 'search-body'],
    ['coding', '21 results', { text_query: 'x', limit: 21 }, 400, 'search-body'],
    ['coding', 'a limit in text', { text_query: 'x', limit: '5' }, 400, 'search-body'],
    ['coding', "the platform's field", { text_query: 'x', include_content: true }, 400, 'search-body'],
    ['coding', 'a field of no client', { text_query: 'x', query: 'x' }, 400, 'search-body'],
    ['platform', 'no query', {}, 400, 'platform-search-body'],
    ['platform', 'no results', { text_query: 'x', limit: 0 }, 400, 'platform-search-body'],
    ['platform', 'two minutes', { text_query: 'x', timeout_seconds: 120 }, 400, 'platform-search-body'],
    ['platform', 'crawling', { text_query: 'x', enable_page_crawling: true }, 400, 'platform-search-body'],
  ] as const)('of %s refuses %s', async (service, _, body, status, rule) => {
    await using simulator = await startKimiSimulator();
    expect((await post(simulator, service, 'search', body)).status).toBe(status);
    expect(lastRequest(simulator).refusedBy).toBe(rule);
  });

  test('of the platform says 401 without a body, of the coding service with one', async () => {
    await using simulator = await startKimiSimulator();
    const headers = { authorization: 'Bearer sk-else' };
    expect(await post(simulator, 'platform', 'search', { text_query: 'x' }, headers)).toMatchObject({
      status: 401,
      text: '',
    });
    const coding = await post(simulator, 'coding', 'search', { text_query: 'x' }, headers);
    expect(JSON.parse(coding.text)).toMatchObject({ error: { type: 'invalid_authentication_error' } });
    const { access_token: token } = simulator.signIn();
    const signedIn = await post(
      simulator,
      'coding',
      'search',
      { text_query: 'x' },
      { authorization: `Bearer ${token}` },
    );
    expect(signedIn.status).toBe(200);
  });
});

describe('fetch', () => {
  test('gives the text of a page, as JSON to those that do not ask for Markdown', async () => {
    await using simulator = await startKimiSimulator();
    simulator.web.pages['https://a.example/'] = '# A\n\nAll of it.';
    const url = 'https://a.example/';
    const page = await post(simulator, 'coding', 'fetch', { url }, { accept: 'text/markdown' });
    expect(page).toMatchObject({ status: 200, text: '# A\n\nAll of it.' });
    expect(page.headers.get('content-type')).toContain('text/markdown');
    expect(lastRequest(simulator).notices).toEqual([]);
    const json = { url, title: 'A', markdown: '# A\n\nAll of it.' };
    expect(JSON.parse((await post(simulator, 'coding', 'fetch', { url })).text)).toEqual(json);
    expect(lastRequest(simulator).notices).toEqual(['fetch-accept: */*']);
    expect(JSON.parse((await post(simulator, 'platform', 'fetch', { url })).text)).toEqual(json);
    expect(simulator.counts.fetches).toBe(3);
  });

  test.each([
    ['coding', 'an unreadable page', { url: 'https://gone.example/' }, 500, 'page-unreadable'],
    ['platform', 'an unreadable page', { url: 'https://gone.example/' }, 404, 'page-empty'],
    ['coding', 'a file', { url: 'file:///etc/passwd' }, 400, 'fetch-body'],
    ['platform', 'a file', { url: 'file:///etc/passwd' }, 400, 'platform-fetch-body'],
    ['coding', 'no address', {}, 400, 'fetch-body'],
    ['coding', 'another field', { url: 'https://a.example/', timeout_seconds: 3 }, 400, 'fetch-body'],
  ] as const)('of %s refuses %s', async (service, _, body, status, rule) => {
    await using simulator = await startKimiSimulator();
    simulator.web.pages['https://gone.example/'] = undefined;
    const reply = await post(simulator, service, 'fetch', body, { accept: 'text/markdown' });
    expect(reply.status).toBe(status);
    expect(lastRequest(simulator).refusedBy).toBe(rule);
  });
});
