/** Marks that open a quotation, with the one that closes it. */
const QUOTES: Readonly<Record<string, number>> = {
  '“': 1,
  '„': 1,
  '«': 1,
  '「': 1,
  '『': 1,
  '”': -1,
  '»': -1,
  '」': -1,
  '』': -1,
};

/**
 * Follows Markdown text, in any pieces, as far as it takes to know whether the next character stands in code or in a
 * quotation. Where it is not sure, for example after a quotation mark that nothing closes on its line, it says yes.
 */
export class MarkdownContext {
  private fence: { mark: string; length: number } | undefined;
  /** Length of the backtick run that opened inline code; 0 outside. */
  private inlineCode = 0;
  private run = { mark: '', length: 0 };

  private lineIsBlank = true;
  private indent = 0;
  private inBlockQuote = false;
  private inDoubleQuotes = false;
  private openQuotes = 0;
  private last = '';

  /** Takes the next piece of text. */
  write(text: string): void {
    for (const character of text) {
      if (character === this.run.mark) {
        this.run.length++;
      } else {
        this.endRun();
        if (character === '`' || character === '~') {
          this.run = { mark: character, length: 1 };
        } else {
          this.see(character);
        }
      }
      this.last = character;
    }
  }

  /**
   * Takes a piece that is not blank and has no line break, quotation mark, backtick, tilde or angle bracket, without
   * looking at it.
   */
  skip(): void {
    this.endRun();
    this.lineIsBlank = false;
    this.last = '';
  }

  /** Whether what comes next is code or quoted. */
  isQuoted(): boolean {
    this.endRun();
    return (
      this.fence !== undefined ||
      this.inlineCode > 0 ||
      this.inBlockQuote ||
      this.inDoubleQuotes ||
      this.openQuotes > 0 ||
      this.last === "'" ||
      (this.lineIsBlank && this.indent >= 4)
    );
  }

  private see(character: string): void {
    if (character === '\n') {
      if (this.lineIsBlank) {
        // Inline code ends with its paragraph.
        this.inlineCode = 0;
      }
      this.lineIsBlank = true;
      this.indent = 0;
      this.inBlockQuote = false;
      this.inDoubleQuotes = false;
      this.openQuotes = 0;
    } else if (this.lineIsBlank && (character === ' ' || character === '\t')) {
      this.indent += character === '\t' ? 4 : 1;
    } else {
      if (character === '>' && this.lineIsBlank) {
        this.inBlockQuote = true;
      } else if (character === '"') {
        this.inDoubleQuotes = !this.inDoubleQuotes;
      } else {
        this.openQuotes = Math.max(0, this.openQuotes + (QUOTES[character] ?? 0));
      }
      this.lineIsBlank = false;
    }
  }

  private endRun(): void {
    const { mark, length } = this.run;
    if (length === 0) {
      return;
    }
    this.run = { mark: '', length: 0 };
    if (this.fence !== undefined) {
      if (mark === this.fence.mark && length >= this.fence.length && this.lineIsBlank) {
        this.fence = undefined;
      }
    } else if (length >= 3 && this.lineIsBlank) {
      this.fence = { mark, length };
    } else if (mark === '`') {
      this.inlineCode = this.inlineCode === 0 ? length : this.inlineCode === length ? 0 : this.inlineCode;
    }
    this.lineIsBlank = false;
  }
}
