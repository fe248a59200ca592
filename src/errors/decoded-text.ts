/**
 * The forms that a text has with its escapes read (JSON, URL, HTML), one in the other. Each unit knows which stretch of
 * the text it comes from.
 */

/** UTF-16 units, each with the stretch of the source that it stands for. */
export class DecodedText {
  length = 0;
  codes: Uint16Array;
  /** Where the stretch of each unit begins. */
  starts: Int32Array;
  /** Where it ends. */
  ends: Int32Array;

  constructor(capacity: number) {
    this.codes = new Uint16Array(capacity);
    this.starts = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
  }

  /** @param offset where the text begins in the source */
  static of(text: string, offset: number): DecodedText {
    const decoded = new DecodedText(text.length);
    for (let index = 0; index < text.length; index++) {
      decoded.push(text.charCodeAt(index), offset + index, offset + index + 1);
    }
    return decoded;
  }

  push(code: number, start: number, end: number): void {
    if (this.length === this.codes.length) {
      this.grow();
    }
    this.codes[this.length] = code;
    this.starts[this.length] = start;
    this.ends[this.length] = end;
    this.length++;
  }

  /** The unit at `index`; no unit, which no test for one fits, where there is none. */
  at(index: number): number {
    return index < this.length ? (this.codes[index] as number) : -1;
  }

  start(index: number): number {
    return this.starts[index] as number;
  }

  end(index: number): number {
    return this.ends[index] as number;
  }

  has(code: number): boolean {
    return this.codes.subarray(0, this.length).includes(code);
  }

  private grow(): void {
    const capacity = Math.max(64, this.length * 2);
    const { codes, starts, ends } = this;
    this.codes = new Uint16Array(capacity);
    this.starts = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
    this.codes.set(codes);
    this.starts.set(starts);
    this.ends.set(ends);
  }
}

/** Parts what does not stand together; no character. */
export const SEPARATOR = 0xffff;

/** An escape may be escaped, in a body that is JSON, too. */
const MOST_ESCAPES = 4;

/**
 * So often escapes are also read of one kind alone, for what is encoded may hold what looks like one of another; once
 * more where a credential itself does, which only who chose it pays for.
 */
const MOST_ALONE = { usually: 2, forMarks: 3 } as const;

/** What escapes begin with: `%` of URLs, `&` of HTML, `\` of JSON. */
const MARKS = [0x25, 0x26, 0x5c];

/**
 * The text, and what it is with its escapes read, once and again. The last has all of them read.
 *
 * @param hasMarks whether what is looked for holds what escapes begin with
 */
