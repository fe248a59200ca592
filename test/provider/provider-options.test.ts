import { describe, expect, it } from 'vitest';
import { KimiInvalidArgumentError } from '../../src/index';
import { failure } from '../support/failure';
import { COMBINATIONS } from '../support/majors';
import { chatServerOfFile } from '../support/chat-server';

const server = await chatServerOfFile();

describe.each(COMBINATIONS)('$name', ({ ai, major, createKimi }) => {
  const kimi = (settings: object = {}) => createKimi({ baseURL: server.baseURL, apiKey: 'sk-kimi-test', ...settings });

  async function send(options: object, settings: object = {}, id = 'k3') {
    const errors: unknown[] = [];
    const result = ai.streamText({
      model: kimi(settings)(id),
      prompt: 'hi',
      maxRetries: 0,
      onError: ({ error }: { error: unknown }) => errors.push(error),
      ...options,
    });
    await Promise.resolve(result.text).catch(() => {});
    return {
      body: server.requests[0]?.body,
      errors,
      warnings: (await Promise.resolve(result.warnings).catch(() => [])) ?? [],
    };
  }

  it.each([
    ['reasoningEffort', { kimi: { reasoningEffort: 'low' } }, { thinking: { type: 'enabled', effort: 'low' } }],
    ['the wire name', { kimi: { reasoning_effort: 'low' } }, { thinking: { type: 'enabled', effort: 'low' } }],
    [
      'the documented name before the wire name',
      { kimi: { reasoning_effort: 'max', reasoningEffort: 'low' } },
      { thinking: { type: 'enabled', effort: 'low' } },
    ],
    [
      'the wire object',
      { kimi: { thinking: { type: 'enabled', effort: 'low', keep: 'all' } } },
      { thinking: { type: 'enabled', effort: 'low', keep: 'all' } },
    ],
    ['promptCacheKey', { kimi: { promptCacheKey: 'p' } }, { prompt_cache_key: 'p' }],
    ['prompt_cache_key', { kimi: { prompt_cache_key: 'p' } }, { prompt_cache_key: 'p' }],
    [
      'reasoningHistory',
      { kimi: { reasoningHistory: 'preserved' } },
      { thinking: { type: 'enabled', effort: 'max', keep: 'all' } },
    ],
  ])('reads %s', async (_, providerOptions, expected) => {
    const { body } = await send({ providerOptions });
    expect(body).toMatchObject(expected);
    expect(Object.keys(body ?? {}).filter(key => /[A-Z]/.test(key) || key === 'kimiCall')).toEqual([]);
  });

  it("reads the provider's name beside kimi, which it beats", async () => {
    const { body } = await send(
      {
        providerOptions: {
          kimi: { reasoningEffort: 'low', promptCacheKey: 'p' },
          'my-kimi': { reasoningEffort: 'high' },
        },
      },
      { name: 'my-kimi' },
    );
    expect(body).toMatchObject({ thinking: { type: 'enabled', effort: 'high' }, prompt_cache_key: 'p' });
  });

  it('warns about a key it does not know, and sends nothing of it', async () => {
    const { body, warnings } = await send({
      providerOptions: {
        kimi: { promptCacheKey: 'p', setCacheKey: true },
        openaiCompatible: { user: 'u', reasoningEffort: 'low' },
        'openai-compatible': { foo: 1 },
      },
    });
    expect(JSON.stringify(warnings)).toContain('providerOptions.kimi.setCacheKey is not an option');
    expect(warnings).toHaveLength(1);
    expect(Object.keys(body ?? {}).toSorted()).toEqual(
      expect.not.arrayContaining(['setCacheKey', 'user', 'foo', 'reasoning_effort', 'thinking']),
    );
  });

  it.each([
    [
      { reasoningEffort: 'ultra' },
      'providerOptions.kimi.reasoningEffort must be one of auto, off, none, on, minimal, low, medium, high, ' +
        'xhigh, max, not "ultra"',
    ],
    [
      { reasoningHistory: 'all' },
      'providerOptions.kimi.reasoningHistory is not valid: Invalid option: expected one of "preserved"|"interleaved"',
    ],
    [{ promptCacheKey: 7 }, 'providerOptions.kimi.promptCacheKey is not valid'],
  ])('refuses %j before anything is sent', async (options, text) => {
    const { errors } = await send({ providerOptions: { kimi: options } });
    expect(errors.filter(KimiInvalidArgumentError.isInstance)).toHaveLength(1);
    expect(String(errors[0])).toContain(text);
    expect(server.requests).toEqual([]);
  });

  it.each([
    ['x', 'a string'],
    [['x'], 'an array'],
    [5, 'a number'],
  ])('refuses %j in place of the options', async (kimiOptions, what) => {
    const error = await failure(() =>
      createKimi({ baseURL: server.baseURL, apiKey: 'sk-kimi-test' })('k3').doGenerate({
        prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
        providerOptions: { kimi: kimiOptions },
      } as never),
    );
    expect(error).toMatchObject({ name: 'KimiInvalidArgumentError', argument: 'providerOptions.kimi' });
    expect(String(error)).toContain(
      `providerOptions.kimi must be an object of options, not ${what}. Options: reasoningEffort, `,
    );
    expect(server.requests).toEqual([]);
  });

  it('takes the session id of opencode as the cache key', async () => {
    const { body } = await send({ headers: { 'X-Session-Id': 'session-1', 'x-session-affinity': 'session-2' } });
    expect(body).toMatchObject({ prompt_cache_key: 'session-1' });
  });

  if (major === 7) {
    it('reads the top-level reasoning of ai@7, which the option beats', async () => {
      const { body } = await send({ reasoning: 'low' });
      expect(body).toMatchObject({ thinking: { type: 'enabled', effort: 'low' } });
      server.requests.length = 0;
      const both = await send({ reasoning: 'low', providerOptions: { kimi: { reasoningEffort: 'high' } } });
      expect(both.body).toMatchObject({ thinking: { type: 'enabled', effort: 'high' } });
      expect(both.body).not.toHaveProperty('reasoning_effort');
    });
  }

  it('keeps all reasoning with the kimi-code identity', async () => {
    const { body } = await send({}, { identity: 'kimi-code' });
    expect(body).toMatchObject({ thinking: { type: 'enabled', effort: 'max', keep: 'all' } });
  });

  it('drops sampling settings with a warning each, and renames the output limit', async () => {
    const { body, warnings } = await send({ temperature: 0.1, topP: 0.5, maxOutputTokens: 4000 });
    expect(body).not.toHaveProperty('temperature');
    expect(body).not.toHaveProperty('top_p');
    expect(body).not.toHaveProperty('max_tokens');
    expect(body).toMatchObject({ max_completion_tokens: 4000 });
    expect(JSON.stringify(warnings)).toMatch(/temperature.*topP/);
  });
});
