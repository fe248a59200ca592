import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KimiRedirectError } from '../../src/errors/kimi-error';
import { createSameOriginFetch } from '../../src/transport/fetch';

type Seen = { url: string; method: string; headers: IncomingHttpHeaders; body: string };

async function startServer(answer: (url: string, self: string) => { status: number; location?: string }) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      seen.push({ url: request.url ?? '', method: request.method ?? '', headers: request.headers, body });
      const { status, location } = answer(request.url ?? '', origin());
      response.writeHead(status, location === undefined ? {} : { location }).end('ok');
    });
  });
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return { origin: origin(), seen, close: () => new Promise(resolve => server.close(resolve)) };
}

describe('createSameOriginFetch', () => {
  const fetch = createSameOriginFetch(globalThis.fetch);
  const post = { method: 'POST', body: 'the prompt', headers: { 'x-api-key': 'canary' } };
  let other: Awaited<ReturnType<typeof startServer>>;
  let server: Awaited<ReturnType<typeof startServer>>;

  beforeEach(async () => {
    other = await startServer(() => ({ status: 200 }));
    server = await startServer((url, self) => {
      switch (url) {
        case '/moved':
          return { status: 307, location: '/here' };
        case '/away':
          return { status: 307, location: `${other.origin}/stolen` };
        case '/loop':
          return { status: 308, location: `${self}/loop` };
        case '/broken':
          return { status: 302, location: 'http://[' };
        default:
          return { status: 200 };
      }
    });
  });
  afterEach(async () => {
    await server.close();
    await other.close();
  });

  it('follows a redirect to the same origin, with method, body and headers', async () => {
    const response = await fetch(`${server.origin}/moved`, post);
    expect(response.status).toBe(200);
    expect(server.seen.map(({ url, method, body }) => [url, method, body])).toEqual([
      ['/moved', 'POST', 'the prompt'],
      ['/here', 'POST', 'the prompt'],
    ]);
    expect(server.seen[1]?.headers['x-api-key']).toBe('canary');
  });

  it('follows it with a Request as well, whose body can be read once', async () => {
    const response = await fetch(new Request(`${server.origin}/moved`, post));
    expect(response.status).toBe(200);
    expect(server.seen.map(({ url, method, body }) => [url, method, body])).toEqual([
      ['/moved', 'POST', 'the prompt'],
      ['/here', 'POST', 'the prompt'],
    ]);
    expect(server.seen[1]?.headers['x-api-key']).toBe('canary');
  });

  it('names both origins of a redirect to another, which gets nothing', async () => {
    const error = await fetch(`${server.origin}/away`, post).catch((caught: unknown) => caught);
    expect(KimiRedirectError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ from: server.origin, to: other.origin, code: 'KIMI_REDIRECT' });
    expect(String(error)).toContain(`${server.origin} answered with a redirect to ${other.origin}`);
    expect(other.seen).toEqual([]);
  });

  it('does not follow a second redirect', async () => {
    await expect(fetch(`${server.origin}/loop`, post)).rejects.toThrow('more than one redirect');
    expect(server.seen).toHaveLength(2);
  });

  it('refuses a location that is no URL', async () => {
    await expect(fetch(`${server.origin}/broken`, post)).rejects.toThrow('redirect to another place');
  });
});
