import { StreamEvent } from './stream-event';

/**
 * The server's own chunks, for a caller who wants those and not the ones that the parser reads: what the server sent
 * for each event that left, in their order. One per call; the pipeline fills it, whoever reads the parts empties it.
 */
export class ServerChunks {
  /** Per event that the parser makes a chunk of. */
  private readonly sent: Array<'the same' | 'nothing' | StreamEvent<object>> = [];

  /** `events` leave; `sent` is what the server sent in their place, `undefined` for nothing. */
  leave(events: ReadonlyArray<StreamEvent<object>>, sent: StreamEvent<object> | undefined): void {
    let source: 'nothing' | StreamEvent<object> = sent ?? 'nothing';
    for (const event of events) {
      if (event.hasData && !event.isDone) {
        this.sent.push(event === sent ? 'the same' : source);
        source = 'nothing';
      }
    }
  }

  /** What the server sent where the parser now has read `chunk`; `undefined` for nothing. */
  next(chunk: unknown): unknown {
    const sent = this.sent.shift() ?? 'the same';
    if (sent === 'nothing') {
      return undefined;
    }
    // Parsed anew, because its chunk may have been changed in place.
    return sent === 'the same' ? chunk : StreamEvent.of(sent.text).chunk;
  }
}
