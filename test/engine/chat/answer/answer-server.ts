import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type Answer = (
  response: ServerResponse,
  body: Record<string, unknown>,
  request: IncomingMessage,
) => void | Promise<void>;

/** A chat endpoint that gives these answers in turn, the last one for ever. Closed when the test is over. */
export async function startAnswerServer(
  ...answers: Answer[]
): Promise<{ baseURL: string; bodies: Array<Record<string, unknown>> }> {
  const bodies: Array<Record<string, unknown>> = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      if (request.method === 'GET') {
        // The model list: what is known of the models anyway is enough here.
        response.writeHead(404).end();
        return;
      }
      const body = JSON.parse(Buffer.concat(pieces).toString()) as Record<string, unknown>;
      bodies.push(body);
      const answer = answers[Math.min(bodies.length, answers.length) - 1];
      void Promise.resolve(answer?.(response, body, request)).catch(() => response.destroy());
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/coding/v1`, bodies };
}

/** One event of a stream. */
export function chunk(delta: object, more: { finish_reason?: string; usage?: object } = {}): string {
  const { usage, ...choice } = more;
  return event({
    id: 'chat-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'kimi-served',
    choices: [{ index: 0, delta, ...choice }],
    ...(usage ? { usage } : {}),
  });
}

export function event(data: unknown): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

export const DONE = event('[DONE]');

/** A stream of these events, by default one that ends well. */
export function stream(...events: string[]): Answer {
  return response => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-trace-id': 'trace-1' });
    response.end(events.join(''));
  };
}

/** A whole answer. */
export function completion(message: object, finishReason = 'stop', more: object = {}): Answer {
  return respond(200, {
    id: 'chat-1',
    object: 'chat.completion',
    created: 1,
    model: 'kimi-served',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finishReason }],
    ...more,
  });
}

/** Any answer: an object as JSON, text as it is. */
export function respond(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return response => {
    const isText = typeof body === 'string';
    response.writeHead(status, {
      'content-type': isText ? 'text/html' : 'application/json',
      'x-trace-id': 'trace-1',
      ...headers,
    });
    response.end(isText ? body : JSON.stringify(body));
  };
}

/** An answer in the form that the request asks for. */
export function either(streamed: Answer, whole: Answer): Answer {
  return (response, body, request) => (body.stream === true ? streamed : whole)(response, body, request);
}
