import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ToolCallMarkup, type MarkupPiece } from '../../../src/stream/markup/tool-call-markup';

const TOOLS = new Set(['get_weather', 'list_directory', 'read', 'functions.odd']);

const K2 = (id: string, input: string) =>
  `<|tool_call_begin|>${id}<|tool_call_argument_begin|>${input}<|tool_call_end|>`;
const section = (...calls: string[]) => `<|tool_calls_section_begin|>${calls.join('')}<|tool_calls_section_end|>`;
const argument = (key: string, type: string, value: string) =>
  `<|open|>argument key="${key}" type="${type}"<|sep|>${value}<|close|>argument<|sep|>`;
const K3 = (tool: string, ...values: string[]) =>
  `<|open|>call tool="${tool}" index="1"<|sep|>${values.join('')}<|close|>call<|sep|>`;
const tools = (...calls: string[]) => `<|open|>tools<|sep|>${calls.join('')}<|close|>tools<|sep|>`;

function read(pieces: Iterable<string>): {
  text: string;
  calls: Array<{ id: string | undefined; name: string; input: unknown }>;
  sources: string;
} {
  const markup = new ToolCallMarkup(TOOLS);
  const all: MarkupPiece[] = [];
  for (const piece of pieces) {
    all.push(...markup.write(piece));
  }
  all.push(...markup.end());
  expect(markup.isHolding).toBe(false);
  return {
    text: all.filter(piece => typeof piece === 'string').join(''),
    calls: all.flatMap(piece =>
      typeof piece === 'string'
        ? []
        : piece.calls.map(({ id, name, arguments: input }) => ({ id, name, input: JSON.parse(input) as unknown })),
    ),
    sources: all.map(piece => (typeof piece === 'string' ? piece : piece.source)).join(''),
  };
}

const weather = { id: 'functions.get_weather:0', name: 'get_weather', input: { city: 'Paris' } };
const unnamed = { ...weather, id: undefined };
const PARIS = '{"city": "Paris"}';

