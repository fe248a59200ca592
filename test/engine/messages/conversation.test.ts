import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateText, streamText, stepCountIs, tool, type ModelMessage } from 'ai';
import { z } from 'zod';
import { startKimiSimulator, type KimiSimulator } from '../../../src/simulator/index';
import { createKimi } from '../../../src/v4';

/** One conversation, whose turns go by either wire: the strict simulator takes each, and checks each signature. */
let simulator: KimiSimulator;
beforeEach(async () => {
  simulator = await startKimiSimulator();
});
afterEach(async () => {
  expect(
    simulator.requests
      .filter(({ status, notices }) => status !== 200 || notices.length > 0)
      .map(({ refusedBy }) => refusedBy),
  ).toEqual([]);
  // Nothing that stands for something else leaves the process.
  expect(simulator.requests.map(({ body }) => body).join('\n')).not.toMatch(/no-signature|placeholder|"blocks"|Symbol/);
  await simulator.close();
});

type Wire = 'chat' | 'messages';

const model = (protocol: Wire, id = 'k3') =>
  createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator', protocol })(id);
const tools = {
  weather: tool({
    description: 'Weather',
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => `rain in ${city}`,
  }),
};
const turn = (number: number) => [
  {
    reasoning: `I look, ${number}`,
    text: 'Let me see.',
    toolCalls: [
      { name: 'weather', arguments: { city: 'Bern' } },
      { name: 'weather', arguments: { city: 'Chur' } },
    ],
  },
  { reasoning: `I know, ${number}`, text: `It rains, ${number}` },
];

async function talk(wires: readonly Wire[], isStreamed: boolean): Promise<ModelMessage[]> {
  const messages: ModelMessage[] = [{ role: 'system', content: 'Be brief.' }];
  simulator.script(wires.flatMap((_, index) => turn(index)));
  for (const [index, wire] of wires.entries()) {
    messages.push({ role: 'user', content: `weather ${index}?` });
    const options = { model: model(wire), messages, tools, stopWhen: stepCountIs(3), allowSystemInMessages: true };
    const result = isStreamed ? streamText(options) : await generateText(options);
    expect(await result.text).toBe(`It rains, ${index}`);
    messages.push(...(await result.responseMessages));
  }
  return messages;
}

const sent = () => simulator.requests.filter(({ wire }) => wire === 'messages').map(({ json }) => json);
const signatures = (value: unknown) =>
  [...JSON.stringify(value).matchAll(/"signature":"([^"]+)"/g)].map(([, text]) => text);

describe.each([true, false])('a conversation, streamed: %s', isStreamed => {
  it.each([
    [['chat', 'messages', 'chat', 'messages']],
    [['messages', 'chat', 'messages', 'chat']],
    [['messages', 'messages', 'messages']],
  ] as const)('goes by %j', async wires => {
    const messages = await talk(wires, isStreamed);
    const own = signatures(messages);
    // Two blocks of thinking in each turn of the Anthropic wire.
    expect(own).toHaveLength(2 * wires.filter(wire => wire === 'messages').length);
    for (const body of sent()) {
      expect(own.join(' ')).toContain(signatures(body).join(' '));
    }
    // All thinking is there, whoever thought it, and in its place.
    const last = sent().at(-1) as { messages: Array<{ role: string; content: Array<Record<string, unknown>> }> };
    const turns = last.messages
      .filter(({ role }) => role === 'assistant')
      .map(({ content }) => content.map(({ type }) => type));
    expect(turns[0]).toEqual(['thinking', 'text', 'tool_use', 'tool_use']);
    expect(JSON.stringify(last)).toContain('I look, 0');
  });
});

it('sends back a signature byte for byte, beside the thinking between words', async () => {
  simulator.script([
    {
      parts: [
        { type: 'reasoning', text: 'a' },
        { type: 'text', text: 'b' },
        { type: 'reasoning', text: 'c' },
        { type: 'text', text: 'd' },
      ],
    },
    { text: 'x' },
  ]);
  const first = await generateText({ model: model('messages'), prompt: 'hi' });
  const messages: ModelMessage[] = [
    { role: 'user', content: 'hi' },
    ...first.responseMessages,
    { role: 'user', content: 'and?' },
  ];
  await generateText({ model: model('messages'), messages });
  const [one, two] = signatures(first.content);
  expect((sent()[1] as { messages: unknown[] }).messages[1]).toEqual({
    role: 'assistant',
    content: [
      { type: 'thinking', thinking: 'a', signature: one },
      { type: 'text', text: 'b' },
      { type: 'thinking', thinking: 'c', signature: two },
      { type: 'text', text: 'd' },
    ],
  });
});

it('keeps no signature of thinking that a leaked call was taken out of', async () => {
  const leaked =
    '<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0<|tool_call_argument_begin|>' +
    '{"city":"Bern"}<|tool_call_end|><|tool_calls_section_end|>';
  simulator.script([{ reasoning: `I look. ${leaked}` }, { text: 'It rains' }]);
  const result = streamText({ model: model('messages'), prompt: 'weather?', tools, stopWhen: stepCountIs(3) });
  expect(await result.text).toBe('It rains');
  expect(signatures(sent()[1])).toEqual([]);
  expect(JSON.stringify(sent()[1])).toContain('I look.');
});
