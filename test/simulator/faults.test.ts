import { expect, test } from 'vitest';
import { startKimiSimulator } from '../../src/simulator/index';
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
