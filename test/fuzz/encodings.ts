/** The ways in which a server, a proxy or a log may write a text, each with what it draws at random. */
/** One way to write a text; `draw` gives numbers from 0 to below 1. `growth`: what a character takes at most. */
export type Encoding = { name: string; growth: number; encode: (text: string, draw: () => number) => string };

const hexOf = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
const anyCase = (text: string, draw: () => number): string => (draw() < 0.5 ? text.toUpperCase() : text);
const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8');
/** Units of text, so that halves of a character stay together. */
const each = (text: string, encode: (character: string) => string): string => Array.from(text, encode).join('');

function percentOf(character: string, draw: () => number): string {
  return [...bytesOf(character)].map(byte => `%${anyCase(hexOf(byte, 2), draw)}`).join('');
}

function unicodeOf(character: string, draw: () => number): string {
  return Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
    .map(code => `\\u${anyCase(hexOf(code, 4), draw)}`)
    .join('');
}

/** At any of the three places that a byte may have in base64. */
function base64Of(text: string, draw: () => number, form: 'base64' | 'base64url'): string {
  const before = 'X-:'.slice(0, Math.floor(draw() * 4));
  const behind = '!?.'.slice(0, Math.floor(draw() * 4));
  return bytesOf(before + text + behind).toString(form);
}

export const ENCODINGS: readonly Encoding[] = [
  { name: 'as it is', growth: 1, encode: text => text },
  { name: 'upper case', growth: 1, encode: text => text.toUpperCase() },
  { name: 'lower case', growth: 1, encode: text => text.toLowerCase() },
  { name: 'encodeURIComponent', growth: 3, encode: text => encodeURIComponent(text) },
  { name: 'all of it in %xx', growth: 3, encode: (text, draw) => each(text, character => percentOf(character, draw)) },
  {
    name: 'some of it in %xx',
    growth: 3,
    encode: (text, draw) =>
      each(text, character => (/[%\\&+]/.test(character) || draw() < 0.4 ? percentOf(character, draw) : character)),
  },
  { name: '%xx twice', growth: 5, encode: (text, draw) => encodeURIComponent(each(text, one => percentOf(one, draw))) },
  { name: 'a form', growth: 3, encode: text => new URLSearchParams([['a', text]]).toString().slice(2) },
  { name: 'JSON', growth: 2, encode: text => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/') },
  {
    name: 'JSON in ASCII',
    growth: 6,
    encode: (text, draw) => each(JSON.stringify(text).slice(1, -1), one => (one > '~' ? unicodeOf(one, draw) : one)),
  },
  {
    name: 'all of it in \\uXXXX',
    growth: 6,
    encode: (text, draw) => each(text, character => unicodeOf(character, draw)),
  },
  {
    name: 'some of it in \\uXXXX',
    growth: 6,
    encode: (text, draw) =>
      each(text, character => (character === '\\' || draw() < 0.4 ? unicodeOf(character, draw) : character)),
  },
  {
    name: 'entities',
    growth: 9,
    encode: text => each(text, character => `&#x${hexOf(character.codePointAt(0) ?? 0, 1)};`),
  },
  { name: 'base64', growth: 1.4, encode: (text, draw) => base64Of(text, draw, 'base64') },
  { name: 'base64url', growth: 1.4, encode: (text, draw) => base64Of(text, draw, 'base64url') },
  {
    name: 'base64 in lines',
    growth: 1.5,
    encode: (text, draw) => base64Of(text, draw, 'base64').replace(/.{20}/g, '$&\n'),
  },
  { name: 'hex', growth: 2, encode: (text, draw) => anyCase(bytesOf(text).toString('hex'), draw) },
];

/** Whether reading `first` and then `second` is possible at all: base64 whose case was changed says nothing by itself. */
export function isReadable(first: Encoding, second: Encoding): boolean {
  return !(first.name.startsWith('base64') && second.name.endsWith(' case'));
}

/** How much may be left of a text that is hidden: of what stands in one group of digits with it in base64. */
export function remainder(first: Encoding, second: Encoding): number {
  const of = ({ name }: Encoding): number => (name.startsWith('base64') ? 12 : 0);
  return of(first) * second.growth + of(second);
}
