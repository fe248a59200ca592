import { get } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startBlackHole, startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { AUTHORITY_CERTIFICATE, TEST_KEY, VALID_CERTIFICATE } from '../support/certificates';
import { chat, getModels, lastRequest, readEvents, readReply, refresh } from './simulator-client';

test('a fault answers instead of the route, once, and is counted all the same', async () => {
  await using simulator = await startKimiSimulator();
  simulator.fault({ match: { path: '/chat/completions' }, status: 503, body: 'upstream is away', retryAfter: 2 });
  expect((await getModels(simulator, 'sk-kimi-simulator')).status).toBe(200);
  const failed = await chat(simulator, {});
  expect([failed.status, await failed.text(), failed.headers.get('retry-after')]).toEqual([
    503,
    'upstream is away',
    '2',
  ]);
  expect((await chat(simulator, {})).status).toBe(200);
  expect(simulator.counts.chats).toBe(2);
});

test('nth, times, method and pattern', async () => {
  await using simulator = await startKimiSimulator();
  simulator.fault({ match: { path: /models$/, method: 'get', nth: 2 }, times: 2, status: 500 });
  const statuses = [];
  for (let count = 0; count < 5; count += 1) {
    statuses.push((await getModels(simulator, 'sk-kimi-simulator')).status);
  }
  expect(statuses).toEqual([200, 500, 500, 200, 200]);
});

test('a lost refresh answer: the server has rotated, the client never knew', async () => {
  await using simulator = await startKimiSimulator({ reuseGraceMs: 10_000 });
  const { refresh_token: token } = simulator.signIn();
  simulator.fault({ match: { path: '/token' }, cutAfterBytes: 0 });
  await expect(refresh(simulator, token)).rejects.toThrow();
  expect(simulator.rotations).toBe(1);
  expect((await refresh(simulator, token)).status).toBe(200);
});

test('a request that never gets an answer', async () => {
  await using simulator = await startKimiSimulator();
  simulator.fault({ destroySocket: true });
  await expect(chat(simulator, {})).rejects.toThrow();
  expect(lastRequest(simulator)).toMatchObject({ status: undefined, completed: false });
});

test('an answer that is cut after so many bytes', async () => {
  await using simulator = await startKimiSimulator();
  simulator.fault({ cutAfterBytes: 300 });
  const response = await chat(simulator, { stream: true });
  expect(response.status).toBe(200);
  let bytes = 0;
  const read = async (): Promise<void> => {
    for await (const packet of response.body as ReadableStream<Uint8Array>) {
      bytes += packet.length;
    }
  };
  await expect(read()).rejects.toThrow();
  expect(bytes).toBeLessThanOrEqual(300);
  expect(lastRequest(simulator).completed).toBe(false);
});

test('an event that is not JSON', async () => {
  await using simulator = await startKimiSimulator();
  simulator.fault({ malformedChunk: 0 });
  const [first, ...rest] = await readEvents(await chat(simulator, { stream: true }));
  expect(typeof first).toBe('string');
  expect(rest.at(-1)).toBe('[DONE]');
});

test('a delay holds the answer back, and closing does not wait for it', async () => {
  const simulator = await startKimiSimulator();
  simulator.fault({ delayMs: 150 });
  const start = performance.now();
  expect((await chat(simulator, {}).then(readReply)).status).toBe(200);
  expect(performance.now() - start).toBeGreaterThan(140);
  simulator.fault({ delayMs: 60_000 });
  const waiting = chat(simulator, {}).then(
    () => 'answered',
    () => 'gone',
  );
  await expect.poll(() => simulator.counts.chats).toBe(2);
  await simulator.close();
  expect(await waiting).toBe('gone');
});

test('a client that leaves in mid-stream is recorded as such and stops the stream', async () => {
  await using simulator = await startKimiSimulator();
  simulator.script({ text: 'x'.repeat(4000), chunkDelayMs: 5 });
  const abort = new AbortController();
  const response = await chat(simulator, { stream: true }, { signal: abort.signal });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  abort.abort();
  await expect(reader.read()).rejects.toThrow();
  await expect.poll(() => lastRequest(simulator).clientGone).toBe(true);
  expect(lastRequest(simulator).completed).toBe(false);
});

/** What a client gets to see of a streamed chat. */
async function seenOf(simulator: KimiSimulator, signal?: AbortSignal): Promise<{ events: string; end: string }> {
  let events = '';
  try {
    const response = await chat(simulator, { stream: true }, signal === undefined ? {} : { signal });
    const decoder = new TextDecoder();
    for await (const packet of response.body as ReadableStream<Uint8Array>) {
      events += decoder.decode(packet, { stream: true });
    }
    return { events, end: 'whole' };
  } catch (error) {
    return { events, end: (error as Error).message };
  }
}

