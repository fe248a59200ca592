/**
 * The answer of a model on a terminal: its Markdown as styles. It comes in pieces, so that each block is written as
 * soon as it is whole, and code line by line. The library reads Markdown only: what it finds are texts, which the
 * screen makes harmless as all others (docs/decisions.md#101-markdown-on-a-terminal).
 */
import type { MarkedToken, Token, Tokens } from 'marked';
import { printablePieces } from '../errors/printable-text';
import { styled, type Part, type Screen, type StyleName } from './terminal';

/** Prose is not set wider than this. */
const WIDEST = 80;

const FENCE = /^ {0,3}(?:(`{3,})[^`]*$|(~{3,}))/;
const LIST = /^ {0,3}(?:[-*+]|\d{1,9}[.)])\s/;

/** What begins another kind of block, or may turn out to be one. */
const NO_PARAGRAPH = /^\s*(?:[-*+#>|<~`=]|\d{1,9}[.)])/;

/** What may belong to a style that is not closed yet, or to a table. */
const OPEN_SIGN = /[*_`~[\]<>|\\!]|https?:/;

/** Of a paragraph that is longer nothing is written before it is whole: each look reads all of it. */
const LONGEST_EARLY = 16 * 1024;

const isShown = ({ type }: Token): boolean => type !== 'space' && type !== 'def';

type Lexer = (text: string) => Token[];

/** Writes pieces of Markdown to a screen. */
export type MarkdownPrinter = { write(piece: string): Promise<void>; end(): Promise<void> };

export async function markdownPrinter(screen: Screen): Promise<MarkdownPrinter> {
  const { marked } = await import('marked');
  const lexer: Lexer = text => marked.lexer(text);
  const printable = printablePieces();
  let rest = '';
  let block: string[] = [];
  let fence: string | undefined;
  let isFirst = true;
  /** So many lines of the paragraph that is under way stand on the screen. */
  let early = 0;
  /** Its length when it was looked at last. */
  let looked = 0;

  const begin = (): void => {
    if (!isFirst) {
      screen.line();
    }
    isFirst = false;
  };
  const flush = async (): Promise<void> => {
    const text = block.join('\n').trimEnd();
    block = [];
    const skip = early;
    early = 0;
    looked = 0;
    if (text.trim() === '') {
      return;
    }
    for (const [index, token] of lexer(text).filter(isShown).entries()) {
      if (index === 0 && skip > 0) {
        // A line of `---` below makes a heading of what was one paragraph, but no other lines.
        writeRuns(screen, runsOf('tokens' in token ? (token.tokens ?? []) : [token], []), [], [], skip);
      } else {
        begin();
        await writeBlock(screen, token, []);
      }
    }
  };
  /** Of a long paragraph the lines that nothing to come can change: before the last, and before any open sign. */
  const writeEarly = (): void => {
    const length = block.reduce((sum, line) => sum + line.length + 1, rest.length);
    // Another line of the screen, at least.
    if (fence !== undefined || length < looked + screen.columns || length > LONGEST_EARLY) {
      return;
    }
    looked = length;
    const text = [...block, rest].join('\n');
    if (NO_PARAGRAPH.test(text)) {
      return;
    }
    const [token, ...others] = lexer(text).filter(isShown);
    if (token?.type !== 'paragraph' || others.length > 0) {
      return;
    }
    const lines = linesOf(runsOf((token as Tokens.Paragraph).tokens, []), widthIn(screen));
    const open = lines.findIndex(line => line.some(run => run.styles.length === 0 && OPEN_SIGN.test(run.text)));
    const sure = lines.slice(early, Math.min(open < 0 ? lines.length : open, lines.length - 1));
    if (sure.length > 0 && early === 0) {
      begin();
    }
    sure.forEach(line => screen.line(...line.map(({ text: words, styles }) => styled(words, ...styles))));
    early += sure.length;
  };
  const takeLine = async (line: string): Promise<void> => {
    if (fence !== undefined) {
      const isEnd = line.trim().startsWith(fence) && line.trim().replaceAll(fence.charAt(0), '') === '';
      fence = isEnd ? undefined : fence;
      screen.line(styled(line.replaceAll('\t', '    '), isEnd ? 'dim' : 'cyan'));
      return;
    }
    const isList = LIST.test(block[0] ?? '');
    // Between the items of a list, and in one, a blank line ends nothing.
    const goesOn = isList && (block.at(-1) !== '' || LIST.test(line) || /^\s{2,}\S/.test(line));
    const opening = isList && /^\s/.test(line) ? null : FENCE.exec(line);
    if (opening !== null) {
      await flush();
      begin();
      fence = opening[1] ?? opening[2];
      screen.line(styled(line, 'dim'));
    } else if (line.trim() === '') {
      await (isList ? void block.push('') : flush());
    } else {
      await (isList && !goesOn ? flush() : undefined);
      block.push(line);
    }
  };
  return {
    async write(piece) {
      const [first = '', ...others] = printable(piece).split('\n');
      const lines = [rest + first, ...others];
      rest = lines.pop() as string;
      for (const line of lines) {
        await takeLine(line);
      }
      writeEarly();
    },
    async end() {
      if (rest !== '') {
        await takeLine(rest);
      }
      rest = '';
      await flush();
    },
  };
}

/** Text in styles, before it is broken into lines. */
type Run = { text: string; styles: readonly StyleName[] };

/** @param margin what stands before each line: the bars of quotes, the indents of lists */
async function writeBlock(screen: Screen, token: Token, margin: readonly Part[]): Promise<void> {
  const known = token as MarkedToken;
  switch (known.type) {
    case 'heading':
      return writeRuns(screen, runsOf(known.tokens, ['bold']), margin, margin);
    case 'code':
      return known.text.split('\n').forEach(line => screen.line(...margin, styled(line, 'cyan')));
    case 'blockquote':
      for (const inner of known.tokens.filter(({ type }) => type !== 'space')) {
        await writeBlock(screen, inner, [...margin, styled('| ', 'dim')]);
      }
      return undefined;
    case 'list':
      return writeList(screen, known, margin);
    case 'hr':
      return screen.line(...margin, styled('-'.repeat(Math.min(40, screen.columns)), 'dim'));
    case 'table':
      return writeTable(screen, known, margin);
    default:
      return writeRuns(screen, runsOf('tokens' in known ? (known.tokens ?? [known]) : [known], []), margin, margin);
  }
}

async function writeList(screen: Screen, { items, ordered, start }: Tokens.List, margin: readonly Part[]) {
  for (const [index, item] of items.entries()) {
    const sign = ordered ? `${Number(start || 1) + index}. ` : `${screen.symbols.bullet} `;
    const box = item.task ? (item.checked === true ? '[x] ' : '[ ] ') : '';
    const rest = [...margin, ' '.repeat(sign.length)];
    const blocks = item.tokens.filter(({ type }) => type !== 'space' && type !== 'checkbox');
    for (const [at, token] of blocks.entries()) {
      const isText = token.type === 'text' || token.type === 'paragraph';
      if (at === 0 && isText) {
        const inner = (token as Tokens.Text).tokens ?? [token];
        writeRuns(screen, [{ text: box, styles: [] }, ...runsOf(inner, [])], [...margin, styled(sign, 'dim')], rest);
      } else {
        if (at === 0) {
          screen.line(...margin, styled(sign, 'dim'), box);
        }
        await writeBlock(screen, token, rest);
      }
    }
  }
}

/** Where the window is too narrow for it, as it was written. */
async function writeTable(screen: Screen, { header, rows, raw }: Tokens.Table, margin: readonly Part[]) {
  const cellOf = ({ tokens, align }: Tokens.TableCell) => ({
    lines: [runsOf(tokens, []).map(({ text, styles }) => styled(text, ...styles))],
    align: align === 'right' ? ('right' as const) : undefined,
  });
  const isShown = await screen.table(
    header.map(({ tokens }) => plainOf(tokens)),
    rows.map(row => row.map(cellOf)),
  );
  if (!isShown) {
    raw
      .trimEnd()
      .split('\n')
      .forEach(line => screen.line(...margin, line));
  }
}

const plainOf = (tokens: readonly Token[]): string =>
  runsOf(tokens, [])
    .map(({ text }) => text)
    .join('');

function runsOf(tokens: readonly Token[], styles: readonly StyleName[]): Run[] {
  return tokens.flatMap((token): Run[] => {
    const known = token as MarkedToken;
    switch (known.type) {
      case 'strong':
        return runsOf(known.tokens, [...styles, 'bold']);
      case 'em':
        return runsOf(known.tokens, [...styles, 'underline']);
      case 'codespan':
        return [{ text: known.text, styles: [...styles, 'cyan'] }];
      case 'link': {
        const text = runsOf(known.tokens, [...styles, 'underline']);
        // Where it leads stands beside it: no link hides its address.
        const isBare = known.href === known.text || known.href === `mailto:${known.text}`;
        return isBare ? text : [...text, { text: ` (${known.href})`, styles: [...styles, 'dim'] }];
      }
      case 'image':
        return [{ text: `${known.text} (${known.href})`, styles: [...styles, 'dim'] }];
      case 'br':
        return [{ text: '\n', styles }];
      case 'text':
        return known.tokens === undefined ? [{ text: known.text, styles }] : runsOf(known.tokens, styles);
      case 'escape':
        return [{ text: known.text, styles }];
      default:
        return 'tokens' in known && Array.isArray(known.tokens)
          ? runsOf(known.tokens as Token[], styles)
          : [{ text: known.raw, styles }];
    }
  });
}

/** Writes runs as lines behind `first`, then `rest`, but for the first `skip` of them, which stand there already. */
function writeRuns(
  screen: Screen,
  runs: readonly Run[],
  first: readonly Part[],
  rest: readonly Part[],
  skip = 0,
): void {
  const widthOf = (parts: readonly Part[]) =>
    parts.reduce((sum, part) => sum + (typeof part === 'string' ? part : part.text).length, 0);
  for (const [index, line] of linesOf(runs, widthIn(screen) - widthOf(first))
    .slice(skip)
    .entries()) {
    const parts = line.map(({ text, styles }) => styled(text, ...styles));
    screen.line(...(index + skip === 0 ? first : rest), ...parts);
  }
}

const widthIn = ({ columns }: Screen): number => Math.min(columns, WIDEST);

/** Breaks runs into lines; a line end in the text is a space, but for a break. */
function linesOf(runs: readonly Run[], width: number): Run[][] {
  const lines: Run[][] = [];
  let line: Run[] = [];
  let length = 0;
  const end = (): void => {
    lines.push(line);
    [line, length] = [[], 0];
  };
  for (const word of wordsOf(runs)) {
    const size = word.reduce((sum, { text }) => sum + text.length, 0);
    if (word[0]?.text === '\n') {
      end();
      continue;
    }
    if (length > 0 && length + 1 + size > width) {
      end();
    }
    if (length > 0) {
      // The space of a link or of bold words is in their style, too.
      const shared = (line.at(-1)?.styles ?? []).filter(style => word[0]?.styles.includes(style));
      line.push({ text: ' ', styles: shared });
      length++;
    }
    line.push(...word);
    length += size;
  }
  return line.length > 0 ? [...lines, line] : lines;
}

/** A word may be of several runs, as `**bold**,` is. */
function wordsOf(runs: readonly Run[]): Run[][] {
  const words: Run[][] = [[]];
  for (const { text, styles } of runs) {
    for (const piece of (text === '\n' ? text : text.replace(/\s/g, ' ')).split(/( |\n)/)) {
      if (piece === ' ' || piece === '\n') {
        words.push(...(piece === '\n' ? [[{ text: '\n', styles: [] }], []] : [[]]));
      } else if (piece !== '') {
        words.at(-1)?.push({ text: piece, styles });
      }
    }
  }
  return words.filter(parts => parts.length > 0);
}
