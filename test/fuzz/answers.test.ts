/** Whatever a server answers: the call ends, in an answer or a typed error, and shows no credential. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { APICallError } from '@ai-sdk/provider';
import { generateText, jsonSchema, streamText, tool, type ToolSet } from 'ai';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { KimiAPIError } from '../../src/errors/kimi-api-error';
import { KimiError } from '../../src/errors/kimi-error';
import { createKimi } from '../../src/v4';
import { LeakDetector } from '../support/leak-detector';
import { check } from './fuzz';
import { CANARY, mutated } from './hostile-json';

const KEY = `sk-kimi-${CANARY}`;
const LIMIT_MS = 20_000;

const detector = new LeakDetector();
detector.plant('key', KEY);

let server: Server;
let answer: RequestListener;
let models: RequestListener;
beforeAll(async () => {
  // The AI SDK prints the errors of streams.
  vi.spyOn(console, 'error').mockImplementation(() => {});
  (globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;
  server = createServer((request, response) => {
    request.resume();
    (request.method === 'GET' ? models : answer)(request, response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  server.close();
});

const NO_LIST: RequestListener = (_, response) => void response.writeHead(404).end();
const send =
  (status: number, type: string, ...pieces: string[]): RequestListener =>
  (_, response) => {
    response.writeHead(status, { 'content-type': type });
    pieces.forEach(piece => response.write(piece));
    response.end();
  };

function kimi() {
  const { port } = server.address() as AddressInfo;
  return createKimi({ baseURL: `http://127.0.0.1:${port}/coding/v1`, apiKey: KEY });
}

const tools: ToolSet = { f: tool({ description: 'f', inputSchema: jsonSchema({ type: 'object' }) }) };

async function call(kind: 'whole' | 'streamed'): Promise<unknown[]> {
  const given = { model: kimi()('k3'), prompt: 'A short question', maxRetries: 0, tools };
  const abortSignal = AbortSignal.timeout(LIMIT_MS);
  if (kind === 'whole') {
    return generateText({ ...given, abortSignal }).then(
      () => [],
      (error: unknown) => [error],
    );
  }
  const errors: unknown[] = [];
  for await (const part of streamText({ ...given, abortSignal, onError: () => {} }).fullStream) {
    if (part.type === 'error') {
      errors.push(part.error);
    }
    expect(part.type).not.toBe('abort');
  }
  return errors;
}

/** Ours, or one of the AI SDK's own that has a name: never what a runtime throws. */
function expectTyped(errors: unknown[], about: string): void {
  for (const error of errors) {
    const isTyped = KimiError.isInstance(error) || KimiAPIError.isInstance(error) || APICallError.isInstance(error);
    const name = error instanceof Error ? error.name : String(error);
    expect(isTyped || name.startsWith('AI_'), `${name}: ${String(error)} for ${about.slice(0, 2_000)}`).toBe(true);
    expect(detector.find(error)).toEqual([]);
  }
}

const CHUNK = {
  id: 'chat-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'kimi-served',
  choices: [
    {
      index: 0,
      delta: {
        role: 'assistant',
        content: 'Hello',
        reasoning_content: 'Well',
        tool_calls: [{ index: 0, id: 'f:0', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      logprobs: null,
      finish_reason: null,
    },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 1 } },
};
const END = { ...CHUNK, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
const ANSWER = {
  ...CHUNK,
  object: 'chat.completion',
  choices: [{ index: 0, message: CHUNK.choices[0]?.delta, finish_reason: 'stop' }],
};
const ERROR = {
  error: { message: `Invalid key ${KEY}`, type: 'invalid_authentication_error', code: 401, param: { a: [KEY] } },
  message: KEY,
  detail: [{ msg: KEY }],
};
const LIST = {
  object: 'list',
  data: [
    {
      id: 'k3',
      context_length: 262_144,
      supports_reasoning: true,
      supports_tool_use: true,
      support_efforts: ['low', 'high'],
      display_name: KEY,
      think_efforts: { support: true, valid_efforts: ['low'], default_effort: 'low' },
    },
  ],
};

const markup = fc
  .array(
    fc.constantFrom(
      '<|tool_calls_section_begin|>',
      '<|tool_call_begin|>functions.f:0',
      '<|tool_call_argument_begin|>',
      '{"a":',
      '"}',
      '<|tool_call_end|>',
      '<|open|>call tool="f"<|sep|>',
      '<|open|>argument key="k" type="object"<|sep|>',
      '['.repeat(3_000),
      '<|close|>argument<|sep|>',
      '<|close|>call<|sep|>',
      '`',
      '\n',
      '<',
    ),
    { maxLength: 12 },
  )
  .map(pieces => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: pieces.join('') } }] })}\n\n`);

const eventTexts = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: mutated(CHUNK).map(text => `data: ${text}\n\n`) },
      { weight: 2, arbitrary: markup },
      { weight: 1, arbitrary: mutated(ERROR).map(text => `data: ${text}\n\n`) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(': x\n\n', '\n', 'event: x\nid: 1\n', 'data\n\n', '\r', 'data: [DONE]\n\n'),
      },
      { weight: 1, arbitrary: fc.string().map(text => `data: ${text}\n\n`) },
    ),
    { maxLength: 8 },
  )
  .chain(events =>
    fc
      .boolean()
      .map(isWhole => (isWhole ? [...events, `data: ${JSON.stringify(END)}\n\n`, 'data: [DONE]\n\n'] : events)),
  );

describe('a call', () => {
  it('survives every stream', async () => {
    const property = fc.asyncProperty(eventTexts, async pieces => {
      models = NO_LIST;
      answer = send(200, 'text/event-stream', ...pieces);
      expectTyped(await call('streamed'), pieces.join(''));
    });
    await check(property, 120);
  }, 120_000);

  it('survives every whole answer', async () => {
    const property = fc.asyncProperty(mutated(ANSWER), async body => {
      models = NO_LIST;
      answer = send(200, 'application/json', body);
      expectTyped(await call('whole'), body);
    });
    await check(property, 120);
  }, 120_000);

  it('survives every refusal', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(400, 401, 402, 403, 404, 418, 429, 500, 503),
      fc.constantFrom('whole', 'streamed' as const),
      mutated(ERROR),
      async (status, kind, body) => {
        models = NO_LIST;
        answer = send(status, 'application/json', body);
        const errors = await call(kind as 'whole');
        expect(errors).not.toEqual([]);
        expectTyped(errors, `${status} ${body}`);
      },
    );
    await check(property, 100);
  }, 120_000);

  it('survives every list of models', async () => {
    const property = fc.asyncProperty(mutated(LIST), async body => {
      models = send(200, 'application/json', body);
      answer = send(200, 'application/json', JSON.stringify(ANSWER));
      expectTyped(await call('whole'), body);
      const error: unknown[] = await kimi()
        .auth.fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/coding/v1/models`)
        .then(
          () => [],
          (failure: unknown) => [failure],
        );
      expectTyped(error, body);
    });
    await check(property, 60);
  }, 120_000);
});
