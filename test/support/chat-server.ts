import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeEach } from 'vitest';

export type SeenRequest = {
  url: string;
  rawHeaders: string[];
  headers: IncomingMessage['headers'];
  body: Record<string, unknown>;
};

/**
 * A chat endpoint that answers every request with the same event stream: for tests of what is sent, where the
 * simulator's rules are not the point.
 */
export async function startChatServer(deltas: object[] = [{ content: 'hello' }]) {
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/models')) {
      // Says nothing of the account, so that the bundled capabilities count.
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}');
      return;
    }
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const text = Buffer.concat(pieces).toString();
      requests.push({
        url: request.url ?? '',
        rawHeaders: request.rawHeaders,
        headers: request.headers,
        body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      });
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const delta of deltas) {
        response.write(`data: ${JSON.stringify({ id: '1', choices: [{ index: 0, delta }] })}\n\n`);
      }
      const last = {
        id: '1',
        choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
        usage: { prompt_tokens: 3, completion_tokens: 2 },
      };
      response.end(`data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`);
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    baseURL: `${origin}/coding/v1`,
    requests,
    close: () => new Promise<void>(resolve => server.close(() => resolve())),
  };
}

/** One for all tests of a file, each of which sees its own requests only. */
export async function chatServerOfFile(): ReturnType<typeof startChatServer> {
  const server = await startChatServer();
  beforeEach(() => {
    server.requests.length = 0;
  });
  afterAll(() => server.close());
  return server;
}
