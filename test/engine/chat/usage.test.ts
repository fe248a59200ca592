import { describe, expect, it } from 'vitest';
import { convertUsage, findUsage } from '../../../src/engine/chat/usage';

describe('convertUsage', () => {
  it.each([
    ['cached_tokens', { prompt_tokens: 100, completion_tokens: 20, cached_tokens: 64 }],
    [
      'prompt_tokens_details',
      { prompt_tokens: 100, completion_tokens: 20, prompt_tokens_details: { cached_tokens: 64 } },
    ],
    [
      'both, the direct one first',
      { prompt_tokens: 100, completion_tokens: 20, cached_tokens: 64, prompt_tokens_details: { cached_tokens: 1 } },
    ],
  ])('reads cached tokens from %s', (_, usage) => {
    expect(convertUsage(usage)).toEqual({
      inputTokens: { total: 100, noCache: 36, cacheRead: 64, cacheWrite: undefined },
      outputTokens: { total: 20, text: undefined, reasoning: undefined },
      raw: usage,
    });
  });

  it('splits the answer into text and reasoning where the server does', () => {
    expect(
      convertUsage({ prompt_tokens: 1, completion_tokens: 20, completion_tokens_details: { reasoning_tokens: 15 } })
        .outputTokens,
    ).toEqual({
      total: 20,
      text: 5,
      reasoning: 15,
    });
  });

  it('says undefined, not zero, where the server said nothing', () => {
    expect(convertUsage(undefined)).toEqual({
      inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: undefined, text: undefined, reasoning: undefined },
    });
  });
});

describe('findUsage', () => {
  it.each([
    ['the top level first', { usage: { a: 1 }, choices: [{ usage: { a: 2 } }] }, { a: 1 }],
    ['the choice where the top has none', { usage: null, choices: [{ usage: { a: 2 } }] }, { a: 2 }],
    ['nothing in a chunk without usage', { choices: [{ delta: {} }] }, undefined],
    ['nothing in what is no chunk', null, undefined],
  ])('takes %s', (_, body, expected) => {
    expect(findUsage(body)).toEqual(expected);
  });
});
