import { describe, expect, test } from 'vitest';
import { startKimiSimulator, type ScriptedAnswer } from '../../src/simulator/index';
import { chat, deltasOf, readEvents, readReply, type ChunkEvent, type Delta } from './simulator-client';

const weather = {
  type: 'function',
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 3 } } },
  },
};

/** What a careful client makes of the fragments, by index, the missing one being the current call. */
function assemble(deltas: readonly Delta[]): { id?: string; name: string; arguments: string }[] {
  const calls: { id?: string; name: string; arguments: string }[] = [];
  for (const fragment of deltas.flatMap(delta => delta.tool_calls ?? [])) {
    const position = fragment.index ?? Math.max(0, calls.length - 1);
    const call = (calls[position] ??= { name: '', arguments: '' });
    call.name += fragment.function?.name ?? '';
    call.arguments += fragment.function?.arguments ?? '';
    if (fragment.id !== undefined) {
      call.id = fragment.id;
    }
  }
  return calls;
}

async function stream(
  answer: ScriptedAnswer,
  body: Record<string, unknown> = {},
): Promise<{ events: unknown[]; deltas: Delta[]; response: Response }> {
  await using simulator = await startKimiSimulator();
  simulator.script(answer);
  const response = await chat(simulator, { stream: true, ...body });
  const events = await readEvents(response);
  return { events, deltas: deltasOf(events.filter(event => event !== '[DONE]')), response };
}

const join = (deltas: readonly Delta[], key: 'content' | 'reasoning_content'): string =>
  deltas.map(delta => delta[key] ?? '').join('');

describe('the default answer', () => {
  test('comes piece by piece, at the pace that the simulator is told', async () => {
    await using simulator = await startKimiSimulator({ chunkDelayMs: 30 });
    const begin = performance.now();
    const events = await readEvents(await chat(simulator, { stream: true }));
    // A lower bound: timers fire late, and a millisecond early.
    expect(performance.now() - begin).toBeGreaterThan((events.length - 1) * 29);
    expect(events.length).toBeGreaterThan(3);
  });

  test('thinks, echoes the last user text, and does not think when it must not', async () => {
    await using simulator = await startKimiSimulator();
    const { body } = await chat(simulator, {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'good ' },
            { type: 'text', text: 'day' },
          ],
        },
      ],
    }).then(readReply);
    expect(body).toMatchObject({
      object: 'chat.completion',
      model: 'kimi-for-coding',
      choices: [
        {
          message: { role: 'assistant', content: 'You said: good day', reasoning_content: 'The user says: good day.' },
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number), cached_tokens: 0 },
    });
    const off = await chat(simulator, { thinking: { type: 'disabled' } }).then(readReply);
    expect(JSON.stringify(off.body)).not.toContain('reasoning_content');
  });

  test('calls the tool that the user names, then repeats its result', async () => {
    await using simulator = await startKimiSimulator();
    const question = { role: 'user', content: 'Please call weather for me' };
    const first = await chat(simulator, { tools: [weather], messages: [question] }).then(readReply);
    const choice = (first.body.choices as { message: Record<string, unknown>; finish_reason: string }[])[0];
    expect(choice).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        tool_calls: [
          {
            id: 'functions.weather:0',
            type: 'function',
            function: { name: 'weather', arguments: '{"city":"text","days":3}' },
          },
        ],
      },
    });
    const { content: _content, ...message } = choice?.message ?? {};
    const messages = [
      question,
      message as { role: string },
      { role: 'tool', tool_call_id: 'functions.weather:0', content: 'sunny' },
    ];
    const second = await chat(simulator, { tools: [weather], messages }).then(readReply);
    expect(second.body).toMatchObject({
      choices: [{ message: { content: 'The tool answered: sunny' }, finish_reason: 'stop' }],
    });
  });

  test('keeps to a response format', async () => {
    await using simulator = await startKimiSimulator();
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string' },
        tags: { type: 'array', items: { enum: ['a', 'b'], type: 'string' } },
        child: { $ref: '#/$defs/child' },
      },
      $defs: {
        child: {
          type: 'object',
          properties: { age: { type: 'number' }, child: { $ref: '#/$defs/child' } },
          required: ['age'],
        },
      },
    };
    const { body } = await chat(simulator, {
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
    }).then(readReply);
    const text = (body.choices as { message: { content: string } }[])[0]?.message.content ?? '';
    expect(JSON.parse(text)).toMatchObject({ name: 'text', tags: ['a'], child: { age: 1, child: { age: 1 } } });
  });

  test('counts the last prompt of the same cache key as cached', async () => {
    await using simulator = await startKimiSimulator();
    const usage = async (key: string): Promise<Record<string, number>> =>
      (await chat(simulator, { prompt_cache_key: key }).then(readReply)).body.usage as Record<string, number>;
    expect((await usage('a')).cached_tokens).toBe(0);
    const second = await usage('a');
    expect(second.cached_tokens).toBe(second.prompt_tokens);
    expect((await usage('b')).cached_tokens).toBe(0);
  });
});

