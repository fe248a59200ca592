import { foldedCodes, hashesOf, StretchSet, StretchSieve } from './stretch-set';

/** A stretch of so many characters that stands in the prompt, too, is taken for a quotation of it. */
export const QUOTATION = 20;

/** Wherever a quotation begins, one block of the prompt stands in it as a whole. */
const BLOCK = QUOTATION / 2;

/** How much of a prompt is looked at at a time, which is what it takes of memory. */
const PIECE = 64 * 1024;

/**
 * Which stretches of a text are quotations of prompts. A megabyte of prompt takes a few ms: only the surroundings of
 * blocks that stand in the text, too, are looked at character by character.
 */
export class Quotations {
  private readonly codes: Uint16Array;
  private readonly hashes: Int32Array;
  private readonly stretches: StretchSet;
  private readonly blocks: StretchSieve;

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
      this.lookAt(foldedCodes(prompt, start, Math.min(prompt.length, start + PIECE + QUOTATION - 1)));
    }
  }

  /** Whether the stretch that begins at `position` stands in a prompt. */
  has(position: number): boolean {
    return this.stretches.isMarked(this.hashes[position] as number);
  }

  private lookAt(codes: Uint16Array): void {
    let first = -1;
    for (let block = 0; block + BLOCK <= codes.length; block += BLOCK) {
      const isIn = this.blocks.mayHave(codes, block, BLOCK);
      if (isIn && first < 0) {
        first = Math.max(0, block + BLOCK - QUOTATION);
      } else if (!isIn && first >= 0) {
        this.compare(codes.subarray(first, block + BLOCK));
        first = -1;
      }
    }
    if (first >= 0) {
      this.compare(codes.subarray(first));
    }
  }

  private compare(codes: Uint16Array): void {
    const hashes = hashesOf(codes, QUOTATION);
    for (let start = 0; start < hashes.length; start++) {
      this.stretches.mark(hashes[start] as number, { own: this.codes, codes, start, length: QUOTATION });
    }
  }
}
