import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthorizedFetch } from '../../src/auth/authorized-fetch';
import type { CredentialProvider, RequestCredential } from '../../src/auth/credential-provider';
import { KimiLoginRequiredError } from '../../src/errors/kimi-error';

type Answer = { status: number; body?: string };
type Seen = { path: string; headers: IncomingHttpHeaders; body: string };

let server: Server;
let base: string;
let seen: Seen[];
let answers: Answer[];

beforeEach(async () => {
  seen = [];
  answers = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) {
      body += String(chunk);
    }
    seen.push({ path: request.url ?? '', headers: request.headers, body });
    const answer = answers.shift() ?? { status: 200, body: 'ok' };
    response.writeHead(answer.status, { 'content-type': 'text/plain' }).end(answer.body);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
});

function login(tokens = ['one', 'two', 'three']): CredentialProvider & { calls: string[] } {
  const calls: string[] = [];
  let current = 0;
  const credential = (): RequestCredential => ({
    kind: 'oauth',
    token: tokens[current] ?? '',
    source: '/home/zoë/login.json',
    remedy: 'Sign in: x login',
  });
  return {
    calls,
    getCredential: async () => credential(),
    refresh: async ({ rejectedToken }) => {
      calls.push(`refresh ${rejectedToken}`);
      current++;
      return credential();
    },
    markAccepted: token => void calls.push(`accepted ${token}`),
    markRejected: token => {
      calls.push(`rejected ${token}`);
      return false;
    },
  };
}

const key: CredentialProvider = {
  getCredential: async () => ({
    kind: 'api-key',
    token: 'sk-key',
    source: 'the environment variable KIMI_API_KEY',
    remedy: 'Make a new key.',
  }),
};

const create = (credentials: CredentialProvider, apiBaseURL = `${base}/coding/v1`) =>
  createAuthorizedFetch({ fetch, apiOrigin: new URL(apiBaseURL).origin, credentials });
const authorizations = () => seen.map(({ headers }) => headers.authorization);
const refused: Answer = {
  status: 401,
  body: JSON.stringify({ error: { message: 'The API Key appears to be invalid or may have expired' } }),
};

describe('authorization', () => {
  it('is set last, whatever the caller set in any case', async () => {
    for (const headers of [
      { authorization: 'Bearer mine', AUTHORIZATION: 'x', 'X-Api-Key': 'k', 'x-other': '1' },
      new Headers({ Authorization: 'Bearer mine', 'x-api-key': 'k', 'x-other': '1' }),
      [
        ['Authorization', 'Bearer mine'],
        ['X-API-KEY', 'k'],
        ['x-other', '1'],
      ] as [string, string][],
    ]) {
      await create(login())(`${base}/coding/v1/models`, { headers });
    }
    await create(login())(
      new Request(`${base}/coding/v1/models`, { headers: { authorization: 'Bearer mine', 'x-other': '1' } }),
    );
    expect(seen).toHaveLength(4);
    for (const { headers } of seen) {
      expect([headers.authorization, headers['x-api-key'], headers['x-other']]).toEqual(['Bearer one', undefined, '1']);
    }
  });

  it('never reaches another origin, nor does what the caller meant for Kimi', async () => {
    const credentials = login();
    const response = await create(credentials, 'https://api.kimi.com/coding/v1')(`${base}/file`, {
      headers: { Authorization: 'Bearer mine', 'x-api-key': 'k' },
    });
    expect(response.status).toBe(200);
    expect(seen[0]?.headers).not.toHaveProperty('authorization');
    expect(seen[0]?.headers).not.toHaveProperty('x-api-key');
    await create(credentials, 'https://api.kimi.com/coding/v1')(`${base}/file`);
    expect(credentials.calls).toEqual([]);
  });
});

describe('401', () => {
  it('refreshes against the refused token and sends the same once more', async () => {
    const credentials = login();
    answers = [refused];
    const response = await create(credentials)(`${base}/coding/v1/chat/completions`, {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'x-other': '1' },
    });
    expect(await response.text()).toBe('ok');
    expect(credentials.calls).toEqual(['refresh one', 'accepted two']);
    expect(authorizations()).toEqual(['Bearer one', 'Bearer two']);
    expect(seen.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}']);
    expect(seen[1]?.headers['x-other']).toBe('1');
  });

  it('replays forms and bytes', async () => {
    const form = new FormData();
    form.set('file', new Blob(['content']), 'a.txt');
    answers = [refused];
    await create(login())(`${base}/files`, { method: 'POST', body: form });
    answers = [refused];
    await create(login())(`${base}/files`, { method: 'POST', body: new TextEncoder().encode('bytes') });
    expect(seen[1]?.body).toContain('content');
    expect(seen[3]?.body).toBe('bytes');
  });

  it('does not replay a stream, but renews for the next request', async () => {
    const credentials = login();
    answers = [refused];
    const init: RequestInit & { duplex: 'half' } = { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' };
    const response = await create(credentials)(`${base}/files`, init);
    expect(response.status).toBe(401);
    expect(await response.text()).toBe(refused.body);
    expect(credentials.calls).toEqual(['refresh one']);
    expect(seen).toHaveLength(1);
  });

  it('twice ends in an error that says what to run', async () => {
    const credentials = login();
    answers = [refused, refused];
    const error = await create(credentials)(`${base}/models`).catch((reason: unknown) => reason);
    expect(KimiLoginRequiredError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ reason: 'rejected', source: '/home/zoë/login.json' });
    expect(String(error)).toContain('Sign in: x login');
    expect(String(error)).not.toMatch(/one|two/);
    expect(credentials.calls).toEqual(['refresh one', 'rejected two']);
    expect(seen).toHaveLength(2);
  });

  it('about the model is passed on as it is', async () => {
    const credentials = login();
    answers = [{ status: 401, body: '{"error":{"message":"The model id does not exist"}}' }];
    const response = await create(credentials)(`${base}/models`);
    expect(response.status).toBe(401);
    expect(await response.text()).toContain('The model id does not exist');
    expect(credentials.calls).toEqual([]);
  });

  it('about the model after a refresh is passed on, too', async () => {
    answers = [refused, { status: 401, body: 'membership required' }];
    const response = await create(login())(`${base}/models`);
    expect(response.status).toBe(401);
    expect(await response.text()).toBe('membership required');
  });

  it('to a key is passed on; nothing is refreshed', async () => {
    answers = [refused];
    const response = await create(key)(`${base}/models`);
    expect(response.status).toBe(401);
    expect(await response.text()).toBe(refused.body);
    expect(seen).toHaveLength(1);
  });

  it('with an endless body is judged by its beginning', async () => {
    answers = [{ status: 401, body: 'x'.repeat(1_000_000) }];
    expect((await create(login())(`${base}/models`)).status).toBe(200);
  });
});

it.each([402, 403, 429, 500])('%i never refreshes', async status => {
  const credentials = login();
  answers = [{ status, body: refused.body ?? '' }];
  const response = await create(credentials)(`${base}/models`);
  expect(response.status).toBe(status);
  expect(await response.text()).toBe(refused.body);
  expect(credentials.calls).toEqual(['accepted one']);
});

it('hands on the signal to who gets the credential', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  const credentials: CredentialProvider = {
    getCredential: async ({ abortSignal } = {}) => {
      abortSignal?.throwIfAborted();
      return expect.unreachable('not aborted');
    },
  };
  await expect(create(credentials)(`${base}/models`, { signal })).rejects.toThrow('enough');
  await expect(create(credentials)(new Request(`${base}/models`, { signal }))).rejects.toThrow('enough');
});