/** Text with markup in it; what is text, and the calls. */
const LEAKS: Record<string, [leak: string, text: string, calls: object[]]> = {
  'one call in a section': [section(K2('functions.get_weather:0', PARIS)), '', [weather]],
  'text around it': [
    `Let me look. ${section(K2('functions.get_weather:0', PARIS))} Done.`,
    'Let me look.  Done.',
    [weather],
  ],
  'blanks around everything (vybestack/llxprt-code#749)': [
    '<|tool_calls_section_begin|> <|tool_call_begin|> functions.list_directory:0 <|tool_call_argument_begin|> ' +
      '{"path": "/a"} <|tool_call_end|> <|tool_calls_section_end|>',
    '',
    [{ id: 'functions.list_directory:0', name: 'list_directory', input: { path: '/a' } }],
  ],
  'two calls': [
    section(K2('functions.get_weather:0', PARIS), K2('functions.read:1', '{}')),
    '',
    [weather, { id: 'functions.read:1', name: 'read', input: {} }],
  ],
  'two sections': [
    `${section(K2('functions.get_weather:0', PARIS))}\n${section(K2('functions.read:1', '{}'))}`,
    '\n',
    [weather, { id: 'functions.read:1', name: 'read', input: {} }],
  ],
  'a section in the singular (dynamo)': [
    `<|tool_call_section_begin|>${K2('functions.get_weather:0', PARIS)}<|tool_call_section_end|>`,
    '',
    [weather],
  ],
  'a call without a section (vllm-project/vllm#31207)': [
    `Hm. ${K2('functions.get_weather:0', PARIS)}`,
    'Hm. ',
    [weather],
  ],
  'no argument marker (vllm-project/vllm#31207)': [
    '<|tool_call_begin|> functions.get_weather:0 {"city": "Paris"} <|tool_call_end|>',
    '',
    [weather],
  ],
  'no counter': [section(K2('functions.get_weather', PARIS)), '', [unnamed]],
  'no prefix': [section(K2('get_weather:3', PARIS)), '', [{ ...weather, id: 'get_weather:3' }]],
  'a tool whose name begins like the prefix': [
    section(K2('functions.odd', '{}')),
    '',
    [{ id: undefined, name: 'functions.odd', input: {} }],
  ],
  'no arguments': [section(K2('functions.read:0', '')), '', [{ id: 'functions.read:0', name: 'read', input: {} }]],
  'blanks in the markers': [
    '<| tool_calls_section_begin |><| tool_call_begin |>functions.read:0<| tool_call_argument_begin |>{}<| ' +
      'tool_call_end |><| tool_calls_section_end |>',
    '',
    [{ id: 'functions.read:0', name: 'read', input: {} }],
  ],
  'a section that is not closed (dynamo)': [
    `<|tool_calls_section_begin|>${K2('functions.get_weather:0', PARIS)}`,
    '',
    [weather],
  ],
  'a section that text follows': [
    `<|tool_calls_section_begin|>${K2('functions.get_weather:0', PARIS)}  So be it.`,
    '  So be it.',
    [weather],
  ],
  'a last call that lacks its end': [
    '<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{"city": ' +
      '"Paris"}',
    '',
    [weather],
  ],
  'a call that lacks its end': [
    `<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>${PARIS}<|tool_calls_section_end|>`,
    '',
    [weather],
  ],
  'braces and markers in strings': [
    section(
      K2('functions.read:0', JSON.stringify({ text: 'enum A {\n} <|tool_call_end|> "}" <|tool_calls_section_end|>' })),
    ),
    '',
    [
      {
        id: 'functions.read:0',
        name: 'read',
        input: { text: 'enum A {\n} <|tool_call_end|> "}" <|tool_calls_section_end|>' },
      },
    ],
  ],
  'one tool of two that was not declared': [
    section(K2('functions.get_weather:0', PARIS), K2('functions.rm:1', '{}')),
    `<|tool_calls_section_begin|>${K2('functions.rm:1', '{}')}<|tool_calls_section_end|>`,
    [weather],
  ],
  'an end of the message behind it': [`${section(K2('functions.get_weather:0', PARIS))}<|im_end|>`, '', [weather]],
  'K3: one call': [tools(K3('get_weather', argument('city', 'string', 'Paris'))), '', [unnamed]],
  'K3: types': [
    tools(
      K3(
        'read',
        argument('path', 'string', '/a b'),
        argument('line', 'number', '3'),
        argument('all', 'boolean', 'true'),
        argument('filter', 'object', '{"a":[1]}'),
        argument('none', 'null', 'null'),
      ),
    ),
    '',
    [{ id: undefined, name: 'read', input: { path: '/a b', line: 3, all: true, filter: { a: [1] }, none: null } }],
  ],
  'K3: two calls with line breaks': [
    `<|open|>tools<|sep|>\n${K3('get_weather', argument('city', 'string', 'Paris'))}\n` +
      `${K3('read')}\n<|close|>tools<|sep|>`,
    '',
    [unnamed, { id: undefined, name: 'read', input: {} }],
  ],
  'K3: entities in attributes': [
    tools(K3('read', argument('a&quot;b&amp;lt;', 'string', '&quot;'))),
    '',
    [{ id: undefined, name: 'read', input: { 'a"b&lt;': '&quot;' } }],
  ],
  'K3: the whole turn around it': [
    `Sure.<|close|>response<|sep|>${tools(K3('get_weather', argument('city', 'string', 'Paris')))}` +
      '<|close|>message<|sep|><|end_of_msg|>',
    'Sure.',
    [unnamed],
  ],
  'K3: a call without tools around it': [
    `Hm. ${K3('get_weather', argument('city', 'string', 'Paris'))}`,
    'Hm. ',
    [unnamed],
  ],
  'K3: torn markers (can1357/oh-my-pi#8495)': [
    '<|open|>toolscall tool="get_weather" index="1"<|sep|><|open|>argument key="city" ' +
      'type="string"<|sep|>Paris<|close|>argument<|sep|><|close|>call<|sep|><|close|>tools<|sep|>',
    '',
    [unnamed],
  ],
  'K3: a separator that is lost': [
    tools(
      '<|open|>call tool="get_weather" index="1"<|open|>argument key="city" ' +
        'type="string"<|sep|>Paris<|close|>argument<|sep|><|close|>call<|sep|>',
    ),
    '',
    [unnamed],
  ],
  'K3: markers in a value': [
    tools(K3('read', argument('text', 'string', 'a <|open|>call<|sep|> b <|close|>tools<|sep|> c'))),
    '',
    [{ id: undefined, name: 'read', input: { text: 'a <|open|>call<|sep|> b <|close|>tools<|sep|> c' } }],
  ],
  'after a code block that is closed': [
    `\`\`\`js\nf();\n\`\`\`\n${section(K2('functions.get_weather:0', PARIS))}`,
    '```js\nf();\n```\n',
    [weather],
  ],
  'after inline code and quotations that are closed': [
    `Use \`a\`, "b" and “c”. ${section(K2('functions.get_weather:0', PARIS))}`,
    'Use `a`, "b" and “c”. ',
    [weather],
  ],
  'after an inch sign on another line': [
    `A 5" disk.\n${section(K2('functions.get_weather:0', PARIS))}`,
    'A 5" disk.\n',
    [weather],
  ],
};

