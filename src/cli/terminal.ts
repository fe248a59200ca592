/**
 * The only place of the command line that writes. Nothing else has the streams, and a string that is given to a screen
 * is foreign text: it is made harmless on its way, while styles are values beside it. So no text, wherever it came
 * from, can steer the terminal (docs/decisions.md#58-what-a-terminal-is-shown).
 */
import { clearLine, clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import type { Writable } from 'node:stream';
import { stripVTControlCharacters, styleText } from 'node:util';
import { printableJSON, printableLine, printablePieces, printableText } from '../errors/printable-text';
import { wrapText } from './wording';

/** What a stream to a person may tell about itself; a pipe has none of it. */
type Output = Writable & { isTTY?: boolean | undefined; columns?: number | undefined; rows?: number | undefined };

/** Where output goes, and what decides how it looks. */
export type TerminalOptions = {
  stdout: Output;
  stderr: Output;
  /** `NO_COLOR` (any value but empty) and `TERM=dumb` turn colour off; a pipe has none in any case. */
  environment: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
};

/** What a command writes to. */
export type Terminal = {
  /** A command's result, for people and for pipes. */
  readonly output: Screen;
  /** What goes beside the result: errors, progress, hints of commands whose output is read by programs. */
  readonly errors: Screen;
  /** A spinner on stderr; where that is no terminal, a line. Signals stay the command's own business. */
  startProgress(): Promise<Progress>;
};

export type StyleName = 'bold' | 'dim' | 'underline' | 'red' | 'green' | 'yellow' | 'cyan' | 'whiteBright' | 'bgBlack';

/** Text with styles, as a value: none of them shows where there is no colour. */
export type Styled = { readonly text: string; readonly styles: readonly StyleName[] };

export function styled(text: string, ...styles: StyleName[]): Styled {
  return { text, styles };
}

/** A piece of a line. */
export type Part = string | Styled;

/** Signs that the terminal can show: the console of Windows has no others in its old fonts. */
export type Symbols = Readonly<
  Record<'ok' | 'warning' | 'failure' | 'bullet' | 'ellipsis' | 'barFull' | 'barEmpty', string>
>;

const UNICODE: Symbols = {
  ok: '✔',
  warning: '⚠',
  failure: '✖',
  bullet: '•',
  ellipsis: '…',
  barFull: '█',
  barEmpty: '░',
};
const PLAIN: Symbols = {
  ok: '√',
  warning: '!',
  failure: '×',
  bullet: '*',
  ellipsis: '...',
  barFull: '#',
  barEmpty: '-',
};

/** Prose is not set wider than this, however wide the window. */
const PROSE_WIDTH = 80;

type TextOptions = {
  sign?: Part | undefined;
  label?: string | undefined;
  indent?: number | undefined;
  style?: StyleName | undefined;
};

/** A cell of a table: its lines. */
export type Cell = { lines: ReadonlyArray<readonly Part[]>; align?: 'right' | undefined };

/** One output stream, as a page for people. */
export type Screen = {
  readonly isTTY: boolean;
  readonly hasColours: boolean;
  /** Width of the window; 80 where there is none. */
  readonly columns: number;
  readonly symbols: Symbols;
  /** One line, of these parts. */
  line(...parts: Part[]): void;
  /** Prose, broken to the width, behind an indent, a sign and a label, each line in `style`. */
  text(text: string, options?: TextOptions): void;
  /** Labels and values in two columns; rows without a value are left out. */
  fields(rows: ReadonlyArray<readonly [label: string, value: string | undefined]>): void;
  /** Columns by spaces alone. @returns false where the window is too narrow: then nothing was written */
  table(head: readonly string[], rows: ReadonlyArray<readonly Cell[]>): Promise<boolean>;
  /**
   * A page that is drawn again and again in one place, where the terminal can do that.
   * @returns a function that draws it anew; `undefined` where every drawing would stand below the last
   */
  page(): Page | undefined;
  /** Text that has its line ends. */
  print(text: string): void;
  /** One JSON value: on one line, or with `indent` on several. */
  json(value: unknown, indent?: number): void;
  /** Prose that comes in pieces, as it comes. @returns a function that writes one piece, and gives what it wrote */
  stream(): (piece: string, style?: StyleName) => string;
};

/**
 * Draws a page in the place of the last one. In a window that is too low, the end of the body is left out, because what
 * has scrolled away cannot be drawn over.
 */
export type Page = (body: (screen: Screen) => void, foot?: (screen: Screen) => void) => void;

/** Opens the two streams of a process. */
export function openTerminal({ stdout, stderr, ...look }: TerminalOptions): Terminal {
  const errors = createScreen(stderr, look);
  return {
    output: createScreen(stdout, look),
    errors,
    async startProgress() {
      if (!errors.isTTY || stdout.isTTY !== true) {
        return { show: text => errors.line(text, errors.symbols.ellipsis), stop: () => {} };
      }
      const { default: yoctoSpinner } = await import('yocto-spinner');
      const spinner = yoctoSpinner({ stream: stderr, handleSignals: false });
      return { show: text => void spinner.start(printableLine(text)), stop: () => void spinner.stop() };
    },
  };
}

function createScreen(output: Output, look: Omit<TerminalOptions, 'stdout' | 'stderr'>): Screen {
  const { environment, platform } = look;
  const isTTY = output.isTTY === true;
  const columns = (): number => Math.max(20, (isTTY ? output.columns : undefined) || PROSE_WIDTH);
  const hasColours = isTTY && !environment.NO_COLOR && environment.TERM !== 'dumb';
  // The rule of yocto-spinner, whose signs stand beside ours.
  const isUnicode = platform !== 'win32' || Boolean(environment.WT_SESSION) || environment.TERM_PROGRAM === 'vscode';
  const write = (text: string): void => void (text === '' || output.write(text));
  // Node's own rule looks at `process.stdout` and its environment; ours has looked at the stream that is written to.
  const paint = (text: string, styles: readonly StyleName[]): string =>
    hasColours && styles.length > 0 ? styleText([...styles], text, { validateStream: false }) : text;
  const render = (parts: readonly Part[]): string =>
    parts
      .map(part => (typeof part === 'string' ? printableLine(part) : paint(printableLine(part.text), part.styles)))
      .join('');
  const line = (...parts: Part[]): void => write(`${render(parts)}\n`);

  return {
    isTTY,
    hasColours,
    get columns() {
      return columns();
    },
    symbols: isUnicode ? UNICODE : PLAIN,
    line,
    text(text, { sign, label = '', indent = 0, style } = {}) {
      const first = [' '.repeat(indent), ...(sign === undefined ? [] : [sign, ' ']), label];
      const rest = ' '.repeat(indent + (sign === undefined ? 0 : 2) + printableLine(label).length);
      const width = Math.min(columns(), PROSE_WIDTH) - rest.length;
      wrapText(printableText(text), width).forEach((part, index) =>
        line(...(index === 0 ? first : [rest]), styled(part, ...(style === undefined ? [] : [style]))),
      );
    },
    fields: rows => writeFields(line, rows, Math.min(columns(), PROSE_WIDTH)),
    async table(head, rows) {
      const text = await tableText([
        head.map(title => ({ lines: [paint(printableLine(title), ['dim'])] })),
        ...rows.map(row => row.map(({ lines, align }) => ({ lines: lines.map(render), align }))),
      ]);
      const fits = text.every(row => stripVTControlCharacters(row).length <= columns());
      write(fits ? `${text.join('\n')}\n` : '');
      return fits;
    },
    page: () => (isTTY && environment.TERM !== 'dumb' ? createPage(output, look, columns) : undefined),
    print: text => write(printableText(text)),
    json: (value, indent) => write(`${printableJSON(JSON.stringify(value, undefined, indent))}\n`),
    stream() {
      const printable = printablePieces();
      return (piece, style) => {
        const text = printable(piece);
        write(text === '' ? '' : paint(text, style === undefined ? [] : [style]));
        return text;
      };
    },
  };
}

/** What `draw` writes, as text without colours, for a host's own window of `columns` characters. */
export function screenText(columns: number, draw: (screen: Screen) => void): string {
  let text = '';
  const paper = { isTTY: true, columns, write: (piece: string) => (text += piece) } as unknown as Output;
  draw(createScreen(paper, { environment: { TERM: 'dumb' }, platform: process.platform }));
  return text.trimEnd();
}

function createPage(output: Output, look: Omit<TerminalOptions, 'stdout' | 'stderr'>, columns: () => number): Page {
  // A line that is wider than the window stands on several rows; how wide that is may have changed since it was drawn.
  const widthOf = (line: string): number => stripVTControlCharacters(line).length;
  const heightOf = (lines: readonly string[]): number =>
    lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns())), 0);
  const linesOf = (draw: (screen: Screen) => void): string[] => {
    let text = '';
    const paper = { isTTY: true, columns: columns(), write: (piece: string) => (text += piece) };
    draw(createScreen(paper as unknown as Output, look));
    return text.split('\n').slice(0, -1);
  };
  let drawn: readonly string[] = [];
  return (body, foot = () => {}) => {
    const [above, below] = [linesOf(body), linesOf(foot)];
    // The cursor has a row of its own, below the last line.
    const room = (output.rows || Number.POSITIVE_INFINITY) - 1;
    while (heightOf([...above, ...below]) > room && above.length + below.length > 1) {
      (above.length > 0 ? above : below).splice(above.length > 0 ? -1 : 0, 1);
    }
    output.cork();
    if (drawn.length > 0) {
      cursorTo(output, 0);
      moveCursor(output, 0, -heightOf(drawn));
    }
    // Line by line: some terminals keep a screen that is cleared as a whole, and all flicker.
    drawn = [...above, ...below];
    for (const line of drawn) {
      clearLine(output, 1);
      output.write(line);
      if (widthOf(line) % columns() !== 0) {
        clearLine(output, 1);
      }
      output.write('\n');
    }
    clearScreenDown(output);
    output.uncork();
  };
}

