/** What a JSON text is made of. */
export type JsonCount = {
  ascii: number;
  /** Characters that are not ASCII, and their bytes in UTF-8. */
  other: number;
  otherBytes: number;
};

/**
 * Counts the text that `JSON.stringify` would make of `value`, without making it: of large conversations the text costs
 * more than everything else that is done to them.
 */
export function countJson(value: unknown): JsonCount {
  const count: JsonCount = { ascii: 0, other: 0, otherBytes: 0 };
  addJson(value, count);
  return count;
}

function addJson(value: unknown, count: JsonCount): void {
  if (typeof value === 'string') {
    addString(value, count);
  } else if (Array.isArray(value)) {
    count.ascii += 1 + Math.max(value.length, 1);
    for (const item of value) {
      addJson(isLeftOut(item) ? null : item, count);
    }
  } else if (isPlain(value)) {
    let fields = 0;
    for (const name of Object.keys(value)) {
      const field = value[name];
      if (!isLeftOut(field)) {
        fields += 1;
        addString(name, count);
        addJson(field, count);
      }
    }
    // Braces, a colon for each field, commas.
    count.ascii += 1 + fields + Math.max(fields, 1);
  } else if (typeof value === 'object' && value !== null) {
    // A `Date` or a `URL`, for one, in a schema of the user's.
    addJson(JSON.parse(JSON.stringify(value) ?? 'null'), count);
  } else {
    // Numbers, booleans and null have no other characters.
    count.ascii += (JSON.stringify(value) ?? '').length;
  }
}

/** What `JSON.stringify` leaves out of objects, and writes as null in arrays. */
function isLeftOut(value: unknown): boolean {
  return value === undefined || typeof value === 'function' || typeof value === 'symbol';
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || typeof (value as { toJSON?: unknown }).toJSON === 'function') {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Characters that JSON writes for each ASCII character: `"`, `\` and five control characters two, other ones six. */
const WIDTHS = Uint8Array.from({ length: 128 }, (_, code) => JSON.stringify(String.fromCharCode(code)).length - 2);

/** Below this length the call of the encoder costs more than it saves. */
const SHORT = 128;

/** UTF-16 units that are encoded at once; three bytes each are the most they become. */
const PIECE = 16_384;

type Scratch = {
  encoder: TextEncoder;
  bytes: Uint8Array;
  /** The same memory, two bytes at a time, and what JSON writes for each pair: half the look-ups. */
  pairs: Uint16Array;
  pairWidths: Uint8Array;
};

let scratch: Scratch | undefined;

function makeScratch(): Scratch {
  const bytes = new Uint8Array(3 * PIECE);
  const pairWidths = new Uint8Array(0x8000);
  for (let pair = 0; pair < pairWidths.length; pair++) {
    pairWidths[pair] = (WIDTHS[pair & 0x7f] as number) + (WIDTHS[pair >> 8] as number);
  }
  return { encoder: new TextEncoder(), bytes, pairs: new Uint16Array(bytes.buffer), pairWidths };
}

function addString(text: string, count: JsonCount): void {
  count.ascii += 2;
  if (text.length < SHORT) {
    addUnits(text, count);
    return;
  }
  for (let start = 0; start < text.length;) {
    let end = start + PIECE;
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) {
      end -= 1;
    }
    addPiece(text.slice(start, end), count);
    start = end;
  }
}

/** Counts bytes instead of characters: the encoder is far faster than reading a string one by one. */
function addPiece(text: string, count: JsonCount): void {
  scratch ??= makeScratch();
  const { encoder, bytes, pairs, pairWidths } = scratch;
  const { written } = encoder.encodeInto(text, bytes);
  let ascii = 0;
  if (written === text.length) {
    const half = written >> 1;
    for (let index = 0; index < half; index++) {
      ascii += pairWidths[pairs[index] as number] as number;
    }
    count.ascii += ascii + (written % 2 === 1 ? (WIDTHS[bytes[written - 1] as number] as number) : 0);
    return;
  }
  let other = 0;
  let otherBytes = 0;
  for (let index = 0; index < written; index++) {
    const byte = bytes[index] as number;
    if (byte < 0x80) {
      ascii += WIDTHS[byte] as number;
    } else {
      otherBytes += 1;
      // Each character has one byte that is no continuation.
      other += byte >= 0xc0 ? 1 : 0;
      if (byte === 0xef && bytes[index + 1] === 0xbf && bytes[index + 2] === 0xbd) {
        // Perhaps half a surrogate pair, which JSON escapes and the encoder replaces.
        addUnits(text, count);
        return;
      }
    }
  }
  count.ascii += ascii;
  count.other += other;
  count.otherBytes += otherBytes;
}

function addUnits(text: string, count: JsonCount): void {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x80) {
      count.ascii += WIDTHS[code] as number;
    } else if (code < 0xd800 || code > 0xdfff) {
      count.other += 1;
      count.otherBytes += code < 0x800 ? 2 : 3;
    } else if (isHighSurrogate(code) && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) {
      count.other += 1;
      count.otherBytes += 4;
      index += 1;
    } else {
      // Half of a pair: `\ud800`.
      count.ascii += 6;
    }
  }
}

function isHighSurrogate(code: number): boolean {
  return (code & 0xfc00) === 0xd800;
}
