/** A block has the size of a large packet. */
const BLOCK_BYTES = 64 * 1024;

/** No character of UTF-8 has more bytes. */
const LONGEST_CHARACTER = 4;

/**
 * Bytes that arrive in pieces of any size, kept as they are: no memory per piece, because a server may send one byte at
 * a time, and none for characters, because one that is wide makes a string twice as large.
 */
export class ByteBlocks {
  /** How many bytes are kept. */
  length = 0;

  private readonly full: Uint8Array[] = [];
  private last: Uint8Array = new Uint8Array(0);
  private used = 0;

  add(bytes: Uint8Array): void {
    if (this.isWorthKeeping(bytes)) {
      this.beginBlock(0);
      this.full.push(bytes);
      this.length += bytes.length;
      return;
    }
    for (let start = 0; start < bytes.length;) {
      if (this.used === this.last.length) {
        this.beginBlock(bytes.length - start);
      }
      const piece = bytes.subarray(start, start + this.last.length - this.used);
      this.last.set(piece, this.used);
      this.used += piece.length;
      this.length += piece.length;
      start += piece.length;
    }
  }

  /** The same for the UTF-8 bytes of a text. */
  addText(text: string): void {
    const encoder = new TextEncoder();
    for (let start = 0; start < text.length;) {
      if (this.last.length - this.used < LONGEST_CHARACTER) {
        this.beginBlock(BLOCK_BYTES);
      }
      const { read, written } = encoder.encodeInto(text.slice(start), this.last.subarray(this.used));
      this.used += written;
      this.length += written;
      start += read;
    }
  }

  /** All of them as UTF-8, or so many from the beginning; without a byte order mark unless `decoder` keeps it. */
  text(maximum = this.length, decoder = new TextDecoder()): string {
    let text = '';
    let left = maximum;
    for (const block of [...this.full, this.last.subarray(0, this.used)]) {
      text += decoder.decode(block.subarray(0, left), { stream: true });
      left = Math.max(0, left - block.length);
    }
    return text + decoder.decode();
  }

  /** A large piece that has its memory for itself need not be copied, if no half-empty block is left before it. */
  private isWorthKeeping(bytes: Uint8Array): boolean {
    const isLarge = bytes.length >= BLOCK_BYTES / 4 && bytes.length === bytes.buffer.byteLength;
    return isLarge && (this.used === 0 || this.used >= this.last.length / 2);
  }

  private beginBlock(wanted: number): void {
    if (this.used > 0) {
      this.full.push(this.last.subarray(0, this.used));
    }
    // Most bodies are one short piece.
    this.last = new Uint8Array(this.length === 0 || wanted === 0 ? Math.min(wanted, BLOCK_BYTES) : BLOCK_BYTES);
    this.used = 0;
  }
}
