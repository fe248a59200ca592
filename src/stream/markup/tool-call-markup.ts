import { MarkdownContext } from './markdown-context';
import { ToolCallMarkupParser, type MarkupStep, type MarkupToolCall } from './tool-call-markup-parser';

/** Tool calls that were written out as text, and that text. */
export type MarkupFound = { calls: MarkupToolCall[]; source: string };

/** Text that is none, and markup, in order. */
export type MarkupPiece = string | MarkupFound;

const MARKER = /<\|\s{0,4}([a-z_]{1,40})\s{0,4}\|>/y;
/** A text that may become a marker, and the length of the longest. */
const LONGEST_MARKER = 52;
const MARKER_START = /^<(\|\s{0,4}[a-z_]{0,40}\s{0,4}\|?)?$/;
/** What starts a tool call; everything else is text at once. */
const OPENING = /^(tool_calls?_section_begin|tool_call_begin|open|close)$/;
/**
 * So many characters of false starts are looked at again, so that no answer takes time with the square of its length.
 * One that has more of them is no leak, and its markup stays text.
 */
const MOST_LOOKED_AT_AGAIN = 4_000_000;
/** What ends a message, and leaks together with the calls in front of it. */
const MESSAGE_END = /^(end_of_msg|im_end)$/;

/**
 * Finds tool calls that the server should have given as such and gave as markup in the text
 * (docs/wire.md#tool-call-markup), in text that comes in any pieces. Text is held back only while it may be markup.
 * Never in code or quotations: there somebody writes about it.
 */
export class ToolCallMarkup {
  private readonly context = new MarkdownContext();
  private parser: ToolCallMarkupParser | undefined;
  /** What the parser has taken so far of pieces before this one. */
  private held = '';
  /** Where in `input` begins what it has taken of this one. */
  private start = 0;
  /** The piece that is looked at, and how far: at rest, a marker that is not whole. */
  private input = '';
  private position = 0;
  /** Only blank text has come since markup. */
  private followsMarkup = false;
  /** What began in code or in a quotation is quoted to its end, also where nothing but its beginning shows that. */
  private isQuoted = false;
  private lookedAtAgain = 0;

  constructor(private readonly toolNames: ReadonlySet<string>) {}

  /** Whether text is held back. */
  get isHolding(): boolean {
    return this.parser !== undefined || this.position < this.input.length;
  }

  /** The next text, and what of it and of the text before can leave. */
  write(text: string): MarkupPiece[] {
    const output: MarkupPiece[] = [];
    this.held = this.parser === undefined ? '' : this.source;
    this.input = this.input.slice(this.position) + text;
    this.position = 0;
    this.start = 0;
    this.scan(output, false);
    return joined(output);
  }

  /**
   * Text without any sign of markup came and left, unseen. See `MarkdownContext.skip`; only while nothing is held back.
   */
  skip(): void {
    this.context.skip();
    this.isQuoted = false;
    this.followsMarkup = false;
  }

  /** The rest, when the text is over. */
  end(): MarkupPiece[] {
    const output: MarkupPiece[] = [];
    this.scan(output, true);
    while (this.parser !== undefined) {
      if (this.parser.end() === 'done') {
        this.found(output);
      } else {
        this.isText(output);
      }
      this.scan(output, true);
    }
    return joined(output);
  }

  /** What the parser has taken so far. */
  private get source(): string {
    return this.held + this.input.slice(this.start, this.position);
  }

  private scan(output: MarkupPiece[], isEnd: boolean): void {
    while (this.position < this.input.length) {
      const bracket = this.input.indexOf('<', this.position);
      if (bracket !== this.position) {
        this.plain(this.take((bracket < 0 ? this.input.length : bracket) - this.position), output);
        continue;
      }
      MARKER.lastIndex = this.position;
      const [marker, name] = MARKER.exec(this.input) ?? [];
      if (marker !== undefined && name !== undefined) {
        this.marker(name, this.take(marker.length), output);
      } else if (!isEnd && this.mayBecomeMarker()) {
        return;
      } else {
        this.plain(this.take(1), output);
      }
    }
  }

  private mayBecomeMarker(): boolean {
    return this.input.length - this.position <= LONGEST_MARKER && MARKER_START.test(this.input.slice(this.position));
  }

  private take(length: number): string {
    this.position += length;
    return this.input.slice(this.position - length, this.position);
  }

  private plain(text: string, output: MarkupPiece[]): void {
    if (this.parser === undefined) {
      this.isQuoted &&= text.trim() === '';
      this.text(text, output);
    } else {
      this.apply(this.parser.plain(text), text, output);
    }
  }

  private marker(name: string, source: string, output: MarkupPiece[]): void {
    if (this.parser === undefined) {
      if (MESSAGE_END.test(name) && this.followsMarkup) {
        output.push({ calls: [], source });
        return;
      }
      if (!OPENING.test(name) || this.lookedAtAgain > MOST_LOOKED_AT_AGAIN) {
        this.text(source, output);
        return;
      }
      this.isQuoted ||= this.context.isQuoted();
      this.start = this.position - source.length;
      this.held = '';
      this.parser = new ToolCallMarkupParser(this.toolNames, this.followsMarkup);
    }
    this.apply(this.parser.marker(name, source), source, output);
  }

  private apply(step: MarkupStep, token: string, output: MarkupPiece[]): void {
    if (step === 'done-before') {
      this.position -= token.length;
      this.found(output);
      return;
    }
    if (step === 'done') {
      this.found(output);
    } else if (step === 'none') {
      this.isText(output);
    }
  }

  private found(output: MarkupPiece[]): void {
    // Blank text behind the last marker is no part of the markup.
    const taken = this.source;
    const source = taken.trimEnd();
    const blank = taken.slice(source.length);
    const calls = this.parser?.calls ?? [];
    this.parser = undefined;
    this.held = '';
    if (this.isQuoted) {
      this.context.write(source);
      output.push(source);
    } else {
      output.push({ calls, source });
      this.followsMarkup = true;
    }
    if (blank !== '') {
      this.text(blank, output);
    }
  }

  /** What began like markup is none. Its first marker is text; there may be markup behind it. */
  private isText(output: MarkupPiece[]): void {
    const { source } = this;
    MARKER.lastIndex = 0;
    const first = MARKER.exec(source)?.[0].length ?? source.length;
    const text = source.slice(0, first);
    this.lookedAtAgain += source.length - first;
    if (this.held !== '') {
      this.input = source + this.input.slice(this.position);
      this.start = 0;
      this.held = '';
    }
    this.position = this.start + first;
    this.parser = undefined;
    this.text(text, output);
  }

  private text(text: string, output: MarkupPiece[]): void {
    this.context.write(text);
    this.followsMarkup &&= text.trim() === '';
    output.push(text);
  }
}

function joined(pieces: MarkupPiece[]): MarkupPiece[] {
  const output: MarkupPiece[] = [];
  for (const piece of pieces) {
    const last = output.length - 1;
    if (typeof piece === 'string' && typeof output[last] === 'string') {
      output[last] += piece;
    } else if (piece !== '') {
      output.push(piece);
    }
  }
  return output;
}
