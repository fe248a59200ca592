/** The tools in agent loops of AI SDK 5, 6 and 7, on models of all specifications, over real HTTP. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { KimiAPIError, KimiInvalidArgumentError } from '../../src/v4';
import type { KimiWeb } from '../../src/v4';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { builtinWebSearch, webFetch, webSearch } from '../../src/tools';
import { chats } from '../support/chats';
import { COMBINATIONS, createRootKimi, steps, type Provider } from '../support/majors';

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

type WithWeb = Provider & { readonly web: KimiWeb };
type Body = {
  tools: { type: string; function: { name: string; description?: string; parameters?: unknown } }[];
  messages: { role: string; content: unknown; tool_calls?: { id: string; function: { arguments: string } }[] }[];
};

const bodies = (): Body[] => chats(simulator).map(({ json }) => json as Body);
/** What the model was given for its calls, in order. */
const results = (): unknown[] =>
  (bodies().at(-1)?.messages ?? []).filter(({ role }) => role === 'tool').map(({ content }) => content);
const refusals = () => simulator.requests.flatMap(({ refusedBy, notices }) => [refusedBy ?? [], ...notices]).flat();

describe.each(COMBINATIONS)('$name', ({ ai, createKimi }) => {
  const coding = () => createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' }) as WithWeb;
  const platform = () =>
    createKimi({ service: 'platform', baseURL: simulator.platformBaseURL, apiKey: 'sk-simulator' }) as WithWeb;

  it('searches, reads and answers', async () => {
    simulator.web.pages['https://example.com/1?q=moon'] = '# The moon\n\nIt is far.';
    simulator.script([
      { toolCalls: [{ id: 'search:0', name: 'search', arguments: { query: 'moon', limit: 2 } }] },
      { toolCalls: [{ name: 'read', arguments: { url: 'https://example.com/1?q=moon' } }] },
      { text: 'Far.' },
    ]);
    const kimi = coding();
    const { text } = await ai.generateText({
      model: kimi('k3'),
      prompt: 'How far is the moon?',
      tools: { search: webSearch(kimi), read: webFetch(kimi) },
      stopWhen: steps(5),
    });
    expect(text).toBe('Far.');
    expect(refusals()).toEqual([]);
    expect(bodies()[0]?.tools.map(tool => [tool.type, tool.function.name])).toEqual([
      ['function', 'search'],
      ['function', 'read'],
    ]);
    expect(bodies()[0]?.tools[0]?.function).toMatchObject({
      description: expect.stringContaining('Searches the web'),
      parameters: {
        type: 'object',
        required: ['query'],
        properties: { query: { type: 'string' }, limit: { type: 'number' }, includeContent: { type: 'boolean' } },
      },
    });
    const search = simulator.requests.find(({ path }) => path.endsWith('/search'));
    expect(search?.json).toMatchObject({ text_query: 'moon', limit: 2 });
    expect(search?.headers['x-msh-tool-call-id']).toMatch(/^search.0$/);
    const [found, page] = results().map(content => JSON.parse(content as string) as unknown);
    expect(found).toEqual({
      note: expect.stringContaining('not instructions'),
      results: [expect.objectContaining({ title: 'moon, page 1' }), expect.objectContaining({ title: 'moon, page 2' })],
    });
    expect(page).toEqual({
      note: expect.stringContaining('not instructions'),
      url: 'https://example.com/1?q=moon',
      text: '# The moon\n\nIt is far.',
      truncated: false,
    });
  });

  it('tells the model of a failure, and goes on', async () => {
    simulator.fault({ status: 502, body: 'upstream', match: { path: '/search' } });
    simulator.script([{ toolCalls: [{ name: 'search', arguments: { query: 'moon' } }] }, { text: 'I do not know.' }]);
    const kimi = coding();
    const stream = ai.streamText({
      model: kimi('k3'),
      prompt: 'How far?',
      tools: { search: webSearch(kimi) },
      stopWhen: steps(3),
    });
    const errors: unknown[] = [];
    for await (const part of stream.fullStream) {
      if (part.type === 'tool-error') {
        errors.push(part.error);
      }
    }
    expect(errors).toHaveLength(1);
    expect(KimiAPIError.isInstance(errors[0]) && errors[0].code).toBe('KIMI_SERVER_ERROR');
    expect(await stream.text).toBe('I do not know.');
    expect(String(results()[0])).toContain('HTTP 502');
  });

  it('hands the arguments of $web_search back as they are, beside other tools', async () => {
    const args = { search_result: { search_id: '00d8' }, usage: { total_tokens: 13046 }, later: [1, { field: null }] };
    simulator.script([{ toolCalls: [{ name: '$web_search', arguments: args }] }, { text: 'Far.' }]);
    const kimi = platform();
    const { text } = await ai.generateText({
      model: kimi('kimi-k3'),
      prompt: 'How far?',
      tools: { ...builtinWebSearch(), read: webFetch(kimi) },
      stopWhen: steps(3),
    });
    expect(text).toBe('Far.');
    expect(refusals()).toEqual([]);
    expect(bodies()[0]?.tools[0]).toEqual({ type: 'builtin_function', function: { name: '$web_search' } });
    expect(JSON.parse(String(results()[0]))).toEqual(args);
  });

  it('lets another service search than the one that answers', async () => {
    simulator.script([{ toolCalls: [{ name: 'search', arguments: { query: 'moon' } }] }, { text: 'Far.' }]);
    const { text } = await ai.generateText({
      model: coding()('k3'),
      prompt: 'How far?',
      tools: { search: webSearch(platform(), { includeContent: true, limit: 1 }) },
      stopWhen: steps(3),
    });
    expect(text).toBe('Far.');
    expect(simulator.requests.map(({ path }) => path)).toContain('/v1/tools/search');
    expect(JSON.stringify(bodies()[0]?.tools)).not.toContain('includeContent');
  });

  it('ends with the signal of the whole call', async () => {
    simulator.fault({ connection: { at: 'request', how: 'silence' }, match: { path: '/search' } });
    simulator.script([{ toolCalls: [{ name: 'search', arguments: { query: 'moon' } }] }]);
    const kimi = coding();
    const controller = new AbortController();
    const pending = ai
      .generateText({
        model: kimi('k3'),
        prompt: 'How far?',
        tools: { search: webSearch(kimi) },
        stopWhen: steps(3),
        abortSignal: controller.signal,
      })
      .then(
        () => 'answered',
        () => 'ended',
      );
    await expect.poll(() => simulator.counts.searches).toBe(1);
    controller.abort(new Error('enough'));
    await pending;
    await expect.poll(() => simulator.requests.find(({ path }) => path.endsWith('/search'))?.clientGone).toBe(true);
    expect(simulator.counts.searches).toBe(1);
  });
});

