import { describe, expect, it } from 'vitest';
import { ChatRepair } from '../../../src/stream/chat/chat-steps';
import { EventPipeline } from '../../../src/stream/event-pipeline';
import { ServerChunks } from '../../../src/stream/server-chunks';
import { delta, event } from '../event-streams';

function rewriter({ coalesce = true } = {}) {
  let made = 0;
  return new EventPipeline(new ChatRepair(() => `made-${++made}`), coalesce ? undefined : new ServerChunks());
}

const parsed = (events: string) =>
  events
    .split('\n\n')
    .filter(Boolean)
    .map(one => JSON.parse(one.slice('data: '.length)) as unknown);
const toolCalls = (events: string) =>
  (parsed(events) as Array<{ choices: Array<{ delta: { tool_calls: unknown } }> }>).map(
    ({ choices }) => choices[0]?.delta.tool_calls,
  );

describe('merging', () => {
  it('merges neighbours of one kind that arrive together, and nothing across anything else', () => {
    const usage = event({ id: 'chat-1', choices: [], usage: { total_tokens: 1 } });
    const stream = [
      delta({ reasoning_content: 'a' }),
      delta({ reasoning_content: 'b', content: null }),
      delta({ content: 'c' }),
      delta({ content: 'd' }),
      delta({ tool_calls: [{ index: 0, id: 'x', function: { name: 'f', arguments: '{' } }] }),
      delta({ content: 'e' }),
      delta({ content: 'f' }, { finish_reason: 'stop' }),
      delta({ content: 'g' }),
      usage,
      delta({ content: 'h' }),
      delta({ content: 'i' }, { logprobs: {} }),
      ': keep-alive\n\n',
      delta({ content: 'j', reasoning_content: 'k' }),
      delta({ content: 'l' }, { usage: { total_tokens: 1 } }),
      'data: [DONE]\n\n',
    ];
    expect(rewriter().write(stream.join(''))).toBe(
      [delta({ reasoning_content: 'ab' }), delta({ content: 'cd' }), ...stream.slice(4)].join(''),
    );
  });

  it('keeps answers and choices apart', () => {
    const stream = [
      delta({ content: 'a' }),
      event({ id: 'chat-2', choices: [{ index: 0, delta: { content: 'b' } }] }),
      event({ id: 'chat-2', choices: [{ index: 1, delta: { content: 'c' } }] }),
      event({ id: 'chat-2', choices: [{ index: 1, delta: { content: 'd' } }], error: { message: 'no' } }),
    ].join('');
    expect(rewriter().write(stream)).toBe(stream);
  });

  it('joins halves of a character that the server split over two deltas', () => {
    const merged = rewriter().write(delta({ content: '\uD83D' }) + delta({ content: '\uDE00' }));
    expect(merged).toBe(delta({ content: '😀' }));
  });

  it('merges nothing where the caller wants the chunks as they are', () => {
    const stream = delta({ content: 'a' }) + delta({ content: 'b' });
    expect(rewriter({ coalesce: false }).write(stream)).toBe(stream);
  });

  it('gives out a single event at once and as it came', () => {
    const stream = 'data:  {"id":"1", "choices":[{"delta":{"content":"\\u0061"}}]}\n\n';
    const one = rewriter();
    expect([one.write(stream), one.write(stream), one.end()]).toEqual([stream, stream, '']);
    expect(rewriter().write(stream + delta({ reasoning_content: 'b' }))).toBe(
      stream + delta({ reasoning_content: 'b' }),
    );
  });
});

describe('the end of events', () => {
  it('does not wait for the line feed of a split pair', () => {
    const one = rewriter();
    expect([one.write('data: 1\r\n\r'), one.write('\ndata: 2\r'), one.write('\r'), one.write('data: 3\n\n')]).toEqual([
      'data: 1\n\n',
      '',
      'data: 2\n\n',
      'data: 3\n\n',
    ]);
  });

  it('completes a whole last event, and leaves a torn one torn', () => {
    const whole = rewriter();
    const event = delta({ content: 'a' });
    expect(whole.write(event.trimEnd()) + whole.end()).toBe(event);

    const torn = rewriter();
    expect(torn.write(event.slice(0, -10)) + torn.end()).toBe(event.slice(0, -10));
  });

  it('takes time in proportion to a long event, also one that comes character by character', () => {
    const one = rewriter();
    const long = delta({ content: 'x'.repeat(1_000_000) });
    let given = '';
    for (const character of long) {
      given += one.write(character);
    }
    expect(given === long).toBe(true);
  });
});

