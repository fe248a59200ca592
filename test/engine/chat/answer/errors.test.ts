import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { APICallError as APICallError7 } from 'ai';
import { APICallError as APICallError5 } from 'ai-v5';
import { APICallError as APICallError6 } from 'ai-v6';
import { describe, expect, it } from 'vitest';
import { KimiAPIError } from '../../../../src/errors/kimi-api-error';
import { COMBINATIONS, type Combination, type StreamPart } from '../../../support/majors';
import { softenedForOpencode } from '../../../../src/hosts/opencode/softened-error';
import { opencodeRetries } from '../../../api/opencode-retry';
import {
  chunk,
  completion,
  DONE,
  either,
  event,
  respond,
  startAnswerServer,
  stream,
  type Answer,
} from './answer-server';

const isAPICallError = { 5: APICallError5, 6: APICallError6, 7: APICallError7 };
const PROMPT = 'the secret prompt';

const model = ({ createKimi }: Combination, baseURL: string) =>
  createKimi({ baseURL, apiKey: 'sk-kimi-secret-key' })('kimi-for-coding');

/** The error that `generateText` ends in, out of the retries around it. */
async function generateError(
  { ai, ...combination }: Combination,
  baseURL: string,
  options: object = {},
): Promise<KimiAPIError> {
  const error: unknown = await ai
    .generateText({ model: model({ ai, ...combination }, baseURL), prompt: PROMPT, ...options })
    .then(
      () => expect.fail('no error'),
      (failure: unknown) => failure,
    );
  return ((error as { lastError?: KimiAPIError }).lastError ?? error) as KimiAPIError;
}

async function streamParts(
  { ai, ...combination }: Combination,
  baseURL: string,
  options: object = {},
): Promise<{ parts: StreamPart[]; errors: unknown[]; finishReason: string | undefined }> {
  const errors: unknown[] = [];
  const result = ai.streamText({
    model: model({ ai, ...combination }, baseURL),
    prompt: PROMPT,
    onError: ({ error }: { error: unknown }) => {
      errors.push(error);
    },
    ...options,
  });
  const parts: StreamPart[] = [];
  for await (const part of result.fullStream) {
    parts.push(part);
  }
  const finishReason = (parts.find(part => part.type === 'finish') as { finishReason?: string } | undefined)
    ?.finishReason;
  return { parts, errors, finishReason };
}

const quota = respond(403, {
  error: { message: "You've reached your usage limit for this billing cycle.", type: 'access_terminated_error' },
});
const busy = respond(
  429,
  { error: { message: 'The engine is currently overloaded', type: 'engine_overloaded_error' } },
  { 'retry-after-ms': '1' },
);

describe.each(COMBINATIONS)('$name', combination => {
  const { major } = combination;

  it('gets a typed error that is an APICallError of its own', async () => {
    const { baseURL, bodies } = await startAnswerServer(quota);
    const generated = await generateError(combination, baseURL);
    const { errors } = await streamParts(combination, baseURL);
    expect(errors).toHaveLength(1);
    for (const error of [generated, errors[0] as KimiAPIError]) {
      expect(KimiAPIError.isInstance(error)).toBe(true);
      expect(isAPICallError[major].isInstance(error)).toBe(true);
      expect(error).toMatchObject({
        code: 'KIMI_QUOTA_EXHAUSTED',
        reason: 'billing-cycle',
        traceId: 'trace-1',
        source: 'the "apiKey" setting',
        statusCode: 403,
        isRetryable: false,
        url: `${baseURL}/chat/completions`,
        data: { error: { type: 'access_terminated_error' } },
      });
      expect(error.responseHeaders).toMatchObject({ 'x-trace-id': 'trace-1' });
      expect(JSON.stringify(error.requestBodyValues)).toContain(PROMPT);
      expect([error.message, inspect(error, { depth: 9 }), JSON.stringify(error)].join()).not.toMatch(
        /secret prompt|secret-key/,
      );
      expect(opencodeRetries(softenedForOpencode(error))).toBe(false);
    }
    expect(bodies).toHaveLength(2);
  });

  it('sends again what may succeed, and nothing else', async () => {
    const busyServer = await startAnswerServer(
      busy,
      busy,
      either(stream(chunk({ content: 'hi' }, { finish_reason: 'stop' }), DONE), completion({ content: 'hi' })),
    );
    expect(
      (await combination.ai.generateText({ model: model(combination, busyServer.baseURL), prompt: 'x' })).text,
    ).toBe('hi');
    expect(busyServer.bodies).toHaveLength(3);

    const wait = await startAnswerServer(
      respond(429, { error: { message: 'too many requests' } }, { 'retry-after': '60' }),
    );
    const error = await generateError(combination, wait.baseURL);
    expect(error).toMatchObject({ code: 'KIMI_RATE_LIMITED', isRetryable: false });
    expect(Math.abs((error.retryAfter?.getTime() ?? 0) - Date.now() - 60_000)).toBeLessThan(10_000);
    expect(wait.bodies).toHaveLength(1);
  });

  it('gets an error in the middle of a stream as the same typed error, with what was said before', async () => {
    const answer = stream(
      chunk({ content: 'Hel' }),
      event({ error: { message: 'The engine is currently overloaded', type: 'engine_overloaded_error' } }),
    );
    const { baseURL } = await startAnswerServer(answer);
    const { parts, errors, finishReason } = await streamParts(combination, baseURL);
    expect(parts.filter(part => part.type === 'text-delta').map(part => part.text)).toEqual(['Hel']);
    expect(errors).toEqual(parts.filter(part => part.type === 'error').map(part => part.error));
    expect(errors).toHaveLength(1);
    expect(KimiAPIError.isInstance(errors[0])).toBe(true);
    expect(isAPICallError[major].isInstance(errors[0])).toBe(true);
    expect(errors[0]).toMatchObject({
      code: 'KIMI_OVERLOADED',
      isRetryable: true,
      traceId: 'trace-1',
      data: { error: { type: 'engine_overloaded_error' } },
    });
    expect(finishReason).toBe('error');
  });
});

