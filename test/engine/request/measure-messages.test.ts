import { describe, expect, it } from 'vitest';
import type { KimiChatMessage } from '../../../src/engine/request/body';
import { measureMessages, toolTokens } from '../../../src/engine/request/measure-messages';
import { countText } from '../count-text';

describe('measureMessages', () => {
  it('leaves out inline media, and counts 2,000 tokens for each', () => {
    const data = `data:image/png;base64,${'A'.repeat(9_000)}`;
    const content = (url: string) => [
      { type: 'text', text: 'Größe 😀' },
      { type: 'image_url', image_url: { url } },
      { type: 'video_url', video_url: { url: 'ms://x' } },
    ];
    const messages: KimiChatMessage[] = [
      { role: 'user', content: content(data) },
      { role: 'assistant', content: 'é' },
    ];
    const json = JSON.stringify(messages).replace(/,"image_url":\{[^}]*\}/, '');
    const { ascii, other, otherBytes } = countText(json);
    expect(measureMessages(messages)).toEqual({
      bytes: ascii + otherBytes,
      tokens: Math.ceil(ascii / 4 + other) + 4_000,
    });
    expect(ascii + otherBytes).toBe(Buffer.byteLength(json));
  });
});

describe('toolTokens', () => {
  it('estimates the text of the whole list', () => {
    const parameters = { type: 'object', properties: { größe: { type: 'string', description: 'x "y"' } } };
    const tool = (name: string, more: object) => ({ type: 'function' as const, function: { name, ...more } });
    const lists = [
      [],
      [tool('a', {})],
      [tool('a', { parameters })],
      [
        tool('a', { description: 'ä', parameters, strict: true }),
        tool('b', { parameters }),
        tool('c', { parameters: null }),
      ],
      [{ type: 'builtin_function' as const, function: { name: '$web_search' } }, tool('d', { parameters: undefined })],
    ];
    for (const tools of [...lists, ...lists]) {
      const { ascii, other } = countText(JSON.stringify(tools));
      expect(toolTokens(tools)).toBe(Math.ceil(ascii / 4 + other));
    }
  });
});
