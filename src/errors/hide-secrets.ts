/**
 * Takes out of a text or of parsed JSON what it repeats of a credential or of the prompt: servers and proxies quote
 * requests that they refuse. Both are found in whatever they were encoded to (docs/decisions.md#56-hidden-by-value),
 * and at a cost of one pass over the text, its decoded forms and the prompt, however much of the one is in the other.
 */
import { DecodedText, plainForms } from './decoded-text';
import { encodedForms } from './encoded-forms';
import { Quotations, QUOTATION } from './quotations';
import { ComparedText, foldedCodes, hashesOf, StretchSet } from './stretch-set';

/** What must not be shown. */
export type Hidden = {
  /** The credentials that were sent or received, each as it is. */
  secrets?: Iterable<string> | undefined;
  /** Any value; the texts in it, all below it included, are prompts. */
  prompts?: unknown;
};

/** A prompt that is shorter is only known when the whole of it is there; one that is shorter still, not at all. */
const SHORTEST_PROMPT = 12;

/** The same for a credential. */
const SECRET_PART = 12;
const SHORTEST_SECRET = 4;

/** No value that is shown is longer, all its texts together: a body of 64 kB, and headers. */
const LONGEST_TEXT = 96 * 1024;

/** So many times base64 or hex may stand in base64 or hex. */
const MOST_ENCODINGS = 2;

/** Characters of decoded forms, beyond which nobody looks. Then nothing long is shown. */
const MOST_DECODED = 1_500_000;

/** Twice what a window of a million tokens holds. Of a longer prompt nothing is searched, and then nothing shown. */
const LONGEST_PROMPT = 8 * 1024 * 1024;

const DEEPEST = 20;
const DEEPEST_REQUEST = 1000;

/** What stands in place of a quotation, by how it is marked. */
const LABELS = ['', '[prompt]', '[secret]', '[hidden]'] as const;
const PROMPT = 1;
const SECRET = 2;
const UNKNOWN = 3;

/**
 * The same value, a text or parsed JSON, names of fields included, without credentials and without quotations of the
 * prompt. What has the form of a key or token goes, too, whosesoever it is.
 */
export function hideSecrets<T>(value: T, { secrets = [], prompts }: Hidden = {}): T {
  const texts: string[] = [];
  let left = LONGEST_TEXT;
  mapTexts(value, 0, text => {
    const short = withoutDataURLs(text.slice(0, left));
    left -= short.length;
    texts.push(short);
    return short;
  });
  const marks = marksOf(texts, needlesOf(secrets), promptTexts(prompts));
  let next = 0;
  let offset = 0;
  return mapTexts(value, 0, () => {
    const text = texts[next++] ?? '';
    const end = offset + text.length;
    const shown = redactByForm(cutOut(text, marks.subarray(offset, end)));
    offset = end;
    return shown;
  }) as T;
}

/**
 * The same value without the credentials as they are, and nothing else of it changed: for what is not of a server. The
 * value itself where it holds none.
 */
export function withoutExact<T>(value: T, secrets: Iterable<string>): T {
  let result = value;
  for (const secret of secrets) {
    if (secret.length >= SHORTEST_SECRET) {
      result = replaced(result, secret, 0) as T;
    }
  }
  return result;
}