describe('a script', () => {
  test('is used in order, may be a function of the body, and is kept through a refusal', async () => {
    await using simulator = await startKimiSimulator();
    simulator.script([{ text: 'one' }, (body, request) => ({ text: `${String(body.model)} ${request.method}` })]);
    simulator.script({ text: 'three' });
    const text = async (): Promise<unknown> => (await chat(simulator, {}).then(readReply)).body.choices;
    expect(await text()).toMatchObject([{ message: { content: 'one' } }]);
    expect((await chat(simulator, { temperature: 0 })).status).toBe(400);
    expect(await text()).toMatchObject([{ message: { content: 'kimi-for-coding POST' } }]);
    expect(await text()).toMatchObject([{ message: { content: 'three' } }]);
    expect(await text()).toMatchObject([{ message: { content: 'You said: hello' } }]);
    simulator.script({ text: 'never' });
    simulator.reset();
    expect(await text()).toMatchObject([{ message: { content: 'You said: hello' } }]);
  });

  test('that throws breaks only its own request', async () => {
    await using simulator = await startKimiSimulator();
    simulator.script(() => {
      throw new Error('a mistake in a test');
    });
    await expect(chat(simulator, {})).rejects.toThrow();
    expect((await chat(simulator, {})).status).toBe(200);
  });

  test('streams reasoning, then text, in pieces, usage on the last choice, and [DONE]', async () => {
    const { events, deltas, response } = await stream({
      reasoning: 'Let me think about it.',
      text: 'Grüße 北京 🎉',
      chunkSize: 3,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(join(deltas, 'reasoning_content')).toBe('Let me think about it.');
    expect(join(deltas, 'content')).toBe('Grüße 北京 🎉');
    expect(deltas.filter(delta => delta.content !== undefined).length).toBeGreaterThan(4);
    expect(events.at(-1)).toBe('[DONE]');
    const last = events.at(-2) as ChunkEvent;
    expect(last).not.toHaveProperty('usage');
    expect(last.choices[0]).toMatchObject({ finish_reason: 'stop', usage: { cached_tokens: 0 } });
  });

  test.each([
    ['top-level', undefined, true],
    ['both', true, true],
    ['choice', true, undefined],
  ] as const)('puts usage at %s', async (usageAt, onChoice, atTop) => {
    const { events } = await stream({
      text: 'x',
      usageAt,
      cachedTokensAt: 'prompt_tokens_details',
      usage: { promptTokens: 10, completionTokens: 5, cachedTokens: 4, reasoningTokens: 2 },
    });
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 2 },
    };
    const chunks = events.filter(event => typeof event === 'object') as ChunkEvent[];
    expect(chunks.findLast(chunk => chunk.choices.length > 0)?.choices[0]?.usage).toEqual(onChoice && usage);
    expect(chunks.at(-1)?.usage).toEqual(atTop && usage);
  });

  test('keeps the order of interleaved parts', async () => {
    const { deltas } = await stream({
      parts: [
        { type: 'reasoning', text: 'r1' },
        { type: 'text', text: 't1' },
        { type: 'tool-call', name: 'a' },
        { type: 'reasoning', text: 'r2' },
        { type: 'text', text: 't2' },
      ],
    });
    const order = deltas
      .slice(1)
      .map(delta => delta.reasoning_content ?? delta.content ?? delta.tool_calls?.[0]?.function?.name ?? '');
    expect(order.filter(piece => piece !== '')).toEqual(['r1', 't1', 'a', 'r2', 't2']);
  });

  test.each([
    [[], { id: 'functions.weather:0' }],
    [['arguments-before-name'], { id: 'functions.weather:0' }],
    [['late-id'], { id: 'functions.weather:0' }],
    [['missing-id'], {}],
    [['missing-index', 'empty-entries'], { id: 'functions.weather:0' }],
  ] as const)('fragments a tool call with %j', async (quirks, id) => {
    const { deltas } = await stream({
      toolCalls: [{ name: 'weather', arguments: { city: 'a long city name', days: 3 }, quirks }],
    });
    const fragments = deltas.flatMap(delta => delta.tool_calls ?? []);
    expect(assemble(deltas)).toEqual([{ name: 'weather', arguments: '{"city":"a long city name","days":3}', ...id }]);
    const names = fragments.map(fragment => fragment.function?.name);
    expect(names.findIndex(name => name !== undefined)).toBe(
      quirks.some(quirk => quirk === 'arguments-before-name')
        ? fragments.length - 1
        : quirks.some(quirk => quirk === 'empty-entries')
          ? 1
          : 0,
    );
    expect(fragments.every(fragment => fragment.index === undefined)).toBe(
      quirks.some(quirk => quirk === 'missing-index'),
    );
  });

  test('interleaves parallel tool calls', async () => {
    const { deltas } = await stream({
      toolCalls: [
        { name: 'a', arguments: { x: 'a'.repeat(40) } },
        { name: 'b', arguments: '{"broken', id: 'mine' },
      ],
      interleaveToolCalls: true,
    });
    const indexes = deltas.flatMap(delta => delta.tool_calls ?? []).map(({ index }) => index);
    expect(indexes.slice(0, 4)).toEqual([0, 1, 0, 1]);
    expect(assemble(deltas)).toEqual([
      { id: 'functions.a:0', name: 'a', arguments: JSON.stringify({ x: 'a'.repeat(40) }) },
      { id: 'mine', name: 'b', arguments: '{"broken' },
    ]);
  });

  test('splits packets inside characters, with CRLF, a BOM and comments', async () => {
    await using simulator = await startKimiSimulator();
    simulator.script({ text: '北京', packetBytes: 5, lineEnding: '\r\n', byteOrderMark: true, keepAlive: true });
    const response = await chat(simulator, { stream: true });
    const packets: Uint8Array[] = [];
    for await (const packet of response.body as ReadableStream<Uint8Array>) {
      packets.push(packet);
    }
    // The network may join a few, never all.
    expect(packets.length).toBeGreaterThan(100);
    const bytes = Buffer.concat(packets);
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const text = bytes.toString('utf8');
    expect(text).toContain('北京');
    expect(text).toContain(': keep-alive\r\n\r\ndata: ');
  });

  test('ends without [DONE], with an error event, with a broken event, or in the middle', async () => {
    expect((await stream({ text: 'x', done: false })).events.at(-1)).not.toBe('[DONE]');
    const failed = await stream({
      text: 'x'.repeat(100),
      errorAfterChunks: { chunks: 3, error: { message: 'engine overloaded', type: 'server_error' } },
    });
    expect(failed.events).toHaveLength(4);
    expect(failed.events.at(-1)).toEqual({ error: { message: 'engine overloaded', type: 'server_error' } });
    const broken = await stream({ text: 'x'.repeat(100), malformedChunkAt: 2 });
    expect(typeof broken.events[2]).toBe('string');
    expect(broken.events.at(-1)).toBe('[DONE]');
    await expect(stream({ text: 'x'.repeat(100), cutAfterChunks: 3 })).rejects.toThrow();
  });

  test('answers a status with a body, Retry-After and headers', async () => {
    await using simulator = await startKimiSimulator();
    simulator.script({
      status: 429,
      body: { error: { message: 'too many', type: 'rate_limit_reached_error' } },
      retryAfter: 7,
      headers: { 'x-more': '1' },
    });
    const { status, headers, body } = await chat(simulator, { stream: true }).then(readReply);
    expect({ status, body }).toEqual({
      status: 429,
      body: { error: { message: 'too many', type: 'rate_limit_reached_error' } },
    });
    expect([headers.get('retry-after'), headers.get('x-more'), headers.get('x-trace-id')?.length]).toEqual([
      '7',
      '1',
      32,
    ]);
  });

  test('names another model, another finish reason, no usage', async () => {
    const { events } = await stream({ text: 'x', model: 'k3-0909', finishReason: 'length', usage: false });
    const last = events.at(-2) as ChunkEvent & { model: string };
    expect(last.model).toBe('k3-0909');
    expect(last.choices[0]).toEqual({ index: 0, delta: {}, finish_reason: 'length' });
  });
});
