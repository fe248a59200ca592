import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerFaultOf } from '../../../src/stream/answer-fault';
import { ChatSteps } from '../../../src/stream/chat/chat-steps';
import { EventPipeline } from '../../../src/stream/event-pipeline';
import { ServerChunks } from '../../../src/stream/server-chunks';

const SECTION =
  '<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{"a":1}<|tool_call_end|><|tool_calls_section_end|>';

type Chunk = {
  choices?: Array<{
    delta?: {
      content?: string;
      reasoning_content?: string;
      tool_calls?: Array<{ id: string; function: { name: string; arguments: string } }>;
    };
    finish_reason?: string;
  }>;
};

const event = (chunk: object) => `data: ${JSON.stringify(chunk)}\n\n`;
const delta = (fields: object, more: object = {}) =>
  event({ id: 'chat-1', choices: [{ index: 0, delta: fields, ...more }] });
const STOP = delta({}, { finish_reason: 'stop' });
const DONE = 'data: [DONE]\n\n';

const rewriter = (toolNames = ['f'], coalesce = true) =>
  new EventPipeline(
    new ChatSteps(() => 'made', {
      toolNames: new Set(toolNames),
      callerNames: new Map(),
      generateId: () => 'made',
      onRecovered: () => undefined,
    }),
    coalesce ? undefined : new ServerChunks(),
  );

/** What is said by these events, and the fault at the end. */
function heard(text: string): {
  said: string;
  calls: string[];
  finishReason: string | undefined;
  fault: string | undefined;
} {
  const chunks = text
    .split('\n\n')
    .flatMap(part => (part.startsWith('data: {') ? [JSON.parse(part.slice(6)) as Chunk] : []));
  const choices = chunks.flatMap(chunk => chunk.choices ?? []);
  return {
    said: choices
      .map(({ delta: { content = '', reasoning_content: reasoning = '' } = {} }) =>
        reasoning === '' ? content : `(${reasoning})${content}`,
      )
      .join('')
      .replaceAll(')(', ''),
    calls: choices
      .flatMap(choice => choice.delta?.tool_calls ?? [])
      .map(call => `${call.id} ${call.function.name} ${call.function.arguments}`),
    finishReason: choices.findLast(choice => choice.finish_reason)?.finish_reason,
    fault: chunks.map(answerFaultOf).find(fault => fault !== undefined),
  };
}

function rewrite(pieces: string[], toolNames?: string[], coalesce?: boolean): string {
  const answer = rewriter(toolNames, coalesce);
  return pieces.map(piece => answer.write(piece)).join('') + answer.end();
}