function replaced(value: unknown, secret: string, depth: number): unknown {
  if (typeof value === 'string') {
    return value.includes(secret) ? value.replaceAll(secret, LABELS[SECRET]) : value;
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (depth === DEEPEST_REQUEST) {
    return LABELS[UNKNOWN];
  }
  const entries = Object.entries(value);
  const changed = entries.map(([key, item]) => [key, replaced(item, secret, depth + 1)] as const);
  if (changed.every(([, item], index) => item === entries[index]?.[1])) {
    return value;
  }
  return Array.isArray(value) ? changed.map(([, item]) => item) : Object.fromEntries(changed);
}

/** A data URL is prompt text, too, which no comparison finds in time. */
function withoutDataURLs(text: string): string {
  return text.replace(/data:[\w/+.-]*;base64,[\w+/=]*/g, 'data:…');
}

/**
 * Keys and account ids that the server repeats in its texts ("Incorrect API key provided: sk-…", "account
 * org-…<ak-…>").
 */
const FORMS = [/\b(?:sk|ak|org|tok)-[A-Za-z0-9_*.-]{4,}/g, /\beyJ[\w.-]{8,}/g, /\bBearer\s+[^\s"'\\]+/g];

/** The same text without what has the form of a key or token. */
function redactByForm(text: string): string {
  return FORMS.reduce(
    (result, form) =>
      result.replace(form, match =>
        match.startsWith('Bearer') ? 'Bearer …' : match.startsWith('eyJ') ? '…' : `${match.split('-', 1)[0]}-…`,
      ),
    text,
  );
}

/** A text, and how long a part of it is looked for. */
type Needle = { text: string; length: number };

/** The credentials, and their base64, because no decoder reads one that came with its case changed. */
function needlesOf(secrets: Iterable<string>): Needle[] {
  return [...new Set(secrets)]
    .filter(({ length }) => length >= SHORTEST_SECRET)
    .flatMap(secret => [secret, ...base64Of(secret)])
    .map(text => ({ text, length: Math.min(SECRET_PART, text.length) }));
}

/** What base64 makes of a text wherever it begins in what is encoded, in both alphabets. */
function base64Of(text: string): string[] {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text.slice(0, 16_384)));
  return [0, 1, 2].flatMap(before => {
    const encoded = btoa('\0'.repeat(before) + bytes);
    // The digits that hold nothing of their neighbours.
    const own = encoded.slice(Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3));
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** For each unit of all texts, whether it is to be hidden, and as what. */
function marksOf(texts: readonly string[], needles: readonly Needle[], prompts: readonly string[]): Uint8Array {
  const marks = new Uint8Array(texts.reduce((sum, { length }) => sum + length, 0));
  if (marks.length === 0 || (needles.length === 0 && prompts.length === 0)) {
    return marks;
  }
  if (prompts.reduce((sum, { length }) => sum + length, 0) > LONGEST_PROMPT) {
    return markLong(marks, texts, PROMPT);
  }
  const look = (forms: DecodedText[]): void => {
    const compared = new ComparedText(forms);
    markPrompts(compared, marks, prompts);
    markSecrets(compared, marks, needles);
  };
  const hasMarks = needles.some(({ text }) => /[%&\\]/.test(text));
  let offset = 0;
  const plain = texts.map(text => {
    const forms = plainForms(DecodedText.of(text, offset), hasMarks);
    offset += text.length;
    return forms;
  });
  if (lengthOf(plain) > MOST_DECODED) {
    return markLong(marks, texts, UNKNOWN);
  }
  look(plain.flat());
  // Only what is still shown is decoded, which in most errors is nothing that could be base64.
  const shortest = Math.min(SHORTEST_PROMPT, ...needles.map(({ length }) => length));
  let found = plain;
  for (let encodings = 0; encodings < MOST_ENCODINGS && found.length > 0; encodings++) {
    found = found.flatMap(forms => forms.slice(-1)).flatMap(form => encodedForms(form, { shortest, hasMarks, marks }));
    if (lengthOf(found) > MOST_DECODED) {
      return markLong(marks, texts, UNKNOWN);
    }
    if (found.length > 0) {
      look(found.flat());
    }
  }
  return marks;
}

function lengthOf(forms: readonly DecodedText[][]): number {
  return forms.flat().reduce((sum, { length }) => sum + length, 0);
}

/** Where nothing can be looked for: whatever is long enough to be a quotation. */
function markLong(marks: Uint8Array, texts: readonly string[], value: number): Uint8Array {
  let offset = 0;
  for (const { length } of texts) {
    if (length >= SHORTEST_PROMPT) {
      marks.fill(value, offset, offset + length);
    }
    offset += length;
  }
  return marks;
}

function markSecrets(compared: ComparedText, marks: Uint8Array, needles: readonly Needle[]): void {
  for (const length of new Set(needles.map(needle => needle.length))) {
    const texts = needles.filter(needle => needle.length === length).map(({ text }) => text);
    markAll(compared, marks, { value: SECRET, length, texts });
  }
}

/** Marks every stretch of `length` that one of these texts has. */
function markAll(
  compared: ComparedText,
  marks: Uint8Array,
  { value, length, texts }: { value: number; length: number; texts: readonly string[] },
): void {
  const needles = texts.map(text => hashesOf(foldedCodes(text), length));
  const set = new StretchSet(needles.reduce((sum, hashes) => sum + hashes.length, 0));
  needles.forEach(hashes => hashes.forEach(hash => set.add(hash)));
  const hashes = hashesOf(compared.codes, length);
  compared.mark(marks, value, length, position => set.has(hashes[position] as number));
}

function markPrompts(compared: ComparedText, marks: Uint8Array, prompts: readonly string[]): void {
  const quotations = new Quotations(compared.codes);
  const short = new Map<number, string[]>();
  for (const prompt of prompts) {
    if (prompt.length >= QUOTATION) {
      quotations.look(prompt);
    } else {
      const others = short.get(prompt.length);
      if (others === undefined) {
        short.set(prompt.length, [prompt]);
      } else {
        others.push(prompt);
      }
    }
  }
  compared.mark(marks, PROMPT, QUOTATION, position => quotations.has(position));
  for (const [length, texts] of short) {
    markAll(compared, marks, { value: PROMPT, length, texts });
  }
}

/** Quotations that overlap or touch become one. The space before one stays: it is no secret, and parts two words. */
function cutOut(text: string, marks: Uint8Array): string {
  let result = '';
  let position = 0;
  for (let index = 0; index < marks.length; index++) {
    if (marks[index] !== 0) {
      const start = text[index] === ' ' ? index + 1 : index;
      let mark = 0;
      for (; index < marks.length && marks[index] !== 0; index++) {
        mark = Math.max(mark, marks[index] as number);
      }
      result += text.slice(position, start) + LABELS[mark];
      position = index;
    }
  }
  return result + text.slice(position);
}

/** Every text below `value` that counts. Not the images: those are cut out by their form. */
function promptTexts(value: unknown): string[] {
  const texts: string[] = [];
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === 'string') {
      if (next.length >= SHORTEST_PROMPT && !next.startsWith('data:')) {
        texts.push(next);
      }
    } else if (typeof next === 'object' && next !== null) {
      for (const inner of Object.values(next)) {
        left.push(inner);
      }
    }
  }
  return texts;
}

function mapTexts(value: unknown, depth: number, change: (text: string) => string): unknown {
  if (typeof value === 'string') {
    return change(value);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (depth === DEEPEST) {
    return LABELS[UNKNOWN];
  }
  return Array.isArray(value)
    ? value.map(item => mapTexts(item, depth + 1, change))
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapTexts(item, depth + 1, change)]));
}
