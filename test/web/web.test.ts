/** `kimi.web` over real HTTP: what is sent, every shape of an answer, and every way to fail. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createKimi, KimiAPIError, KimiInvalidArgumentError, KimiLoginRequiredError } from '../../src/v4';
import { memoryCredentialStore } from '../../src/credential-stores';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { fuzz } from '../fuzz/fuzz';

let simulator: KimiSimulator;
beforeAll(async () => {
  simulator = await startKimiSimulator();
});
afterEach(() => {
  simulator.reset();
  simulator.clearRequests();
  simulator.web.results = undefined;
  simulator.web.pages = {};
});
afterAll(() => simulator.close());

const coding = () => createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' }).web;
const platform = () =>
  createKimi({ service: 'platform', baseURL: simulator.platformBaseURL, apiKey: 'sk-simulator' }).web;
const last = () => simulator.requests.at(-1);
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    value => Promise.reject(new Error(`no failure: ${JSON.stringify(value)}`)),
    (error: unknown) => error,
  );

describe('a search', () => {
  it('of the coding service sends what kimi-cli sends, identified, with the id of the call', async () => {
    const found = await coding().search('moon', { toolCallId: 'search:0' });
    expect(last()).toMatchObject({
      path: '/coding/v1/search',
      json: { text_query: 'moon', limit: 5, enable_page_crawling: false, timeout_seconds: 30 },
      headers: {
        authorization: 'Bearer sk-kimi-simulator',
        'user-agent': expect.stringMatching(/^KimiCLI\//),
        'x-msh-tool-call-id': 'search:0',
        'x-msh-platform': 'kimi_cli',
      },
      notices: [],
    });
    expect(found).toHaveLength(3);
    expect(found[0]).toEqual({
      url: 'https://example.com/1?q=moon',
      title: 'moon, page 1',
      snippet: 'What page 1 says of moon.',
      siteName: 'Site 1',
      date: '2026-11-25',
      icon: 'https://example.com/favicon.ico',
      mime: 'text/html',
    });
  });

  it('of the platform asks its own endpoint in its own words', async () => {
    const [first] = await platform().search('moon', { limit: 1, includeContent: true, toolCallId: 'search:0' });
    expect(last()).toMatchObject({
      path: '/v1/tools/search',
      json: { text_query: 'moon', limit: 1, include_content: true, timeout_seconds: 30 },
      refusedBy: undefined,
    });
    expect(last()?.headers['x-msh-tool-call-id']).toBeUndefined();
    expect(first).toMatchObject({ authority: 'A', content: expect.stringContaining('page 1') });
  });

  it('gives the service no more time than there is', async () => {
    await coding().search('moon', { timeoutMs: 7_900 });
    expect(last()?.json).toMatchObject({ timeout_seconds: 7 });
    await coding().search('moon', { timeoutMs: 120_000 });
    expect(last()?.json).toMatchObject({ timeout_seconds: 30 });
  });

  it.each([
    ['no results', { search_results: [] }, []],
    ['no list', {}, []],
    ['null for the list', { search_results: null }, []],
    ['one with a URL alone', { search_results: [{ url: 'https://a.example/' }] }, [{ url: 'https://a.example/' }]],
    [
      'the fields of the official clients',
      {
        search_results: [
          { site_name: 'A', title: 'T', url: 'https://a.example/', snippet: 'S', content: 'C', date: 'D', mime: 'm/m' },
        ],
      },
      [{ siteName: 'A', title: 'T', url: 'https://a.example/', snippet: 'S', content: 'C', date: 'D', mime: 'm/m' }],
    ],
    [
      "the platform's empty texts",
      { search_results: [{ authority: '', date: '', icon: '', site_name: ' ', text: '', title: 'T', url: '' }] },
      [{ title: 'T' }],
    ],
    ['text for content', { search_results: [{ title: 'T', text: 'C' }] }, [{ title: 'T', content: 'C' }]],
    [
      'wrong types beside good ones',
      { search_results: [{ title: 7, url: ['x'], snippet: 'S', date: null, content: {} }] },
      [{ snippet: 'S' }],
    ],
    [
      'entries that are none',
      { search_results: [null, 3, 'x', [], {}, { date: 'D' }, { title: 'T' }] },
      [{ title: 'T' }],
    ],
    [
      'addresses that are script',
      { search_results: [{ title: 'T', url: 'javascript:alert(1)', icon: 'data:image/svg+xml,x' }] },
      [{ title: 'T' }],
    ],
    ['fields that nobody knows', { search_results: [{ title: 'T', score: 1 }], took: 3 }, [{ title: 'T' }]],
    [
      'more than was asked for',
      { search_results: Array.from({ length: 9 }, (_, index) => ({ title: `${index}` })) },
      Array.from({ length: 5 }, (_, index) => ({ title: `${index}` })),
    ],
  ])('takes %s', async (_, body, expected) => {
    simulator.fault({ status: 200, body, match: { path: '/search' } });
    expect(await coding().search('moon')).toEqual(expected);
  });

  it('takes whatever JSON there is, or says in one typed error that it is none', { timeout: 60_000 }, async () => {
    const { web } = createKimi({ apiKey: 'sk-kimi-simulator', fetch: async () => new Response(body) });
    let body = '';
    const entry = fc.dictionary(
      fc.constantFrom('title', 'url', 'snippet', 'content', 'text', 'site_name', 'date', 'icon', '__proto__'),
      fc.oneof(fc.string(), fc.webUrl(), fc.jsonValue()),
    );
    const property = fc.asyncProperty(
      fc.oneof(fc.jsonValue(), fc.record({ search_results: fc.oneof(fc.jsonValue(), fc.array(entry)) })),
      async value => {
        body = JSON.stringify(value);
        const results = await web.search('moon').catch((error: unknown) => {
          expect(KimiAPIError.isInstance(error)).toBe(true);
          return [];
        });
        for (const result of results) {
          expect(Object.values(result).every(field => typeof field === 'string' && field !== '')).toBe(true);
          expect([result.url, result.icon].every(url => url === undefined || /^https?:/.test(url))).toBe(true);
        }
      },
    );
    await fc.assert(property, fuzz(300));
  });

  it.each([
    ['', {}, 'query'],
    ['  ', {}, 'query'],
    ['x', { limit: 0 }, 'limit'],
    ['x', { limit: 21 }, 'limit'],
    ['x', { limit: 1.5 }, 'limit'],
    ['x', { timeoutMs: 0 }, 'timeoutMs'],
    ['x', { timeoutMs: Number.POSITIVE_INFINITY }, 'timeoutMs'],
  ])('for %j with %j is refused here', async (query, options, argument) => {
    const error = await failure(coding().search(query, options));
    expect(KimiInvalidArgumentError.isInstance(error) && error.argument).toBe(argument);
    expect(simulator.requests).toEqual([]);
  });
});

describe('a page', () => {
  it('of the coding service comes as text', async () => {
    simulator.web.pages['https://a.example/b'] = '# B\n\nText.';
    expect(await coding().fetch(' https://a.example/b ', { toolCallId: 'x' })).toEqual({
      url: 'https://a.example/b',
      text: '# B\n\nText.',
    });
    expect(last()).toMatchObject({
      path: '/coding/v1/fetch',
      json: { url: 'https://a.example/b' },
      headers: { accept: 'text/markdown', 'x-msh-tool-call-id': 'x' },
      notices: [],
    });
  });

  it('of the platform comes as JSON with its title', async () => {
    simulator.web.pages['https://a.example/b'] = '# B\n\nText.';
    expect(await platform().fetch(new URL('https://a.example/b'))).toEqual({
      url: 'https://a.example/b',
      title: 'B',
      text: '# B\n\nText.',
    });
    expect(last()).toMatchObject({ path: '/v1/tools/fetch', refusedBy: undefined });
  });

  it.each<[string, string, unknown, string]>([
    ['nothing', 'text/markdown', '', ''],
    ['text without a type', '', 'T', 'T'],
    ['plain text', 'text/plain', '{"error": "of the page"}', '{"error": "of the page"}'],
    ['a page about HTML', 'text/html', 'Use `<html>` first.', 'Use `<html>` first.'],
    ['JSON, as clients report', 'application/json', { url: 'u', title: '', markdown: 'T' }, 'T'],
  ])('may be %s', async (_, type, body, text) => {
    simulator.fault({ status: 200, body, headers: { 'content-type': type }, match: { path: '/fetch' } });
    expect(await coding().fetch('https://a.example/')).toEqual({ url: 'https://a.example/', text });
  });

  it.each<[string, string, unknown]>([
    ['an error with a good status', 'application/json', { error: { message: 'no' } }],
    ['JSON without the page', 'application/json', { url: 'u' }],
    ['the page of a proxy', 'text/html', '<!DOCTYPE html><title>Sign in</title>'],
  ])('is not %s', async (_, type, body) => {
    simulator.fault({ status: 200, body, headers: { 'content-type': type }, match: { path: '/fetch' } });
    expect(KimiAPIError.isInstance(await failure(coding().fetch('https://a.example/')))).toBe(true);
  });

  it.each([
    'ftp://a.example/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    '/etc/passwd',
    'a.example',
    'https://user@a.example/',
    'https://:password@a.example/',
    `https://a.example/${'x'.repeat(9000)}`,
    '',
  ])('at %s is asked of nobody', async url => {
    const error = await failure(coding().fetch(url));
    expect(KimiInvalidArgumentError.isInstance(error) && error.argument).toBe('url');
    expect((error as Error).message).not.toContain('password@');
    expect(simulator.requests).toEqual([]);
  });

  it('that has no text is told as that', async () => {
    simulator.web.pages['https://a.example/'] = undefined;
    const error = (await failure(platform().fetch('https://a.example/'))) as KimiAPIError;
    expect({ code: error.code, reason: error.reason, isRetryable: error.isRetryable }).toEqual({
      code: 'KIMI_PAGE_UNREADABLE',
      reason: 'page-empty',
      isRetryable: false,
    });
    expect(error.message).toContain('no text on the page');
  });
});

describe.each([
  ['a search', (options: object) => coding().search('a query of some length', options)],
  ['a page', (options: object) => coding().fetch('https://a.example/', options)],
])('%s', (_, ask) => {
  it.each([
    [401, { error: { type: 'invalid_authentication_error', message: 'The API Key appears to be invalid' } }],
    [403, { error: { type: 'access_terminated_error', message: 'only available for Coding Agents' } }],
    [429, { error: { type: 'rate_limited', message: 'project qps limit exceeded' } }],
    [500, 'oops'],
    [502, '<html><title>Bad gateway</title>'],
    [504, { error: { type: 'timeout', message: 'request timeout' } }],
  ])('is one typed error at HTTP %i', async (status, body) => {
    simulator.fault({ status, body, headers: { 'x-msh-track-id': 'track-1', 'x-trace-id': '' } });
    const error = (await failure(ask({}))) as KimiAPIError;
    expect(KimiAPIError.isInstance(error)).toBe(true);
    expect({ status: error.statusCode, traceId: error.traceId }).toEqual({ status, traceId: 'track-1' });
    expect(simulator.requests).toHaveLength(1);
  });

  it.each([
    ['is cut', { connection: { at: 'event', how: 'reset' } } as const],
    ['never begins', { destroySocket: true }],
  ])('that %s is a failed connection', async (__, fault) => {
    simulator.fault({ ...fault, times: 3 });
    const error = (await failure(ask({}))) as KimiAPIError;
    expect({ code: error.code, isRetryable: error.isRetryable }).toEqual({
      code: 'KIMI_CONNECTION_FAILED',
      isRetryable: true,
    });
  });

  it('that does not end is cut at its limit', { timeout: 60_000 }, async () => {
    simulator.fault({ flood: { text: 'x'.repeat(64 * 1024) } });
    expect(await failure(ask({}))).toMatchObject({ code: 'KIMI_ANSWER_INVALID', reason: 'too-large' });
  });

  it('ends at its time limit, and says so', async () => {
    simulator.fault({ connection: { at: 'request', how: 'silence' } });
    const error = (await failure(ask({ timeoutMs: 50 }))) as KimiAPIError;
    expect(error.code).toBe('KIMI_CONNECTION_FAILED');
    expect(error.message).toContain('no answer within 0.05 s');
  });

  it('ends with its signal, before and in the middle', async () => {
    const reason = new Error('enough');
    expect(await failure(ask({ abortSignal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(simulator.requests).toEqual([]);
    simulator.fault({ connection: { at: 'headers', how: 'silence' } });
    const controller = new AbortController();
    const pending = failure(ask({ abortSignal: controller.signal }));
    await expect.poll(() => simulator.requests.length).toBe(1);
    controller.abort(reason);
    expect(await pending).toBe(reason);
  });

  it('leaves out an id that cannot be a header', async () => {
    await ask({ toolCallId: 'a\r\nx-evil: 1' });
    expect(last()?.headers['x-msh-tool-call-id']).toBeUndefined();
    expect(last()?.headers['x-evil']).toBeUndefined();
  });
});

it('renews a login that the service refuses, once, and asks again', async () => {
  const { access_token, refresh_token } = simulator.signIn();
  const credentialStore = memoryCredentialStore();
  const kimi = createKimi({ baseURL: simulator.apiBaseURL, oauthHost: simulator.oauthHost, credentialStore });
  await kimi.auth.save({
    type: 'oauth',
    accessToken: access_token,
    refreshToken: refresh_token,
    expiresAt: Math.floor(Date.now() / 1000) + 900,
    expiresIn: 900,
    scope: '',
    tokenType: 'Bearer',
  });
  simulator.expireTokens();
  expect(await kimi.web.search('moon')).toHaveLength(3);
  expect(simulator.counts).toMatchObject({ searches: 2, refreshes: 1 });
  simulator.expireTokens();
  expect((await kimi.web.fetch('https://a.example/')).text).toContain('https://a.example/');
  expect(simulator.counts).toMatchObject({ fetches: 2, refreshes: 2 });
});

it('without a login sends nothing and says how to sign in', async () => {
  const { web } = createKimi({ baseURL: simulator.apiBaseURL, credentialStore: memoryCredentialStore() });
  expect(KimiLoginRequiredError.isInstance(await failure(web.search('moon')))).toBe(true);
  expect(simulator.requests).toEqual([]);
});

it('shows neither key nor query in an error that repeats both', async () => {
  const query = 'the private question of somebody';
  const message = `Bearer sk-kimi-simulator may not ask "${query}"`;
  simulator.fault({ status: 400, body: { error: { type: 'invalid_request', message } } });
  const error = (await failure(coding().search(query))) as KimiAPIError;
  for (const text of [error.message, error.responseBody ?? '', JSON.stringify(error), JSON.stringify(error.data)]) {
    expect(text).not.toContain('sk-kimi-simulator');
    expect(text).not.toContain(query);
  }
});