const SEVEN = COMBINATIONS.find(({ name }) => name === 'ai@7 with V4') as Combination;

describe('an answer that is broken', () => {
  const cases: Array<[name: string, answer: Answer, error: object]> = [
    [
      'ends without a finish reason',
      stream(chunk({ content: 'Hel' })),
      { code: 'KIMI_ANSWER_CUT', reason: 'cut', isRetryable: true },
    ],
    [
      'ends in the middle of an event',
      stream(chunk({ content: 'Hel' }), 'data: {"id":"chat-1","choi'),
      { code: 'KIMI_ANSWER_CUT', reason: 'cut', isRetryable: true },
    ],
    ['has no events', stream(), { code: 'KIMI_ANSWER_CUT', reason: 'cut', isRetryable: true }],
    [
      'loses its connection',
      response => {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'x-trace-id': 'trace-1' });
        response.write(chunk({ content: 'Hel' }));
        setImmediate(() => setImmediate(() => response.socket?.resetAndDestroy()));
      },
      {
        code: 'KIMI_ANSWER_CUT',
        reason: 'connection',
        isRetryable: true,
        message: expect.stringMatching(
          /^The connection to 127\.0\.0\.1:\d+ broke in the middle of the answer \(.+\)\. Try again\.$/,
        ),
      },
    ],
    [
      'has an event that is not JSON',
      stream(chunk({ content: 'Hel' }), 'data: {"id":\n\n'),
      { code: 'KIMI_ANSWER_INVALID', reason: 'malformed', isRetryable: true },
    ],
    [
      'is empty',
      stream(chunk({ role: 'assistant', content: '' }), chunk({}, { finish_reason: 'stop' }), DONE),
      { code: 'KIMI_ANSWER_EMPTY', reason: 'empty', isRetryable: true },
    ],
    [
      'is blank',
      stream(chunk({ content: ' \n' }), chunk({}, { finish_reason: 'stop' }), DONE),
      { code: 'KIMI_ANSWER_EMPTY', reason: 'empty', isRetryable: true },
    ],
    [
      'only thinks',
      stream(chunk({ reasoning_content: 'Hm.' }), chunk({}, { finish_reason: 'stop' }), DONE),
      { code: 'KIMI_ANSWER_EMPTY', reason: 'thinking-only', isRetryable: true },
    ],
    [
      'calls tools without a call',
      stream(chunk({}, { finish_reason: 'tool_calls' }), DONE),
      { code: 'KIMI_ANSWER_EMPTY', reason: 'empty', isRetryable: true },
    ],
    [
      'is an error with a status',
      stream(event({ error: { message: 'Your request exceeded model token limit: 10', code: 400 } })),
      { code: 'KIMI_CONTEXT_TOO_LONG', isRetryable: false },
    ],
    [
      'is an error of the Anthropic wire',
      stream('event: error\n', event({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })),
      { code: 'KIMI_OVERLOADED', isRetryable: true },
    ],
    [
      'is an error without "error"',
      stream(event({ message: 'You exceeded your current token quota', code: 'exceeded_current_quota_error' })),
      { code: 'KIMI_BALANCE_EXHAUSTED', isRetryable: false },
    ],
    [
      'is an error that is text',
      stream(event({ error: 'The request was rejected because it was considered high risk' })),
      { code: 'KIMI_CONTENT_FILTERED', isRetryable: false },
    ],
    [
      'is an error nobody knows',
      stream(event({ error: { message: 'whatever' } })),
      { code: 'KIMI_SERVER_ERROR', isRetryable: true },
    ],
    [
      'has an error beside its choices',
      stream(event({ id: 'chat-1', choices: [], error: { message: 'overloaded' } })),
      { code: 'KIMI_OVERLOADED', isRetryable: true },
    ],
  ];

  it.each(cases)('%s', async (_, answer, expected) => {
    const { baseURL } = await startAnswerServer(answer);
    const { errors, finishReason, parts } = await streamParts(SEVEN, baseURL);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ ...expected, statusCode: 200, traceId: 'trace-1' });
    expect(KimiAPIError.isInstance(errors[0])).toBe(true);
    expect((errors[0] as KimiAPIError).requestBodyValues).toMatchObject({ model: expect.any(String), stream: true });
    expect(finishReason).toBe('error');
    // What came before is not lost.
    expect(
      parts
        .filter(part => part.type === 'text-delta')
        .map(part => part.text?.trim())
        .join(''),
    ).toMatch(/^(Hel)?$/);
  });

  it('keeps the cause of a broken connection', async () => {
    const { baseURL } = await startAnswerServer(cases[3]?.[1] as Answer);
    expect((await streamParts(SEVEN, baseURL)).errors[0]).toHaveProperty('cause', expect.any(Error));
  });

  it.each([
    [
      'JSON with an error',
      respond(200, { error: { message: 'Your account is in arrears' } }),
      { code: 'KIMI_BALANCE_EXHAUSTED', isRetryable: false },
    ],
    [
      'a page',
      respond(200, '<html><title>Sign in to the hotel</title></html>'),
      {
        code: 'KIMI_ANSWER_INVALID',
        reason: 'page',
        isRetryable: false,
        message: expect.stringContaining('titled "Sign in to the hotel"'),
      },
    ],
    [
      'JSON that is no answer',
      respond(200, { hello: 'world' }),
      { code: 'KIMI_ANSWER_INVALID', reason: 'no-answer', isRetryable: false },
    ],
    [
      'JSON that is torn',
      respond(200, '{"id": "chat-1", "choi', { 'content-type': 'application/json' }),
      { code: 'KIMI_ANSWER_INVALID', reason: 'torn', isRetryable: true },
    ],
  ])('%s instead of an answer, streamed or whole', async (_, answer, expected) => {
    const { baseURL } = await startAnswerServer(answer);
    const streamed = (await streamParts(SEVEN, baseURL, { maxRetries: 0 })).errors;
    expect(streamed).toHaveLength(1);
    expect(streamed[0]).toMatchObject(expected);
    expect(await generateError(SEVEN, baseURL, { maxRetries: 0 })).toMatchObject(expected);
  });

  it.each([
    ['nothing', completion({ content: '' }), { code: 'KIMI_ANSWER_EMPTY', reason: 'empty', isRetryable: true }],
    [
      'thinking alone',
      completion({ content: '', reasoning_content: 'Hm.' }),
      { code: 'KIMI_ANSWER_EMPTY', reason: 'thinking-only', isRetryable: true },
    ],
    [
      'no choice',
      respond(200, { id: 'x', choices: [] }),
      { code: 'KIMI_ANSWER_EMPTY', reason: 'empty', isRetryable: true },
    ],
    [
      'a body that breaks off',
      response => {
        response.writeHead(200, {
          'content-type': 'application/json',
          'content-length': '1000',
          'x-trace-id': 'trace-1',
        });
        response.write('{"id": ');
        setImmediate(() => setImmediate(() => response.socket?.resetAndDestroy()));
      },
      { code: 'KIMI_ANSWER_CUT', reason: 'connection', isRetryable: true },
    ],
  ] as Array<[string, Answer, object]>)('%s as a whole answer', async (_, answer, expected) => {
    const { baseURL } = await startAnswerServer(answer);
    expect(await generateError(SEVEN, baseURL, { maxRetries: 0 })).toMatchObject(expected);
  });

  it('is read to a limit, a refusal of either kind and a whole answer', async () => {
    const refusal = respond(400, { error: { message: 'x'.repeat(1_000_000), type: 'invalid_request_error' } });
    const { baseURL } = await startAnswerServer(
      refusal,
      refusal,
      completion({ content: 'y'.repeat(17 * 1024 * 1024) }),
    );
    const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'x' }] }];
    const errors = [];
    for (const method of ['doStream', 'doGenerate', 'doGenerate'] as const) {
      const call = model(SEVEN, baseURL)[method]({ prompt });
      errors.push(
        await call.then(
          () => expect.fail('no error'),
          (error: unknown) => error as KimiAPIError,
        ),
      );
    }
    expect(errors.map(({ responseBody }) => responseBody?.length)).toEqual([65_536, 65_536, 65_536]);
    expect(errors[2]).toMatchObject({
      code: 'KIMI_ANSWER_INVALID',
      reason: 'too-large',
      isRetryable: false,
      message: expect.stringContaining('is larger than 16 MiB'),
    });
  });

  it('is asked for again by generateText', async () => {
    const { baseURL, bodies } = await startAnswerServer(completion({ content: '' }), completion({ content: 'hi' }));
    const realSetTimeout = globalThis.setTimeout;
    // The AI SDK waits two seconds here, and no answer of ours says how long.
    globalThis.setTimeout = ((callback: () => void, time: number, ...rest: []) =>
      realSetTimeout(callback, time < 10_000 ? 0 : time, ...rest)) as typeof setTimeout;
    try {
      expect((await SEVEN.ai.generateText({ model: model(SEVEN, baseURL), prompt: 'x' })).text).toBe('hi');
    } finally {
      globalThis.setTimeout = realSetTimeout;
    }
    expect(bodies).toHaveLength(2);
  });
});

