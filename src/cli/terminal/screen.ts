import type { Writable } from 'node:stream';
import pc from 'picocolors';
import { wrapText } from './wrap-text';

type Colours = ReturnType<typeof pc.createColors>;
type Style = (text: string) => string;

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

/** One output stream, as a page for people: knows its width, its colours and its signs. */
export type Screen = {
  readonly isTTY: boolean;
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

/** @param environment `NO_COLOR` (any value but empty) and `TERM=dumb` turn colour off; a pipe has none in any case */
export function createScreen(
  output: Writable & { isTTY?: boolean | undefined; columns?: number | undefined },
  { env, platform }: { env: Readonly<Record<string, string | undefined>>; platform: NodeJS.Platform },
): Screen {
  const isTTY = output.isTTY === true;
  const columns = Math.max(20, (isTTY ? output.columns : undefined) || PROSE_WIDTH);
  const width = Math.min(columns, PROSE_WIDTH);
  const colours = pc.createColors(isTTY && !env.NO_COLOR && env.TERM !== 'dumb');
  // The rule of yocto-spinner, whose signs stand beside ours.
  const isUnicode = platform !== 'win32' || Boolean(env.WT_SESSION) || env.TERM_PROGRAM === 'vscode';
  const line = (text = ''): void => void output.write(`${text}\n`);

  return {
    isTTY,
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
