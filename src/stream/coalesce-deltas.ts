import { DeltaFrame, type Delta, type DeltaReader } from './delta-frame';
import { StreamEvent } from './stream-event';

/** So many events in a row are looked at for a frame that then fits none; more would cost, where all events differ. */
const MAXIMUM_LESSONS = 16;

/** A delta, of one event or joined from several. */
export type JoinedDelta<Chunk extends object> = {
  field: string;
  /** Its text as it is written in JSON. */
  content: string;
  event: StreamEvent<Chunk>;
};

/** Neighbouring deltas of one kind, on their way to become one. */
type Run<Chunk extends object> = {
  key: string;
  field: string;
  contents: string[];
  /** The first event, parsed; there is no frame as long as it is alone. */
  first: { event: StreamEvent<Chunk>; delta: Delta } | undefined;
  frame: DeltaFrame | undefined;
};

/**
 * Joins deltas that arrive together. Knows most of them by the frame that they share ({@link DeltaFrame}), without
 * parsing; one that has another frame is parsed, and joins its neighbours where it is of their kind.
 */
export class DeltaCoalescer<Chunk extends object> {
  private frame: DeltaFrame | undefined;
  private lessons = 0;

  constructor(private readonly readDelta: DeltaReader<Chunk>) {}

  /** The delta that this single event is, where its frame is known. */
  known(event: string): { field: string; content: string } | undefined {
    const content = this.contentAt(event, 0);
    return this.frame === undefined || content === undefined || this.frame.lengthWith(content) < event.length
      ? undefined
      : { field: this.frame.field, content };
  }

  /** Learns the frame of an event that came alone and left as it came: others like it may follow. */
  learn(event: StreamEvent<Chunk>): void {
    const { chunk } = this.lessons < MAXIMUM_LESSONS ? event : {};
    if (chunk !== undefined) {
      this.lessons++;
      const delta = this.readDelta(chunk);
      this.frame = (delta && DeltaFrame.of(event.text, delta, this.readDelta)) ?? this.frame;
    }
  }

  /**
   * Whole events in, in their order and with deltas of one kind joined.
   *
   * @param onEvent an event that is no delta
   * @param onDelta a delta, or several joined
   * @param repair called first for each event that is not known; gives back the event, or another in its place
   */
  split(
    events: string,
    {
      repair,
      onEvent,
      onDelta,
    }: {
      repair: (event: StreamEvent<Chunk>) => StreamEvent<Chunk>;
      onEvent: (event: StreamEvent<Chunk>) => void;
      onDelta: (delta: JoinedDelta<Chunk>) => void;
    },
  ): void {
    let run: Run<Chunk> | undefined;
    const flush = () => {
      if (run !== undefined) {
        onDelta(joined(run));
        run = undefined;
      }
    };
    for (let start = 0, end: number; start < events.length; start = end) {
      const content = this.contentAt(events, start);
      if (this.frame !== undefined && content !== undefined) {
        const { frame } = this;
        end = start + frame.lengthWith(content);
        if (run?.key === frame.key && this.frameOf(run) !== undefined) {
          run.contents.push(content);
        } else {
          flush();
          run = { key: frame.key, field: frame.field, contents: [content], first: undefined, frame };
        }
        continue;
      }
      if (events.startsWith('\n', start)) {
        // Blank lines between events.
        end = start + 1;
        continue;
      }
      end = events.indexOf('\n\n', start) + 2;
      const event = repair(StreamEvent.of(events.slice(start, end)));
      const delta = event.isChanged ? undefined : this.deltaOf(event);
      if (delta === undefined) {
        flush();
        onEvent(event);
      } else if (run?.key === delta.key && this.frameOf(run) !== undefined) {
        run.contents.push(contentOf(delta.text));
      } else {
        flush();
        const { key, field, text } = delta;
        run = { key, field, contents: [contentOf(text)], first: { event, delta }, frame: undefined };
      }
    }
    flush();
  }

  private contentAt(events: string, start: number): string | undefined {
    const content = this.frame?.contentAt(events, start);
    if (content !== undefined) {
      this.lessons = 0;
    }
    return content;
  }

  private deltaOf(event: StreamEvent<Chunk>): Delta | undefined {
    return event.chunk === undefined ? undefined : this.readDelta(event.chunk);
  }

  /** The frame of a run that is to grow, for the events that follow too; `undefined` where it cannot. */
  private frameOf(run: Run<Chunk>): DeltaFrame | undefined {
    if (run.frame === undefined && run.first !== undefined) {
      run.frame = DeltaFrame.of(run.first.event.text, run.first.delta, this.readDelta);
      this.frame = run.frame ?? this.frame;
    }
    return run.frame;
  }
}

function joined<Chunk extends object>({ field, contents, first, frame }: Run<Chunk>): JoinedDelta<Chunk> {
  let content = contents.join('');
  if (first !== undefined && contents.length === 1) {
    return { field, content, event: first.event };
  }
  if (contents.length > 1 && content.includes('\\u')) {
    // Halves of a character that came in two deltas become one.
    content = contentOf(JSON.parse(`"${content}"`) as string);
  }
  return { field, content, event: StreamEvent.of(frame?.eventWith(content) ?? '') };
}

/** A text as it is written in JSON, without its quotes. */
function contentOf(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
