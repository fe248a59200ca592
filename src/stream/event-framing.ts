import { HeldText } from './held-text';

/** How many bytes one event may have unless the settings say otherwise; the longest ones are arguments of tools. */
export const EVENT_LIMIT = 16 * 1024 * 1024;

/**
 * Cuts the text of an event stream behind its last whole event, piece by piece as it arrives.
 *
 * Why not `eventsource-parser`, which would be fast enough (0.05 us an event): it gives out the data of events and not
 * their text, so that nothing could leave as the bytes it came in, and comments would be lost; and it keeps a `\r` that
 * ends a piece for the next one, so that an event whose lines end in `\r` would wait for its successor.
 */
export class EventFraming {
  /** The event that is not whole yet: one event may be megabytes long and come in hundreds of pieces. */
  private readonly pending = new HeldText();
  private hasStarted = false;
  /**
   * The last piece ended in a carriage return, which counted as a whole line end: a line feed that follows belongs to
   * it.
   */
  private isAfterCarriageReturn = false;

  /** Whether an event has more bytes than it may. */
  isOverLimit = false;

  /** A piece with no more characters has no event that is too large. */
  readonly surelyShort: number;

  /** @param limit how many bytes one event may have */
  constructor(private readonly limit = EVENT_LIMIT) {
    this.surelyShort = Math.floor(limit / 3);
  }

  /** Whether the next piece begins an event, and is in the way that events are given out if it has no `\r`. */
  get isBetweenEvents(): boolean {
    return this.hasStarted && !this.isAfterCarriageReturn && this.pending.isEmpty;
  }

  /**
   * The next piece of the stream in; out the whole events that it completes, with `\n` for `\r\n` and `\r`. The piece
   * itself where it is whole events and nothing else. Of an event that is too large, and what follows, nothing comes
   * out.
   */
  write(piece: string): string {
    const text = this.withLineFeeds(piece);
    if (text === '') {
      return '';
    }
    const end = this.endOfLastEvent(text);
    if (end === 0) {
      this.hold(text);
      return '';
    }
    if (this.pending.isEmpty && end === text.length && text.length <= this.surelyShort) {
      return text;
    }
    const whole = this.withinLimit(this.pending.take() + text.slice(0, end));
    if (end < text.length) {
      this.hold(text.slice(end));
    }
    return whole;
  }

  /** What is left when the stream has ended: an event without its blank line. */
  end(): string {
    return this.pending.take();
  }

  private hold(text: string): void {
    this.pending.add(text);
    if (this.pending.mostBytes > this.limit && this.pending.bytes() > this.limit) {
      this.pending.drop();
      this.isOverLimit = true;
    }
  }

  /** The events up to one that is too large. */
  private withinLimit(events: string): string {
    if (events.length <= this.surelyShort) {
      return events;
    }
    for (let start = 0, end: number; start < events.length; start = end) {
      end = events.indexOf('\n\n', start) + 2;
      if (end - start > this.surelyShort && new TextEncoder().encode(events.slice(start, end)).length > this.limit) {
        this.isOverLimit = true;
        return events.slice(0, start);
      }
    }
    return events;
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
    return text.startsWith('\n') && this.pending.endsWith('\n') ? 1 : 0;
  }
}