export function plainForms(source: DecodedText, hasMarks: boolean, depth = 0): DecodedText[] {
  const kinds = depth === MOST_ESCAPES ? [] : MARKS.filter(mark => source.has(mark));
  const all = kinds.length === 0 ? undefined : unescaped(source, kinds);
  if (all === undefined) {
    return [source];
  }
  const most = hasMarks ? MOST_ALONE.forMarks : MOST_ALONE.usually;
  const alone = kinds.length === 1 || depth >= most ? [] : kinds.map(kind => unescaped(source, [kind]));
  return [
    source,
    ...alone.flatMap(form => (form === undefined ? [] : plainForms(form, hasMarks, depth + 1))),
    ...plainForms(all, hasMarks, depth + 1),
  ];
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', 0: '\0' };
const ENTITIES: Readonly<Record<string, number>> = { amp: 38, lt: 60, gt: 62, quot: 34, apos: 39, nbsp: 160 };
/** Longer than any entity that is read: `&#1114111;`. */
const LONGEST_ENTITY = 10;

/** One level of escapes that begin with one of these read; `undefined` where there is none. */
function unescaped(form: DecodedText, marks: readonly number[]): DecodedText | undefined {
  let output: DecodedText | undefined;
  for (let index = 0; index < form.length;) {
    const code = form.at(index);
    if ((code === 0x25 || code === 0x26 || code === 0x5c) && marks.includes(code)) {
      output ??= beginningOf(form, index);
      index = readEscape(form, index, output);
    } else {
      output?.push(code, form.start(index), form.end(index));
      index++;
    }
  }
  return output !== undefined && output.length < form.length ? output : undefined;
}

function beginningOf(form: DecodedText, length: number): DecodedText {
  const beginning = new DecodedText(form.length);
  beginning.codes.set(form.codes.subarray(0, length));
  beginning.starts.set(form.starts.subarray(0, length));
  beginning.ends.set(form.ends.subarray(0, length));
  beginning.length = length;
  return beginning;
}

/** Reads what begins at `index` into `output`, an escape or a character; gives where it ends. */
function readEscape(form: DecodedText, index: number, output: DecodedText): number {
  let byte = escapedByte(form, index);
  if (byte !== undefined) {
    const bytes = new DecodedText(16);
    let end = index;
    for (; byte !== undefined; byte = escapedByte(form, end)) {
      bytes.push(byte.value, form.start(end), form.end(byte.end - 1));
      end = byte.end;
    }
    append(output, fromUtf8(bytes));
    return end;
  }
  const unit = escapedUnit(form, index);
  if (unit === undefined) {
    output.push(form.at(index), form.start(index), form.end(index));
    return index + 1;
  }
  for (const character of unit.text) {
    for (let half = 0; half < character.length; half++) {
      output.push(character.charCodeAt(half), form.start(index), form.end(unit.end - 1));
    }
  }
  return unit.end;
}

/** `%C3` of a URL, and `\xc3` as Python shows bytes. */
function escapedByte(form: DecodedText, index: number): { value: number; end: number } | undefined {
  const code = form.at(index);
  const digits = code === 0x25 ? index + 1 : code === 0x5c && (form.at(index + 1) | 0x20) === 0x78 ? index + 2 : 0;
  const value = digits === 0 ? -1 : hexAt(form, digits, 2);
  return value < 0 ? undefined : { value, end: digits + 2 };
}

function escapedUnit(form: DecodedText, index: number): { text: string; end: number } | undefined {
  const code = form.at(index);
  if (code === 0x26) {
    return entityAt(form, index);
  }
  const next = form.at(index + 1);
  if ((next | 0x20) === 0x75) {
    return form.at(index + 2) === 0x7b ? bracedAt(form, index) : unicodeAt(form, index);
  }
  if (code === 0x25 || next < 0 || next === SEPARATOR) {
    return undefined;
  }
  const letter = String.fromCharCode(next);
  return { text: ESCAPES[letter.toLowerCase()] ?? letter, end: index + 2 };
}

/** `\u6211`, and `%u6211` of old scripts. */
function unicodeAt(form: DecodedText, index: number): { text: string; end: number } | undefined {
  const value = hexAt(form, index + 2, 4);
  return value < 0 ? undefined : { text: String.fromCharCode(value), end: index + 6 };
}

/** `\u{1f600}`. */
function bracedAt(form: DecodedText, index: number): { text: string; end: number } | undefined {
  for (let digits = 6; digits > 0; digits--) {
    const value = form.at(index + 3 + digits) === 0x7d ? hexAt(form, index + 3, digits) : -1;
    if (value >= 0 && value <= 0x10ffff) {
      return { text: String.fromCodePoint(value), end: index + 4 + digits };
    }
  }
  return undefined;
}

/** `&quot;`, `&#34;` and `&#x22;`. */
function entityAt(form: DecodedText, index: number): { text: string; end: number } | undefined {
  let name = '';
  for (let end = index + 1; end < index + LONGEST_ENTITY; end++) {
    const code = form.at(end);
    if (code === 0x3b) {
      const value = name.startsWith('#x')
        ? Number.parseInt(name.slice(2), 16)
        : name.startsWith('#')
          ? Number.parseInt(name.slice(1), 10)
          : ENTITIES[name];
      return value !== undefined && value >= 0 && value <= 0x10ffff
        ? { text: String.fromCodePoint(value), end: end + 1 }
        : undefined;
    }
    if (code < 0) {
      return undefined;
    }
    name += String.fromCharCode(code).toLowerCase();
  }
  return undefined;
}

/** The number that so many hex digits are; -1 where they are none. */
function hexAt(form: DecodedText, index: number, digits: number): number {
  let value = 0;
  for (let position = index; position < index + digits; position++) {
    const digit = hexDigit(form.at(position));
    if (digit < 0) {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

/** -1 for none. */
export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) {
    return code - 0x30;
  }
  const lower = code | 0x20;
  return code > 0 && lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Bytes as the characters that they are in UTF-8; what is none stays a byte. */
export function fromUtf8(bytes: DecodedText): DecodedText {
  const output = new DecodedText(bytes.length);
  for (let index = 0; index < bytes.length;) {
    const first = bytes.at(index);
    const length = first < 0xc2 || first > 0xf4 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    let value = length === 1 ? first : first & (0xff >> (length + 1));
    let end = index + 1;
    for (; end < index + length && (bytes.at(end) & ~0x3f) === 0x80; end++) {
      value = (value << 6) | (bytes.at(end) & 0x3f);
    }
    if (end < index + length || value > 0x10ffff) {
      output.push(first, bytes.start(index), bytes.end(index));
      index++;
      continue;
    }
    const last = bytes.end(end - 1);
    if (value > 0xffff) {
      output.push(0xd800 + ((value - 0x10000) >> 10), bytes.start(index), last);
      output.push(0xdc00 + ((value - 0x10000) & 0x3ff), bytes.start(index), last);
    } else {
      output.push(value, bytes.start(index), last);
    }
    index = end;
  }
  return output;
}

function append(output: DecodedText, text: DecodedText): void {
  for (let index = 0; index < text.length; index++) {
    output.push(text.at(index), text.start(index), text.end(index));
  }
}