function writeFields(line: Screen['line'], rows: Parameters<Screen['fields']>[0], width: number): void {
  const shown = rows.flatMap(([label, value]) => (value === undefined ? [] : [[label, printableLine(value)] as const]));
  const labelWidth = Math.max(...shown.map(([label]) => label.length)) + 2;
  for (const [label, value] of shown) {
    const lines = wrapText(value, width - labelWidth - 2);
    // A value that does not fit beside its label goes below it, from the margin on.
    const isLong = lines.some(part => part.length > width - labelWidth - 2);
    if (isLong) {
      line('  ', styled(label, 'dim'));
      wrapText(value, width - 4).forEach(part => line(`    ${part}`));
    } else {
      lines.forEach((part, index) =>
        line('  ', index === 0 ? styled(label.padEnd(labelWidth), 'dim') : ' '.repeat(labelWidth), part),
      );
    }
  }
}

type RenderedCell = { lines: readonly string[]; align?: 'right' | undefined };

async function tableText(rows: ReadonlyArray<readonly RenderedCell[]>): Promise<string[]> {
  const { default: CliTable } = await import('cli-table3');
  const none = ['top', 'bottom', 'left', 'mid', 'right'].flatMap(side => [
    side,
    `${side}-mid`,
    `${side}-left`,
    `${side}-right`,
  ]);
  const table = new CliTable({
    chars: { ...Object.fromEntries(none.map(name => [name, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(
    ...rows.map(row => row.map(({ lines, align }) => ({ content: lines.join('\n'), ...(align && { hAlign: align }) }))),
  );
  return table
    .toString()
    .split('\n')
    .map(line => line.trimEnd());
}

/** Says what is being waited for. */
export type Progress = { show(text: string): void; stop(): void };

/** Progress only where a person at a terminal has anything of it: not with `--json`, not in a pipe. */
export async function progressForPeople(
  terminal: Terminal,
  { json }: { json?: boolean | undefined },
): Promise<Progress | undefined> {
  return json === true || !terminal.output.isTTY ? undefined : terminal.startProgress();
}
