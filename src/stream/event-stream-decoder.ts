/**
 * UTF-8 bytes to text, piece by piece; a character may be split over two pieces. Keeps a byte order mark.
 *
 * Decoding with `stream: true` takes Node several times as long as decoding whole text, and a piece that ends in ASCII,
 * as every event does, is whole text.
 */
export class EventStreamDecoder {
  /** Whether the last text was the text of exactly the last bytes. */
  isAligned = true;

  private readonly whole = new TextDecoder('utf-8', { ignoreBOM: true });
  private readonly partial = new TextDecoder('utf-8', { ignoreBOM: true });
  private midCharacter = false;

  decode(bytes: Uint8Array): string {
    const last = bytes[bytes.length - 1];
    const endsInside = last === undefined ? this.midCharacter : last >= 0x80;
    this.isAligned = !this.midCharacter && !endsInside;
    this.midCharacter = endsInside;
    return this.isAligned ? this.whole.decode(bytes) : this.partial.decode(bytes, { stream: true });
  }

  /** What is left of a character that was cut by the end of the stream. */
  end(): string {
    return this.midCharacter ? this.partial.decode() : '';
  }
}
