import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { chatBodies, chats } from '../support/chats';
import { MIDDLEWARE, WIRED_COMBINATIONS, collect, said, steps, type Usage } from '../support/majors';

/** 1×1 PNG. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let simulator: KimiSimulator;
beforeEach(async () => {
  simulator = await startKimiSimulator({ files: ['file-1', 'file-2', 'video-1', 'v', 'x'] });
});
afterEach(async () => {
  expect(simulator.requests.flatMap(request => request.notices)).toEqual([]);
  await simulator.close();
});

describe.each(WIRED_COMBINATIONS)('$name, $wire', ({ ai, major, native, createKimi, wire }) => {
  const kimi = (settings: object = {}) =>
    createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator', protocol: wire, ...settings });
  const model = (id = 'kimi-for-coding') => kimi()(id);
  const bodies = () =>
    chatBodies(simulator) as unknown as Array<Record<string, unknown> & { messages: Array<Record<string, unknown>> }>;
  const weather = (execute?: (input: unknown) => unknown) =>
    ai.tool({
      description: 'Weather of a city',
      inputSchema: z.object({ city: z.string() }),
      ...(execute ? { execute } : {}),
    });

  it('answers with text', async () => {
    simulator.script([{ text: 'Hello there, world' }, { text: 'Hello there, world' }]);
    expect(await said(ai.streamText({ model: model(), prompt: 'hi' }).fullStream)).toEqual([
      ['text', 'Hello there, world'],
    ]);
    const generated = await ai.generateText({ model: model(), prompt: 'hi' });
    expect(generated.text).toBe('Hello there, world');
    expect(generated.finishReason).toBe('stop');
    expect(bodies().map(({ stream }) => stream)).toEqual([true, undefined]);
  });

  it('reasons, then answers', async () => {
    const answer = { reasoning: 'The user greets. 你好 👋', text: '你好！' };
    simulator.script([{ ...answer, packetBytes: 7 }, answer]);
    expect(await said(ai.streamText({ model: model(), prompt: 'hi' }).fullStream)).toEqual([
      ['reasoning', 'The user greets. 你好 👋'],
      ['text', '你好！'],
    ]);
    const generated = await ai.generateText({ model: model(), prompt: 'hi' });
    expect([generated.reasoningText, generated.text]).toEqual(['The user greets. 你好 👋', '你好！']);
  });

  it('keeps the order of interleaved reasoning and text', async () => {
    simulator.script({
      parts: [
        { type: 'reasoning', text: 'first thought' },
        { type: 'text', text: 'first words' },
        { type: 'reasoning', text: 'second thought' },
        { type: 'text', text: 'second words' },
      ],
    });
    const parts = await collect(ai.streamText({ model: model(), prompt: 'hi' }).fullStream);
    const block = ['reasoning-start', 'reasoning-delta', 'reasoning-end', 'text-start', 'text-delta', 'text-end'];
    expect(parts.map(part => part.type).filter(type => /^(text|reasoning)-/.test(type))).toEqual([...block, ...block]);
    expect(parts.filter(part => part.type.endsWith('-delta')).map(part => part.text)).toEqual([
      'first thought',
      'first words',
      'second thought',
      'second words',
    ]);
  });

  it('calls a tool and answers with its result', async () => {
    simulator.script([
      { reasoning: 'I need the weather', toolCalls: [{ name: 'weather', arguments: { city: 'Bern' } }] },
      { reasoning: 'Now I know', text: 'It rains in Bern' },
    ]);
    const result = ai.streamText({
      model: model('k3'),
      prompt: 'weather?',
      tools: { weather: weather(() => 'rain') },
      stopWhen: steps(5),
    });
    expect(await said(result.fullStream)).toEqual([
      ['reasoning', 'I need the weather'],
      ['tool-call', 'weather', { city: 'Bern' }],
      ['reasoning', 'Now I know'],
      ['text', 'It rains in Bern'],
    ]);
    expect(await result.steps).toHaveLength(2);
    expect(await result.finishReason).toBe('stop');
    expect(bodies()[1]?.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        reasoning_content: 'I need the weather',
        tool_calls: [
          {
            id: expect.any(String) as string,
            type: 'function',
            function: { name: 'weather', arguments: '{"city":"Bern"}' },
          },
        ],
      },
      { role: 'tool', tool_call_id: expect.any(String) as string, content: 'rain' },
    ]);
  });

  it('calls tools in parallel over several steps, however oddly they are streamed', async () => {
    simulator.script([
      {
        reasoning: 'two at once',
        interleaveToolCalls: true,
        packetBytes: 11,
        toolCalls: [
          { name: 'weather', arguments: { city: 'Zürich' }, quirks: ['arguments-before-name'] },
          { name: 'weather', arguments: { city: 'Genève' }, quirks: ['missing-id'] },
        ],
      },
      { reasoning: 'one more', toolCalls: [{ name: 'weather', arguments: { city: 'Chur' }, quirks: ['late-id'] }] },
      { reasoning: 'done', text: 'Rain everywhere' },
    ]);
    const asked: unknown[] = [];
    const result = ai.streamText({
      model: kimi({ generateId: () => 'minted' })('k3'),
      prompt: 'weather?',
      tools: { weather: weather(input => asked.push(input)) },
      stopWhen: steps(5),
    });
    expect((await said(result.fullStream)).filter(([type]) => type !== 'reasoning')).toEqual([
      ['tool-call', 'weather', { city: 'Zürich' }],
      ['tool-call', 'weather', { city: 'Genève' }],
      ['tool-call', 'weather', { city: 'Chur' }],
      ['text', 'Rain everywhere'],
    ]);
    expect(asked).toEqual([{ city: 'Zürich' }, { city: 'Genève' }, { city: 'Chur' }]);
    expect(await result.steps).toHaveLength(3);
    if (wire === 'chat') {
      expect(JSON.stringify(bodies()[1]?.messages)).toContain('"tool_call_id":"minted"');
    }
    expect(chats(simulator).map(request => request.status)).toEqual([200, 200, 200]);
  });

  it('calls tools without streaming', async () => {
    simulator.script([
      { reasoning: 'a', toolCalls: [{ name: 'weather', arguments: { city: 'Bern' } }] },
      { reasoning: 'b', text: 'It rains' },
    ]);
    const result = await ai.generateText({
      model: model('k3'),
      prompt: 'weather?',
      tools: { weather: weather(() => ({ sky: 'grey' })) },
      stopWhen: steps(5),
    });
    expect(result.text).toBe('It rains');
    expect(result.steps).toHaveLength(2);
    expect(bodies()[1]?.messages.at(-1)).toMatchObject({ role: 'tool', content: '{"sky":"grey"}' });
  });

  it('pads the reasoning of a turn that another model made', async () => {
    const messages = [
      { role: 'user', content: 'weather?' },
      {
        role: 'assistant',
        content: [{ type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: { city: 'Bern' } }],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', toolCallId: 'c1', toolName: 'weather', output: { type: 'text', value: 'rain' } },
        ],
      },
    ];
    await ai.streamText({ model: model('k3'), messages, tools: { weather: weather() } }).text;
    expect(chats(simulator)[0]).toMatchObject({ status: 200, refusedBy: undefined });
    expect(bodies()[0]?.messages[1]).toMatchObject({ reasoning_content: ' ' });
  });

  it('reads the reasoning that opencode moves to the options of the message', async () => {
    const messages = [
      { role: 'user', content: 'hi' },
      {
        role: 'assistant',
        content: 'hello',
        providerOptions: { openaiCompatible: { reasoning_content: 'moved', cache_control: { type: 'ephemeral' } } },
      },
      { role: 'user', content: 'again' },
    ];
    await ai.streamText({ model: model('k3'), messages }).text;
    const content = wire === 'chat' ? 'hello' : [{ type: 'text', text: 'hello' }];
    expect(bodies()[0]?.messages[1]).toEqual({ role: 'assistant', content, reasoning_content: 'moved' });
  });

  it('makes an object to a schema', async () => {
    const schema = z.object({ name: z.string(), age: z.number() });
    const { object } = await ai.generateObject({ model: model(), schema, prompt: 'a person' });
    expect(schema.safeParse(object).success).toBe(true);
    expect(bodies()[0]?.response_format).toMatchObject({
      type: 'json_schema',
      json_schema: { schema: { type: 'object' } },
    });
  });

  it('sends an image as bytes, as base64 and as a URL that the AI SDK downloads', async () => {
    const host = createServer((_, response) =>
      response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from(PNG, 'base64')),
    );
    await new Promise<void>(resolve => host.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/image.png`;
    const download = async (requested: Array<{ url: URL; isUrlSupportedByModel: boolean }>) =>
      Promise.all(
        requested.map(async file =>
          file.isUrlSupportedByModel
            ? null
            : { data: new Uint8Array(await (await fetch(file.url)).arrayBuffer()), mediaType: 'image/png' },
        ),
      );
    const image = (data: unknown) => ({
      role: 'user',
      content: [
        { type: 'text', text: 'what is it?' },
        { type: 'image', image: data },
      ],
    });
    for (const data of [Buffer.from(PNG, 'base64'), PNG, new URL(url), new URL('ms://file-1')]) {
      await ai.streamText({ model: model(), messages: [image(data)], experimental_download: download }).text;
    }
    host.close();
    const inline = `data:image/png;base64,${PNG}`;
    expect(
      bodies().map(body => (body.messages[0]?.content as Array<{ image_url?: { url: string } }>)[1]?.image_url?.url),
    ).toEqual([inline, inline, inline, 'ms://file-1']);
    expect(chats(simulator).map(request => request.status)).toEqual([200, 200, 200, 200]);
  });

  it('keeps an image of a tool result inside the tool message', async () => {
    const value =
      major === 5
        ? [{ type: 'media', data: PNG, mediaType: 'image/png' }]
        : [{ type: 'image-data', data: PNG, mediaType: 'image/png' }];
    const messages = [
      { role: 'user', content: 'screenshot' },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'r' },
          { type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: { city: 'x' } },
        ],
      },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'c1',
            toolName: 'weather',
            output: { type: 'content', value: [{ type: 'text', text: 'here' }, ...value] },
          },
        ],
      },
    ];
    await ai.streamText({ model: model('k3'), messages, tools: { weather: weather() } }).text;
    expect(bodies()[0]?.messages.at(-1)).toMatchObject({
      role: 'tool',
      content: [
        { type: 'text', text: 'here' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
      ],
    });
  });

  it('reaches the server with an abort', async () => {
    simulator.script({ text: 'a long answer '.repeat(200), chunkDelayMs: 5 });
    const controller = new AbortController();
    const result = ai.streamText({ model: model(), prompt: 'hi', abortSignal: controller.signal, onError: () => {} });
    let seen = '';
    for await (const part of result.fullStream) {
      seen += part.text ?? '';
      if (part.type === 'text-delta') {
        controller.abort();
      }
    }
    expect(seen.length).toBeGreaterThan(0);
    await expect.poll(() => chats(simulator)[0]?.completed).toBe(false);
    expect(seen.length).toBeLessThan(1000);
  });

  it('says so when the stream is cut', async () => {
    simulator.script({ text: 'an answer that never ends', chunkSize: 3, chunkDelayMs: 5, cutAfterChunks: 4 });
    const outcome = await said(
      ai.streamText({ model: model(), prompt: 'hi', maxRetries: 0, onError: () => {} }).fullStream,
    ).catch((error: unknown) => [['error', error]]);
    expect(outcome.filter(([type]) => type === 'error')).toHaveLength(1);
  });

  it('passes on an error inside the stream', async () => {
    simulator.script({
      text: 'an answer that fails',
      chunkSize: 3,
      errorAfterChunks: { chunks: 3, error: { message: 'the engine failed', type: 'server_error' } },
    });
    const parts = await said(
      ai.streamText({ model: model(), prompt: 'hi', maxRetries: 0, onError: () => {} }).fullStream,
    );
    const errors = parts.filter(([type]) => type === 'error');
    expect(errors).toHaveLength(1);
    const [, error] = errors[0] as [string, { message: string }];
    expect(error.message).toContain('the engine failed');
  });

  it('makes an APICallError of a refusal, with the text of the server', async () => {
    // No gate stands before the Anthropic wire (docs/wire.md#anthropic-headers).
    if (wire === 'messages') {
      simulator.fault({
        match: { path: '/messages' },
        status: 403,
        body: { error: { message: 'no', type: 'permission_error' } },
      });
    }
    const error = (await ai
      .generateText({
        model: kimi({ identity: { product: 'curl', version: '8', platform: 'x' } })('k3'),
        prompt: 'hi',
        maxRetries: 0,
      })
      .catch((caught: unknown) => caught)) as {
      statusCode: number;
      isRetryable: boolean;
    };
    expect(error).toMatchObject({ statusCode: 403, isRetryable: false });
  });

  describe.each(['choice', 'top-level', 'both'] as const)('usage at %s', usageAt => {
    it.each(['usage', 'prompt_tokens_details'] as const)('is read, cached tokens from %s', async cachedTokensAt => {
      const usage = { promptTokens: 100, completionTokens: 20, cachedTokens: 64, reasoningTokens: 15 };
      const answer = { reasoning: 'r', text: 'x', usage, usageAt, cachedTokensAt };
      simulator.script([answer, answer]);
      const streamed = ai.streamText({ model: model(), prompt: 'hi' });
      await streamed.text;
      expectUsage(await streamed.totalUsage);
      expectUsage((await ai.generateText({ model: model(), prompt: 'hi' })).usage);
    });
  });

  function expectUsage(usage: Usage) {
    expect(usage).toMatchObject({ inputTokens: 100, outputTokens: 20, totalTokens: 120 });
    expect(usage.inputTokenDetails?.cacheReadTokens ?? usage.cachedInputTokens).toBe(64);
    // The Anthropic wire does not count thinking apart (docs/wires.md).
    expect(usage.outputTokenDetails?.reasoningTokens ?? usage.reasoningTokens).toBe(wire === 'chat' ? 15 : undefined);
    if (native && major !== 5) {
      expect(usage.inputTokenDetails?.noCacheTokens).toBe(36);
    }
  }

  it('gives 50 concurrent calls on one model their own usage, streamed and not', async () => {
    simulator.script(
      Array.from({ length: 100 }, () => (body: { messages: Array<{ content?: unknown }> }) => {
        const number = Number(JSON.stringify(body.messages.at(-1)?.content).replace(/\D/g, ''));
        return {
          text: `answer ${number}`,
          usage: { promptTokens: 1000 + number, completionTokens: number, cachedTokens: number },
          usageAt: number % 2 === 0 ? ('choice' as const) : ('top-level' as const),
          delayMs: number % 7,
        };
      }),
    );
    const shared = model();
    const numbers = Array.from({ length: 50 }, (_, index) => index + 1);
    const results = await Promise.all([
      ...numbers.map(async number => {
        const result = ai.streamText({ model: shared, prompt: `number ${number}` });
        return [number, await result.text, await result.totalUsage] as const;
      }),
      ...numbers.map(async number => {
        const result = await ai.generateText({ model: shared, prompt: `number ${number}` });
        return [number, result.text, result.usage] as const;
      }),
    ]);
    for (const [number, text, usage] of results) {
      expect(text).toBe(`answer ${number}`);
      expect(usage).toMatchObject({ inputTokens: 1000 + number, outputTokens: number });
      expect(usage.inputTokenDetails?.cacheReadTokens ?? usage.cachedInputTokens).toBe(number);
    }
  });

  it('carries the response headers and, when asked, the raw chunks', async () => {
    simulator.script({ text: 'x y z', chunkSize: 1, headers: { 'x-trace-id': 'trace-1' } });
    const result = ai.streamText({ model: model(), prompt: 'hi', includeRawChunks: true });
    const raw = (await collect(result.fullStream))
      .filter(part => part.type === 'raw')
      .map(({ rawValue }) =>
        wire === 'chat'
          ? (rawValue as { choices: Array<{ delta?: { content?: string } }> }).choices[0]?.delta?.content
          : (rawValue as { delta?: { text?: string } }).delta?.text,
      );
    expect(raw.filter(Boolean)).toEqual(['x', ' ', 'y', ' ', 'z']);
    expect((await result.response).headers?.['x-trace-id']).toBe('trace-1');
  });

  it('works in a provider registry and in a custom provider', async () => {
    const registry = ai.createProviderRegistry({ kimi: kimi() });
    expect(
      await ai.streamText({ model: registry.languageModel('kimi:kimi-for-coding'), prompt: 'registry' }).text,
    ).toContain('registry');
    const custom = ai.customProvider({ languageModels: { fast: model() }, fallbackProvider: kimi() });
    expect(await ai.streamText({ model: custom.languageModel('fast'), prompt: 'custom' }).text).toContain('custom');
    expect(await ai.streamText({ model: custom.languageModel('k3'), prompt: 'fallback' }).text).toContain('fallback');
  });

  // V2 under wrapLanguageModel of ai@6 is broken by the AI SDK: see broken-combinations.test.ts.
  if (native || major === 7) {
    it('works behind wrapLanguageModel', async () => {
      simulator.script([
        { reasoning: 'r', toolCalls: [{ name: 'weather', arguments: { city: 'Bern' } }] },
        { reasoning: 'r', text: 'It rains' },
      ]);
      const wrapped = ai.wrapLanguageModel({ model: model('k3'), middleware: MIDDLEWARE });
      const result = ai.streamText({
        model: wrapped,
        prompt: 'weather?',
        tools: { weather: weather(() => 'rain') },
        stopWhen: steps(5),
      });
      expect(await result.text).toBe('It rains');
      expect(await result.steps).toHaveLength(2);
      expect((await result.totalUsage).totalTokens).toBeGreaterThan(0);
    });
  }
});
