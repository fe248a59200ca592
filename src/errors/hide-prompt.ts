/**
 * Takes out of an error what it repeats of the prompt: servers and proxies quote requests that they refuse. Each call
 * costs one pass over the text and one over the prompt, however much of the one stands in the other.
 */

/** A stretch of so many characters that stands in the prompt, too, is taken for a quotation of it. */
const QUOTATION = 20;

/** A prompt that is shorter is only known when the whole of it is there; one that is shorter still, not at all. */
const SHORTEST_PROMPT = 12;

/** No error body is longer, all its texts together; what comes after is cut off. */
const LONGEST_TEXT = 64 * 1024;

/** Of a longer prompt nothing is searched: then no longer text is shown at all. */
const LONGEST_PROMPT = 16 * 1024 * 1024;

const DEEPEST = 20;
const HIDDEN = '[prompt]';

/**
 * The same value, a text or parsed JSON, without what it repeats of the prompt.
 * @param requestBodyValues the request's body; its `messages` are the prompt
 */
export function hidePrompt<T>(value: T, requestBodyValues: unknown): T {
  let left = LONGEST_TEXT;
  const texts: string[] = [];
  const shortened = mapTexts(value, 0, text => {
    const short = withoutDataURLs(text).slice(0, left);
    left -= short.length;
    texts.push(short);
    return short;
  });
  const messages = (requestBodyValues as { messages?: unknown } | undefined)?.messages;
  const prompts = textsOf(
    messages,
    texts.some(text => /\\u[\da-f]{4}/i.test(text)),
  );
  if (prompts.length === 0) {
    return value;
  }
  const hide = hiderFor(texts, prompts);
  return mapTexts(shortened, 0, hide) as T;
}

/** A data URL is prompt text, too, which no comparison finds in time. */
export function withoutDataURLs(text: string): string {
  return text.replace(/data:[\w/+.-]*;base64,[\w+/=]*/g, 'data:…');
}

/** What hides the quotations in each of these texts. */
function hiderFor(texts: readonly string[], prompts: readonly string[]): (text: string) => string {
  if (prompts.reduce((sum, { length }) => sum + length, 0) > LONGEST_PROMPT) {
    return text => (text.length < SHORTEST_PROMPT ? text : HIDDEN);
  }
  const stretches = new StretchSet(QUOTATION, texts);
  const beginnings = new StretchSet(SHORTEST_PROMPT, texts);
  const short: string[] = [];
  for (const prompt of prompts) {
    if (prompt.length >= QUOTATION) {
      stretches.mark(prompt);
    } else if (beginnings.has(prompt)) {
      short.push(prompt);
    }
  }
  return text => {
    const isHidden = new Uint8Array(text.length);
    stretches.forEachMarked(text, start => isHidden.fill(1, start, start + QUOTATION));
    for (const prompt of short) {
      for (let start = text.indexOf(prompt); start >= 0; start = text.indexOf(prompt, start + prompt.length)) {
        isHidden.fill(1, start, start + prompt.length);
      }
    }
    return cutOut(text, isHidden);
  };
}

/** Quotations that overlap or touch become one. The space before one stays: it is no secret, and parts two words. */
function cutOut(text: string, isHidden: Uint8Array): string {
  let result = '';
  let position = 0;
  for (let start = isHidden.indexOf(1); start >= 0; start = isHidden.indexOf(1, position)) {
    const end = isHidden.indexOf(0, start);
    result += text.slice(position, text[start] === ' ' ? start + 1 : start) + HIDDEN;
    position = end < 0 ? text.length : end;
    if (end < 0) {
      break;
    }
  }
  return result + text.slice(position);
}

/**
 * The stretches of one length that some texts are made of, by a rolling hash of 32 bits. Two stretches that share one
 * count as the same: then too much is hidden, which does no harm.
 */
class StretchSet {
  private readonly length: number;
  /** Of the character that leaves the window. */
  private readonly power: number;
  private readonly mask: number;
  /** Hashes by open addressing; 0 is a free place. */
  private readonly hashes: Int32Array;
  private readonly marks: Uint8Array;

  constructor(length: number, texts: readonly string[]) {
    this.length = length;
    let power = 1;
    for (let count = 1; count < length; count++) {
      power = Math.imul(power, BASE);
    }
    this.power = power;
    const characters = texts.reduce((sum, text) => sum + text.length, 0);
    const size = 2 ** Math.ceil(Math.log2(Math.max(16, characters * 2)));
    this.mask = size - 1;
    this.hashes = new Int32Array(size);
    this.marks = new Uint8Array(size);
    for (const text of texts) {
      this.roll(text, hash => {
        this.hashes[this.placeOf(hash)] = hash;
      });
    }
  }

  /** Marks the stretches that stand in this text, too. */
  mark(text: string): void {
    this.roll(text, hash => {
      const place = this.placeOf(hash);
      if (this.hashes[place] === hash) {
        this.marks[place] = 1;
      }
    });
  }

  /** Whether the text's first stretch is one of them. */
  has(text: string): boolean {
    let found = false;
    this.roll(text.slice(0, this.length), hash => {
      found = this.hashes[this.placeOf(hash)] === hash;
    });
    return found;
  }

  forEachMarked(text: string, visit: (start: number) => void): void {
    this.roll(text, (hash, start) => {
      if (this.marks[this.placeOf(hash)] === 1) {
        visit(start);
      }
    });
  }

  private roll(text: string, visit: (hash: number, start: number) => void): void {
    const { length, power } = this;
    let hash = 0;
    for (let end = 0; end < text.length; end++) {
      if (end >= length) {
        hash = (hash - Math.imul(text.charCodeAt(end - length), power)) | 0;
      }
      hash = (Math.imul(hash, BASE) + text.charCodeAt(end)) | 0;
      if (end >= length - 1) {
        visit(hash === 0 ? 1 : hash, end - length + 1);
      }
    }
  }

  private placeOf(hash: number): number {
    let place = (hash ^ (hash >>> 15)) & this.mask;
    while (this.hashes[place] !== 0 && this.hashes[place] !== hash) {
      place = (place + 1) & this.mask;
    }
    return place;
  }
}

/** An odd multiplier that spreads neighbouring characters over all 32 bits. */
const BASE = 0x01000193;

/**
 * Every text below `value`, also as it stands in JSON. Not the images: those are cut out by their form.
 * @param isEscaped also as JSON in ASCII, which Python and PHP write, in small or in large letters
 */
function textsOf(value: unknown, isEscaped: boolean): string[] {
  if (typeof value === 'string') {
    if (value.length < SHORTEST_PROMPT || value.startsWith('data:')) {
      return [];
    }
    const escaped = JSON.stringify(value).slice(1, -1);
    return [...new Set([value, escaped, ...(isEscaped ? [asciiOf(escaped), asciiOf(escaped, true)] : [])])];
  }
  return typeof value === 'object' && value !== null
    ? Object.values(value).flatMap(inner => textsOf(inner, isEscaped))
    : [];
}

function asciiOf(json: string, inCapitals = false): string {
  return json.replace(/[^\0-\x7f]/g, character => {
    const hex = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${inCapitals ? hex.toUpperCase() : hex}`;
  });
}

function mapTexts(value: unknown, depth: number, change: (text: string) => string): unknown {
  if (typeof value === 'string') {
    return change(value);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (depth === DEEPEST) {
    return HIDDEN;
  }
  return Array.isArray(value)
    ? value.map(item => mapTexts(item, depth + 1, change))
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, depth + 1, change)]));
}