/** Markup that somebody writes about, or that is none: it stays as it is. */
const PROSE: Record<string, string> = {
  'a code block': `\`\`\`\n${section(K2('functions.get_weather:0', PARIS))}\n\`\`\``,
  'a code block of tildes': `~~~text\n${section(K2('functions.get_weather:0', PARIS))}\n~~~`,
  'a code block that is not closed': `Look:\n\`\`\`\`\n\`\`\`\n${section(K2('functions.get_weather:0', PARIS))}`,
  'an indented code block': `Look:\n\n    ${section(K2('functions.get_weather:0', PARIS))}`,
  'inline code': `It writes \`${section(K2('functions.get_weather:0', PARIS))}\`.`,
  'inline code of two backticks': `It writes \`\`a \` ${section(K2('functions.get_weather:0', PARIS))}\`\`.`,
  'double quotes': `It writes "${section(K2('functions.get_weather:0', PARIS))}".`,
  'double quotes that began earlier': `It writes "and then ${section(K2('functions.get_weather:0', PARIS))}".`,
  'curly quotes': `It writes “${section(K2('functions.get_weather:0', PARIS))}”.`,
  'corner brackets': `『${section(K2('functions.get_weather:0', PARIS))}』`,
  'single quotes': `It writes '${section(K2('functions.get_weather:0', PARIS))}'.`,
  'single quotes around two beginnings': `'<|tool_call_begin|> ${section(K2('functions.get_weather:0', PARIS))}'`,
  'a block quotation': `> ${section(K2('functions.get_weather:0', PARIS))}`,
  'K3 in a code block': `\`\`\`xml\n${tools(K3('get_weather', argument('city', 'string', 'Paris')))}\n\`\`\``,
  'a marker alone': 'The token <|tool_calls_section_begin|> opens a section, <|tool_call_begin|> a call.',
  'a K3 marker alone': 'The token <|open|>tools<|sep|> opens the calls, <|close|>tools<|sep|> closes them.',
  'other special tokens': 'a <|im_end|> b <|endoftext|> c <|end_of_msg|>',
  'other channels': '<|open|>think<|sep|>hm<|close|>think<|sep|><|open|>response<|sep|>Hi<|close|>response<|sep|>',
  'a tool that was not declared': section(K2('functions.rm:0', '{}')),
  'a K3 tool that was not declared': tools(K3('rm')),
  'arguments that are no JSON': section(K2('functions.get_weather:0', '{"city": Paris}')),
  'arguments that are no object': section(K2('functions.get_weather:0', '["Paris"]')),
  'arguments that break off':
    '<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{"city": "Pa',
  'a K3 value that is not of its type': tools(K3('read', argument('line', 'number', 'three'))),
  'a K3 call that breaks off':
    '<|open|>tools<|sep|><|open|>call tool="get_weather" index="1"<|sep|><|open|>argument key="city" ' +
    'type="string"<|sep|>Par',
  'an id that is none':
    '<|tool_call_begin|> followed by the name of the tool, and then <|tool_call_argument_begin|>{}<|tool_call_end|>',
  'a beginning of a marker': 'a < b, a <| b, <|tool_',
  'pipes and generics': 'list <|> map Array<Array<string>> <|',
};

