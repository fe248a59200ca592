import { readFileSync } from 'node:fs';
import { afterAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startKimiSimulator, type AnswerScript, type KimiSimulator } from '../../src/simulator/index';
import { failure } from '../support/failure';
import { COMBINATIONS, collect, steps, type Combination } from '../support/majors';

/**
 * The same call, once by each wire: what comes out is the same, but for the rows of the first table of docs/wires.md.
 * Each row has the paths by which it is known here.
 */
const DIFFERENCES: Readonly<Record<string, RegExp>> = {
  '`usage.raw`, raw chunks, raw finish reason': /\.rawValue|\.raw\b|\.rawFinishReason/,
  'order of thinking and words in a whole answer': /^thinking between words, whole\.content/,
  'tokens of thinking (`outputTokens.reasoning`, `outputTokens.text`)': /\.(reasoningTokens|textTokens)/,
  'tokens written to the cache (`inputTokens.cacheWrite`)': /\.cacheWriteTokens/,
  'signature of a reasoning part': /\.providerMetadata: undefined or \{"kimi":\{"signature"/,
  'ids of text and reasoning parts in a stream': /\.ids\.\d+:/,
  'when text ends and tool calls come, in a stream': /\.order\.\d+:/,
};

let simulator: KimiSimulator;
beforeEach(async () => {
  simulator = await startKimiSimulator();
});
afterEach(() => simulator.close());

/** How much had come before the break is up to the server's events. */
const SAID_BEFORE_THE_BREAK = /^(a cut stream|an error in the stream|an event that is not JSON), streamed\.said/;

type AI = Combination['ai'];
type Scenario = { script: AnswerScript[]; options?(ai: AI): object; model?: string };

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const weather = (ai: AI) => ({
  weather: ai.tool({
    description: 'Weather',
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }: { city: string }) => `rain in ${city}`,
  }),
});
const leaked =
  '<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0<|tool_call_argument_begin|>' +
  '{"city":"Bern"}<|tool_call_end|><|tool_calls_section_end|>';

const SCENARIOS: Record<string, Scenario> = {
  text: { script: [{ text: 'Hello there' }] },
  'thinking, text and their tokens': {
    script: [
      {
        reasoning: 'The user greets. 你好',
        text: '你好！',
        usage: { promptTokens: 100, completionTokens: 20, cachedTokens: 64, reasoningTokens: 15 },
      },
    ],
  },
  'thinking between words': {
    script: [
      {
        parts: [
          { type: 'reasoning', text: 'a' },
          { type: 'text', text: 'b' },
          { type: 'reasoning', text: 'c' },
          { type: 'text', text: 'd' },
        ],
      },
    ],
  },
  'two tools at once, then one, then an answer': {
    script: [
      {
        reasoning: 'two',
        text: 'let me see',
        toolCalls: [
          { name: 'weather', arguments: { city: 'Zürich' } },
          { name: 'weather', arguments: { city: 'Chur' } },
        ],
      },
      { reasoning: 'one', toolCalls: [{ name: 'weather', arguments: { city: 'Bern' } }] },
      { reasoning: 'none', text: 'It rains' },
    ],
    options: ai => ({ tools: weather(ai), stopWhen: steps(5) }),
    model: 'k3',
  },
  'a call that leaked into the text': {
    script: [{ text: `I look. ${leaked}` }, { text: 'It rains' }],
    options: ai => ({ tools: weather(ai), stopWhen: steps(5) }),
  },
  'a call that leaked into the thinking': {
    script: [{ reasoning: `I look. ${leaked}` }, { text: 'It rains' }],
    options: ai => ({ tools: weather(ai), stopWhen: steps(5) }),
    model: 'k3',
  },
  'an effort that the model does not have': {
    script: [{ text: 'x' }],
    options: () => ({ providerOptions: { kimi: { reasoningEffort: 'medium' } } }),
    model: 'k3',
  },
  'settings that the model refuses': {
    script: [{ text: 'x' }],
    options: () => ({ temperature: 0.1, topP: 0.5, maxOutputTokens: 100 }),
  },
  'a forced tool while it thinks': {
    script: [{ toolCalls: [{ name: 'weather', arguments: { city: 'Bern' } }] }],
    options: ai => ({ tools: weather(ai), toolChoice: { type: 'tool', toolName: 'weather' } }),
    model: 'k3',
  },
  'a cut by the limit': { script: [{ text: 'to be cont', finishReason: 'length' }] },
  'an answer that is withheld': { script: [{ text: '', finishReason: 'content_filter' }] },
  'an image': {
    script: [{ text: 'a pixel' }],
    options: () => ({
      prompt: undefined,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'what?' },
            { type: 'image', image: PNG },
          ],
        },
      ],
    }),
  },
  'an empty answer': { script: [{ text: '' }] },
  'thinking alone': { script: [{ reasoning: 'hm' }] },
  'a used-up plan': {
    script: [
      {
        status: 429,
        body: {
          error: { message: 'You have reached your usage limit for this billing cycle', type: 'rate_limit_error' },
        },
      },
    ],
  },
  'a failure of the server': {
    script: [{ status: 500, body: { error: { message: 'internal', type: 'server_error' } } }],
  },
  'a model that is not there': { script: [], model: 'kimi-k9' },
};