describe('an answer that may be empty or lacks a word', () => {
  it.each([
    ['length', 'length'],
    ['content_filter', 'content-filter'],
  ])('finish reason %s', async (wire, finishReason) => {
    const answer = either(
      stream(chunk({ reasoning_content: 'Hm.' }), chunk({}, { finish_reason: wire }), DONE),
      completion({ content: '', reasoning_content: 'Hm.' }, wire),
    );
    const { baseURL } = await startAnswerServer(answer);
    expect(await streamParts(SEVEN, baseURL)).toMatchObject({ errors: [], finishReason });
    expect((await SEVEN.ai.generateText({ model: model(SEVEN, baseURL), prompt: 'x' })).finishReason).toBe(
      finishReason,
    );
  });

  it.each([
    ['no finish reason, but [DONE]', [chunk({ content: 'hi' }), DONE], 'stop'],
    [
      'a call, no finish reason, but [DONE]',
      [chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }), DONE],
      'tool-calls',
    ],
    ['no [DONE]', [chunk({ content: 'hi' }), chunk({}, { finish_reason: 'stop' })], 'stop'],
    [
      'error: null beside the choices',
      [
        event({ id: '1', choices: [{ index: 0, delta: { content: 'hi' } }], error: null }),
        chunk({}, { finish_reason: 'stop' }),
        DONE,
      ],
      'stop',
    ],
    ['a refusal', [chunk({ refusal: 'No.' }), chunk({}, { finish_reason: 'stop' }), DONE], 'content-filter'],
  ])('%s', async (_, events, finishReason) => {
    const { baseURL } = await startAnswerServer(stream(...events));
    expect(await streamParts(SEVEN, baseURL)).toMatchObject({ errors: [], finishReason });
  });
});

