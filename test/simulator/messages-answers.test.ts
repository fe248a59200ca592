import { describe, expect, test } from 'vitest';
import {
  signatureOf,
  startKimiSimulator,
  type KimiSimulator,
  type MessagesBody,
  type ScriptedAnswer,
} from '../../src/simulator/index';
import { chat, getModels, lastRequest, messages, readReply } from './simulator-client';

type NamedEvent = { event: string; data: Record<string, unknown> };

/** Every event, whose data says its name once more. */
async function readNamedEvents(response: Response): Promise<NamedEvent[]> {
  const blocks = (await response.text()).split('\n\n').filter(block => block !== '');
  return blocks.map(block => {
    const [, event = '', data = ''] = /^event: ?(.*)\ndata: ?(.*)$/.exec(block) ?? [];
    return { event, data: JSON.parse(data) as Record<string, unknown> };
  });
}

async function stream(answer: ScriptedAnswer, body: Partial<MessagesBody> = {}): Promise<NamedEvent[]> {
  await using simulator = await startKimiSimulator();
  simulator.script(answer);
  return readNamedEvents(await messages(simulator, { stream: true, ...body }));
}

async function whole(
  simulator: KimiSimulator,
  body: Partial<MessagesBody> = {},
): Promise<{ content: Record<string, unknown>[]; stop_reason: string; usage: Record<string, number> }> {
  return (await readReply(await messages(simulator, body))).body as never;
}

const tools = [{ name: 'weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }];

describe('one answer on both wires', () => {
  test('a stream names its events, signs what it thought and counts tokens', async () => {
    const events = await stream({
      reasoning: 'Two words.',
      text: 'Hello there, you',
      toolCalls: [{ name: 'weather', arguments: { city: 'Paris' } }],
      usage: { promptTokens: 100, cachedTokens: 40, completionTokens: 7 },
    });
    expect(events.every(({ event, data }) => data.type === event)).toBe(true);
    expect(events.map(({ event }) => event).filter(event => event !== 'content_block_delta')).toEqual([
      'message_start',
      'ping',
      'content_block_start',
      'content_block_stop',
      'content_block_start',
      'content_block_stop',
      'content_block_start',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    const of = (index: number): Record<string, string>[] =>
      events
        .filter(({ event, data }) => event === 'content_block_delta' && data.index === index)
        .map(({ data }) => data.delta as Record<string, string>);
    const join = (deltas: Record<string, string>[], key: string): string =>
      deltas.map(delta => delta[key] ?? '').join('');
    expect(join(of(0), 'thinking')).toBe('Two words.');
    expect(of(0).at(-1)).toEqual({ type: 'signature_delta', signature: signatureOf('Two words.') });
    expect(join(of(1), 'text')).toBe('Hello there, you');
    expect(of(1).map(delta => delta.type)).toEqual(['text_delta', 'text_delta']);
    expect(join(of(2), 'partial_json')).toBe('{"city":"Paris"}');
    const starts = events.filter(({ event }) => event === 'content_block_start').map(({ data }) => data.content_block);
    expect(starts).toEqual([
      { type: 'thinking', thinking: '', signature: '' },
      { type: 'text', text: '' },
      { type: 'tool_use', id: 'functions.weather:0', name: 'weather', input: {} },
    ]);
    expect(events[0]?.data.message).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: 'kimi-for-coding',
      content: [],
      usage: { input_tokens: 60, cache_read_input_tokens: 40, output_tokens: 0 },
    });
    expect(events.at(-2)?.data).toMatchObject({
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: { input_tokens: 60, cache_creation_input_tokens: 0, cache_read_input_tokens: 40, output_tokens: 7 },
    });
  });

  test('a whole answer has the same parts', async () => {
    await using simulator = await startKimiSimulator();
    simulator.script({
      parts: [
        { type: 'reasoning', text: 'hm' },
        { type: 'text', text: 'wait' },
        { type: 'reasoning', text: 'ah' },
        { type: 'tool-call', name: 'weather', arguments: { city: 'Paris' } },
      ],
    });
    expect(await whole(simulator)).toMatchObject({
      type: 'message',
      content: [
        { type: 'thinking', thinking: 'hm', signature: signatureOf('hm') },
        { type: 'text', text: 'wait' },
        { type: 'thinking', thinking: 'ah', signature: signatureOf('ah') },
        { type: 'tool_use', id: 'functions.weather:0', name: 'weather', input: { city: 'Paris' } },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: expect.any(Number), output_tokens: expect.any(Number) },
    });
  });

  test.each([
    ['stop', 'end_turn'],
    ['length', 'max_tokens'],
    ['content_filter', 'refusal'],
    ['pause_turn', 'pause_turn'],
  ])('%s is called %s', async (finishReason, stopReason) => {
    const events = await stream({ text: 'x', finishReason, usage: false });
    expect(events.at(-2)?.data).toEqual({
      type: 'message_delta',
      delta: { stop_reason: stopReason, stop_sequence: null },
    });
  });

  test('a script that asks the body is asked in the words of chat, on both wires', async () => {
    await using simulator = await startKimiSimulator();
    const seen: unknown[] = [];
    const script = (body: { messages: unknown; tools?: unknown }) => {
      seen.push({ messages: body.messages, tools: body.tools });
      return { text: 'ok' };
    };
    simulator.script([script, script]);
    const call = { id: 'a', name: 'weather', input: { city: 'Paris' } };
    await messages(simulator, {
      system: 'Be brief.',
      tools,
      messages: [
        { role: 'user', content: 'weather?' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm' },
            { type: 'tool_use', ...call },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'sunny' }] },
      ],
    });
    await chat(simulator, {
      tools: [{ type: 'function', function: { name: 'weather', parameters: tools[0]?.input_schema } }],
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'weather?' },
        {
          role: 'assistant',
          reasoning_content: 'hm',
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } }],
        },
        { role: 'tool', tool_call_id: 'a', content: 'sunny' },
      ],
    });
    expect(seen[0]).toEqual(seen[1]);
    expect(simulator.requests.map(({ wire, service }) => [wire, service])).toEqual([
      ['messages', 'coding'],
      ['chat', 'coding'],
    ]);
    expect(simulator.counts).toMatchObject({ chats: 2, messages: 1 });
  });
});

