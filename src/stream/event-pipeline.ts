import { DeltaCoalescer, type JoinedDelta } from './coalesce-deltas';
import type { Delta } from './delta-frame';
import { EventFraming } from './event-framing';
import type { ServerChunks } from './server-chunks';
import { StreamEvent } from './stream-event';

/** Why nothing more is read of a stream that has not ended. */
export type StreamFault = 'connection' | 'too-large';

/**
 * What one wire does to its events: `repair`, then deltas become one, then `emit`. Where the cheap signs say that
 * nothing is to be done, an event goes by unparsed.
 */
export interface EventSteps<Chunk extends object> {
  /** Whether the server has said that nothing follows. */
  readonly isDone: boolean;
  /** Whether what must be kept until the end of the answer is more than it may be. */
  readonly isOverLimit: boolean;
  /** Cheap signs, by text, that one of these events may be changed by `repair`. */
  needsRepair(events: string): boolean;
  /** Puts right, in place, what the reader would trip over; returns whether anything changed. */
  repair(chunk: Chunk): boolean;
  /** The delta that a chunk is, where it is nothing else. */
  readDelta(chunk: Chunk): Delta | undefined;
  /** Cheap signs, by text, that these events must go through `emit`. Those that need not count as observed. */
  needsParsing(events: string): boolean;
  /** The same for a delta. @param content its text as it is written in JSON */
  deltaNeedsParsing(field: string, content: string): boolean;
  /** What leaves in place of this event: the event itself where nothing changes. */
  emit(event: StreamEvent<Chunk>): Array<StreamEvent<Chunk>>;
  /** What is to be said when the server has said everything. @param rest an event that was cut, empty if none was */
  end(rest: string): Array<StreamEvent<Chunk>>;
  /** What is to be said when nothing more is read: the connection broke, or an event is too large. */
  fail(fault: StreamFault): Array<StreamEvent<Chunk>>;
}

/**
 * The text of an event stream in, a better one out, piece by piece as it arrives: events are framed, repaired, joined
 * where they are deltas that arrived together, and leave through the steps of their wire. Each is parsed at most once
 * and written once, at the end. What needs nothing leaves as it came, and a piece of which nothing changed is given
 * back itself.
 *
 * Deltas are joined before `emit`, so that whoever looks into the text does so once per piece and not once per token.
 */
export class EventPipeline<Chunk extends object> {
  private readonly steps: EventSteps<Chunk>;
  private readonly coalescer: DeltaCoalescer<Chunk> | undefined;
  private readonly serverChunks: ServerChunks | undefined;
  private readonly framing: EventFraming;

  /**
   * @param serverChunks told what the server sent for each event that leaves; deltas are not joined then
   * @param eventLimit how many bytes one event may have
   */
  constructor(steps: EventSteps<Chunk>, serverChunks?: ServerChunks, eventLimit?: number) {
    this.framing = new EventFraming(eventLimit);
    this.steps = steps;
    this.coalescer = serverChunks === undefined ? new DeltaCoalescer(chunk => steps.readDelta(chunk)) : undefined;
    this.serverChunks = serverChunks;
  }

  /**
   * Takes the next piece of the stream and gives back what can leave now, which may be nothing. Nothing more is to be
   * written where `isOverLimit` is true then.
   */
  write(piece: string): string {
    const { framing } = this;
    // One delta of a known frame, which is what most pieces are, needs no more looking.
    const delta =
      framing.isBetweenEvents && piece.length <= framing.surelyShort ? this.coalescer?.known(piece) : undefined;
    if (delta !== undefined) {
      return this.steps.deltaNeedsParsing(delta.field, delta.content) ? this.emit(StreamEvent.of(piece)) : piece;
    }
    return this.pass(framing.write(piece));
  }

  /** Whether an event, or what is kept of them all, is larger than it may be; what came before it has left. */
  get isOverLimit(): boolean {
    return this.framing.isOverLimit || this.steps.isOverLimit;
  }

  /** Whether the server has said that nothing follows. */
  get isDone(): boolean {
    return this.steps.isDone;
  }

  /** The rest, when the stream has ended. A whole event that only lacks its blank line still counts. */
  end(): string {
    const rest = this.framing.end();
    const last = StreamEvent.of<Chunk>(`${rest.trimEnd()}\n\n`);
    return last.isDone || last.chunk !== undefined
      ? this.pass(rest.endsWith('\n') ? `${rest}\n` : `${rest}\n\n`) + this.close('')
      : this.close(rest);
  }

  /** What is still to be said when nothing more is read. */
  fail(fault: StreamFault): string {
    return this.leave(this.steps.fail(fault), undefined);
  }

  private close(rest: string): string {
    return this.leave(this.steps.end(rest), undefined);
  }

  /** Whole events in, what leaves in their place out. */
  private pass(events: string): string {
    const { steps, coalescer } = this;
    if (events === '') {
      return '';
    }
    if (coalescer === undefined) {
      return eventsOf<Chunk>(events)
        .map(event => this.passEvent(this.repaired(event), event))
        .join('');
    }
    if (events.indexOf('\n\n') < events.length - 2 || steps.needsRepair(events) || steps.needsParsing(events)) {
      return this.passJoined(events, coalescer);
    }
    const event = StreamEvent.of<Chunk>(events);
    coalescer.learn(event);
    return event.isUnreadable ? this.emit(event) : events;
  }

  private passJoined(events: string, coalescer: DeltaCoalescer<Chunk>): string {
    let output = '';
    coalescer.split(events, {
      repair: event => this.repaired(event),
      onEvent: event => {
        output += this.passEvent(event);
      },
      onDelta: ({ field, content, event }: JoinedDelta<Chunk>) => {
        output += this.steps.deltaNeedsParsing(field, content) ? this.emit(event) : event.text;
      },
    });
    return output;
  }

  private repaired(event: StreamEvent<Chunk>): StreamEvent<Chunk> {
    if (!this.steps.needsRepair(event.text)) {
      return event;
    }
    const { chunk } = event;
    return chunk !== undefined && this.steps.repair(chunk) ? event.changed(chunk) : event;
  }

  private passEvent(event: StreamEvent<Chunk>, sent?: StreamEvent<Chunk>): string {
    return event.isChanged || this.steps.needsParsing(event.text) || event.isUnreadable
      ? this.emit(event, sent)
      : this.leave([event], sent);
  }

  private emit(event: StreamEvent<Chunk>, sent?: StreamEvent<Chunk>): string {
    return this.leave(this.steps.emit(event), sent);
  }

  /** @param sent what the server sent in place of all of them */
  private leave(events: ReadonlyArray<StreamEvent<Chunk>>, sent: StreamEvent<Chunk> | undefined): string {
    this.serverChunks?.leave(events, sent);
    return events.length === 1 ? (events[0]?.text ?? '') : events.map(({ text }) => text).join('');
  }
}

function eventsOf<Chunk extends object>(events: string): Array<StreamEvent<Chunk>> {
  return events
    .split('\n\n')
    .filter(event => event !== '')
    .map(event => StreamEvent.of(`${event}\n\n`));
}
