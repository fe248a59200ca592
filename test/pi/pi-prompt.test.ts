import { expect, it } from 'vitest';
import type { PiAssistantMessage, PiMessage } from '../../src/pi/pi-api';
import { promptOf, toolsOf } from '../../src/pi/pi-prompt';
import { piAI } from './pi-ai';

const picture = { type: 'image' as const, data: 'AAAA', mimeType: 'image/png' };
const usage = {
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  totalTokens: 0,
  cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 },
};
const turn = (content: PiAssistantMessage['content'], other: Partial<PiAssistantMessage> = {}): PiAssistantMessage => ({
  role: 'assistant',
  content,
  api: 'x',
  provider: 'kimi-coder',
  model: 'k3',
  usage,
  stopReason: 'stop',
  timestamp: 0,
  ...other,
});
const prompt = (messages: PiMessage[], acceptsImages = true) => promptOf(messages, { acceptsImages, piAI });

it('leaves later system messages in their places', () => {
  const messages: PiMessage[] = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'hi' },
    { role: 'system', content: 'Be long.' },
    { role: 'system', content: [] },
  ];
  expect(prompt(messages)).toEqual([
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'text', text: 'hi' }] },
    { role: 'system', content: 'Now: Be long.' },
  ]);
});

it("gives Kimi's own reasoning back, and nobody else's", () => {
  const thinking = { type: 'thinking' as const, thinking: 'Hm.' };
  const text = { type: 'text' as const, text: 'Yes.' };
  const reasoning = { role: 'assistant', content: [{ type: 'reasoning', text: 'Hm.' }, text] };
  expect(prompt([turn([thinking, text])])).toEqual([reasoning]);
  expect(prompt([turn([thinking, text], { provider: 'kimi-coding', model: 'other' })])).toEqual([reasoning]);
  expect(prompt([turn([thinking, text], { provider: 'anthropic' })])).toEqual([{ role: 'assistant', content: [text] }]);
  expect(prompt([turn([{ ...thinking, redacted: true }], {})])).toEqual([]);
});

it('gives back with it what the server signed it with', () => {
  const signed = { type: 'thinking' as const, thinking: '', thinkingSignature: '{"kimi":{"signature":"abc"}}' };
  expect(prompt([turn([signed])])).toEqual([
    { role: 'assistant', content: [{ type: 'reasoning', text: '', providerOptions: { kimi: { signature: 'abc' } } }] },
  ]);
  // pi's own provider keeps the name of a field there.
  const foreign = { ...signed, thinking: 'Hm.', thinkingSignature: 'reasoning_content' };
  expect(prompt([turn([foreign])])).toEqual([{ role: 'assistant', content: [{ type: 'reasoning', text: 'Hm.' }] }]);
});

it('leaves out turns that failed or were stopped, and empty ones', () => {
  const cut = [{ type: 'text' as const, text: 'Half' }];
  expect(
    prompt([
      turn(cut, { stopReason: 'error' }),
      turn(cut, { stopReason: 'aborted' }),
      turn([{ type: 'text', text: '' }]),
    ]),
  ).toEqual([]);
});

it('puts the results of one turn together, with their pictures, and says what failed', () => {
  const result = { role: 'toolResult' as const, toolName: 'read', isError: false };
  const messages: PiMessage[] = [
    turn([
      { type: 'toolCall', id: 'a', name: 'read', arguments: { path: 'x' } },
      { type: 'toolCall', id: 'b', name: 'read', arguments: {} },
    ]),
    { ...result, toolCallId: 'a', content: [{ type: 'text', text: 'See:' }, picture] },
    { ...result, toolCallId: 'b', content: [{ type: 'text', text: 'no such file' }], isError: true },
    { ...result, toolCallId: 'c', content: [] },
  ];
  const file = { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AAAA' } };
  expect(prompt(messages)[1]).toEqual({
    role: 'tool',
    content: [
      {
        type: 'tool-result',
        toolCallId: 'a',
        toolName: 'read',
        output: { type: 'content', value: [{ type: 'text', text: 'See:' }, file] },
      },
      { type: 'tool-result', toolCallId: 'b', toolName: 'read', output: { type: 'error-text', value: 'no such file' } },
      { type: 'tool-result', toolCallId: 'c', toolName: 'read', output: { type: 'text', value: '(no output)' } },
    ],
  });
  expect(JSON.stringify(prompt(messages, false))).not.toContain('AAAA');
  expect(JSON.stringify(prompt(messages, false))).toContain('image left out');
});

it('sends the schema of a tool alone', () => {
  const parameters = { type: 'object', [Symbol('kind')]: 'Object', properties: { path: { type: 'string' } } };
  expect(toolsOf([{ name: 'read', description: 'Reads.', parameters }])).toEqual([
    {
      type: 'function',
      name: 'read',
      description: 'Reads.',
      inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
    },
  ]);
});
