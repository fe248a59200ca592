import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod/v4';
import { COMBINATIONS, said, steps, type Combination } from '../../../support/majors';
import { chunk, completion, DONE, either, event, startAnswerServer, stream, type Answer } from './answer-server';

const SECTION =
  '<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0<|tool_call_argument_begin|>{"city":"Paris"}<|tool_call_end|><|tool_calls_section_end|>';
const XTML =
  '<|open|>tools<|sep|><|open|>call tool="weather" index="1"<|sep|><|open|>argument key="city" ' +
  'type="string"<|sep|>Paris<|close|>argument<|sep|><|close|>call<|sep|><|close|>tools<|sep|>';

const REAL = {
  index: 0,
  id: 'functions.weather:7',
  type: 'function',
  function: { name: 'weather', arguments: '{"city": "Paris"}' },
};

/** Deltas of a few characters, so that every marker comes in pieces. */
const pieces = (field: 'content' | 'reasoning_content', text: string, size = 5) =>
  (text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? []).map(piece => chunk({ [field]: piece }));
const finish = (reason = 'stop') =>
  chunk({}, { finish_reason: reason, usage: { prompt_tokens: 3, completion_tokens: 2 } }) + DONE;

/** The same answer as a stream and as a whole. */
function answer(
  message: { content?: string; reasoning_content?: string; tool_calls?: object[] },
  finishReason = 'stop',
): Answer {
  const { content = '', reasoning_content: reasoning = '', tool_calls: calls } = message;
  return either(
    stream(
      ...pieces('reasoning_content', reasoning),
      ...pieces('content', content),
      ...(calls ? [chunk({ tool_calls: calls })] : []),
      finish(finishReason),
    ),
    completion(
      {
        content,
        ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
        ...(calls ? { tool_calls: calls } : {}),
      },
      finishReason,
    ),
  );
}

const model = ({ createKimi }: Combination, baseURL: string, settings: object = {}) =>
  createKimi({ baseURL, apiKey: 'k', ...settings })('kimi-for-coding');
const weather = ({ ai }: Combination) => ({
  weather: ai.tool({
    description: 'Weather',
    inputSchema: z.object({ city: z.string() }),
    parameters: z.object({ city: z.string() }),
    execute: async () => 'sunny',
  }),
});

describe.each(COMBINATIONS)('$name', combination => {
  it.each([
    ['K2 in the text', { content: `Let me see.\n${SECTION}` }, [['text', 'Let me see.\n']]],
    ['K3 in the text', { content: XTML }, []],
    ['K2 in the reasoning', { reasoning_content: `I must look. ${SECTION}` }, [['reasoning', 'I must look. ']]],
  ])('runs a tool whose call leaked: %s', async (_, message, before) => {
    const { baseURL, bodies } = await startAnswerServer(answer(message), answer({ content: 'It is sunny.' }));
    const options = {
      model: model(combination, baseURL),
      tools: weather(combination),
      prompt: 'x',
      stopWhen: steps(3),
    };
    const streamed = combination.ai.streamText(options);
    expect(await said(streamed.fullStream)).toEqual([
      ...before,
      ['tool-call', 'weather', { city: 'Paris' }],
      ['text', 'It is sunny.'],
    ]);
    expect((await streamed.steps) as Array<{ finishReason: string }>).toMatchObject([
      { finishReason: 'tool-calls', providerMetadata: { kimi: { recoveredToolCalls: 1 } } },
      {
        finishReason: 'stop',
        providerMetadata: { kimi: expect.not.objectContaining({ recoveredToolCalls: expect.anything() }) },
      },
    ]);
    // The result went back to the call.
    expect((bodies[1]?.messages as object[]).slice(1)).toMatchObject([
      { role: 'assistant', tool_calls: [{ function: { name: 'weather', arguments: '{"city":"Paris"}' } }] },
      { role: 'tool', content: 'sunny' },
    ]);
  });

  it('gives the same as a whole answer', async () => {
    const { baseURL } = await startAnswerServer(
      answer({ content: `Let me see.\n${SECTION}`, reasoning_content: 'Hm.' }),
      answer({ content: 'It is sunny.' }),
    );
    const result = await combination.ai.generateText({
      model: model(combination, baseURL),
      tools: weather(combination),
      prompt: 'x',
      stopWhen: steps(3),
    });
    expect(result.text).toBe('It is sunny.');
    expect(result.steps as object[]).toMatchObject([
      {
        text: 'Let me see.\n',
        reasoningText: 'Hm.',
        finishReason: 'tool-calls',
        providerMetadata: { kimi: { recoveredToolCalls: 1 } },
      },
      { finishReason: 'stop' },
    ]);
  });
});

