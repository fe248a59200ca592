import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { bindingOf } from '../../src/credentials/credential-binding';
import { memoryCredentialStore } from '../../src/credential-stores';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { webFetch } from '../../src/tools';
import { createKimi, type KimiProviderSettings } from '../../src/v4';
import { failure } from '../support/failure';

let simulator: KimiSimulator;
beforeEach(async () => {
  simulator = await startKimiSimulator();
  process.env.KIMI_PROVIDER_HOME = mkdtempSync(path.join(tmpdir(), 'kimi-abort-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  delete process.env.KIMI_PROVIDER_HOME;
  await simulator.close();
});

const kimi = (settings: KimiProviderSettings) =>
  createKimi({
    baseURL: simulator.apiBaseURL,
    oauthHost: simulator.oauthHost,
    apiKey: 'sk-kimi-simulator',
    ...settings,
  });
const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }];
const never = () => new Promise<never>(() => {});
const reason = new Error('stopped by the user');

/**
 * Calls `abort` as soon as the callback is asked. A call that does not end then makes the test run into its time limit.
 */
function hangs(abort: AbortController): () => Promise<never> {
  return () => {
    setImmediate(() => abort.abort(reason));
    return never();
  };
}

/** The 2 s that a first call waits for the models never end, so that only its abort signal can end it. */
function stopClocks(): void {
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => new AbortController().signal);
}

it.each(['doGenerate', 'doStream'] as const)('ends %s with the abort reason while `apiKey` hangs', async method => {
  const abort = new AbortController();
  const call = kimi({ apiKey: hangs(abort) })('k3')[method]({ prompt, abortSignal: abort.signal });
  expect(await failure(() => call)).toBe(reason);
});

it('ends `auth.fetch` and `auth.getAccessToken` while `apiKey` hangs', async () => {
  const abort = new AbortController();
  const request = kimi({ apiKey: hangs(abort) }).auth.fetch(`${simulator.apiBaseURL}/models`, { signal: abort.signal });
  expect(await failure(() => request)).toBe(reason);
  const other = new AbortController();
  expect(await failure(() => kimi({ apiKey: hangs(other) }).auth.getAccessToken({ abortSignal: other.signal }))).toBe(
    reason,
  );
});

type Provider = ReturnType<typeof kimi>;
const file = { kimi: 'ms://file-1' };
const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1]);
it.each<[string, (provider: Provider, abortSignal: AbortSignal) => unknown]>([
  ['usage', (provider, abortSignal) => provider.usage({ abortSignal })],
  ['web.search', (provider, abortSignal) => provider.web.search('kimi', { abortSignal })],
  ['web.fetch', (provider, abortSignal) => provider.web.fetch('https://example.com/', { abortSignal })],
  ['files.upload', (provider, abortSignal) => provider.files.upload({ data: png, abortSignal })],
  [
    'uploadFile',
    ({ files }, abortSignal) =>
      files().uploadFile({ data: { type: 'data', data: png }, mediaType: 'image/png', abortSignal }),
  ],
  ['getFileMetadata', ({ files }, abortSignal) => files().getFileMetadata?.({ file, abortSignal })],
  ['downloadFile', ({ files }, abortSignal) => files().downloadFile?.({ file, abortSignal })],
  ['deleteFile', ({ files }, abortSignal) => files().deleteFile?.({ file, abortSignal })],
])('ends %s while `apiKey` hangs', async (_, ask) => {
  const abort = new AbortController();
  expect(await failure(() => ask(kimi({ apiKey: hangs(abort) }), abort.signal))).toBe(reason);
});

it('ends usage() while only the name of the plan is missing', async () => {
  simulator.fault({ match: { path: '/me' }, connection: { at: 'request', how: 'silence' } });
  const abort = new AbortController();
  const usage = failure(() => kimi({}).usage({ abortSignal: abort.signal }));
  await vi.waitFor(() => expect(simulator.requests.find(({ path }) => path.endsWith('/usages'))?.status).toBe(200));
  abort.abort(reason);
  expect(await usage).toBe(reason);
});

it('ends the tool webFetch while its `allow` hangs', async () => {
  const abort = new AbortController();
  const tool = webFetch(kimi({}), { allow: hangs(abort) });
  expect(await failure(() => tool.execute({ url: 'https://example.com/' }, { abortSignal: abort.signal }))).toBe(
    reason,
  );
});

it('ends a call while `fetch` hangs that does not listen to its signal', async () => {
  const abort = new AbortController();
  const call = kimi({ fetch: hangs(abort) }).auth.fetch(`${simulator.apiBaseURL}/models`, { signal: abort.signal });
  expect(await failure(() => call)).toBe(reason);
});

it('ends a call while the `load` of a store hangs, before the wait for the models does', async () => {
  const abort = new AbortController();
  const credentialStore = { ...memoryCredentialStore(), load: hangs(abort) };
  stopClocks();
  expect(
    await failure(() =>
      kimi({ apiKey: undefined, credentialStore })('k3').doGenerate({ prompt, abortSignal: abort.signal }),
    ),
  ).toBe(reason);
});

/** Time for all that is ready to run. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise(resolve => setImmediate(resolve));
  }
}

it('lets the chat wait on for a new token, where the time for the list is over', async () => {
  const { access_token, refresh_token, expires_in } = simulator.signIn();
  const listTime = new AbortController();
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const waitForList = new AbortController();
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(
    time =>
      new Map([
        [8000, listTime.signal],
        [2000, waitForList.signal],
      ]).get(time) ?? timeout(time),
  );
  const model = kimi({
    apiKey: undefined,
    credentialStore: memoryCredentialStore({
      type: 'oauth',
      accessToken: access_token,
      refreshToken: refresh_token,
      expiresAt: 1,
      expiresIn: expires_in,
      scope: 'kimi-code',
      tokenType: 'Bearer',
      issuedFor: bindingOf(simulator),
    }),
    fetch: async (input, init) => {
      if (String(input).endsWith('/api/oauth/token')) {
        // The chat goes on without the list, and waits for the same token; then the list's time is over.
        waitForList.abort();
        await turns();
        listTime.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
        await turns();
      }
      return fetch(input, init);
    },
  })('k3');
  const { content } = await model.doGenerate({ prompt });
  expect(content.at(-1)).toMatchObject({ type: 'text', text: 'You said: hi' });
  expect(simulator.counts.refreshes).toBe(1);
});

it('ends one call while /models hangs; the request goes on for the other', async () => {
  const abort = new AbortController();
  stopClocks();
  const paths: string[] = [];
  let answerModels = () => {};
  const server = createServer((request, response) => {
    paths.push(String(request.url));
    response.setHeader('content-type', 'application/json');
    if (request.url?.endsWith('/models')) {
      answerModels = () => response.end(JSON.stringify({ data: [{ id: 'k3', context_length: 1_048_576 }] }));
      abort.abort(reason);
    } else {
      response.end(
        JSON.stringify({
          choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
        }),
      );
    }
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  try {
    const model = kimi({ baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` })('k3');
    const aborted = failure(() => model.doGenerate({ prompt, abortSignal: abort.signal }));
    const other = model.doGenerate({ prompt });
    expect(await aborted).toBe(reason);
    // Nobody has gone out without the list yet: the aborted call did not wait for its limit.
    expect(paths).toEqual(['/v1/models']);
    answerModels();
    expect((await other).content).toMatchObject([{ type: 'text', text: 'hello' }]);
    expect(paths).toEqual(['/v1/models', '/v1/chat/completions']);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
