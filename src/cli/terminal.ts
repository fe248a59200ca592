/** What people see: one page per output stream, its width, colours and signs, and the words that are set on it. */
import { homedir } from 'node:os';
import { sep } from 'node:path';
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';

/** What a stream to a person may tell about itself; a pipe has none of it. */
export type Output = Writable & { isTTY?: boolean | undefined; columns?: number | undefined };

/** What decides how output looks. */
export type Terminal = {
  stdout: Output;
  stderr: Output;
  /** `NO_COLOR` (any value but empty) and `TERM=dumb` turn colour off; a pipe has none in any case. */
  environment: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
};

type Style = (text: string) => string;

const STYLES = ['bold', 'dim', 'underline', 'red', 'green', 'yellow', 'cyan', 'whiteBright', 'bgBlack'] as const;

/** Each style as a function; all of them leave the text alone where there is no colour. */
export type Colours = Readonly<Record<(typeof STYLES)[number], Style>>;

/** Signs that the terminal can show: the console of Windows has no others in its old fonts. */
export type Symbols = { ok: string; warning: string; failure: string; bullet: string; ellipsis: string };

const UNICODE: Symbols = { ok: '✔', warning: '⚠', failure: '✖', bullet: '•', ellipsis: '…' };
const PLAIN: Symbols = { ok: '√', warning: '!', failure: '×', bullet: '*', ellipsis: '...' };

/** Prose is not set wider than this, however wide the window. */
const PROSE_WIDTH = 80;

type TextOptions = {
  sign?: string | undefined;
  label?: string | undefined;
  indent?: number | undefined;
  style?: Style | undefined;
};

/** One output stream, as a page for people. */
export type Screen = {
  readonly isTTY: boolean;
  readonly hasColours: boolean;
  /** Width of the window; 80 where there is none. */
  readonly columns: number;
  readonly colours: Colours;
  readonly symbols: Symbols;
  /** A line as it is. */
  line(text?: string): void;
  /** Prose, broken to the width, behind an indent, a sign and a label, each line in `style`. */
  text(text: string, options?: TextOptions): void;
  /** Labels and values in two columns; rows without a value are left out. */
  fields(rows: ReadonlyArray<readonly [label: string, value: string | undefined]>): void;
};

/** Where a command's result goes, for people. */
export function outputScreen(terminal: Terminal): Screen {
  return createScreen(terminal.stdout, terminal);
}

/** Where what goes beside the result goes: errors, progress, hints of commands whose output is read by programs. */
export function errorScreen(terminal: Terminal): Screen {
  return createScreen(terminal.stderr, terminal);
}

function createScreen(output: Output, { environment, platform }: Terminal): Screen {
  const isTTY = output.isTTY === true;
  const columns = Math.max(20, (isTTY ? output.columns : undefined) || PROSE_WIDTH);
  const width = Math.min(columns, PROSE_WIDTH);
  const hasColours = isTTY && !environment.NO_COLOR && environment.TERM !== 'dumb';
  const colours = coloursOf(hasColours);
  // The rule of yocto-spinner, whose signs stand beside ours.
  const isUnicode = platform !== 'win32' || Boolean(environment.WT_SESSION) || environment.TERM_PROGRAM === 'vscode';
  const line = (text = ''): void => void output.write(`${text}\n`);

  return {
    isTTY,
    hasColours,
    columns,
    colours,
    symbols: isUnicode ? UNICODE : PLAIN,
    line,
    text(text, { sign, label = '', indent = 0, style = String } = {}) {
      const first = ' '.repeat(indent) + (sign === undefined ? '' : `${sign} `) + label;
      const rest = ' '.repeat(indent + (sign === undefined ? 0 : 2) + label.length);
      wrapText(text, width - rest.length).forEach((part, index) => line((index === 0 ? first : rest) + style(part)));
    },
    fields(rows) {
      const shown = rows.filter((row): row is readonly [string, string] => row[1] !== undefined);
      const labelWidth = Math.max(...shown.map(([label]) => label.length)) + 2;
      for (const [label, value] of shown) {
        const lines = wrapText(value, width - labelWidth - 2);
        // A value that does not fit beside its label goes below it, from the margin on.
        const isLong = lines.some(part => part.length > width - labelWidth - 2);
        if (isLong) {
          line(`  ${colours.dim(label)}`);
          wrapText(value, width - 4).forEach(part => line(`    ${part}`));
        } else {
          lines.forEach((part, index) =>
            line(`  ${index === 0 ? colours.dim(label.padEnd(labelWidth)) : ' '.repeat(labelWidth)}${part}`),
          );
        }
      }
    },
  };
}

/** Node's own rule looks at `process.stdout` and its environment; ours has looked at the stream that is written to. */
function coloursOf(hasColours: boolean): Colours {
  const style = (name: (typeof STYLES)[number]): Style =>
    hasColours ? text => styleText(name, text, { validateStream: false }) : String;
  return Object.fromEntries(STYLES.map(name => [name, style(name)])) as Colours;
}

/** Says what is being waited for. */
export type Progress = { show(text: string): void; stop(): void };

/** A spinner on stderr; where that is no terminal, a line. Signals stay the command's own business. */
export async function startProgress(terminal: Terminal): Promise<Progress> {
  const { isTTY, line, symbols } = errorScreen(terminal);
  if (!isTTY || terminal.stdout.isTTY !== true) {
    return { show: text => line(text + symbols.ellipsis), stop: () => {} };
  }
  const { default: yoctoSpinner } = await import('yocto-spinner');
  const spinner = yoctoSpinner({ stream: terminal.stderr, handleSignals: false });
  return { show: text => void spinner.start(text), stop: () => void spinner.stop() };
}

/** The same where only a person at a terminal has anything of it: not with `--json`, not in a pipe. */
export async function progressForPeople(
  terminal: Terminal,
  { json }: { json?: boolean | undefined },
): Promise<Progress | undefined> {
  return json === true || terminal.stdout.isTTY !== true ? undefined : startProgress(terminal);
}

/**
 * Words; a command of ours with its flags is one, and so is what stands in double quotes: they must be copyable from
 * one line.
 */
const WORDS = /"[^"\n]*"[^\s"]*|npx ai-sdk-provider-kimi [a-z]+(?: --[a-z-]+(?: [\w.@-]+)?)*|\S+/g;

/**
 * Breaks text into lines of at most `width` characters. A word that is longer, a path or an address, stays whole on a
 * line of its own: the terminal breaks it without a line end in it. Line breaks in the text stay.
 */
export function wrapText(text: string, width: number): string[] {
  return text.split('\n').flatMap(paragraph => {
    const lines: string[] = [];
    let line = '';
    for (const word of wordsOf(paragraph, width)) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    return [...lines, line];
  });
}

function wordsOf(text: string, width: number): string[] {
  return (text.match(WORDS) ?? []).flatMap(word => (word.length > width ? word.split(/\s+/) : [word]));
}

/**
 * Text of a server or a model without the characters that steer a terminal: an answer must not be able to move the
 * cursor, set the title or write to the clipboard. Tabs and line feeds stay.
 */
export function printableText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is removed
  return text.replace(/\r\n/g, '\n').replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '');
}

/** A place for people: what lies in the home directory begins with `~`. Not for what a program reads. */
export function shortenHome(place: string, home: string = homedir()): string {
  return home.length > 1 && place.startsWith(home + sep) ? `~${place.slice(home.length)}` : place;
}

/** A span for people, in its largest unit: `45 s`, `12 min`, `3 h`, `5 days`. */
export function timeSpan(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  if (seconds < 100) {
    return `${seconds} s`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) {
    return `${minutes} min`;
  }
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