describe('a stream that does not say what it is', () => {
  const UNLABELLED: readonly [string, Record<string, string>][] = [
    ['without a content type', {}],
    ['as text/plain', { 'content-type': 'text/plain' }],
    ['as application/octet-stream', { 'content-type': 'application/octet-stream' }],
  ];

  it.each(UNLABELLED)('is read and looked after like any other: %s', async (_, headers) => {
    const { baseURL } = await startAnswerServer(
      response =>
        void response.writeHead(200, headers).end(chunk({ content: 'Hello' }, { finish_reason: 'stop' }) + DONE),
      response => void response.writeHead(200, headers).end(chunk({ content: 'Hel' })),
      response => void response.writeHead(200, headers).end('upstream connect error'),
      response => {
        response.writeHead(200, headers).write(chunk({ content: 'Hel' }));
        setTimeout(() => response.socket?.resetAndDestroy(), 20);
      },
      response => {
        response.writeHead(200, { ...headers, 'content-length': '100' }).flushHeaders();
        setTimeout(() => response.socket?.resetAndDestroy(), 20);
      },
    );
    const outcome = async () => {
      const { parts, errors } = await streamParts(SEVEN, baseURL, { maxRetries: 0 });
      const text = parts.map(part => (part.type === 'text-delta' ? part.text : '')).join('');
      return [text, ...errors.map(error => (KimiAPIError.isInstance(error) ? error.code : error))];
    };
    expect(await outcome()).toEqual(['Hello']);
    expect(await outcome()).toEqual(['Hel', 'KIMI_ANSWER_CUT']);
    expect(await outcome()).toEqual(['', 'KIMI_ANSWER_CUT']);
    expect(await outcome()).toEqual(['Hel', 'KIMI_ANSWER_CUT']);
    expect(await outcome()).toEqual(['', 'KIMI_ANSWER_CUT']);
  });
});

