import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OpenAICompatibleChatLanguageModel } from '@ai-sdk/openai-compatible';
import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { afterEach, describe, expect, it } from 'vitest';
import { createChatStreamFetch } from '../../../src/stream/chat/chat-stream-fetch';
import { delta, event, inPackets, rewritten, saidBy } from '../event-streams';

const closing: Array<() => void> = [];
afterEach(() => closing.splice(0).forEach(close => close()));

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const streamHeaders = { 'content-type': 'text/event-stream' };
const chatFetch = (generateId = () => 'made-1') => createChatStreamFetch({ fetch: globalThis.fetch, generateId });

async function bodyOf(response: Response): Promise<ReadableStream<Uint8Array>> {
  if (response.body === null) {
    throw new Error('The answer has no body.');
  }
  return response.body;
}

async function readText(reader: Pick<ReadableStreamDefaultReader<Uint8Array>, 'read'>): Promise<string> {
  return new TextDecoder().decode((await reader.read()).value);
}

/** Both ways to read: the AI SDK takes a reader, others pipe the stream. */
const readers = {
  'its reader': (stream: ReadableStream<Uint8Array>) => stream.getReader(),
  'the stream itself': (stream: ReadableStream<Uint8Array>) =>
    stream
      .pipeThrough(new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, { highWaterMark: 0 }))
      .getReader(),
};

describe.each(Object.entries(readers))('an event stream over HTTP, through %s', (_, readerOf) => {
  it('gives out each event when it arrives', async () => {
    let answer: ServerResponse | undefined;
    const url = await serve((_request, response) => {
      answer = response;
      response.writeHead(200, streamHeaders).write(delta({ content: 'a' }));
    });
    const reader = readerOf(await bodyOf(await chatFetch()(url)));
    expect(await readText(reader)).toBe(delta({ content: 'a' }));
    // The server goes on only now, so nothing can have waited for what follows.
    answer?.write(delta({ content: 'b' }) + delta({ content: 'c' }));
    expect(await readText(reader)).toBe(delta({ content: 'bc' }));
    answer?.end();
    expect((await reader.read()).done).toBe(true);
  });

  it('takes a cancellation to the server', async () => {
    let closed: Promise<unknown> | undefined;
    const url = await serve((_request, response) => {
      closed = once(response, 'close');
      response.writeHead(200, streamHeaders).write(delta({ content: 'a' }));
    });
    const reader = readerOf(await bodyOf(await chatFetch()(url)));
    await reader.read();
    await reader.cancel();
    await closed;
  });

  it('fails the read with the reason of an abort', async () => {
    const url = await serve(
      (_request, response) => void response.writeHead(200, streamHeaders).write(delta({ content: 'a' })),
    );
    const controller = new AbortController();
    const reader = readerOf(await bodyOf(await chatFetch()(url, { signal: controller.signal })));
    await reader.read();
    const next = reader.read();
    controller.abort();
    await expect(next).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('fails the read when the connection is reset, instead of ending', async () => {
    let answer: ServerResponse | undefined;
    const url = await serve((_request, response) => {
      answer = response;
      response.writeHead(200, streamHeaders).write(`${delta({ content: 'a' })}data: {"id"`);
    });
    const reader = readerOf(await bodyOf(await chatFetch()(url)));
    await reader.read();
    answer?.destroy();
    await expect(reader.read()).rejects.toThrow('terminated');
  });
});

describe('reading', () => {
  it.each(Object.entries(readers))('reads nothing ahead through %s', async (_, readerOf) => {
    let reads = 0;
    const source = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          reads++;
          controller.enqueue(new TextEncoder().encode(delta({ content: `${reads}` })));
        },
      },
      { highWaterMark: 0 },
    );
    const reader = readerOf(await rewritten(source));
    const counts: number[] = [];
    for (let count = 0; count < 5; count++) {
      await new Promise(setImmediate);
      counts.push(reads);
      await reader.read();
    }
    // A stream that is piped has one piece in hand where its consumer has asked for it; never more.
    expect(counts.map((count, index) => count - index).every(ahead => ahead <= 1)).toBe(true);
  });

  it('passes a 10 MB event in 16 kB packets', async () => {
    const long = delta({ content: '你'.repeat(3_500_000) });
    const bytes = new TextEncoder().encode(long);
    const cuts = Array.from({ length: Math.floor(bytes.length / 16_384) }, (_, index) => (index + 1) * 16_384);
    const said = await saidBy(await rewritten(inPackets(bytes, cuts)));
    expect(said).toHaveLength(1);
    expect(said[0]?.[1] === '你'.repeat(3_500_000)).toBe(true);
  });

  it('passes the bytes of a single event as they are, invalid ones too', async () => {
    const bytes = Uint8Array.of(
      ...new TextEncoder().encode('data: {"a":"'),
      0xff,
      0xc3,
      ...new TextEncoder().encode('"}\n\n'),
    );
    const { value } = await (await rewritten(inPackets(bytes, []))).getReader().read();
    expect(value).toEqual(bytes);
  });

  it('does not lose a character that is split before an event begins', async () => {
    const bytes = new TextEncoder().encode('你: x\n\n');
    expect(await new Response(await rewritten(inPackets(bytes, [1, 2]))).text()).toBe('你: x\n\n');
    const { value } = await (await rewritten(inPackets(bytes, [1, 2]))).getReader().read();
    expect(value).toEqual(bytes);
  });

  it('stops the server when generateId throws, and fails with its error', async () => {
    let cancelled: unknown;
    const source = new ReadableStream<Uint8Array>({
      start: controller =>
        controller.enqueue(new TextEncoder().encode(delta({ tool_calls: [{ index: 0, function: { name: 'f' } }] }))),
      cancel: reason => void (cancelled = reason),
    });
    const error = new Error('No more ids.');
    const stream = await rewritten(source, {
      generateId: () => {
        throw error;
      },
    });
    await expect(stream.getReader().read()).rejects.toBe(error);
    expect(cancelled).toBe(error);
  });
});