describe('tool calls without labels', () => {
  it('gives a call without an id one of generateId, once per call', () => {
    const stream =
      delta({ tool_calls: [{ index: 0, function: { name: 'f', arguments: '' } }] }) +
      delta({ tool_calls: [{ index: 0, id: null, function: { arguments: '{' } }] }) +
      delta({ tool_calls: [{ index: 1, id: '', function: { name: 'f', arguments: '{}' } }] }) +
      delta({ tool_calls: [{ index: 0, function: { arguments: '}' } }] });
    expect(toolCalls(rewriter().write(stream))).toEqual([
      [{ index: 0, id: 'made-1', function: { name: 'f', arguments: '' } }],
      [{ index: 0, id: null, function: { arguments: '{' } }],
      [{ index: 1, id: 'made-2', function: { name: 'f', arguments: '{}' } }],
      [{ index: 0, function: { arguments: '}' } }],
    ]);
  });

  it('keeps the id that it made when the server names one later, over all pieces of the stream', () => {
    const one = rewriter();
    const first = one.write(delta({ tool_calls: [{ index: 0, function: { arguments: '{' } }] }));
    const late = one.write(delta({ tool_calls: [{ index: 0, id: 'late', function: { name: 'f', arguments: '}' } }] }));
    const again = one.write(delta({ tool_calls: [{ index: 0, id: 'late', function: { arguments: ' ' } }] }));
    expect([first, late, again].flatMap(toolCalls)).toEqual([
      [expect.objectContaining({ id: 'made-1' })],
      [expect.objectContaining({ id: 'made-1' })],
      [expect.objectContaining({ id: 'made-1' })],
    ]);
  });

  it('does not touch the ids of a server that names them', () => {
    const stream =
      delta({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }) +
      delta({ tool_calls: [{ index: 0, id: 'b', function: { name: 'f', arguments: '{}' } }] });
    expect(rewriter().write(stream)).toBe(stream);
  });

  it('makes a second id where an index is used for a second call', () => {
    const stream =
      delta({ tool_calls: [{ index: 0, function: { name: 'f', arguments: '{}' } }] }) +
      delta({ tool_calls: [{ index: 0, function: { name: 'g', arguments: '{}' } }] });
    expect(toolCalls(rewriter().write(stream))).toEqual([
      [expect.objectContaining({ id: 'made-1' })],
      [expect.objectContaining({ id: 'made-2' })],
    ]);
  });

  it('appends what has no index to the current call', () => {
    const stream =
      delta({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{' } }] }) +
      delta({ tool_calls: [{ index: 1, id: 'b', function: { name: 'f', arguments: '{' } }] }) +
      delta({ tool_calls: [{ function: { arguments: '}' } }] }) +
      delta({ tool_calls: [{ function: { name: 'g', arguments: '{' } }] }) +
      delta({ tool_calls: [{ function: { arguments: '}' } }] });
    expect(toolCalls(rewriter().write(stream)).slice(2)).toEqual([
      [{ index: 1, function: { arguments: '}' } }],
      [{ id: 'made-1', function: { name: 'g', arguments: '{' } }],
      [{ id: 'made-1', function: { arguments: '}' } }],
    ]);
  });

  it('drops empty entries, and leaves what is no tool call list alone', () => {
    expect(toolCalls(rewriter().write(delta({ tool_calls: [{}, null, { index: 0, id: 'a' }] })))).toEqual([
      [{ index: 0, id: 'a', function: {} }],
    ]);
    for (const odd of [{ tool_calls: 'x' }, { tool_calls: {} }, { tool_calls: null }]) {
      expect(rewriter().write(delta(odd))).toBe(delta(odd));
    }
    for (const odd of [
      'data: {"choices":[null],"tool_calls":1}\n\n',
      'data: {"choices":"tool_calls"}\n\n',
      'data: null\n\n',
      'data: "tool_calls"\n\n',
    ]) {
      expect(rewriter().write(odd + odd)).toBe(odd + odd);
    }
  });
});

describe('usage without choices', () => {
  it.each([
    ['missing', { id: 'chat-1', usage: { total_tokens: 1 } }],
    ['null', { id: 'chat-1', choices: null, usage: { total_tokens: 1 } }],
  ])('gets an empty list where it is %s, alone or behind a chunk that has one', (_, chunk) => {
    const repaired = { id: 'chat-1', choices: [], usage: { total_tokens: 1 } };
    expect(parsed(rewriter().write(event(chunk)))).toEqual([repaired]);
    expect(parsed(rewriter({ coalesce: false }).write(delta({ content: 'a' }) + event(chunk)))[1]).toEqual(repaired);
  });

  it('keeps the other lines of a repaired event', () => {
    expect(rewriter().write('id: 7\n: comment\ndata: {"usage":\ndata: {"total_tokens":1}}\n\n')).toBe(
      'id: 7\n: comment\ndata: {"usage":{"total_tokens":1},"choices":[]}\n\n',
    );
  });

  it('leaves an error alone, also one that reports usage', () => {
    const error = event({ error: { message: 'overloaded' }, usage: { total_tokens: 1 } });
    expect(rewriter().write(error)).toBe(error);
  });
});