const SEVEN = COMBINATIONS.find(({ name }) => name === 'ai@7 with V4') as Combination;
const PROMPT = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'x' }] }];
const TOOLS = [
  {
    type: 'function' as const,
    name: 'weather',
    inputSchema: { type: 'object' as const, properties: { city: { type: 'string' as const } } },
  },
];

type Said = { content: Array<[type: string, value: string]>; finishReason: string; raw: string | undefined };

/** What the model says, streamed or whole, blocks joined. */
async function both(
  server: { baseURL: string },
  options: object = { tools: TOOLS },
  settings: object = {},
): Promise<[streamed: Said, whole: Said]> {
  const engine = model(SEVEN, server.baseURL, settings);
  const streamed: Said = { content: [], finishReason: '', raw: undefined };
  const { stream: parts } = await engine.doStream({ prompt: PROMPT, ...options });
  for await (const part of parts) {
    if (part.type === 'text-delta' || part.type === 'reasoning-delta') {
      const type = part.type === 'text-delta' ? 'text' : 'reasoning';
      const last = streamed.content.at(-1);
      if (last?.[0] === type) {
        last[1] += part.delta;
      } else {
        streamed.content.push([type, part.delta]);
      }
    } else if (part.type === 'tool-call') {
      streamed.content.push(['tool-call', `${part.toolName} ${part.input}`]);
    } else if (part.type === 'error') {
      streamed.content.push(['error', (part.error as { code: string }).code]);
    } else if (part.type === 'finish') {
      streamed.finishReason = part.finishReason.unified;
      streamed.raw = part.finishReason.raw;
    }
  }
  const result = await engine.doGenerate({ prompt: PROMPT, ...options });
  const content = result.content.flatMap((part): Said['content'] => {
    switch (part.type) {
      case 'text':
      case 'reasoning':
        return [[part.type, part.text]];
      case 'tool-call':
        return [['tool-call', `${part.toolName} ${part.input}`]];
      default:
        return [];
    }
  });
  return [streamed, { content, finishReason: result.finishReason.unified, raw: result.finishReason.raw }];
}

const CALL: [string, string] = ['tool-call', 'weather {"city":"Paris"}'];