describe('the default answer', () => {
  test('thinks unless told otherwise, and echoes the words beside the reminders of Claude Code', async () => {
    await using simulator = await startKimiSimulator();
    const reminder = { type: 'text', text: '<system-reminder>\nToday is Monday.\n</system-reminder>' };
    const asked: Partial<MessagesBody> = {
      messages: [
        { role: 'user', content: [reminder, { type: 'text', text: 'good day' }] },
        { role: 'system', content: 'Agents: none.' },
      ],
    };
    expect((await whole(simulator, asked)).content).toEqual([
      { type: 'thinking', thinking: 'The user says: good day.', signature: expect.any(String) },
      { type: 'text', text: 'You said: good day' },
    ]);
    const off = await whole(simulator, { ...asked, thinking: { type: 'disabled' } });
    expect(off.content).toEqual([{ type: 'text', text: 'You said: good day' }]);
  });

  test('calls the tool that is named, or asked for, then repeats its result; what it thought comes back', async () => {
    await using simulator = await startKimiSimulator();
    const question = { role: 'user', content: 'call weather' };
    const first = await whole(simulator, { tools, messages: [question] });
    expect(first).toMatchObject({
      stop_reason: 'tool_use',
      content: [{}, { name: 'weather', input: { city: 'text' } }],
    });
    const { id } = first.content[1] as { id: string };
    const answered = { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'sunny' }] };
    const history = [question, { role: 'assistant', content: first.content }, answered];
    const reminder = { type: 'text', text: '<system-reminder>Be brief.</system-reminder>' };
    for (const last of [[], [{ role: 'user', content: [reminder] }], [{ role: 'system', content: 'Be brief.' }]]) {
      const second = await whole(simulator, { tools, messages: [...history, ...last] });
      expect(second.content.at(-1)).toEqual({ type: 'text', text: 'The tool answered: sunny' });
    }
    const forced = await whole(simulator, { tools, tool_choice: { type: 'any' } });
    expect(forced.content.at(-1)).toMatchObject({ type: 'tool_use', name: 'weather' });
  });

  test('keeps to a schema, and counts the last prompt of the same user as cached', async () => {
    await using simulator = await startKimiSimulator();
    const schema = { type: 'object', properties: { age: { type: 'number' } } };
    const shaped = await whole(simulator, { output_config: { format: { schema } }, metadata: { user_id: 'a' } });
    expect(shaped.content.at(-1)).toEqual({ type: 'text', text: '{"age":1}' });
    expect(shaped.usage.cache_read_input_tokens).toBe(0);
    const again = await whole(simulator, { metadata: { user_id: 'a' } });
    expect(again.usage.input_tokens).toBe(0);
    expect(again.usage.cache_read_input_tokens).toBe(shaped.usage.input_tokens);
  });
});

