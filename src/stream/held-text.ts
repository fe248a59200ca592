import { ByteBlocks } from '../transport/byte-blocks';

/** From so many characters or pieces on text is kept as bytes. */
const MANY_CHARACTERS = 64 * 1024;
const MANY_PIECES = 256;

/**
 * Text that waits for its end, in pieces. Most of it is short and stays what it is; what grows goes into blocks of
 * bytes, so that neither a million pieces nor one wide character make it cost more than it has bytes.
 */
export class HeldText {
  private pieces: string[] = [];
  private characters = 0;
  private blocks: ByteBlocks | undefined;
  private last = '';

  get isEmpty(): boolean {
    return this.pieces.length === 0 && this.blocks === undefined;
  }

  /** Of the text in UTF-8; of what is still in pieces the most that it can have. */
  get mostBytes(): number {
    return (this.blocks?.length ?? 0) + this.characters * 3;
  }

  /** Of the text in UTF-8. */
  bytes(): number {
    this.pack();
    return this.blocks?.length ?? 0;
  }

  add(piece: string): void {
    this.pieces.push(piece);
    this.characters += piece.length;
    this.last = piece;
    if (this.characters >= MANY_CHARACTERS || this.pieces.length >= MANY_PIECES) {
      this.pack();
    }
  }

  endsWith(character: string): boolean {
    return this.last.endsWith(character);
  }

  /** The text, which is no longer kept then. */
  take(): string {
    const text =
      (this.blocks?.text(undefined, new TextDecoder('utf-8', { ignoreBOM: true })) ?? '') + this.pieces.join('');
    this.drop();
    return text;
  }

  drop(): void {
    this.pieces = [];
    this.characters = 0;
    this.blocks = undefined;
    this.last = '';
  }

  private pack(): void {
    if (this.pieces.length > 0) {
      this.blocks ??= new ByteBlocks();
      this.blocks.addText(this.pieces.join(''));
      this.pieces = [];
      this.characters = 0;
    }
  }
}