describe('no answer', () => {
  it('names the host and is retryable', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const error = await generateError(SEVEN, `http://127.0.0.1:${port}/coding/v1`, { maxRetries: 0 });
    expect(error).toMatchObject({
      code: 'KIMI_CONNECTION_FAILED',
      isRetryable: true,
      message: expect.stringMatching(/^127\.0\.0\.1:\d+ could not be reached: .+ECONNREFUSED.+"baseURL" setting\.$/),
    });
    expect(error.statusCode).toBeUndefined();
  });

  it('leaves an abort an abort, before and in the middle of an answer', async () => {
    const { baseURL } = await startAnswerServer(response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(chunk({ content: 'Hel' }));
    });
    const before = new AbortController();
    before.abort();
    await expect(
      model(SEVEN, baseURL).doGenerate({
        prompt: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
        abortSignal: before.signal,
      }),
    ).rejects.toHaveProperty('name', 'AbortError');

    const during = new AbortController();
    const { stream: parts } = await model(SEVEN, baseURL).doStream({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
      abortSignal: during.signal,
    });
    const read = async () => {
      for await (const part of parts) {
        if (part.type === 'text-delta') {
          during.abort();
        }
        expect(part.type).not.toBe('error');
      }
    };
    await expect(read()).rejects.toHaveProperty('name', 'AbortError');
  });

  it.each([
    ['an error', new Error('stopped by the user')],
    ['a text', 'stop!'],
  ])(
    'says with what it was aborted where the reason is %s, in the middle of either kind of answer',
    async (_, reason) => {
      const streamed = new AbortController();
      const whole = new AbortController();
      const { baseURL } = await startAnswerServer(
        either(
          response => {
            response.writeHead(200, { 'content-type': 'text/event-stream' });
            response.write(chunk({ content: 'Hel' }));
          },
          response => {
            response.writeHead(200, { 'content-type': 'application/json' });
            response.write('{"id": ');
            // The head has to be read first: an abort before it is another path.
            setTimeout(() => whole.abort(reason), 50);
          },
        ),
      );
      const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'x' }] }];
      const { stream: parts } = await model(SEVEN, baseURL).doStream({ prompt, abortSignal: streamed.signal });
      const read = async () => {
        for await (const part of parts) {
          if (part.type === 'text-delta') {
            streamed.abort(reason);
          }
          expect(part.type).not.toBe('error');
        }
      };
      await expect(read()).rejects.toMatchObject({ name: 'AbortError', cause: reason });
      await expect(model(SEVEN, baseURL).doGenerate({ prompt, abortSignal: whole.signal })).rejects.toBe(reason);
    },
  );

  it('leaves the errors of a fetch of the user as they are', async () => {
    const own = new Error('my own');
    const kimi = SEVEN.createKimi({ apiKey: 'k', baseURL: 'http://127.0.0.1:1/v1', fetch: () => Promise.reject(own) })(
      'kimi-for-coding',
    );
    await expect(SEVEN.ai.generateText({ model: kimi, prompt: 'x' })).rejects.toBe(own);
  });
});