describe('access', () => {
  const UNAUTHORIZED = { type: 'error', error: { type: 'authentication_error', message: expect.any(String) } };

  test('takes a key or a token in either header, and nothing that is dead', async () => {
    await using simulator = await startKimiSimulator();
    const { access_token: token } = simulator.signIn();
    for (const credential of ['sk-kimi-simulator', token]) {
      for (const headers of [
        { 'x-api-key': credential },
        { 'x-api-key': undefined, authorization: `Bearer ${credential}` },
      ]) {
        expect((await messages(simulator, {}, { headers })).status).toBe(200);
      }
    }
    simulator.expireTokens();
    const { status, body } = await readReply(await messages(simulator, {}, { headers: { 'x-api-key': token } }));
    expect({ status, body }).toEqual({ status: 401, body: UNAUTHORIZED });
    expect((await messages(simulator, {}, { headers: { 'x-api-key': undefined } })).status).toBe(401);
    expect((await messages(simulator, {}, { headers: { 'x-api-key': 'sk-simulator' } })).status).toBe(401);
    expect((await messages(simulator, {}, { service: 'platform' })).status).toBe(200);
    // Chat knows one header only.
    const asKey = { authorization: '', 'x-api-key': 'sk-kimi-simulator' };
    expect((await chat(simulator, {}, { headers: asKey })).status).toBe(401);
  });

  test('has no gate, and still notices half an identity', async () => {
    await using simulator = await startKimiSimulator({ gate: 'known-agents' });
    expect((await messages(simulator, {}, { headers: { 'User-Agent': 'node' } })).status).toBe(200);
    expect(lastRequest(simulator).notices).toEqual([]);
    expect((await messages(simulator, {}, { headers: { 'X-Msh-Device-Id': undefined } })).status).toBe(200);
    expect(lastRequest(simulator).notices).toEqual(['identity-incomplete: x-msh-device-id']);
  });

  test('a model of one wire is not served on the other', async () => {
    await using simulator = await startKimiSimulator({ account: 'messages' });
    const { body } = await getModels(simulator, 'sk-kimi-simulator');
    const listed = body.data as { id: string; protocol: unknown }[];
    expect(listed.find(({ id }) => id === 'k3.1-pro')?.protocol).toBe('anthropic');
    expect((await messages(simulator, { model: 'k3.1-pro' })).status).toBe(200);
    expect((await messages(simulator, { model: 'k3' })).status).toBe(200);
    expect((await chat(simulator, { model: 'k3.1-pro' })).status).toBe(404);
    expect(lastRequest(simulator).refusedBy).toBe('model-protocol');
    simulator.models.coding[0]!.protocol = 'response';
    const { status, body: refused } = await readReply(await messages(simulator, {}));
    expect({ status, refused }).toMatchObject({ status: 404, refused: { error: { type: 'not_found_error' } } });
  });

  test.each([
    [403, 'permission_error'],
    [429, 'rate_limit_error'],
  ] as const)('a used-up plan is refused with %i, and counting tokens spends nothing', async (status, type) => {
    await using simulator = await startKimiSimulator({ quota: { weekly: 1, status } });
    await messages(simulator, {}, { path: '/v1/messages/count_tokens' });
    expect((await messages(simulator, {})).status).toBe(200);
    const { body, ...reply } = await readReply(await messages(simulator, {}));
    expect(reply.status).toBe(status);
    expect(body).toEqual({
      type: 'error',
      error: { type, message: "You've reached your weekly (7-day) usage limit." },
    });
  });

  test('the platform has no money, either', async () => {
    await using simulator = await startKimiSimulator({ balance: { voucher: 0, cash: 0 } });
    const { status, body } = await readReply(await messages(simulator, {}, { service: 'platform' }));
    expect({ status, body }).toMatchObject({
      status: 429,
      body: { type: 'error', error: { type: 'rate_limit_error' } },
    });
  });
});