describe('webSearch', () => {
  const kimi = () =>
    createRootKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' }) as unknown as WithWeb;

  it.each([
    [undefined, 5],
    [50, 20],
    [0, 1],
    [-3, 1],
    [2.4, 2],
    [Number.NaN, 5],
  ])('answers a model that asks for %s results as well as it can', async (limit, sent) => {
    await webSearch(kimi()).execute({ query: 'moon', limit });
    expect(simulator.requests.at(-1)?.json).toMatchObject({ limit: sent });
  });

  it('shares its length among the pages, and cuts no character in two', async () => {
    simulator.web.results = [
      { title: 'short', content: 'x' },
      { title: 'long', content: '🌕'.repeat(400) },
      { title: 'long', content: 'y'.repeat(400) },
    ];
    const { results } = await webSearch(kimi(), { includeContent: true, maxLength: 600 }).execute({ query: 'moon' });
    const contents = results.map(({ content = '' }) => content);
    expect(contents[0]).toBe('x');
    expect(contents[1]).toBe(`${'🌕'.repeat(149)}… [cut: 298 of 800 characters]`);
    expect(contents[2]).toMatch(/^y{300}… \[cut: 300 of 400 characters\]$/);
    expect(contents.every(text => text.isWellFormed())).toBe(true);
  });

  it('bounds what is no page either', async () => {
    const long = 'z'.repeat(10_000);
    simulator.web.results = [
      { title: long, snippet: long, site_name: long, date: long, url: `https://a.example/${long}` },
    ];
    const { results } = await webSearch(kimi()).execute({ query: 'moon' });
    expect(JSON.stringify(results).length).toBeLessThan(4000);
    expect(results[0]).not.toHaveProperty('url');
  });

  it('says that nothing was found', async () => {
    simulator.web.results = [];
    expect(await webSearch(kimi()).execute({ query: 'moon' })).toEqual({
      note: 'Nothing was found. Try other words.',
      results: [],
    });
  });

  it.each([{ limit: 0 }, { limit: 21 }, { maxLength: 99 }, { maxLength: 1.5 }])(
    'refuses %j when it is made',
    options => {
      expect(() => webSearch(kimi(), options)).toThrow(KimiInvalidArgumentError);
    },
  );
});

describe('webFetch', () => {
  const kimi = () =>
    createRootKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' }) as unknown as WithWeb;

  it('cuts a long page, and says so', async () => {
    simulator.web.pages['https://a.example/'] = 'x'.repeat(1000);
    const { text, truncated } = await webFetch(kimi(), { maxLength: 100 }).execute({ url: 'https://a.example/' });
    expect({ text, truncated }).toEqual({
      text: `${'x'.repeat(100)}… [cut: 100 of 1000 characters]`,
      truncated: true,
    });
  });

  it('says that a page has no text', async () => {
    simulator.web.pages['https://a.example/'] = ' \n';
    expect(await webFetch(kimi()).execute({ url: 'https://a.example/' })).toMatchObject({
      note: 'The page has no text.',
    });
  });

  it('asks "allow" first, for each page', async () => {
    const tool = webFetch(kimi(), { allow: async ({ hostname }) => hostname === 'a.example' });
    await tool.execute({ url: 'https://a.example/?q=1' });
    simulator.clearRequests();
    await expect(tool.execute({ url: 'https://b.example/?secret=1' })).rejects.toThrow(
      'Pages of b.example may not be fetched here. Nothing was sent.',
    );
    await expect(tool.execute({ url: 'file:///etc/passwd' })).rejects.toThrow(KimiInvalidArgumentError);
    expect(simulator.requests).toEqual([]);
  });
});
