/**
 * Where a JSON object ends that comes in pieces. Follows strings and brackets, each character once, so that nobody has
 * to parse what is not whole.
 */
export class ObjectEnd {
  private depth = 0;
  private isInString = false;
  private isEscaped = false;
  private hasBegun = false;

  /** Whether the object is closed; what came behind it is not looked at. */
  get isReached(): boolean {
    return this.hasBegun && this.depth === 0;
  }

  write(text: string): void {
    for (let index = 0; index < text.length && !this.isReached; index++) {
      this.take(text.charCodeAt(index));
    }
  }

  private take(code: number): void {
    if (this.isInString) {
      // A quotation mark ends the string, but not behind a backslash.
      this.isInString = this.isEscaped || code !== 0x22;
      this.isEscaped = !this.isEscaped && code === 0x5c;
    } else if (code === 0x22) {
      this.isInString = true;
    } else if (code === 0x7b || code === 0x5b) {
      this.depth++;
      this.hasBegun = true;
    } else if (code === 0x7d || code === 0x5d) {
      this.depth--;
    }
  }
}