describe('leaked tool calls, streamed and whole', () => {
  it.each([
    ['in the text', { content: SECTION }, 'stop', [CALL], 'tool-calls'],
    ['with text behind it', { content: `a ${SECTION} b` }, 'stop', [['text', 'a  b'], CALL], 'tool-calls'],
    ['twice', { content: SECTION + SECTION }, 'stop', [CALL, CALL], 'tool-calls'],
    [
      'when the output limit cuts the answer behind it',
      { content: `${SECTION} and` },
      'length',
      [['text', ' and'], CALL],
      'length',
    ],
    [
      'at the end of the reasoning',
      { reasoning_content: `Hm. ${SECTION}\n` },
      'stop',
      [['reasoning', 'Hm. '], CALL],
      'tool-calls',
    ],
    [
      'in reasoning that an answer follows: it was only thought about',
      { reasoning_content: `Hm. ${SECTION}`, content: 'No.' },
      'stop',
      [
        ['reasoning', `Hm. ${SECTION}`],
        ['text', 'No.'],
      ],
      'stop',
    ],
    [
      'in reasoning that more reasoning follows',
      { reasoning_content: `${SECTION} or not`, content: 'No.' },
      'stop',
      [
        ['reasoning', `${SECTION} or not`],
        ['text', 'No.'],
      ],
      'stop',
    ],
    [
      'in reasoning that a leaked call in the text follows',
      { reasoning_content: SECTION, content: `\n\n${SECTION}` },
      'stop',
      [['reasoning', SECTION], ['text', '\n\n'], CALL],
      'tool-calls',
    ],
    [
      'in reasoning that a real call follows',
      { reasoning_content: SECTION, tool_calls: [REAL] },
      'tool_calls',
      [
        ['reasoning', SECTION],
        ['tool-call', 'weather {"city": "Paris"}'],
      ],
      'tool-calls',
    ],
    [
      'beside the same real call',
      { content: `Now. ${SECTION}`, tool_calls: [REAL] },
      'tool_calls',
      [
        ['text', 'Now. '],
        ['tool-call', 'weather {"city": "Paris"}'],
      ],
      'tool-calls',
    ],
    [
      'beside another real call',
      { content: SECTION, tool_calls: [{ ...REAL, function: { name: 'weather', arguments: '{"city":"Rome"}' } }] },
      'tool_calls',
      [['tool-call', 'weather {"city":"Rome"}'], CALL],
      'tool-calls',
    ],
    [
      'in a code block',
      { content: `\`\`\`\n${SECTION}\n\`\`\`` },
      'stop',
      [['text', `\`\`\`\n${SECTION}\n\`\`\``]],
      'stop',
    ],
    [
      'of a tool that was not declared',
      { content: SECTION.replace('weather', 'rm') },
      'stop',
      [['text', SECTION.replace('weather', 'rm')]],
      'stop',
    ],
  ] as Array<[string, object, string, Said['content'], string]>)(
    '%s',
    async (_, message, wireReason, content, finishReason) => {
      const [streamed, whole] = await both(await startAnswerServer(answer(message, wireReason)));
      expect({ content: streamed.content, finishReason: streamed.finishReason }).toEqual({ content, finishReason });
      expect({ content: whole.content, finishReason: whole.finishReason }).toEqual({ content, finishReason });
      expect(whole.raw).toBe(wireReason);
    },
  );

  it.each([
    ['without tools', {}],
    ['with a tool choice of none', { tools: TOOLS, toolChoice: { type: 'none' } }],
  ])('stay text %s', async (_, options) => {
    const [streamed, whole] = await both(await startAnswerServer(answer({ content: SECTION })), options);
    expect(streamed).toEqual({ content: [['text', SECTION]], finishReason: 'stop', raw: 'stop' });
    expect(whole).toEqual(streamed);
  });

  it('stay text where the answer breaks off, because it is not whole', async () => {
    const server = await startAnswerServer(stream(...pieces('content', `a ${SECTION} b`)));
    const engine = model(SEVEN, server.baseURL);
    const { stream: parts } = await engine.doStream({ prompt: PROMPT, tools: TOOLS });
    const seen: string[] = [];
    for await (const part of parts) {
      if (part.type === 'text-delta') {
        seen.push(part.delta);
      } else if (part.type === 'tool-call' || part.type === 'error') {
        seen.push(part.type);
      }
    }
    expect(seen.join('')).toBe(`a  b${SECTION}error`);
  });

  it('have the name that the caller gave the tool, as real ones do, where the wire has another', async () => {
    const tools = [{ ...TOOLS[0], name: '7-day weather' }];
    const options = { tools, toolChoice: { type: 'auto' } };
    let wireName = '';
    const server = await startAnswerServer((response, body, request) => {
      wireName = (body.tools as Array<{ function: { name: string } }>)[0]?.function.name ?? '';
      const leak = `Now. ${SECTION.replace('weather', wireName)}`;
      return answer(
        { content: leak, tool_calls: [{ ...REAL, function: { name: wireName, arguments: '{"city":"Rome"}' } }] },
        'tool_calls',
      )(response, body, request);
    });
    const [streamed, whole] = await both(server, options);
    expect(wireName).not.toBe('7-day weather');
    expect(streamed.content).toEqual([
      ['text', 'Now. '],
      ['tool-call', '7-day weather {"city":"Rome"}'],
      ['tool-call', '7-day weather {"city":"Paris"}'],
    ]);
    expect(whole.content).toEqual(streamed.content);
  });

  it('keep the id that the server gave them, and get one of generateId where it would be a second', async () => {
    const server = await startAnswerServer(
      answer({ content: SECTION + SECTION.replace('Paris', 'Rome') }),
      answer({ content: XTML }),
    );
    let made = 0;
    const ids = async () =>
      (
        await model(SEVEN, server.baseURL, { generateId: () => `made-${++made}` }).doGenerate({
          prompt: PROMPT,
          tools: TOOLS,
        })
      ).content.flatMap(part => (part.type === 'tool-call' ? [part.toolCallId] : []));
    expect(await ids()).toEqual(['functions.weather:0', 'made-1']);
    expect(await ids()).toEqual(['made-2']);
  });
});

