/** What steers a terminal, changes the order of what is read, or hides in it; said here once more, by code point. */
const RANGES: ReadonlyArray<readonly [first: number, last: number]> = [
  [0x00, 0x08], // C0 but tab and line feed
  [0x0b, 0x1f],
  [0x7f, 0x9f], // DEL and C1
  [0xad, 0xad], // soft hyphen
  [0x34f, 0x34f],
  [0x61c, 0x61c], // Arabic letter mark
  [0x115f, 0x1160], // blank letters
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f], // zero width, marks of direction
  [0x2028, 0x202e], // separators, embeddings, overrides
  [0x2060, 0x206f], // word joiner, isolates
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f], // variation selectors
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe0fff], // tags
];

/** One of each kind, and every one of the small ranges. */
export const DANGEROUS: readonly string[] = RANGES.flatMap(([first, last]) =>
  last - first > 100
    ? [first, first + 0x41, last]
    : Array.from({ length: last - first + 1 }, (_, index) => first + index),
).map(code => String.fromCodePoint(code));

/** The code points that must not be there. */
export function dangerousIn(text: string): string[] {
  return [...text]
    .map(character => character.codePointAt(0) ?? 0)
    .filter(code => RANGES.some(([first, last]) => code >= first && code <= last))
    .map(code => `U+${code.toString(16)}`);
}