const STAGES = [
  ['accept', /^$/],
  ['request', /^$/],
  ['headers', /^$/],
  ['event', /^data: \{.+\}\n\ndata: \{[^\n]+$/],
  ['last-event', /"finish_reason":"stop".+\n\n$/],
  ['done', /data: \[DONE\]\n\n$/],
] as const;

test.each(STAGES)('a connection that is reset or closed at stage %s, and then none', async (at, events) => {
  await using simulator = await startKimiSimulator();
  for (const how of ['reset', 'close'] as const) {
    simulator.fault({ connection: { at, how } });
    const seen = await seenOf(simulator);
    expect(seen.events).toMatch(events);
    expect(seen.end).toMatch(/fetch failed|terminated/);
    expect((await seenOf(simulator)).end).toBe('whole');
  }
});

test.each(STAGES)('a connection that is silent from stage %s on', async at => {
  await using simulator = await startKimiSimulator();
  simulator.fault({ connection: { at, how: 'silence' } });
  const abort = new AbortController();
  const seen = seenOf(simulator, abort.signal);
  const isOver = await Promise.race([seen.then(() => true), delay(200).then(() => false)]);
  expect(isOver).toBe(false);
  abort.abort(new Error('enough'));
  expect((await seen).end).toBe('enough');
});

test('a whole answer that breaks in the middle', async () => {
  await using simulator = await startKimiSimulator();
  simulator.fault({ connection: { at: 'event', how: 'reset' } });
  const response = await chat(simulator, {});
  await expect(response.text()).rejects.toThrow('terminated');
});

test('an answer byte by byte', async () => {
  await using simulator = await startKimiSimulator();
  simulator.fault({ status: 200, body: 'abc', byteDelayMs: 1 });
  const packets: string[] = [];
  for await (const packet of (await chat(simulator, {})).body as ReadableStream<Uint8Array>) {
    packets.push(new TextDecoder().decode(packet));
  }
  expect(packets).toEqual(['a', 'b', 'c']);
});

test('garbage behind the end, and headers in place of the real ones', async () => {
  await using simulator = await startKimiSimulator();
  simulator.fault({ garbage: { text: 'garbage', in: 'body' }, headers: { 'content-type': 'text/plain' } });
  const inBody = await chat(simulator, { stream: true });
  expect(inBody.headers.get('content-type')).toBe('text/plain');
  expect(await inBody.text()).toMatch(/data: \[DONE\]\n\ngarbage$/);
  simulator.fault({ garbage: { text: 'garbage', in: 'connection' } });
  expect(await (await chat(simulator, { stream: true })).text()).toMatch(/data: \[DONE\]\n\n$/);
});

test.each([undefined, 'gzip', 'deflate', 'br'] as const)('a body without end, encoding %s', async encoding => {
  await using simulator = await startKimiSimulator();
  simulator.fault({ status: 503, body: 'begin:', flood: { text: 'x', ...(encoding && { encoding }) } });
  const response = await chat(simulator, {});
  expect(response.status).toBe(503);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  while (text.length < 4_000_000) {
    text += new TextDecoder().decode((await reader.read()).value);
  }
  expect(text).toMatch(/^begin:x+$/);
  await reader.cancel();
  await expect.poll(() => lastRequest(simulator).clientGone).toBe(true);
});

test('https, with a certificate that counts where its authority is trusted', async () => {
  await using simulator = await startKimiSimulator({ tls: { key: TEST_KEY, cert: VALID_CERTIFICATE } });
  expect(simulator.apiBaseURL).toMatch(/^https:/);
  await expect(chat(simulator, {})).rejects.toThrow('fetch failed');
  const { port } = new URL(simulator.url);
  const status = await new Promise(resolve => {
    get({ host: '127.0.0.1', port, path: '/coding/v1/models', ca: AUTHORITY_CERTIFICATE }, response => {
      response.resume();
      resolve(response.statusCode);
    });
  });
  expect(status).toBe(401);
});

test('a black hole never answers who connects', async () => {
  await using hole = await startBlackHole();
  const socket = connect(Number(new URL(hole.url).port), '127.0.0.1');
  const isConnected = new Promise<boolean>(resolve => {
    socket.once('connect', () => resolve(true));
  });
  expect(await Promise.race([isConnected, delay(300).then(() => false)])).toBe(false);
  socket.destroy();
});
