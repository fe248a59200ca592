import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createKimi } from '../../src/v4';
import { chunk, DONE, startAnswerServer, type Answer } from '../engine/chat/answer/answer-server';

const SHORT = chunk({ content: 'short' });
const END = chunk({}, { finish_reason: 'stop' }) + DONE;

const tools = [{ type: 'function' as const, name: 'f', inputSchema: { type: 'object' as const, properties: {} } }];
const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }];

/** Text and error of a call whose answer goes out in pieces of this size, with the end of its connection. */
async function answerTo(body: string, pieceBytes: number, eventBytes?: number) {
  const closed: Array<Promise<unknown>> = [];
  const answer: Answer = async response => {
    closed.push(once(response, 'close'));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const bytes = Buffer.from(body);
    for (let start = 0; start < bytes.length && !response.destroyed; start += pieceBytes) {
      response.write(bytes.subarray(start, start + pieceBytes));
      await new Promise(setImmediate);
    }
    if (body.endsWith(DONE)) {
      response.end();
    }
  };
  const { baseURL } = await startAnswerServer(answer);
  const limits = eventBytes === undefined ? undefined : { eventBytes };
  const { stream } = await createKimi({ baseURL, apiKey: 'sk-kimi-key', limits })('k3').doStream({ prompt, tools });
  let text = '';
  const errors: unknown[] = [];
  for await (const part of stream as unknown as AsyncIterable<{ type: string; delta?: string; error?: unknown }>) {
    text += part.type === 'text-delta' ? part.delta : '';
    if (part.type === 'error') {
      errors.push(part.error);
    }
  }
  await Promise.all(closed);
  return { text, errors };
}

const TOO_LARGE = {
  code: 'KIMI_ANSWER_INVALID',
  reason: 'too-large',
  isRetryable: false,
  message: expect.stringContaining('"limits.eventBytes" allows larger events'),
};

it.each([1, 700, 1_000_000])('what came before an event above `eventBytes` is not lost, packets of %i', async size => {
  const long = chunk({ content: '你'.repeat(2_000) });
  const { text, errors } = await answerTo(SHORT + long + END, size, 5_000);
  expect(text).toBe('short');
  expect(errors).toEqual([expect.objectContaining(TOO_LARGE)]);
  expect(await answerTo(SHORT + long + END, size, 7_000)).toEqual({ text: `short${'你'.repeat(2_000)}`, errors: [] });
});

it('counts bytes, not characters, and each event for itself', async () => {
  const events = chunk({ content: 'x'.repeat(700) }).repeat(20);
  expect((await answerTo(events + END, 1_000_000, 1_000)).errors).toEqual([]);
  expect((await answerTo(chunk({ content: 'x'.repeat(990) }) + END, 64, 1_000)).errors).toHaveLength(1);
});

const call = (index: number, input: string) =>
  chunk({ tool_calls: [{ index, id: `f:${index}`, function: { name: 'f', arguments: input } }] });

describe('what is kept until the end of the answer', () => {
  it.each([
    ['arguments of one call', Array.from({ length: 40 }, () => call(0, 'x'.repeat(400)))],
    ['arguments of several', Array.from({ length: 40 }, (_, index) => call(index % 4, '你'.repeat(100)))],
    ['calls without arguments', Array.from({ length: 40 }, (_, index) => call(index, ''))],
    [
      'leaked calls',
      Array.from({ length: 40 }, (_, index) =>
        chunk({
          content: `<|tool_call_begin|>functions.f:${index}<|tool_call_argument_begin|>{"a":"${'x'.repeat(300)}"}<|tool_call_end|>`,
        }),
      ),
    ],
  ])('is limited by `eventBytes` in sum: %s', async (_, events) => {
    const { text, errors } = await answerTo(SHORT + events.join('') + END, 1_000, 10_000);
    expect(text).toMatch(/^short(<\|.*)?$/);
    expect(errors).toEqual([expect.objectContaining(TOO_LARGE)]);
    expect((await answerTo(SHORT + events.join('') + END, 1_000, 100_000)).errors).toEqual([]);
  });

  it('is not what has left: text that looked like a call for a while', async () => {
    const events = chunk({ content: `<|tool_call_begin|>${'x'.repeat(100)}` }).repeat(300);
    expect((await answerTo(SHORT + events + END, 1_000, 2_000)).errors).toEqual([]);
  });
});

it('an index that is huge costs no time', async () => {
  const events = [4_294_967_294, 1e300, -1, 0.5].map(index => call(index, '{}'));
  expect((await answerTo(SHORT + events.join('') + END, 1_000)).errors).toEqual([]);
});
