/** What base64 and hex in a text say. */
import { DecodedText, fromUtf8, hexDigit, plainForms, SEPARATOR } from './decoded-text';

/**
 * What base64 and hex in a text say, each with its escapes read as by {@link plainForms}.
 * @param options.shortest no stretch of fewer characters is looked for
 * @param options.marks of the source: what is marked as a whole is left out
 */
export function encodedForms(
  form: DecodedText,
  { shortest, hasMarks, marks }: { shortest: number; hasMarks: boolean; marks: Uint8Array },
): DecodedText[][] {
  return [
    decodedRuns(form, { bits: 6, shortest: Math.ceil((shortest * 8) / 6), digitOf: base64Digit, marks }),
    decodedRuns(form, { bits: 4, shortest: shortest * 2, digitOf: hexDigit, marks }),
  ].flatMap(bytes => (bytes.length === 0 ? [] : [plainForms(fromUtf8(bytes), hasMarks)]));
}

/** Of both base64 alphabets, by character code. */
const BASE64_DIGITS = new Int8Array(128).fill(-1);
for (const [alphabet, other] of [
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', ''],
  ['-_', '+/'],
] as const) {
  for (let index = 0; index < alphabet.length; index++) {
    BASE64_DIGITS[alphabet.charCodeAt(index)] = other === '' ? index : 62 + index;
  }
}

function base64Digit(code: number): number {
  return code >= 0 && code < 128 ? (BASE64_DIGITS[code] as number) : -1;
}

type Digits = { bits: number; shortest: number; digitOf: (code: number) => number; marks: Uint8Array };

/** The bytes of all runs of digits, each in every way that they may begin. Line ends in a run count for nothing. */
function decodedRuns(form: DecodedText, { bits, shortest, digitOf, marks }: Digits): DecodedText {
  const bytes = new DecodedText(64);
  const run = new DecodedText(64);
  for (let index = 0; index <= form.length; index++) {
    const code = form.at(index);
    const digit = digitOf(code);
    if (digit >= 0) {
      run.push(digit, form.start(index), form.end(index));
    } else if (code !== 0x0a && code !== 0x0d) {
      if (run.length >= shortest && !isMarked(run, marks)) {
        // After so many digits a byte begins where a digit does.
        for (let first = 0; first < (bits === 6 ? 4 : 2); first++) {
          pushBytes(bytes, run, first, bits);
        }
      }
      run.length = 0;
    }
  }
  return bytes;
}

function isMarked(run: DecodedText, marks: Uint8Array): boolean {
  for (let index = 0; index < run.length; index++) {
    if (marks[run.start(index)] === 0) {
      return false;
    }
  }
  return true;
}

function pushBytes(bytes: DecodedText, run: DecodedText, first: number, bits: number): void {
  let value = 0;
  let have = 0;
  let start = first;
  for (let index = first; index < run.length; index++) {
    value = (value << bits) | run.at(index);
    have += bits;
    if (have >= 8) {
      have -= 8;
      bytes.push((value >> have) & 0xff, run.start(start), run.end(index));
      value &= (1 << have) - 1;
      // The digit that ends one byte may begin the next.
      start = have > 0 ? index : index + 1;
    }
  }
  bytes.push(SEPARATOR, run.end(run.length - 1), run.end(run.length - 1));
}
