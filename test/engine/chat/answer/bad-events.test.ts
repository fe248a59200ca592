/** An event that cannot be read is a typed error without what stood in it. */
import { describe, expect, it } from 'vitest';
import { KimiAPIError } from '../../../../src/errors/kimi-api-error';
import { createKimi } from '../../../../src/v4';
import { LeakDetector } from '../../../support/leak-detector';
import { chunk, startAnswerServer } from './answer-server';

const key = 'sk-kimi-Canary7Q2mZp0WvKx93LbTn5RdHs8YcUf';

describe('an event with', () => {
  it.each([
    ['broken JSON that ends like JSON', `{"choices": [{"delta": {"content": ${key}}}]}`],
    ['wrong types', JSON.stringify({ choices: [{ index: 0, delta: { content: { text: key } } }] })],
    ['choices that are none', JSON.stringify({ choices: key })],
    [
      'a tool call of a wrong form',
      JSON.stringify({ choices: [{ delta: { tool_calls: [{ function: { name: [key] } }] } }] }),
    ],
    [
      'a tool call without a name',
      JSON.stringify({ choices: [{ delta: { tool_calls: [{ index: 0, function: { a: key } }] } }] }),
    ],
    ['a prototype', `{"__proto__": {"a": "${key}"}, "choices": []}`],
    ['two values', `{"a": "${key}"} {"b": "${key}"}`],
  ])('%s', async (_, data) => {
    const detector = new LeakDetector();
    detector.plant('key', key);
    const { baseURL } = await startAnswerServer(response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(
        `${chunk({ content: 'Well' })}data: ${data}\n\n${chunk({}, { finish_reason: 'stop' })}data: [DONE]\n\n`,
      );
    });
    const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Hi' }] }];
    const { stream } = await createKimi({ apiKey: 'sk-kimi-another', baseURL })('k3').doStream({ prompt });
    const errors: unknown[] = [];
    for await (const part of stream) {
      errors.push(...(part.type === 'error' ? [part.error] : []));
    }
    expect(errors.map(error => KimiAPIError.isInstance(error) && error.code)).toEqual(
      errors.map(() => 'KIMI_ANSWER_INVALID'),
    );
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.flatMap(error => detector.find(error))).toEqual([]);
  });
});