describe('any split of a stream', () => {
  const parts = [
    'Text. ',
    SECTION.slice(0, -8),
    XTML.slice(0, 60),
    '<|tool_call',
    ' ',
    'a < b\n',
    '```\ncode\n```\n',
    '„Zitat“ ',
    '日本語 🌙 ',
    SECTION,
    XTML,
    '"quoted" ',
    '`x` ',
    '<|im_end|>',
    '\n\n',
  ];

  it('into deltas and packets gives the same content', async () => {
    let current: Answer = stream();
    const server = await startAnswerServer((response, body, request) => current(response, body, request));
    let cuts: number[] = [];
    // Packets as they are drawn: what TCP would make of the server's writes is not up to a test.
    const settings = {
      fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
        const response = await fetch(input, init);
        if (response.headers.get('content-type') !== 'text/event-stream') {
          return response;
        }
        const bytes = new Uint8Array(await response.arrayBuffer());
        const places = [...new Set(cuts.map(place => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
        const packets = [0, ...places].map((start, position) => bytes.slice(start, places[position] ?? bytes.length));
        return new Response(
          new ReadableStream({
            pull: controller => (packets.length > 0 ? controller.enqueue(packets.shift()) : controller.close()),
          }),
          { status: response.status, headers: response.headers },
        );
      },
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 5 }),
        fc.array(fc.constantFrom(...parts), { maxLength: 2 }),
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.nat(20_000), { maxLength: 30 }),
        async (texts, thoughts, size, places) => {
          const content = texts.join('');
          const reasoning = thoughts.join('');
          cuts = places;
          const cutUp = stream(
            ...pieces('reasoning_content', reasoning, size),
            ...pieces('content', content, size),
            finish(),
          );
          current = either(
            cutUp,
            completion({ content, ...(reasoning === '' ? {} : { reasoning_content: reasoning }) }),
          );
          const outcome = await both(server, { tools: TOOLS }, settings).catch((error: { code: string }) => error.code);
          if (outcome === 'KIMI_ANSWER_EMPTY') {
            return;
          }
          const [streamed, whole] = outcome as [Said, Said];
          expect(streamed.content).toEqual(whole.content);
          expect(streamed.finishReason).toBe(whole.finishReason);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('takes an event of 10 MB, comments between events and usage behind the end', async () => {
    const big = JSON.stringify({ city: 'x'.repeat(10 * 1024 * 1024) });
    const server = await startAnswerServer(
      stream(
        ': keep-alive\n\n',
        chunk({ tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'weather', arguments: big } }] }),
        ':\n\n',
        chunk({}, { finish_reason: 'tool_calls' }),
        ': bye\n\n',
        event({ id: 'chat-1', usage: { prompt_tokens: 7, completion_tokens: 5, cached_tokens: 4 } }),
        DONE,
      ),
    );
    const { stream: read } = await model(SEVEN, server.baseURL).doStream({ prompt: PROMPT, tools: TOOLS });
    const seen: unknown[] = [];
    for await (const part of read) {
      if (part.type === 'tool-call') {
        seen.push(part.input === big);
      } else if (part.type === 'finish') {
        seen.push(part.usage.inputTokens.cacheRead, part.finishReason.unified, part.providerMetadata?.kimi);
      } else if (part.type === 'error') {
        seen.push(part);
      }
    }
    const metadata = { traceId: 'trace-1', servedModel: 'kimi-served', cachedTokens: 4 };
    expect(seen).toEqual([true, 4, 'tool-calls', expect.objectContaining(metadata)]);
  });
});
