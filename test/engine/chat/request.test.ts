import type {
  JSONSchema7,
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
} from '@ai-sdk/provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KimiInvalidArgumentError } from '../../../src/index';
import { startKimiSimulator, type KimiSimulator } from '../../../src/simulator/index';
import { createKimi } from '../../../src/v4';
import { chats } from '../../support/chats';

const object: JSONSchema7 = { type: 'object', properties: { a: { type: 'string' } } };
const hello: LanguageModelV4Message = { role: 'user', content: [{ type: 'text', text: 'hello' }] };
const tool = (name: string) => ({ type: 'function' as const, name, inputSchema: object });
const call = (toolName: string, toolCallId = 'a') => ({ type: 'tool-call' as const, toolCallId, toolName, input: {} });
const result = (toolName: string, output: object, toolCallId = 'a') => ({
  type: 'tool-result' as const,
  toolCallId,
  toolName,
  output: output as never,
});

let simulator: KimiSimulator;
beforeEach(async () => {
  simulator = await startKimiSimulator({ files: ['file-1', 'file-2', 'video-1', 'v', 'x'] });
});
afterEach(() => simulator.close());

const coding = (id = 'kimi-for-coding') =>
  createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' })(id);
const platform = (id = 'kimi-k2.6') =>
  createKimi({ service: 'platform', baseURL: simulator.platformBaseURL, apiKey: 'sk-simulator' })(id);

async function send(prompt: LanguageModelV4Prompt, rest: Partial<LanguageModelV4CallOptions> = {}, model = coding()) {
  simulator.script({ text: 'ok' });
  const { warnings } = await model.doGenerate({ prompt, ...rest });
  const body = chats(simulator).at(-1)?.json as {
    messages: Array<Record<string, unknown>>;
    tools?: unknown[];
    [field: string]: unknown;
  };
  return { body, messages: body.messages, warnings };
}

describe('messages', () => {
  it('knows the role system only', async () => {
    const { messages } = await send([{ role: 'developer', content: 'Be brief.' } as never, hello]);
    expect(messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'hello' },
    ]);
  });

  it('puts results that stand in the assistant message behind it', async () => {
    const { messages } = await send([
      hello,
      {
        role: 'assistant',
        content: [call('f'), result('f', { type: 'json', value: { x: 1 } }), { type: 'text', text: 'so' }],
      },
      hello,
    ]);
    expect(messages.slice(1, 3)).toEqual([
      {
        role: 'assistant',
        content: 'so',
        reasoning_content: ' ',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: '{"x":1}' },
    ]);
  });

  it('keeps pictures and videos inside the tool message, and says what it had to leave out', async () => {
    const file = (mediaType: string, data: object) => ({ type: 'file', mediaType, data });
    const value = [
      { type: 'text', text: 'two shots' },
      file('image/png', { type: 'data', data: 'AAAA' }),
      file('video/mp4', { type: 'reference', reference: { kimi: 'video-1' } }),
      file('audio/wav', { type: 'data', data: 'AAAA' }),
    ];
    const { messages, warnings } = await send([
      hello,
      { role: 'assistant', content: [call('f')] },
      { role: 'tool', content: [result('f', { type: 'content', value })] },
    ]);
    expect(messages.at(-1)).toEqual({
      role: 'tool',
      tool_call_id: 'a',
      content: [
        { type: 'text', text: 'two shots' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        { type: 'video_url', video_url: { url: 'ms://video-1' } },
        { type: 'text', text: '[a file of type audio/wav left out]' },
      ],
    });
    expect(warnings).toEqual([expect.objectContaining({ type: 'unsupported', feature: 'a file of type audio/wav' })]);
  });

  it.each([
    ['denied', { type: 'execution-denied', reason: 'not now' }, 'not now'],
    ['denied without a reason', { type: 'execution-denied' }, 'Tool call execution denied.'],
    ['error', { type: 'error-text', value: 'boom' }, 'boom'],
    ['error as JSON', { type: 'error-json', value: { code: 1 } }, '{"code":1}'],
  ])('sends a result: %s', async (_, output, content) => {
    const { messages } = await send([
      hello,
      { role: 'assistant', content: [call('f')] },
      { role: 'tool', content: [result('f', output)] },
    ]);
    expect(messages.at(-1)).toEqual({ role: 'tool', tool_call_id: 'a', content });
  });

  it.each([
    ['audio/mp3', 'images (png, jpeg'],
    ['application/zip', 'a file of type application/zip'],
    ['image/tiff', 'image/tiff'],
  ])('refuses %s of the user before anything is sent', async (mediaType, text) => {
    await expect(
      send([{ role: 'user', content: [{ type: 'file', mediaType, data: { type: 'data', data: 'AAAA' } }] }]),
    ).rejects.toThrow(text);
    expect(chats(simulator)).toEqual([]);
  });

  it('sends empty reasoning of an earlier turn in the form of the endpoint', async () => {
    const prompt: LanguageModelV4Prompt = [
      hello,
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: '' },
          { type: 'text', text: 'x' },
        ],
      },
      hello,
    ];
    expect((await send(prompt)).messages[1]).toEqual({ role: 'assistant', content: 'x', reasoning_content: ' ' });
    const keep = { providerOptions: { kimi: { reasoningHistory: 'preserved' } } };
    expect((await send(prompt, keep)).messages[1]).toEqual({ role: 'assistant', content: 'x', reasoning_content: '' });
    expect((await send(prompt, keep, platform())).messages[1]).toEqual({
      role: 'assistant',
      content: 'x',
      reasoning_content: ' ',
    });
  });
});