describe('other answers', () => {
  it.each([
    ['JSON', 200, 'application/json', '{"a":\r\n1}'],
    ['an error', 429, 'text/event-stream', delta({ content: 'a' }) + delta({ content: 'b' })],
  ])('pass untouched: %s', async (_, status, type, body) => {
    const url = await serve((_request, response) => response.writeHead(status, { 'content-type': type }).end(body));
    const response = await chatFetch()(url);
    expect([response.status, await response.text()]).toEqual([status, body]);
  });

  it('keeps status and headers of an event stream, but not the length of what was rewritten', async () => {
    const body = delta({ content: 'a' }) + delta({ content: 'b' });
    const url = await serve((_request, response) =>
      response
        .writeHead(200, {
          'content-type': 'Text/Event-Stream;charset=utf-8',
          'content-length': body.length,
          'x-trace-id': 'trace',
        })
        .end(body),
    );
    const response = await chatFetch()(url);
    expect([response.status, response.headers.get('x-trace-id'), response.headers.get('content-length')]).toEqual([
      200,
      'trace',
      null,
    ]);
    expect(await response.text()).toBe(delta({ content: 'ab' }));
  });
});

describe('through openai-compatible', () => {
  async function parts(...events: string[]): Promise<LanguageModelV4StreamPart[]> {
    const url = await serve((_request, response) =>
      response.writeHead(200, streamHeaders).end(`${events.join('')}data: [DONE]\n\n`),
    );
    let made = 0;
    const model = new OpenAICompatibleChatLanguageModel('kimi', {
      provider: 'kimi.chat',
      url: () => url,
      headers: () => ({}),
      fetch: chatFetch(() => `made-${++made}`),
    });
    const { stream } = await model.doStream({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }] });
    const all: LanguageModelV4StreamPart[] = [];
    for await (const part of stream) {
      all.push(part);
    }
    return all;
  }
  const stop = delta({}, { finish_reason: 'stop' });

  it('reports usage from a chunk without choices', async () => {
    const all = await parts(
      delta({ content: 'a' }),
      stop,
      event({ usage: { prompt_tokens: 3, completion_tokens: 2 } }),
    );
    expect(all.at(-1)).toMatchObject({
      type: 'finish',
      finishReason: { unified: 'stop' },
      usage: { inputTokens: { total: 3 } },
    });
    expect(all.filter(part => part.type === 'error')).toEqual([]);
  });

  it('completes the labels of tool calls, so that each call has one id and all of its input', async () => {
    const all = await parts(
      delta({ tool_calls: [{ index: 0, function: { name: 'f', arguments: '' } }] }),
      delta({ tool_calls: [{ index: 0, id: 'late', function: { name: 'f', arguments: '{"a"' } }] }),
      delta({ tool_calls: [{ index: 1, function: { arguments: '{"b":' } }] }),
      delta({ tool_calls: [{ index: 1, function: { name: 'g', arguments: '' } }, {}] }),
      delta({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
      delta({ tool_calls: [{ index: 1, function: { arguments: '2' } }] }),
      delta({ tool_calls: [{ function: { arguments: '}' } }] }),
      stop,
    );
    expect(all.filter(part => part.type === 'tool-call' || part.type === 'error')).toEqual([
      { type: 'tool-call', toolCallId: 'made-1', toolName: 'f', input: '{"a":1}' },
      { type: 'tool-call', toolCallId: 'made-2', toolName: 'g', input: '{"b":2}' },
    ]);
    expect(new Set(all.flatMap(part => (part.type === 'tool-input-delta' ? [part.id] : [])))).toEqual(
      new Set(['made-1', 'made-2']),
    );
  });

  it('hands on an error inside the stream', async () => {
    const all = await parts(
      delta({ content: 'a' }),
      event({ error: { message: 'overloaded', type: 'engine_overloaded_error' } }),
    );
    expect(all.find(part => part.type === 'error')).toMatchObject({
      error: { message: 'overloaded', type: 'engine_overloaded_error' },
    });
  });
});
