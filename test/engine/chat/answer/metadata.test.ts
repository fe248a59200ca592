import { describe, expect, it } from 'vitest';
import { z } from 'zod/v4';
import type { KimiProviderMetadata } from '../../../../src/v4';
import { COMBINATIONS, type Combination } from '../../../support/majors';
import { chunk, completion, DONE, either, event, startAnswerServer, stream } from './answer-server';

const USAGE = {
  prompt_tokens: 10,
  completion_tokens: 5,
  cached_tokens: 4,
  completion_tokens_details: { reasoning_tokens: 3 },
};
const METADATA: KimiProviderMetadata = {
  traceId: 'trace-1',
  servedModel: 'kimi-served',
  cachedTokens: 4,
  reasoningTokens: 3,
  cost: { amount: 0, list: 0.00002646, currency: 'USD', model: 'kimi-for-coding', date: '2026-11-25' },
};

const model = ({ createKimi }: Combination, baseURL: string, settings: object = {}) =>
  createKimi({ baseURL, apiKey: 'k', ...settings })('kimi-for-coding');

describe.each(COMBINATIONS)('$name', combination => {
  it.each([
    ['at the top', chunk({ content: 'hi' }, { finish_reason: 'stop', usage: USAGE })],
    [
      'in the choice',
      event({
        id: '1',
        model: 'kimi-served',
        choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: 'stop', usage: USAGE }],
      }),
    ],
    [
      'in an event of its own',
      chunk({ content: 'hi' }, { finish_reason: 'stop' }) + event({ id: '1', choices: [], usage: USAGE }),
    ],
  ])('says trace, model and tokens, with usage %s', async (_, events) => {
    const { baseURL } = await startAnswerServer(
      either(stream(events, DONE), completion({ content: 'hi' }, 'stop', { usage: USAGE })),
    );
    const streamed = combination.ai.streamText({ model: model(combination, baseURL), prompt: 'x' }) as unknown as {
      providerMetadata: PromiseLike<object>;
      text: PromiseLike<string>;
    };
    expect(await streamed.text).toBe('hi');
    expect(await streamed.providerMetadata).toEqual({ kimi: METADATA });
    const generated = (await combination.ai.generateText({
      model: model(combination, baseURL, { name: 'my-kimi' }),
      prompt: 'x',
    })) as unknown as { providerMetadata: object };
    expect(generated.providerMetadata).toEqual({ kimi: METADATA });
  });

  it('leaves out what the server does not say', async () => {
    const bare = event({ choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: 'stop' }] });
    const { baseURL } = await startAnswerServer(response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(bare + DONE);
    });
    const streamed = combination.ai.streamText({ model: model(combination, baseURL), prompt: 'x' }) as unknown as {
      providerMetadata: PromiseLike<object>;
    };
    expect(await streamed.providerMetadata).toEqual({ kimi: {} });
  });

  it("gives out the server's own chunks when asked, and does with them what it does without", async () => {
    const sent = [
      { id: '1', choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] },
      {
        id: '1',
        choices: [
          {
            index: 0,
            delta: {
              content: 'Hm. <|tool_calls_section_begin|><|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{}',
            },
          },
        ],
      },
      { id: '1', choices: [{ index: 0, delta: { content: '<|tool_call_end|><|tool_calls_section_end|>' } }] },
      {
        id: '1',
        choices: [{ index: 0, delta: { tool_calls: [{ function: { name: 'f', arguments: '{"a":1}' } }, {}] } }],
      },
      { id: '1', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      { id: '1', usage: USAGE },
    ];
    const { baseURL } = await startAnswerServer(stream(...sent.map(event), DONE));
    const tools = { f: combination.ai.tool({ inputSchema: z.looseObject({}), parameters: z.looseObject({}) }) };
    const parts = async (includeRawChunks: boolean) => {
      const seen: Array<{ type: string; rawValue?: unknown; input?: unknown; finishReason?: string }> = [];
      for await (const part of combination.ai.streamText({
        model: model(combination, baseURL),
        prompt: 'x',
        tools,
        includeRawChunks,
      }).fullStream) {
        seen.push(part);
      }
      return seen;
    };
    const raw = await parts(true);
    expect(raw.filter(part => part.type === 'raw').map(part => part.rawValue)).toEqual(sent);
    expect(raw.filter(part => part.type === 'tool-call').map(part => part.input)).toEqual([{ a: 1 }, {}]);
    const types = (seen: Array<{ type: string }>) => seen.map(part => part.type).filter(type => type !== 'raw');
    expect(types(raw)).toEqual(types(await parts(false)));
  });
});

