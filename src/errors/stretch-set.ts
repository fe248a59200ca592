import type { DecodedText } from './decoded-text';

/** Odd multipliers that spread neighbouring characters over all 32 bits. */
const BASE = 0x01000193;
const SPREAD = 0x9e3779b1;

/**
 * A character as it is compared: letters without their case where both are one unit, and the `+` that stands for a
 * space in forms as one.
 */
export function folded(code: number): number {
  if (code < 0x80) {
    return code >= 0x61 && code <= 0x7a ? code - 0x20 : code === 0x2b ? 0x20 : code;
  }
  const page = (PAGES[code >> 8] ??= pageOf(code >> 8));
  return page[code & 0xff] as number;
}

const PAGES: Array<Uint16Array | undefined> = [];

function pageOf(high: number): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, low) => {
    const code = (high << 8) | low;
    const upper = String.fromCharCode(code).toUpperCase();
    return upper.length === 1 ? upper.charCodeAt(0) : code;
  });
}

/** A text as it is compared. */
export function foldedCodes(text: string): Uint16Array {
  const codes = new Uint16Array(text.length);
  foldInto(codes, text, 0, text.length);
  return codes;
}

/** Writes a piece of a text as it is compared to the beginning of `codes`. */
export function foldInto(codes: Uint16Array, text: string, start: number, end: number): void {
  for (let index = start; index < end; index++) {
    codes[index - start] = folded(text.charCodeAt(index));
  }
}

/** Texts in all their forms, as they are compared, one behind the other. */
export class ComparedText {
  readonly codes: Uint16Array;
  private readonly forms: readonly DecodedText[];

  constructor(forms: readonly DecodedText[]) {
    this.forms = forms;
    this.codes = new Uint16Array(forms.reduce((sum, { length }) => sum + length + 1, 0));
    let position = 0;
    for (const form of forms) {
      for (let index = 0; index < form.length; index++) {
        this.codes[position++] = folded(form.at(index));
      }
      this.codes[position++] = 0xffff;
    }
  }

  /** Marks in `marks`, for the texts as they came, each stretch of `length` that begins where `begins` says. */
  mark(marks: Uint8Array, value: number, length: number, begins: (position: number) => boolean): void {
    let position = 0;
    for (const form of this.forms) {
      let marked = 0;
      for (let index = 0; index + length <= form.length; index++) {
        if (begins(position + index)) {
          // Most begin in the one before.
          const end = form.end(index + length - 1);
          marks.fill(value, Math.max(marked, form.start(index)), end);
          marked = end;
        }
      }
      position += form.length + 1;
    }
  }
}

/** The hash of each stretch of `length` in `codes`, never 0. */
export function hashesOf(codes: Uint16Array, length: number): Int32Array {
  const hashes = new Int32Array(Math.max(0, codes.length - length + 1));
  hashInto(hashes, codes, { start: 0, end: codes.length, length });
  return hashes;
}

/**
 * The same of a part of `codes`, at the beginning of `hashes`.
 * @returns how many there are
 */
export function hashInto(
  hashes: Int32Array,
  codes: Uint16Array,
  { start, end, length }: { start: number; end: number; length: number },
): number {
  let power = 1;
  for (let count = 1; count < length; count++) {
    power = Math.imul(power, BASE);
  }
  let hash = 0;
  let count = 0;
  for (let index = start; index < end; index++) {
    if (index >= start + length) {
      hash = (hash - Math.imul(codes[index - length] as number, power)) | 0;
    }
    hash = (Math.imul(hash, BASE) + (codes[index] as number)) | 0;
    if (index >= start + length - 1) {
      hashes[count++] = hash === 0 ? 1 : hash;
    }
  }
  return count;
}

/** A quick look whether a stretch may be among many: small enough to stay in the processor's cache. */
export class StretchSieve {
  private readonly bits: Uint32Array;
  private readonly shift: number;

  constructor(hashes: Int32Array) {
    // One bit in 32 is set.
    const size = Math.min(24, Math.max(10, Math.ceil(Math.log2(hashes.length * 32 + 1))));
    this.bits = new Uint32Array(2 ** (size - 5));
    this.shift = 32 - size;
    for (let index = 0; index < hashes.length; index++) {
      const bit = Math.imul(hashes[index] as number, SPREAD) >>> this.shift;
      this.bits[bit >>> 5] = (this.bits[bit >>> 5] as number) | (1 << (bit & 31));
    }
  }

  /** Whether the stretch of `length` at `start` may be one of them. */
  mayHave(codes: Uint16Array, start: number, length: number): boolean {
    let hash = 0;
    for (let index = start; index < start + length; index++) {
      hash = (Math.imul(hash, BASE) + (codes[index] as number)) | 0;
    }
    const bit = Math.imul(hash === 0 ? 1 : hash, SPREAD) >>> this.shift;
    return (((this.bits[bit >>> 5] as number) >>> (bit & 31)) & 1) === 1;
  }
}

/** Stretches of one length, by a hash of 32 bits. */
export class StretchSet {
  private readonly mask: number;
  private readonly shift: number;
  /** By open addressing; 0 is a free place. */
  private readonly hashes: Int32Array;
  private readonly positions: Int32Array;
  private readonly marks: Uint8Array;

  /** @param most how many stretches it is to hold */
  constructor(most: number) {
    const bits = Math.max(4, Math.ceil(Math.log2(most * 2)));
    const size = 2 ** bits;
    this.mask = size - 1;
    this.shift = 32 - bits;
    this.hashes = new Int32Array(size);
    this.positions = new Int32Array(size);
    this.marks = new Uint8Array(size);
  }

  /** @param position where it is, for `mark` */
  add(hash: number, position = 0): void {
    const place = this.placeOf(hash);
    if (this.hashes[place] === 0) {
      this.hashes[place] = hash;
      this.positions[place] = position;
    }
  }

  /** Another stretch with the same hash counts as the same: then too much is hidden, which does no harm. */
  has(hash: number): boolean {
    return this.hashes[this.placeOf(hash)] === hash;
  }

  /**
   * Marks the stretch that begins at `start` in `codes`, if it is one of these.
   * @param own what the positions of these are in
   */
  mark(hash: number, { own, codes, start, length }: Stretch): void {
    const place = this.placeOf(hash);
    if (this.hashes[place] !== hash || this.marks[place] === 1) {
      return;
    }
    const position = this.positions[place] as number;
    for (let index = 0; index < length; index++) {
      if (own[position + index] !== codes[start + index]) {
        return;
      }
    }
    this.marks[place] = 1;
  }

  isMarked(hash: number): boolean {
    return this.marks[this.placeOf(hash)] === 1;
  }

  private placeOf(hash: number): number {
    // The upper bits, which all of the hash has a part in: neighbours must not crowd.
    let place = Math.imul(hash, SPREAD) >>> this.shift;
    while (this.hashes[place] !== 0 && this.hashes[place] !== hash) {
      place = (place + 1) & this.mask;
    }
    return place;
  }
}

type Stretch = { own: Uint16Array; codes: Uint16Array; start: number; length: number };
