import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jsonSchema } from 'ai';
import { z } from 'zod';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { chats } from '../support/chats';
import { WIRED_COMBINATIONS, steps } from '../support/majors';

/**
 * What bare openai-compatible is refused for (`npm run bench:peers`), on every major and specification: the strict
 * simulator must take it, without a notice.
 */
let simulator: KimiSimulator;
beforeEach(async () => {
  simulator = await startKimiSimulator();
});
afterEach(async () => {
  expect(
    simulator.requests
      .map(({ status, refusedBy, notices }) => ({ status, refusedBy, notices }))
      .filter(({ status, notices }) => status !== 200 || notices.length > 0),
  ).toEqual([]);
  await simulator.close();
});

const user = (content: unknown) => ({ role: 'user', content });
const call = (toolCallId: string) => ({ type: 'tool-call', toolCallId, toolName: 'weather', input: { city: 'Bern' } });
const answer = (toolCallId: string, output: unknown = { type: 'text', value: 'rain' }) => ({
  role: 'tool',
  content: [{ type: 'tool-result', toolCallId, toolName: 'weather', output }],
});
const reasoning = { type: 'reasoning', text: 'r' };
const assistant = (...content: unknown[]) => ({ role: 'assistant', content });

const CONVERSATIONS: Record<string, unknown[]> = {
  'a history that another model made': [user('w'), assistant(call('c1')), answer('c1')],
  'blank text beside a call': [user('w'), assistant(reasoning, { type: 'text', text: ' ' }, call('c1')), answer('c1')],
  'an empty assistant turn': [user('a'), assistant({ type: 'text', text: '' }), user('b')],
  'a blank text part': [
    user([
      { type: 'text', text: '' },
      { type: 'text', text: 'b' },
    ]),
  ],
  'one id in two turns': [
    user('w'),
    assistant(reasoning, call('functions.weather:0')),
    answer('functions.weather:0'),
    assistant(reasoning, call('functions.weather:0')),
    answer('functions.weather:0'),
  ],
  'an id of 200 characters': [user('w'), assistant(reasoning, call('x'.repeat(200))), answer('x'.repeat(200))],
  'a tool result that is JSON': [
    user('w'),
    assistant(reasoning, call('c1')),
    answer('c1', { type: 'json', value: { sky: 'grey' } }),
  ],
  'a tool result that is an error': [
    user('w'),
    assistant(reasoning, call('c1')),
    answer('c1', { type: 'error-text', value: 'no such city' }),
  ],
  'a system message': [{ role: 'system', content: 'Be brief.' }, user('hi')],
};

const SCHEMAS: Record<string, object> = {
  'a nested property without a type': { type: 'object', properties: { a: { description: 'x' } } },
  'references outside $defs': {
    type: 'object',
    properties: { a: { $ref: '#/definitions/A' } },
    definitions: { A: { type: 'string' } },
  },
  'a boolean schema': { type: 'object', properties: { a: true } },
  'an enum without a type': { type: 'object', properties: { a: { enum: ['x', 'y'] } } },
  'type beside anyOf': {
    type: 'object',
    properties: { a: { type: 'string', anyOf: [{ minLength: 1 }, { maxLength: 3 }] } },
  },
  'a tuple': { type: 'object', properties: { a: { type: 'array', items: [{ type: 'string' }, { type: 'number' }] } } },
};

describe.each(WIRED_COMBINATIONS)('$name, $wire', ({ ai, createKimi, wire }) => {
  const kimi = () => createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator', protocol: wire });
  const weather = ai.tool({ description: 'Weather', inputSchema: z.object({ city: z.string() }) });

  it.each(Object.entries(CONVERSATIONS))('takes %s', async (_, messages) => {
    for (const id of ['kimi-for-coding', 'k3']) {
      expect(
        await ai.streamText({ model: kimi()(id), messages, tools: { weather }, allowSystemInMessages: true }).text,
      ).not.toBe('');
    }
  });

  it.each(Object.entries(SCHEMAS))('takes %s in a tool', async (_, schema) => {
    const tools = { probe: ai.tool({ description: 'Probe', inputSchema: jsonSchema(schema) }) };
    await ai.generateText({ model: kimi()('kimi-for-coding'), prompt: 'hi', tools });
  });

  it.each(['required', 'none', { type: 'tool', toolName: 'weather' }])(
    'takes tool choice %j, on models that always think and on others',
    async toolChoice => {
      for (const id of ['kimi-for-coding', 'k3']) {
        await ai.generateText({ model: kimi()(id), prompt: 'call weather', tools: { weather }, toolChoice });
      }
    },
  );

  it('renames a tool whose name starts with a digit, and gives the caller its own name back', async () => {
    simulator.script([
      body => ({
        reasoning: 'r',
        toolCalls: [{ name: String(body.tools?.[0]?.function?.name), arguments: { city: 'Bern' } }],
      }),
      { reasoning: 'r', text: 'It rains' },
    ]);
    const called: unknown[] = [];
    const result = ai.streamText({
      model: kimi()('k3'),
      prompt: 'w',
      stopWhen: steps(3),
      tools: {
        '3d_weather': ai.tool({
          description: 'Weather',
          inputSchema: z.object({ city: z.string() }),
          execute: (input: unknown) => called.push(input),
        }),
      },
    });
    expect(await result.text).toBe('It rains');
    expect(called).toEqual([{ city: 'Bern' }]);
    expect(chats(simulator)).toHaveLength(2);
  });

  it('takes sampling settings and an output limit', async () => {
    await ai.generateText({
      model: kimi()('k3'),
      prompt: 'hi',
      temperature: 0.1,
      topP: 0.5,
      presencePenalty: 1,
      frequencyPenalty: 1,
      seed: 1,
      maxOutputTokens: 8000,
    });
  });

  it('makes an array and an enum to a schema', async () => {
    const { object } = await ai.generateObject({
      model: kimi()('kimi-for-coding'),
      output: 'array',
      schema: z.object({ name: z.string() }),
      prompt: 'people',
    });
    expect(Array.isArray(object)).toBe(true);
  });

  it('streams an object, and makes one as an output', async () => {
    const schema = z.object({ name: z.string(), tags: z.array(z.string()) });
    const streamed = ai.streamObject({ model: kimi()('kimi-for-coding'), schema, prompt: 'a person' });
    let last: unknown;
    for await (const partial of streamed.partialObjectStream) {
      last = partial;
    }
    expect(schema.safeParse(last).success).toBe(true);
    expect(await streamed.object).toEqual(last);
    const output = ai.Output.object({ schema });
    const result = await ai.generateText({
      model: kimi()('k3'),
      prompt: 'a person',
      output,
      experimental_output: output,
    });
    expect(schema.safeParse(result.output ?? result.experimental_output).success).toBe(true);
  });

  it('sends the same bytes for the same input', async () => {
    const options = {
      model: kimi()('k3'),
      messages: CONVERSATIONS['one id in two turns'],
      tools: { weather, probe: ai.tool({ description: 'Probe', inputSchema: jsonSchema(SCHEMAS['a tuple'] ?? {}) }) },
    };
    await ai.generateText(options);
    await ai.generateText(options);
    const [first, second] = chats(simulator).map(({ body }) => body);
    expect(second).toBe(first);
  });
});
