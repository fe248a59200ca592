import { foldInto, hashesOf, hashInto, StretchSet, StretchSieve } from './stretch-set';

/** A stretch of so many characters that stands in the prompt, too, is taken for a quotation of it. */
export const QUOTATION = 20;

/** Wherever a quotation begins, one block of the prompt stands in it as a whole. */
const BLOCK = QUOTATION / 2;

/** How much of a prompt is looked at at a time, which is what it takes of memory. */
const PIECE = 16 * 1024;

/**
 * Which stretches of a text are quotations of prompts. A megabyte of prompt takes a few ms: only the surroundings of
 * blocks that stand in the text, too, are looked at character by character.
 */
export class Quotations {
  private readonly codes: Uint16Array;
  private readonly hashes: Int32Array;
  private readonly stretches: StretchSet;
  private readonly blocks: StretchSieve;
  /** A piece of a prompt and its hashes, in memory that all pieces share: most prompts are short, and many. */
  private readonly piece = new Uint16Array(PIECE + QUOTATION - 1);
  private readonly pieceHashes = new Int32Array(PIECE);

  /** @param codes of the text, as they are compared */
  constructor(codes: Uint16Array) {
    this.codes = codes;
    this.hashes = hashesOf(codes, QUOTATION);
    this.stretches = new StretchSet(this.hashes.length);
    this.hashes.forEach((hash, position) => this.stretches.add(hash, position));
    this.blocks = new StretchSieve(hashesOf(codes, BLOCK));
  }

  /** Looks for stretches of this prompt. */
  look(prompt: string): void {
    for (let start = 0; start + QUOTATION <= prompt.length; start += PIECE) {
      // The last quotation that begins in this piece ends in the next.
      const end = Math.min(prompt.length, start + PIECE + QUOTATION - 1);
      foldInto(this.piece, prompt, start, end);
      this.lookAt(end - start);
    }
  }

  /** Whether the stretch that begins at `position` stands in a prompt. */
  has(position: number): boolean {
    return this.stretches.isMarked(this.hashes[position] as number);
  }

  /** @param length of the piece */
  private lookAt(length: number): void {
    let first = -1;
    for (let block = 0; block + BLOCK <= length; block += BLOCK) {
      const isIn = this.blocks.mayHave(this.piece, block, BLOCK);
      if (isIn && first < 0) {
        first = Math.max(0, block + BLOCK - QUOTATION);
      } else if (!isIn && first >= 0) {
        this.compare(first, block + BLOCK);
        first = -1;
      }
    }
    if (first >= 0) {
      this.compare(first, length);
    }
  }

  private compare(from: number, to: number): void {
    const { codes: own, piece, pieceHashes, stretches } = this;
    const count = hashInto(pieceHashes, piece, { start: from, end: to, length: QUOTATION });
    for (let index = 0; index < count; index++) {
      stretches.mark(pieceHashes[index] as number, { own, codes: piece, start: from + index, length: QUOTATION });
    }
  }
}
