import { describe, expect, it } from 'vitest';
import { answerFaultOf } from '../../../src/stream/answer-fault';
import { EventPipeline } from '../../../src/stream/event-pipeline';
import { MessagesSteps, type MessagesAnswerOptions } from '../../../src/stream/messages/messages-steps';

type Event = Record<string, unknown>;

const write = (event: Event) => `event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`;
const start = {
  type: 'message_start',
  message: {
    id: 'm',
    type: 'message',
    role: 'assistant',
    model: 'k3',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 0 },
  },
};
const opened = (index: number, block: Event) => ({ type: 'content_block_start', index, content_block: block });
const text = (index: number, piece: string) => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'text_delta', text: piece },
});
const thought = (index: number, piece: string) => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'thinking_delta', thinking: piece },
});
const input = (index: number, piece: string) => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'input_json_delta', partial_json: piece },
});
const signature = (index: number) => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'signature_delta', signature: 'a+/=' },
});
const closed = (index: number) => ({ type: 'content_block_stop', index });
const ended = (reason: string | null = 'end_turn') => ({
  type: 'message_delta',
  delta: { stop_reason: reason, stop_sequence: null },
  usage: { output_tokens: 2 },
});
const stop = { type: 'message_stop' };
const TEXT = { type: 'text', text: '' };
const THINKING = { type: 'thinking', thinking: '' };
const CALL = { type: 'tool_use', id: 'c', name: 'f', input: {} };
const LEAK =
  '<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{"x":1}<|tool_call_end|><|tool_calls_section_end|>';

function run(pieces: readonly string[], changes: Partial<MessagesAnswerOptions> = {}, isEnded = true) {
  const errors: unknown[] = [];
  const seen: unknown[] = [];
  const pipeline = new EventPipeline(
    new MessagesSteps({
      toolNames: new Set(['f']),
      callerNames: new Map(),
      generateId: () => 'made',
      onRecovered: () => undefined,
      onMessage: message => seen.push(message),
      onError: event => errors.push(answerFaultOf(event) ?? event),
      ...changes,
    }),
  );
  const output =
    pieces.map(piece => pipeline.write(piece)).join('') + (isEnded ? pipeline.end() : pipeline.fail('connection'));
  const events = output
    .split('\n\n')
    .flatMap(event => event.split('\n').filter(line => line.startsWith('data: ')))
    .map(line => JSON.parse(line.slice(6)) as Event);
  return { output, events, errors, seen };
}

const whole = [
  start,
  opened(0, THINKING),
  thought(0, 'hm'),
  signature(0),
  closed(0),
  opened(1, TEXT),
  text(1, 'a'),
  text(1, 'b'),
  closed(1),
  ended(),
  stop,
];