describe('options of messages', () => {
  it('goes on from a begun answer on the platform', async () => {
    const begun = {
      role: 'assistant' as const,
      content: [{ type: 'text' as const, text: '{' }],
      providerOptions: { kimi: { partial: true, name: 'Ada' } },
    };
    expect((await send([hello, begun], {}, platform())).messages.at(-1)).toEqual({
      role: 'assistant',
      content: '{',
      partial: true,
      name: 'Ada',
    });
    const { messages, warnings } = await send([hello, begun]);
    expect(messages.at(-1)).toEqual({ role: 'assistant', content: '{' });
    expect(warnings).toEqual([
      expect.objectContaining({ feature: 'message name' }),
      expect.objectContaining({ feature: 'partial' }),
    ]);
  });

  it('names a speaker of one text and of several parts', async () => {
    const named = { providerOptions: { kimi: { name: 'Ada' } } };
    const two = {
      role: 'user' as const,
      content: [
        { type: 'text' as const, text: 'a' },
        { type: 'text' as const, text: 'b' },
      ],
      ...named,
    };
    expect((await send([{ ...hello, ...named }, two], {}, platform())).messages.map(({ name }) => name)).toEqual([
      'Ada',
      'Ada',
    ]);
  });

  it('loads tools in mid-conversation where the model can', async () => {
    const bring = {
      role: 'system' as const,
      content: '',
      providerOptions: { kimi: { tools: [{ name: 'late', inputSchema: object }] } },
    };
    const wire = { type: 'function', function: { name: 'late', parameters: object } };
    const able = await send([hello, bring as never], { tools: [tool('f'), tool('late')] }, platform('kimi-k3'));
    expect(able.messages.at(-1)).toEqual({ role: 'system', tools: [wire] });
    expect(able.body.tools).toEqual([{ type: 'function', function: { name: 'f', parameters: object } }]);
    const unable = await send([hello, bring as never]);
    expect(unable.messages).toHaveLength(1);
    expect(unable.body.tools).toEqual([wire]);
    expect(unable.warnings).toEqual([expect.objectContaining({ feature: 'dynamic tools' })]);
  });

  it.each([
    ['user', { name: 7 }, 'providerOptions.kimi.name of a message is not valid'],
    ['user', { tools: [] }, 'belongs on a system message, not on one of the role user'],
  ])('refuses bad ones of a message of the role %s: %j', async (_, kimi, text) => {
    const failure = await send([{ ...hello, providerOptions: { kimi } } as never]).catch((error: unknown) => error);
    expect(KimiInvalidArgumentError.isInstance(failure) && failure.message).toContain(text);
  });
});

describe('tools', () => {
  it('gives a renamed tool its name back, whole and streamed', async () => {
    const model = coding();
    const options: LanguageModelV4CallOptions = { prompt: [hello], tools: [tool('21st_magic')] };
    const answer = { toolCalls: [{ id: 'c', name: 'm_21st_magic', arguments: { a: 'x' } }] };
    simulator.script([answer, answer]);
    const { content } = await model.doGenerate(options);
    expect(content).toEqual([expect.objectContaining({ type: 'tool-call', toolName: '21st_magic' })]);
    const names: string[] = [];
    for await (const part of (await model.doStream(options)).stream) {
      if ('toolName' in part) {
        names.push(part.toolName);
      }
    }
    expect(new Set(names)).toEqual(new Set(['21st_magic']));
    expect(names.length).toBeGreaterThan(1);
  });

  it('warns of tools that Kimi does not have, and sends no empty list', async () => {
    const { body, warnings } = await send([hello], {
      tools: [{ type: 'provider', id: 'openai.search', name: 'search', args: {} }],
      toolChoice: { type: 'auto' },
    });
    expect(body).not.toHaveProperty('tools');
    expect(body).not.toHaveProperty('tool_choice');
    expect(warnings).toEqual([
      expect.objectContaining({ type: 'unsupported', feature: 'provider-defined tool openai.search' }),
    ]);
  });

  it('never changes what it was given', async () => {
    const inputSchema: JSONSchema7 = {
      type: 'object',
      properties: { a: true, b: { $ref: '#/definitions/B' } },
      definitions: { B: {} },
    };
    const before = JSON.stringify(inputSchema);
    await send([hello], { tools: [{ type: 'function', name: 'f', inputSchema }] });
    expect(JSON.stringify(inputSchema)).toBe(before);
  });
});

describe('sampling', () => {
  it('is sent all the same when forced, and Kimi says what it thinks of it', async () => {
    await expect(
      send([hello], { temperature: 0.2, providerOptions: { kimi: { forceSampling: true } } }),
    ).rejects.toThrow('invalid temperature');
    const { body, warnings } = await send([hello], {
      temperature: 1,
      seed: 7,
      providerOptions: { kimi: { forceSampling: true } },
    });
    expect(body).toMatchObject({ temperature: 1, seed: 7 });
    expect(warnings).toEqual([]);
  });
});