describe('what goes wrong', () => {
  const said = { error: { message: 'too many', type: 'rate_limit_reached_error' } };
  const heard = { type: 'error', error: { message: 'too many', type: 'rate_limit_error' } };

  test('errors of scripts and faults are in the words of the wire; what is in its words already stays', async () => {
    await using simulator = await startKimiSimulator();
    simulator.script({ status: 429, body: said, retryAfter: 7 });
    const scripted = await readReply(await messages(simulator, {}));
    expect([scripted.status, scripted.headers.get('retry-after'), scripted.body]).toEqual([429, '7', heard]);
    simulator.fault({ status: 503, body: said });
    expect((await readReply(await messages(simulator, {}))).body).toMatchObject({ error: { type: 'api_error' } });
    simulator.fault({ status: 529, body: { type: 'error', error: { type: 'odd_error', message: 'x' } } });
    expect((await readReply(await messages(simulator, {}))).body).toMatchObject({ error: { type: 'odd_error' } });
    simulator.fault({ status: 502, body: '<html>' });
    expect(await (await messages(simulator, {})).text()).toBe('<html>');
    simulator.fault({ status: 429, body: said });
    expect((await readReply(await chat(simulator, {}))).body).toEqual(said);
  });

  test('a stream ends early, with an error, with garbage or without its end', async () => {
    const long = { text: 'x'.repeat(100) };
    const withError = await stream({
      ...long,
      errorAfterChunks: { chunks: 4, error: { message: 'busy', type: 'engine_overloaded_error' } },
    });
    expect(withError).toHaveLength(5);
    expect(withError.at(-1)).toEqual({
      event: 'error',
      data: { type: 'error', error: { type: 'overloaded_error', message: 'busy' } },
    });
    expect((await stream({ ...long, done: false })).at(-1)?.event).toBe('message_delta');
    await expect(stream({ ...long, malformedChunkAt: 3 })).rejects.toThrow(/JSON/);
    await expect(stream({ ...long, cutAfterChunks: 3 })).rejects.toThrow('terminated');
  });

  test('a connection that breaks before the end was said', async () => {
    await using simulator = await startKimiSimulator();
    simulator.fault({ connection: { at: 'last-event', how: 'reset' } });
    const response = await messages(simulator, { stream: true });
    const decoder = new TextDecoder();
    let text = '';
    const read = async (): Promise<void> => {
      for await (const packet of response.body as ReadableStream<Uint8Array>) {
        text += decoder.decode(packet, { stream: true });
      }
    };
    await expect(read()).rejects.toThrow('terminated');
    expect(text).toContain('message_delta');
    expect(text).not.toContain('message_stop');
  });

  test('signatures that are asked for in other letters than they were sent in', async () => {
    await using simulator = await startKimiSimulator({ signatureAlphabet: 'base64url' });
    const again = async (signature: string): Promise<unknown> => {
      const thought = { type: 'thinking', thinking: 'hm', signature };
      await messages(simulator, {
        messages: [
          { role: 'user', content: 'hello' },
          { role: 'assistant', content: [thought, { type: 'text', text: 'yes' }] },
          { role: 'user', content: 'and?' },
        ],
      });
      const { refusedBy, notices } = lastRequest(simulator);
      return refusedBy ?? notices;
    };
    const sent = signatureOf('hm');
    expect(sent).toMatch(/[+/]/);
    expect(await again(sent)).toBe('messages-thinking-signature');
    expect(await again(sent.replaceAll('+', '-').replaceAll('/', '_'))).toEqual([]);
  });

  test('lines with and without a space behind the colon, on both wires', async () => {
    await using simulator = await startKimiSimulator();
    const textOf = async (call: Promise<Response>): Promise<string> => (await call).text();
    const body = { stream: true };
    expect(await textOf(messages(simulator, body))).toMatch(/^event:message_start\ndata:\{/);
    expect(await textOf(chat(simulator, body))).toMatch(/^data: \{/);
    simulator.script([{ spaces: true }, { spaces: false }]);
    expect(await textOf(messages(simulator, body))).toMatch(/^event: message_start\ndata: \{/);
    expect(await textOf(chat(simulator, body))).toMatch(/^data:\{/);
  });

  test('unsigned thinking, an empty answer, arguments that are no JSON', async () => {
    const unsigned = await stream({ reasoning: 'hm', signed: false });
    expect(JSON.stringify(unsigned)).not.toContain('signature');
    expect((await stream({})).map(({ event }) => event)).toEqual([
      'message_start',
      'ping',
      'message_delta',
      'message_stop',
    ]);
    const broken = await stream({ toolCalls: [{ name: 'weather', arguments: '{"city"' }] });
    expect(JSON.stringify(broken)).toContain(String.raw`"partial_json":"{\"city\""`);
  });

  test.each([
    ['no list of messages', { messages: 'hi' as never }],
    ['messages that are none', { messages: [null as never] }],
    ['tools that are none', { tools: ['weather' as never] }],
  ])('a body with %s', async (_name, body) => {
    await using simulator = await startKimiSimulator();
    const { status, body: refused } = await readReply(await messages(simulator, body));
    expect({ status, refused }).toMatchObject({ status: 400, refused: { error: { type: 'invalid_request_error' } } });
  });
});