describe('MessagesSteps', () => {
  it('leaves what needs nothing as the bytes that it was, one event a packet', () => {
    const pieces = [
      start,
      opened(0, TEXT),
      text(0, 'a'),
      text(0, 'b <i>'),
      closed(0),
      opened(1, CALL),
      input(1, '{}'),
      closed(1),
      ended('tool_use'),
      stop,
    ].map(write);
    expect(run(pieces).output).toBe(pieces.join(''));
    expect(run(pieces, { toolNames: new Set() }).errors).toEqual([]);
  });

  it('joins text, thinking and input that arrive together', () => {
    const events = [
      start,
      opened(0, THINKING),
      thought(0, 'a'),
      thought(0, 'b'),
      closed(0),
      opened(1, TEXT),
      text(1, 'c'),
      text(1, 'd'),
      closed(1),
      opened(2, CALL),
      input(2, '{"x"'),
      input(2, ':1}'),
      closed(2),
      ended('tool_use'),
      stop,
    ];
    const { events: left } = run([events.map(write).join('')]);
    expect(left).toEqual([
      start,
      opened(0, THINKING),
      thought(0, 'ab'),
      closed(0),
      opened(1, TEXT),
      text(1, 'cd'),
      closed(1),
      opened(2, CALL),
      input(2, '{"x":1}'),
      closed(2),
      ended('tool_use'),
      stop,
    ]);
  });

  it('says the same however the stream is cut into pieces', () => {
    const stream = [
      start,
      opened(0, THINKING),
      thought(0, `hm ${LEAK}`),
      closed(0),
      opened(1, TEXT),
      text(1, 'héllo '),
      text(1, LEAK.slice(0, 40)),
      text(1, LEAK.slice(40)),
      closed(1),
      ended(),
      stop,
    ]
      .map(write)
      .join('');
    const say = ({ events }: { events: Event[] }) =>
      events
        .map(({ delta }) =>
          Object.values((delta as Event | undefined) ?? {})
            .slice(1)
            .join(''),
        )
        .join('');
    const expected = say(run([stream]));
    for (let size = 1; size < 60; size++) {
      const pieces = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
        stream.slice(index * size, (index + 1) * size),
      );
      expect(say(run(pieces))).toBe(expected);
    }
    expect(expected).toContain('{"x":1}');
  });

  it('makes a leaked call a real one, before the stop reason that says so', () => {
    const { events } = run([start, opened(0, TEXT), text(0, `I look. ${LEAK}`), closed(0), ended(), stop].map(write));
    expect(events.slice(-5)).toEqual(
      [
        opened(1000, { type: 'tool_use', id: 'functions.f:0', name: 'f', input: {} }),
        input(1000, '{"x":1}'),
        closed(1000),
        {
          type: 'message_delta',
          delta: { stop_sequence: undefined, stop_reason: 'tool_use' },
          usage: { output_tokens: 0 },
        },
        stop,
      ].map(event => JSON.parse(JSON.stringify(event)) as Event),
    );
    expect(JSON.stringify(events)).not.toContain('<|');
  });

  it('keeps a signature, but not of thinking that a call was taken out of', () => {
    expect(run(whole.map(write)).events).toContainEqual(signature(0));
    const leaked = whole.map(event => (event === whole[2] ? thought(0, `hm ${LEAK}`) : event));
    expect(run([...leaked.slice(0, 5), ended(), stop].map(write)).events).not.toContainEqual(signature(0));
  });

  it('gives the caller its own names', () => {
    const { events } = run([start, opened(0, CALL), input(0, '{}'), closed(0), ended('tool_use'), stop].map(write), {
      callerNames: new Map([['f', '3f']]),
    });
    expect(events[1]).toEqual(opened(0, { ...CALL, name: '3f' }));
  });

  it('tells of use at the end, and of the model at the start', () => {
    expect(run(whole.map(write)).seen).toEqual([{ model: 'k3' }, { usage: { input_tokens: 3, output_tokens: 2 } }]);
  });

  it.each<[string, Event[], Event[]]>([
    [
      'a delta without its block',
      [start, text(0, 'a'), ended(), stop],
      [start, opened(0, TEXT), text(0, 'a'), closed(0), ended(), stop],
    ],
    [
      'a block that begins with text',
      [start, opened(0, { type: 'text', text: 'a' }), closed(0), ended(), stop],
      [start, opened(0, TEXT), text(0, 'a'), closed(0), ended(), stop],
    ],
    [
      'a call without an id',
      [start, opened(0, { ...CALL, id: '' }), closed(0), ended('tool_use'), stop],
      [start, opened(0, { ...CALL, id: 'made' }), closed(0), ended('tool_use'), stop],
    ],
    [
      'a block that is not closed',
      [start, opened(0, TEXT), text(0, 'a'), ended(), stop],
      [start, opened(0, TEXT), text(0, 'a'), closed(0), ended(), stop],
    ],
    [
      'no stop reason',
      [start, opened(0, TEXT), text(0, 'a'), closed(0), stop],
      [
        start,
        opened(0, TEXT),
        text(0, 'a'),
        closed(0),
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 0 } },
        stop,
      ],
    ],
    [
      'no end',
      [start, opened(0, TEXT), text(0, 'a'), closed(0), ended()],
      [start, opened(0, TEXT), text(0, 'a'), closed(0), ended(), stop],
    ],
    [
      'no start',
      [opened(0, TEXT), text(0, 'a'), closed(0), ended(), stop],
      [
        { type: 'message_start', message: { usage: { input_tokens: 0 } } },
        opened(0, TEXT),
        text(0, 'a'),
        closed(0),
        ended(),
        stop,
      ],
    ],
    [
      'what nobody knows',
      [
        start,
        { type: 'news' },
        opened(0, { type: 'server_tool_use' }),
        opened(1, TEXT),
        text(1, 'a'),
        { type: 'content_block_delta', index: 1, delta: { type: 'new_delta' } },
        closed(1),
        ended(),
        stop,
        { type: 'late' },
      ],
      [start, opened(1, TEXT), text(1, 'a'), closed(1), ended(), stop],
    ],
  ])('puts right %s', (_, given, expected) => {
    const { events, errors } = run(given.map(write));
    expect(events).toEqual(expected);
    expect(errors).toEqual([]);
  });

  it.each<[string, Event[], unknown]>([
    ['cut', [start, opened(0, TEXT), text(0, 'a')], 'cut'],
    ['empty', [start, ended(), stop], 'empty'],
    ['thinking alone', [start, opened(0, THINKING), thought(0, 'a'), closed(0), ended(), stop], 'thinking-only'],
    [
      'a call without a name',
      [start, opened(0, { ...CALL, name: ' ' }), closed(0), ended('tool_use'), stop],
      'malformed',
    ],
    [
      'an error',
      [{ type: 'error', error: { type: 'overloaded_error', message: 'busy' } }],
      { type: 'error', error: { type: 'overloaded_error', message: 'busy' } },
    ],
  ])('tells of an answer that is %s, by one error event', (_, given, fault) => {
    const { events, errors } = run(given.map(write));
    expect(errors).toEqual([fault]);
    expect(events.filter(({ type }) => type === 'error')).toEqual([
      { type: 'error', error: { type: 'api_error', message: 'error' } },
    ]);
    // The wrapped model takes an answer that begins with an error for a refusal.
    expect(events[0]?.type).toBe('message_start');
  });

  it('may be empty where the limit or the server cut it', () => {
    for (const reason of ['max_tokens', 'refusal', 'model_context_window_exceeded']) {
      expect(run([start, ended(reason), stop].map(write)).errors).toEqual([]);
    }
  });

  it('tells of a connection that broke, and not of one that broke behind the end', () => {
    expect(run([start, opened(0, TEXT), text(0, 'a')].map(write), {}, false).errors).toEqual(['connection']);
    expect(run(whole.map(write), {}, false).errors).toEqual([]);
    expect(run(whole.slice(0, -1).map(write), {}, false).errors).toEqual([]);
  });
});
