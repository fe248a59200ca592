/** What a window shows of everything that was written to it, and what has scrolled out of it at the top. */

/** Characters, CR, LF, and the sequences that this command line writes; any other one is an error here. */
// oxlint-disable-next-line no-control-regex -- what a terminal reads
const PIECES = /\x1b\[(\??[\d;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]/gu;

export class TerminalScreen {
  readonly scrolledOut: string[] = [];
  private lines: string[] = [''];
  private row = 0;
  private column = 0;

  constructor(
    private readonly columns: number,
    private readonly rows: number,
  ) {}

  /** Of `text`, in a new window. */
  static of(text: string, { columns, rows }: { columns: number; rows: number }): TerminalScreen {
    const screen = new TerminalScreen(columns, rows);
    // The end of a sequence may still be on its way.
    // oxlint-disable-next-line no-control-regex
    screen.write(text.replace(/\x1b(?:\[[\d;?]*)?$/, ''));
    return screen;
  }

  /** The lines of the window, without spaces at their ends and without empty ones below. */
  get shown(): string[] {
    const lines = this.lines.map(line => line.trimEnd());
    while (lines.at(-1) === '') {
      lines.pop();
    }
    return lines;
  }

  write(text: string): void {
    for (const [piece, parameters = '', command] of text.matchAll(PIECES)) {
      if (command !== undefined) {
        this.obey(command, parameters);
      } else if (piece === '\r') {
        this.column = 0;
      } else if (piece === '\n') {
        this.nextRow();
      } else {
        this.put(piece);
      }
    }
  }

  private put(character: string): void {
    if (this.column === this.columns) {
      this.column = 0;
      this.nextRow();
    }
    const line = this.lines[this.row] ?? '';
    this.lines[this.row] = line.slice(0, this.column).padEnd(this.column) + character + line.slice(this.column + 1);
    this.column += 1;
  }

  private nextRow(): void {
    this.row += 1;
    if (this.row === this.rows) {
      this.row -= 1;
      this.scrolledOut.push(this.lines.shift() ?? '');
    }
    this.lines[this.row] ??= '';
  }

  private obey(command: string, parameters: string): void {
    const count = Number(parameters || '1');
    switch (command) {
      case 'A':
        this.row = Math.max(0, this.row - count);
        return;
      case 'G':
        this.column = count - 1;
        return;
      case 'J':
        if (this.row === 0 && this.column === 0) {
          // Tmux and others keep what is cleared as a whole.
          this.scrolledOut.push(...this.lines);
        }
        this.lines.length = this.row + 1;
        this.lines[this.row] = (this.lines[this.row] ?? '').slice(0, this.column);
        return;
      case 'K':
        this.lines[this.row] = (this.lines[this.row] ?? '').slice(0, this.column);
        return;
      case 'm':
        return;
      case 'h':
      case 'l':
        // The cursor, and drawing without flicker.
        if (parameters === '?25' || parameters === '?2026') {
          return;
        }
    }
    throw new Error(`A sequence that is not known here: ${parameters}${command}`);
  }
}
