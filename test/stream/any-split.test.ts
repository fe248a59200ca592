import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServerChunks } from '../../src/stream/server-chunks';
import { inPackets, rewritten, saidBy } from './event-streams';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.constantFrom('你好', '👩‍👩‍👧', '\n\n', '\r\n', '"tool_calls"', '\uFEFF', '\uD83D', 'data: x'),
);
const chunk = (fields: object, more: object = {}) => ({
  id: 'chat-1',
  choices: [{ index: 0, delta: fields, finish_reason: null, ...more }],
});

/** One event each, without its blank line and with `\n` as line end. */
const anEvent = fc.oneof(
  { weight: 6, arbitrary: text.map(content => [`data: ${JSON.stringify(chunk({ content }))}`]) },
  {
    weight: 6,
    arbitrary: text.map(content => [
      `data:${JSON.stringify(chunk({ role: 'assistant', content: null, reasoning_content: content }))}`,
    ]),
  },
  text.map(both => [`data: ${JSON.stringify(chunk({ content: both, reasoning_content: both }))}`]),
  text.map(content => [`data: ${JSON.stringify(chunk({ content }, { finish_reason: 'length' }))}`]),
  fc
    .record({
      index: fc.nat(2),
      id: fc.constantFrom('call-a', 'call-b'),
      name: fc.constantFrom('search', 'read'),
      args: text,
    })
    .map(({ index, id, name, args }) => [
      `data: ${JSON.stringify(chunk({ tool_calls: [{ index, id, function: { name, arguments: args } }] }))}`,
    ]),
  fc.nat().map(total => [`data: ${JSON.stringify({ id: 'chat-1', choices: [], usage: { total_tokens: total } })}`]),
  fc.nat().map(total => [`data: ${JSON.stringify({ id: 'chat-1', usage: { total_tokens: total } })}`]),
  text.map(message => [`data: ${JSON.stringify({ error: { message } })}`]),
  fc.constant([': keep-alive']),
  fc.constant(['data: {"choices": [{']),
  fc.constant(['']),
  fc.constant(['data: []']),
  text.map(content =>
    JSON.stringify(chunk({ content }), null, 1)
      .split('\n')
      .map(line => `data: ${line}`),
  ),
  text.map(content => ['event: message', 'id: 7', `data: ${JSON.stringify(chunk({ content }))}`]),
  text.map(content => [': keep-alive', `data: ${JSON.stringify(chunk({ content }))}`]),
);

const aStream = fc.record({
  events: fc.array(anEvent, { maxLength: 12 }),
  lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  byteOrderMark: fc.boolean(),
  done: fc.boolean(),
  lastBlankLine: fc.boolean(),
  cuts: fc.array(fc.nat(), { maxLength: 60 }),
  everyByte: fc.boolean(),
  coalesce: fc.boolean(),
});

describe('any split of any event stream into packets', () => {
  it('says the same in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(
        aStream,
        async ({ events, lineEnd, byteOrderMark, done, lastBlankLine, cuts, everyByte, coalesce }) => {
          const last = done ? ['data: [DONE]'] : [`data: ${JSON.stringify(chunk({ content: 'the end' }))}`];
          const lines = [...events, last].flatMap(event => [...event, '']);
          const whole = `${byteOrderMark ? '\uFEFF' : ''}${lines.map(line => line + lineEnd).join('')}`;
          const sent = lastBlankLine ? whole : whole.slice(0, -2 * lineEnd.length);
          const bytes = new TextEncoder().encode(sent);
          const edges = everyByte ? [...bytes.keys()] : cuts.map(cut => cut % (bytes.length + 1));

          // The parser keeps a carriage return at the very end for the next packet: a comment behind it makes it look.
          const original = await saidBy(inPackets(new TextEncoder().encode(`${whole}:\n`), []));
          expect(
            await saidBy(
              await rewritten(inPackets(bytes, edges), coalesce ? {} : { serverChunks: new ServerChunks() }),
            ),
          ).toEqual(original);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('gives the same bytes to a reader as to whoever uses the stream itself', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anEvent, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        async (events, cuts) => {
          const bytes = new TextEncoder().encode(events.map(event => `${event.join('\n')}\n\n`).join(''));
          const edges = cuts.map(cut => cut % (bytes.length + 1));
          const piped = await new Response(
            (await rewritten(inPackets(bytes, edges))).pipeThrough(new TransformStream()),
          ).text();

          const reader = (await rewritten(inPackets(bytes, edges))).getReader();
          const decoder = new TextDecoder();
          let read = '';
          for (let result = await reader.read(); !result.done; result = await reader.read()) {
            read += decoder.decode(result.value, { stream: true });
          }
          expect(read + decoder.decode()).toBe(piped);
        },
      ),
      { numRuns: 100 },
    );
  });
});