describe('events that come alone', () => {
  it('leave as they came where nothing is to be done', () => {
    const answer = rewriter();
    const events = [
      ': keep-alive\n\n',
      delta({ role: 'assistant', content: '' }),
      delta({ reasoning_content: 'Hm' }),
      delta({ content: 'a word' }),
      delta({ content: ' "b" <b>\n`c`' }),
      delta({ tool_calls: [] }),
      STOP,
      DONE,
    ];
    expect(events.map(text => answer.write(text))).toEqual(events);
    expect(answer.end()).toBe('');
  });

  it('lead to the same as all at once', () => {
    const words = [
      'word',
      ' ',
      '\n',
      '```',
      '`',
      '"',
      '> ',
      SECTION,
      SECTION.slice(0, 40),
      SECTION.slice(40),
      'Über',
      '<',
      '“',
    ];
    const text = fc.array(fc.constantFrom(...words), { maxLength: 8 });
    fc.assert(
      fc.property(text, text, fc.array(fc.nat(5), { minLength: 1, maxLength: 10 }), (reasoning, content, groups) => {
        const events = [
          ...reasoning.map(word => delta({ reasoning_content: word })),
          ...content.map(word => delta({ content: word })),
          STOP,
          DONE,
        ];
        const pieces: string[] = [];
        for (let start = 0, turn = 0; start < events.length; turn++) {
          const count = 1 + (groups[turn % groups.length] ?? 0);
          pieces.push(events.slice(start, start + count).join(''));
          start += count;
        }
        const alone = heard(rewrite(events));
        expect(heard(rewrite(pieces))).toEqual(alone);
        expect(heard(rewrite([events.join('')]))).toEqual(alone);
        expect(heard(rewrite(pieces, undefined, false))).toEqual(alone);
        expect(heard(rewrite([events.join('')], undefined, false))).toEqual(alone);
      }),
      { numRuns: 1500 },
    );
  });

  it.each([
    ['a code block', ['```\n', 'code', '\n', SECTION, '\n```']],
    ['a code block in pieces', ['``', '`', '\n', SECTION, '\n', '```']],
    ['inline code', ['It writes `', SECTION, '`']],
    ['a block quotation', ['> ', SECTION]],
    ['curly quotes', ['It writes “', 'and ', SECTION, '”']],
    ['a quotation', ['It writes "', 'and ', SECTION, '"']],
  ])('are remembered as far as they open %s', (_, words) => {
    expect(heard(rewrite([...words.map(word => delta({ content: word })), STOP, DONE]))).toMatchObject({
      said: words.join(''),
      calls: [],
      finishReason: 'stop',
    });
  });

  it('begin no quotation where their words have none', () => {
    expect(
      heard(rewrite([...['>', ' \n', 'word', ' > ', SECTION].map(word => delta({ content: word })), STOP, DONE])),
    ).toMatchObject({ calls: ['functions.f:0 f {"a":1}'], finishReason: 'tool_calls' });
  });
});

describe('the end of an answer', () => {
  it('keeps reasoning with markup that comes behind the text', () => {
    expect(
      heard(rewrite([delta({ content: 'No.' }), delta({ reasoning_content: SECTION }), STOP, DONE])),
    ).toMatchObject({ said: `No.(${SECTION})`, calls: [], finishReason: 'stop', fault: undefined });
  });

  it('adds a finish reason only where [DONE] says that nothing is missing', () => {
    expect(heard(rewrite([delta({ content: `a ${SECTION}` }), DONE]))).toMatchObject({
      said: 'a ',
      calls: ['functions.f:0 f {"a":1}'],
      finishReason: 'tool_calls',
      fault: undefined,
    });
    expect(heard(rewrite([delta({ content: 'a' })]))).toMatchObject({ finishReason: undefined, fault: 'cut' });
  });

  it('says nothing of a connection that breaks behind a whole answer', () => {
    const answer = rewriter();
    answer.write(delta({ content: 'a' }) + STOP + DONE);
    expect(answer.fail('connection')).toBe('');
    const torn = rewriter();
    torn.write(delta({ content: 'a' }));
    expect(heard(torn.fail('connection')).fault).toBe('connection');
  });

  it('gives text back that was held when the connection breaks', () => {
    const answer = rewriter();
    expect(heard(answer.write(delta({ content: `a ${SECTION} b <|tool_` })) + answer.fail('connection'))).toMatchObject(
      {
        said: `a  b ${SECTION}<|tool_`,
        calls: [],
        fault: 'connection',
      },
    );
  });

  it('is not judged twice where the server has reported an error itself', () => {
    expect(heard(rewrite([event({ error: { message: 'no' } })])).fault).toBeUndefined();
    expect(heard(rewrite([event({ message: 'no' })])).fault).toBeUndefined();
  });
});

describe('an answer to a request without tools', () => {
  it('keeps markup, and is judged all the same', () => {
    expect(heard(rewrite([delta({ content: SECTION }), STOP, DONE], []))).toMatchObject({
      said: SECTION,
      calls: [],
      fault: undefined,
    });
    expect(heard(rewrite([delta({ reasoning_content: SECTION }), STOP, DONE], []))).toMatchObject({
      fault: 'thinking-only',
    });
  });
});
