import { MarkdownContext } from './markdown-context';
import { ToolCallMarkupParser, type MarkupStep, type MarkupToolCall } from './tool-call-markup-parser';

/** Tool calls that were written out as text, and that text. */
export type MarkupFound = { calls: MarkupToolCall[]; source: string };

/** Text that is none, and markup, in order. */
export type MarkupPiece = string | MarkupFound;

const MARKER = /^<\|\s{0,4}([a-z_]{1,40})\s{0,4}\|>/;
/** A text that may become a marker. */
const MARKER_START = /^<(\|\s{0,4}[a-z_]{0,40}\s{0,4}\|?)?$/;
/** What starts a tool call; everything else is text at once. */
const OPENING = /^(tool_calls?_section_begin|tool_call_begin|open|close)$/;
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
  /** What the parser has taken so far. */
  private source = '';
  /** Not looked at yet: at rest, a marker that is not whole. */
  private input = '';
  /** Only blank text has come since markup. */
  private followsMarkup = false;
  /** What began in code or in a quotation is quoted to its end, also where nothing but its beginning shows that. */
  private isQuoted = false;

  constructor(private readonly toolNames: ReadonlySet<string>) {}

  /** Whether text is held back. */
  get isHolding(): boolean {
    return this.parser !== undefined || this.input !== '';
  }

  /** The next text, and what of it and of the text before can leave. */
  write(text: string): MarkupPiece[] {
    const output: MarkupPiece[] = [];
    this.input += text;
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

  private scan(output: MarkupPiece[], isEnd: boolean): void {
    while (this.input !== '') {
      const bracket = this.input.indexOf('<');
      if (bracket !== 0) {
        this.plain(this.take(bracket < 0 ? this.input.length : bracket), output);
        continue;
      }
      const [marker, name] = MARKER.exec(this.input) ?? [];
      if (marker !== undefined && name !== undefined) {
        this.marker(name, this.take(marker.length), output);
      } else if (!isEnd && MARKER_START.test(this.input)) {
        return;
      } else {
        this.plain(this.take(1), output);
      }
    }
  }

  private take(length: number): string {
    const taken = this.input.slice(0, length);
    this.input = this.input.slice(length);
    return taken;
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
      if (!OPENING.test(name)) {
        this.text(source, output);
        return;
      }
      this.isQuoted ||= this.context.isQuoted();
      this.parser = new ToolCallMarkupParser(this.toolNames, this.followsMarkup);
    }
    this.apply(this.parser.marker(name, source), source, output);
  }

  private apply(step: MarkupStep, token: string, output: MarkupPiece[]): void {
    if (step === 'done-before') {
      this.found(output);
      this.input = token + this.input;
      return;
    }
    this.source += token;
    if (step === 'done') {
      this.found(output);
    } else if (step === 'none') {
      this.isText(output);
    }
  }

  private found(output: MarkupPiece[]): void {
    // Blank text behind the last marker is no part of the markup.
    const source = this.source.trimEnd();
    const blank = this.source.slice(source.length);
    const calls = this.parser?.calls ?? [];
    this.parser = undefined;
    this.source = '';
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
    const first = MARKER.exec(this.source)?.[0].length ?? this.source.length;
    const text = this.source.slice(0, first);
    this.input = this.source.slice(first) + this.input;
    this.parser = undefined;
    this.source = '';
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