/** Only streams can break in the middle. */
const STREAMED: Record<string, Scenario> = {
  'a cut stream': { script: [{ text: 'an answer that never ends', chunkSize: 3, cutAfterChunks: 5 }] },
  'an error in the stream': {
    script: [
      {
        text: 'an answer that fails',
        chunkSize: 3,
        errorAfterChunks: { chunks: 4, error: { message: 'the engine is overloaded', type: 'overloaded_error' } },
      },
    ],
  },
  'an event that is not JSON': { script: [{ text: 'an answer that fails', chunkSize: 3, malformedChunkAt: 4 }] },
  'no word of the end': { script: [{ text: 'whole', done: false }] },
  'raw chunks': { script: [{ text: 'x' }], options: () => ({ includeRawChunks: true }) },
};

const found = new Set<string>();
const unknown: string[] = [];

describe.each(COMBINATIONS)('$name', ({ ai, createKimi }) => {
  const run = async (
    wire: 'chat' | 'messages',
    { script, options, model = 'kimi-for-coding' }: Scenario,
    call: Call,
  ) => {
    simulator.script(script);
    const kimi = createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator', protocol: wire });
    return call(ai, { prompt: 'hi', model: kimi(model), maxRetries: 0, onError: () => {}, ...options?.(ai) });
  };
  const compare = async (name: string, scenario: Scenario, call: Call) => {
    const chat = await run('chat', scenario, call);
    const messages = await run('messages', scenario, call);
    for (const path of differences(chat, messages, name)) {
      const row = Object.entries(DIFFERENCES).find(([, pattern]) => pattern.test(path))?.[0];
      if (row === undefined) {
        unknown.push(...(SAID_BEFORE_THE_BREAK.test(path) ? [] : [path]));
      } else {
        found.add(row);
      }
    }
    expect(unknown.splice(0)).toEqual([]);
  };

  it.each(Object.entries(SCENARIOS))('gives the same for %s, whole', (name, scenario) =>
    compare(`${name}, whole`, scenario, whole),
  );

  it.each([...Object.entries(SCENARIOS), ...Object.entries(STREAMED)])(
    'gives the same for %s, streamed',
    (name, scenario) => compare(`${name}, streamed`, scenario, streamed),
  );

  it('makes the same object to a schema', () =>
    compare('an object', { script: [{ text: '{"name":"Ann"}' }] }, async (sdk, options) => {
      const schema = z.object({ name: z.string() });
      return { object: (await sdk.generateObject({ ...options, schema })).object };
    }));
});

afterAll(() => {
  const document = readFileSync(new URL('../../docs/wires.md', import.meta.url), 'utf8');
  const table = /<!-- differences:[^]*<!-- end of differences -->/.exec(document)?.[0] ?? '';
  const rows = [...table.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell]) => cell).slice(1);
  expect(rows.filter(row => row !== '---')).toEqual(Object.keys(DIFFERENCES));
  // A row that nothing shows any more is to go.
  expect([...found].toSorted()).toEqual(Object.keys(DIFFERENCES).toSorted());
});

type Call = (ai: AI, options: object) => Promise<unknown>;

const whole: Call = async (ai, options) => {
  const error = await failure(async () => {
    throw { result: await ai.generateText(options) };
  });
  const { result } = error as { result?: Awaited<ReturnType<AI['generateText']>> };
  if (result === undefined) {
    return { error: said(error) };
  }
  const { content, finishReason, usage, totalUsage, warnings } = result;
  return { content, finishReason, usage, totalUsage, warnings, steps: result.steps.length, kimi: metadataOf(result) };
};

const streamed: Call = async (ai, options) => {
  const result = ai.streamText(options);
  const parts = (await collect(result.fullStream)).map(part =>
    part.type === 'error' ? { type: 'error', error: said(part.error) } : part,
  );
  const starts = parts.filter(({ type }) => type === 'text-start' || type === 'reasoning-start');
  return {
    ids: starts.map(part => (part as { id?: string }).id),
    order: parts.map(({ type }) => type),
    ...Object.fromEntries(
      COMPARED.map(type => [type, parts.filter(part => part.type === type).map(part => ({ ...part, id: undefined }))]),
    ),
    said: parts.filter(({ type, text }) => type.endsWith('-delta') && text).map(({ type, text }) => [type, text]),
    usage: await result.usage.then(undefined, said),
    finishReason: await result.finishReason.then(undefined, said),
    warnings: await result.warnings.then(undefined, said),
  };
};

const COMPARED = ['tool-call', 'tool-result', 'error', 'raw', 'start-step', 'finish-step', 'finish', 'reasoning-end'];

/** What a person sees of an error, less the place. */
function said(error: unknown): object {
  const { name, code, reason, statusCode, isRetryable, message } = error as Record<string, unknown>;
  return {
    name,
    code,
    reason,
    statusCode,
    isRetryable,
    message: String(message).replaceAll(/127\.0\.0\.1:\d+/g, 'host'),
  };
}

function metadataOf(result: object): unknown {
  const { providerMetadata } = result as { providerMetadata?: { kimi?: Record<string, unknown> } };
  const { traceId: _, ...rest } = providerMetadata?.kimi ?? {};
  return rest;
}

/** Of no use to compare: made anew each time, or the headers and bodies that the server sent. */
const NOT_COMPARED = new Set([
  'traceId',
  'timestamp',
  'request',
  'response',
  'responseId',
  'callId',
  'performance',
  'messageId',
  'stepId',
]);

function differences(left: unknown, right: unknown, path: string): string[] {
  if (isObject(left) && isObject(right)) {
    return [...new Set([...Object.keys(left), ...Object.keys(right)])]
      .filter(key => !NOT_COMPARED.has(key))
      .flatMap(key => differences(left[key], right[key], `${path}.${key}`));
  }
  return Object.is(left, right) ? [] : [`${path}: ${JSON.stringify(left)} or ${JSON.stringify(right)}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