const SEVEN = COMBINATIONS.find(({ name }) => name === 'ai@7 with V4') as Combination;

describe('fifty calls at once on one model', () => {
  it('keep their metadata, usage and errors apart', async () => {
    const { baseURL } = await startAnswerServer(async (response, body) => {
      const number = Number((body.messages as Array<{ content: string }>)[0]?.content);
      const usage = { prompt_tokens: 1000 + number, completion_tokens: 1, cached_tokens: number };
      // Answers overlap: each begins at once and ends in the order of a shuffle.
      await new Promise(resolve => setTimeout(resolve, (number * 7) % 50));
      if (number % 5 === 4) {
        response
          .writeHead(429, { 'x-trace-id': `trace-${number}`, 'content-type': 'application/json' })
          .end(JSON.stringify({ error: { message: `Your account is in arrears ${number}` } }));
        return;
      }
      response.writeHead(200, {
        'content-type': body.stream === true ? 'text/event-stream' : 'application/json',
        'x-trace-id': `trace-${number}`,
      });
      if (body.stream === true) {
        response.write(chunk({ content: `${number}` }));
        await new Promise(resolve => setTimeout(resolve, (number * 3) % 20));
        response.end(
          number % 5 === 3
            ? event({ error: { message: `overloaded ${number}` } })
            : chunk({}, { finish_reason: 'stop', usage }) + DONE,
        );
      } else {
        response.end(
          JSON.stringify({
            id: '1',
            model: `m-${number}`,
            choices: [{ index: 0, message: { content: `${number}` }, finish_reason: 'stop' }],
            usage,
          }),
        );
      }
    });
    const engine = model(SEVEN, baseURL);
    const prompt = (number: number) => [
      { role: 'user' as const, content: [{ type: 'text' as const, text: String(number) }] },
    ];

    const outcome = async (number: number): Promise<object> => {
      try {
        if (number % 2 === 0) {
          const { content, usage, providerMetadata } = await engine.doGenerate({ prompt: prompt(number) });
          return { content, input: usage.inputTokens.total, kimi: providerMetadata?.kimi };
        }
        const { stream: parts } = await engine.doStream({ prompt: prompt(number) });
        let error: unknown;
        for await (const part of parts) {
          error = part.type === 'error' ? part.error : error;
          if (part.type === 'finish' && error === undefined) {
            return {
              content: [{ type: 'text', text: `${number}` }],
              input: part.usage.inputTokens.total,
              kimi: { ...part.providerMetadata?.kimi, servedModel: `m-${number}` },
            };
          }
        }
        throw error;
      } catch (error) {
        const { code, traceId, message, requestBodyValues } = error as {
          code: string;
          traceId: string;
          message: string;
          requestBodyValues: { messages: Array<{ content: string }> };
        };
        return {
          code,
          traceId,
          named: message.includes(String(number)),
          asked: requestBodyValues.messages[0]?.content,
        };
      }
    };
    const expected = (number: number): object =>
      number % 5 === 4 || (number % 5 === 3 && number % 2 === 1)
        ? {
            code: number % 5 === 4 ? 'KIMI_BALANCE_EXHAUSTED' : 'KIMI_OVERLOADED',
            traceId: `trace-${number}`,
            named: true,
            asked: String(number),
          }
        : {
            content: [{ type: 'text', text: `${number}` }],
            input: 1000 + number,
            kimi: {
              traceId: `trace-${number}`,
              servedModel: `m-${number}`,
              cachedTokens: number,
              cost: {
                amount: 0,
                list: Number((1000 * 0.95e-6 + number * 0.19e-6 + 4e-6).toFixed(8)),
                currency: 'USD',
                model: 'kimi-for-coding',
                date: '2026-11-25',
              },
            },
          };
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    expect(await Promise.all(numbers.map(outcome))).toEqual(numbers.map(expected));
  });
});