/** All texts above in pieces, cut at the given places. */
function cut(text: string, places: number[]): string[] {
  const sorted = [...new Set(places.map(place => place % (text.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...sorted].map((start, position) => text.slice(start, sorted[position] ?? text.length));
}

describe('leaked tool calls', () => {
  it.each(Object.entries(LEAKS))('%s', (_, [leak, text, calls]) => {
    const whole = read([leak]);
    expect({ text: whole.text, calls: whole.calls }).toEqual({ text, calls });
    expect(whole.sources).toBe(leak);
    expect(read(leak)).toEqual(whole);
  });
});

describe('what is no call', () => {
  it.each(Object.entries(PROSE))('%s', (_, prose) => {
    expect(read([prose])).toEqual({ text: prose, calls: [], sources: prose });
    expect(read(prose)).toEqual({ text: prose, calls: [], sources: prose });
  });

  it('lets a leak behind it through', () => {
    for (const [name, prose] of Object.entries(PROSE)) {
      if (/alone|other special|not declared|no JSON|no object|not of its type|is none|pipes/.test(name)) {
        const { text, calls } = read([`${prose}\n\n${section(K2('functions.get_weather:0', PARIS))}`]);
        expect({ name, text, calls }).toEqual({ name, text: `${prose}\n\n`, calls: [weather] });
      }
    }
  });
});

describe('any split', () => {
  const samples = [...Object.values(LEAKS).map(([leak]) => leak), ...Object.values(PROSE)];

  it('finds the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...samples, '\n\n', 'Text. ', '`', '"'), { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(2000), { maxLength: 40 }),
        (parts, places) => {
          const text = parts.join('\n');
          const whole = read([text]);
          expect(read(cut(text, places))).toEqual(whole);
          expect(whole.sources).toBe(text);
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('loses no character of any text', () => {
    const tokens = [
      '<|',
      '|>',
      'tool_call_begin',
      'tool_call_end',
      'tool_calls_section_begin',
      'open',
      'close',
      'sep',
      'tools',
      'call',
      'functions.read:0',
      '{}',
      ' ',
      '\n',
      '`',
      '```',
      '"',
      '<|tool_call_begin|>',
      '<|open|>',
    ];
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...tokens), fc.string({ maxLength: 3 })), { maxLength: 30 }),
        fc.array(fc.nat(400), { maxLength: 20 }),
        (parts, places) => {
          const text = parts.join('');
          const whole = read([text]);
          expect(whole.sources).toBe(text);
          expect(read(cut(text, places))).toEqual(whole);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('holding back', () => {
  it('lets text go at once and holds only what may be markup', () => {
    const markup = new ToolCallMarkup(TOOLS);
    expect(markup.write('a < b')).toEqual(['a < b']);
    expect(markup.isHolding).toBe(false);
    expect(markup.write('x <|tool_')).toEqual(['x ']);
    expect(markup.isHolding).toBe(true);
    expect(markup.write('box|>')).toEqual(['<|tool_box|>']);
    expect(markup.isHolding).toBe(false);
  });

  it('gives up a section as soon as it is none', () => {
    const markup = new ToolCallMarkup(TOOLS);
    expect(markup.write('<|tool_calls_section_begin|> opens')).toEqual(['<|tool_calls_section_begin|> opens']);
    expect(markup.write('<|tool_call_begin|>functions.rm:0<|tool_call_argument_begin|>')).toHaveLength(1);
  });
});
