/**
 * Cuts the text of an event stream behind its last whole event, piece by piece as it arrives.
 *
 * Why not `eventsource-parser`, which would be fast enough (0.05 us an event): it gives out the data of events and not
 * their text, so that nothing could leave as the bytes it came in, and comments would be lost; and it keeps a `\r` that
 * ends a piece for the next one, so that an event whose lines end in `\r` would wait for its successor.
 */
export class EventFraming {
  /** The event that is not whole yet, in pieces: one event may be megabytes long and come in hundreds of them. */
  private pending: string[] = [];
  private hasStarted = false;
  /**
   * The last piece ended in a carriage return, which counted as a whole line end: a line feed that follows belongs to
   * it.
   */
  private isAfterCarriageReturn = false;

  /** Whether the next piece begins an event, and is in the way that events are given out if it has no `\r`. */
  get isBetweenEvents(): boolean {
    return this.hasStarted && !this.isAfterCarriageReturn && this.pending.length === 0;
  }

  /**
   * The next piece of the stream in; out the whole events that it completes, with `\n` for `\r\n` and `\r`. The piece
   * itself where it is whole events and nothing else.
   */
  write(piece: string): string {
    const text = this.withLineFeeds(piece);
    if (text === '') {
      return '';
    }
    const end = this.endOfLastEvent(text);
    if (end === 0) {
      this.pending.push(text);
      return '';
    }
    if (this.pending.length === 0 && end === text.length) {
      return text;
    }
    const whole = this.pending.join('') + text.slice(0, end);
    this.pending = end === text.length ? [] : [text.slice(end)];
    return whole;
  }

  /** What is left when the stream has ended: an event without its blank line. */
  end(): string {
    const rest = this.pending.join('');
    this.pending = [];
    return rest;
  }

  /** `piece` without a byte order mark at the stream's start, and with `\n` for `\r\n` and `\r`. */
  private withLineFeeds(piece: string): string {
    let text = piece;
    if (!this.hasStarted && text !== '') {
      this.hasStarted = true;
      text = text.startsWith('\uFEFF') ? text.slice(1) : text;
    }
    if (this.isAfterCarriageReturn && text !== '') {
      this.isAfterCarriageReturn = false;
      text = text.startsWith('\n') ? text.slice(1) : text;
    }
    if (!text.includes('\r')) {
      return text;
    }
    this.isAfterCarriageReturn = text.endsWith('\r');
    return text.replace(/\r\n?/g, '\n');
  }

  /**
   * Where the last whole event in `text` ends, looking back one character: the blank line may be split over two pieces.
   */
  private endOfLastEvent(text: string): number {
    const boundary = text.lastIndexOf('\n\n');
    if (boundary >= 0) {
      return boundary + 2;
    }
    return text.startsWith('\n') && this.pending.at(-1)?.endsWith('\n') ? 1 : 0;
  }
}
