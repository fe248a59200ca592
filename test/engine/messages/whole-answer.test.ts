import { describe, expect, it } from 'vitest';
import { readWholeAnswer } from '../../../src/engine/messages/whole-answer';

const read = (answer: unknown) => readWholeAnswer(answer, () => 'made');

describe('a whole answer of the Anthropic wire', () => {
  it.each([undefined, null, 'text', [], {}, { content: 'text' }])('is not %j', answer => {
    expect(read(answer)).toBeUndefined();
  });

  it('says in order what the model said', () => {
    const content = [
      { type: 'thinking', thinking: 'Hm.', signature: 'a+b/c=' },
      { type: 'thinking', thinking: 'Unsigned.', signature: '' },
      { type: 'redacted_thinking', data: 'sealed' },
      { type: 'text', text: 'Look:' },
      { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'sky' } },
      { type: 'text', text: 'Done.' },
    ];
    expect(read({ id: 'msg_1', model: 'k3', content, stop_reason: 'tool_use' })).toEqual({
      content: [
        { type: 'reasoning', text: 'Hm.', providerMetadata: { kimi: { signature: 'a+b/c=' } } },
        { type: 'reasoning', text: 'Unsigned.' },
        { type: 'reasoning', text: '', providerMetadata: { kimi: { redactedData: 'sealed' } } },
        { type: 'text', text: 'Look:' },
        { type: 'tool-call', toolCallId: 'toolu_1', toolName: 'look', input: '{"at":"sky"}' },
        { type: 'text', text: 'Done.' },
      ],
      finishReason: { unified: 'tool-calls', raw: 'tool_use' },
      id: 'msg_1',
      modelId: 'k3',
    });
  });

  it('gives a call its id and its input where it has none', () => {
    const content = [
      { type: 'tool_use', name: 'look' },
      { type: 'tool_use', id: '', name: 'look', input: null },
    ];
    const call = { type: 'tool-call', toolCallId: 'made', toolName: 'look', input: '{}' };
    expect(read({ content })?.content).toEqual([call, call]);
  });

  it('leaves out what is empty, not known or broken', () => {
    const broken = [null, 'text', { type: 'text' }, { type: 'thinking' }, { type: 'tool_use', id: 'a' }];
    const content = [{ type: 'text', text: '' }, { type: 'server_tool_use', id: 'b' }, ...broken];
    expect(read({ content, id: 1, model: {} })).toEqual({
      content: [],
      finishReason: { unified: 'other', raw: undefined },
      id: undefined,
      modelId: undefined,
    });
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['pause_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'content-filter'],
    ['toString', 'other'],
  ])('ends with %s as %s', (raw, unified) => {
    expect(read({ content: [], stop_reason: raw })?.finishReason).toEqual({ unified, raw });
  });
});
