/** Markup that is made to be slow costs what other text costs: time in proportion to its length. */
import { describe, expect, it } from 'vitest';
import { ToolCallRecovery } from '../../../src/stream/markup/tool-call-recovery';

const TOOLS = new Set(['read', 'get_weather']);
const BEGIN = '<|tool_call_begin|>functions.read:0<|tool_call_argument_begin|>';

/** What is repeated, up to the length that is asked for, behind a beginning of its own. */
const TEXTS: Record<string, readonly [beginning: string, repeated: string]> = {
  'calls that begin and never end': ['', `${BEGIN}{"a":"`],
  'calls in calls': ['', `${BEGIN}{"a":`],
  'calls whose arguments are no JSON': ['', `${BEGIN}{x}<|tool_call_end|>`],
  'ends in the arguments of one call': [`${BEGIN}{"a":"`, '}<|tool_call_end|>'],
  'objects in the arguments of one call': [`${BEGIN}{"a":[`, '{},}<|tool_call_end|>'],
  'sections that begin': ['', '<|tool_calls_section_begin|>'],
  'sections with a call that is none': ['', '<|tool_calls_section_begin|><|tool_call_begin|>nobody:0'],
  'blank text behind a call that begins': ['<|tool_call_begin|>', ' '],
  'blank text in a section': ['<|tool_calls_section_begin|>', '\n'],
  'tags that open': ['', '<|open|>call tool="read"'],
  'arguments that begin': ['<|open|>call tool="read"<|sep|>', '<|open|>argument key="a"<|sep|>'],
  'values that nearly close': ['<|open|>call tool="read"<|sep|><|open|>argument key="a"<|sep|>', '<|close|>x'],
  'values that close in a value': [
    '<|open|>call tool="read"<|sep|><|open|>argument key="a"<|sep|>',
    '<|close|>x<|sep|>',
  ],
  'calls that close and are not followed': [
    '',
    '<|open|>tools<|sep|><|open|>call tool="read"<|sep|><|close|>call<|sep|>',
  ],
  'channels that close': ['', '<|close|>response<|sep|>'],
  'angle brackets': ['', '<'],
  'halves of markers': ['', '<|'],
  'markers with blanks': ['', '<|    open'],
  'fences that nothing closes': ['', '```\n'],
  'quotation marks': ['', '"„«'],
  'quoted calls': ['', `"${BEGIN}{"a":"`],
  'whole calls': ['', `${BEGIN}{"a":1}<|tool_call_end|>`],
};

const makes = (name: string, length: number): string => {
  const [beginning, repeated] = TEXTS[name] as readonly [string, string];
  return (beginning + repeated.repeat(Math.ceil(length / repeated.length))).slice(0, length);
};

/** CPU time in ms: other processes on the machine do not count. */
function cost(text: string, pieceLength: number): number {
  const before = process.cpuUsage();
  const recovery = new ToolCallRecovery(TOOLS);
  let characters = 0;
  for (let start = 0; start < text.length; start += pieceLength) {
    const { reasoning, content } = recovery.writeContent(text.slice(start, start + pieceLength));
    characters += reasoning.length + content.length;
  }
  const end = recovery.end();
  expect(characters + end.content.length).toBeLessThanOrEqual(text.length);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const LENGTH = 1_000_000;
/** A second is what it must take; with the square of the length it is minutes. */
const LIMIT_MS = 4000;

describe.each(Object.keys(TEXTS))('a megabyte of %s', name => {
  it.each([
    ['characters', 1],
    ['tokens', 5],
    ['packets', 4096],
    ['one piece', LENGTH],
  ])(
    'in %s',
    (_, pieceLength) => {
      const took = cost(makes(name, LENGTH), pieceLength);
      expect(took).toBeLessThan(LIMIT_MS);
    },
    120_000,
  );
});
