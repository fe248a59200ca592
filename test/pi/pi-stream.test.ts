import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { expect, it } from 'vitest';
import { PiAnswer } from '../../src/pi/pi-stream';
import type { PiEvent } from '../../src/pi/pi-api';
import { piAI, piModel } from './pi-ai';

const usage = {
  inputTokens: { total: 10, noCache: 4, cacheRead: 6, cacheWrite: undefined },
  outputTokens: { total: 5, text: 2, reasoning: 3 },
};
const finish = (unified: 'stop' | 'length' | 'tool-calls' | 'content-filter'): LanguageModelV4StreamPart => ({
  type: 'finish',
  usage,
  finishReason: { unified, raw: unified },
});

async function told(parts: LanguageModelV4StreamPart[]): Promise<PiEvent[]> {
  const answer = new PiAnswer({ model: piModel(), piAI, now: 1, level: 'high' });
  answer.start();
  try {
    for (const part of parts) {
      answer.take(part);
    }
  } catch (error) {
    answer.fail(error, false);
  }
  const events: PiEvent[] = [];
  for await (const event of answer.stream) {
    events.push(event);
  }
  return events;
}

it('tells reasoning, text and calls block by block, and their end with tokens', async () => {
  const events = await told([
    { type: 'response-metadata', id: 'r-1', modelId: 'k3' },
    { type: 'reasoning-start', id: '0' },
    { type: 'reasoning-delta', id: '0', delta: 'Hm.' },
    { type: 'reasoning-end', id: '0', providerMetadata: { kimi: { signature: 'abc' } } },
    { type: 'text-start', id: '0' },
    { type: 'text-delta', id: '0', delta: 'Let me ' },
    { type: 'text-delta', id: '0', delta: 'see.' },
    { type: 'text-end', id: '0' },
    { type: 'tool-input-start', id: 'read:0', toolName: 'read' },
    { type: 'tool-input-delta', id: 'read:0', delta: '{"path":' },
    { type: 'tool-input-delta', id: 'read:0', delta: '"x"}' },
    { type: 'tool-input-end', id: 'read:0' },
    { type: 'tool-call', toolCallId: 'read:0', toolName: 'read', input: '{"path":"x"}' },
    // One that came at once.
    { type: 'tool-call', toolCallId: 'ls:1', toolName: 'ls', input: '' },
    finish('tool-calls'),
  ]);
  expect(events.map(event => ('contentIndex' in event ? `${event.type} ${event.contentIndex}` : event.type))).toEqual([
    'start',
    'thinking_start 0',
    'thinking_delta 0',
    'thinking_end 0',
    'text_start 1',
    'text_delta 1',
    'text_delta 1',
    'text_end 1',
    'toolcall_start 2',
    'toolcall_delta 2',
    'toolcall_delta 2',
    'toolcall_end 2',
    'toolcall_start 3',
    'toolcall_end 3',
    'done',
  ]);
  // What is being written is seen while it is: an editor shows it.
  expect(events[9]).toMatchObject({ partial: { content: { 2: { arguments: { seen: '{"path":' } } } } });
  expect(events.at(-1)).toMatchObject({
    reason: 'toolUse',
    message: {
      responseId: 'r-1',
      responseModel: 'k3',
      providerThinkingLevel: 'high',
      content: [
        { type: 'thinking', thinking: 'Hm.', thinkingSignature: '{"kimi":{"signature":"abc"}}' },
        { type: 'text', text: 'Let me see.' },
        { type: 'toolCall', id: 'read:0', name: 'read', arguments: { path: 'x' } },
        { type: 'toolCall', id: 'ls:1', name: 'ls', arguments: {} },
      ],
      usage: { input: 4, cacheRead: 6, output: 5, reasoning: 3, totalTokens: 15 },
      stopReason: 'toolUse',
    },
  });
});

it.each(['{"path":', '[1]', 'null'])('says of arguments that are no object what they were: %s', async input => {
  const events = await told([{ type: 'tool-call', toolCallId: 'a', toolName: 'read', input }, finish('tool-calls')]);
  expect(events.at(-2)).toMatchObject({
    type: 'toolcall_end',
    toolCall: { arguments: {}, argumentsError: expect.stringContaining(input) as string },
  });
});

it('ends with the limit, and with an error where the content filter did it or the server failed', async () => {
  expect((await told([finish('length')])).at(-1)).toMatchObject({ type: 'done', reason: 'length' });
  expect((await told([finish('content-filter')])).at(-1)).toMatchObject({
    type: 'error',
    error: { stopReason: 'error', errorMessage: expect.stringContaining('content filter') as string },
  });
  const failed = await told([
    { type: 'text-start', id: '0' },
    { type: 'text-delta', id: '0', delta: 'Half' },
    { type: 'error', error: new Error('It broke.') },
  ]);
  expect(failed.at(-1)).toMatchObject({
    type: 'error',
    reason: 'error',
    error: { content: [{ text: 'Half' }], stopReason: 'error', errorMessage: 'It broke.' },
  });
});
