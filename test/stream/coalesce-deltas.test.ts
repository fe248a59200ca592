import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readChatDelta } from '../../src/stream/chat/chat-chunk';
import { ChatRepair } from '../../src/stream/chat/chat-steps';
import { DeltaFrame } from '../../src/stream/delta-frame';
import { EventPipeline } from '../../src/stream/event-pipeline';
import { delta, event } from './event-streams';

type Chunk = { id?: string; choices: Array<{ delta: { content?: string; reasoning_content?: string } }> };

const pipeline = () => new EventPipeline(new ChatRepair(() => 'made'));
const chunksOf = (events: string) =>
  events
    .split('\n\n')
    .filter(Boolean)
    .map(text => JSON.parse(text.slice('data: '.length)) as Chunk);
const frameOf = (text: string) => {
  const read = readChatDelta(JSON.parse(text.slice('data: '.length)) as Chunk);
  return read && DeltaFrame.of(text, read, readChatDelta);
};

describe('a frame', () => {
  const frame = frameOf(delta({ content: 'a' }));

  it.each(['b', '', '\n', '"', '\\', 'a"},"finish_reason":"stop', '\u{1F600}', '\u0001', '\uD83D', '你好'])(
    'finds the text %j',
    text => {
      expect(JSON.parse(`"${frame?.contentAt(delta({ content: text }), 0)}"`)).toBe(text);
    },
  );

  it.each([
    ['another field', delta({ reasoning_content: 'b' })],
    ['another field besides', delta({ content: 'b', role: 'assistant' })],
    ['a finish reason', delta({ content: 'b' }, { finish_reason: 'stop' })],
    ['usage', delta({ content: 'b' }).replace(/\}\n\n$/, ',"usage":{}}\n\n')],
    ['a text that is no JSON', delta({ content: 'b' }).replace('"b"', '"\\x"')],
    ['a text that is cut', delta({ content: 'b' }).replace('"b"', '"b\n"')],
  ])('does not fit %s', (_, other) => {
    expect(frame?.contentAt(other, 0)).toBeUndefined();
  });

  it('is not mistaken for a field of the same name elsewhere', () => {
    const tricky = event({ content: 'a', id: '"content":"a"', choices: [{ delta: { content: 'a' }, index: 0 }] });
    expect(frameOf(tricky)?.eventWith('b')).toBe(tricky.replace(/"delta":\{"content":"a"/, '"delta":{"content":"b"'));
  });
});

describe('joining', () => {
  it('goes on where the frame changes within a run, and keeps the first', () => {
    const at = (created: number, content: string) =>
      event({ id: 'chat-1', created, choices: [{ index: 0, delta: { content } }] });
    expect(pipeline().write(at(1, 'a') + at(1, 'b') + at(2, 'c') + at(2, 'd'))).toBe(at(1, 'abcd'));
    const one = pipeline();
    expect([one.write(at(1, 'a')), one.write(at(1, 'b')), one.write(at(2, 'c') + at(2, 'd'))]).toEqual([
      at(1, 'a'),
      at(1, 'b'),
      at(2, 'cd'),
    ]);
  });

  it('goes on where no frame is ever seen twice', () => {
    const one = pipeline();
    for (let count = 0; count < 100; count++) {
      const unique = event({ id: 'chat-1', created: count, choices: [{ index: 0, delta: { content: 'a' } }] });
      expect(one.write(unique)).toBe(unique);
    }
    expect(one.write(delta({ content: 'a' }) + delta({ content: 'b' }))).toBe(delta({ content: 'ab' }));
  });

  it('skips blank lines between events', () => {
    expect(pipeline().write(`\n${delta({ content: 'a' })}\n\n\n${delta({ content: 'b' })}\n`)).toBe(
      delta({ content: 'ab' }),
    );
  });

  it('loses no character of any text, in any grouping', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\n', '"', '\\', '\\u0041', '\uD83D', '\uDE00', '"}', ' '),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), text, fc.nat(2)), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1 }),
        (deltas, sizes) => {
          const events = deltas.map(([isContent, piece, created]) =>
            event({
              id: 'chat-1',
              created,
              choices: [{ index: 0, delta: isContent ? { content: piece } : { reasoning_content: piece } }],
            }),
          );
          const one = pipeline();
          let output = '';
          for (let start = 0, turn = 0; start < events.length; turn++) {
            const size = sizes[turn % sizes.length] ?? 1;
            output += one.write(events.slice(start, start + size).join(''));
            start += size;
          }
          const said = (chunks: Chunk[]) =>
            ['content', 'reasoning_content'].map(field =>
              chunks.map(({ choices }) => choices[0]?.delta[field as 'content'] ?? '').join(''),
            );
          expect(said(chunksOf(output + one.end()))).toEqual(said(chunksOf(events.join(''))));
        },
      ),
      { numRuns: 1500 },
    );
  });
});
