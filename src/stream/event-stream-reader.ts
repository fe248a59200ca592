import type { ChatStreamRewriter } from './chat-stream-rewriter';
import { EventStreamDecoder } from './event-stream-decoder';

/**
 * A reader, in the sense of web streams. Reads an event stream's bytes, rewritten: one read of the server's stream for one piece given out, or several while an event is not
 * whole. Nothing is read ahead, and what the server's stream fails with, a reader of this one fails with.
 */
export class EventStreamReader implements ReadableStreamDefaultReader<Uint8Array> {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly rewriter: ChatStreamRewriter;
  private readonly decoder = new EventStreamDecoder();
  private readonly encoder = new TextEncoder();
  private ended = false;

  constructor(body: ReadableStream<Uint8Array>, rewriter: ChatStreamRewriter) {
    this.reader = body.getReader();
    this.rewriter = rewriter;
  }

  get closed(): ReadableStreamDefaultReader<Uint8Array>['closed'] {
    return this.reader.closed;
  }

  async read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    try {
      while (!this.ended) {
        const { done, value } = await this.reader.read();
        this.ended = done;
        const text = done ? this.decoder.end() : this.decoder.decode(value);
        const rewritten = done ? this.rewriter.write(text) + this.rewriter.end() : this.rewriter.write(text);
        if (rewritten !== '') {
          // Most pieces leave as they came, and then as the bytes that they were.
          const same = !done && rewritten === text && this.decoder.isAligned;
          return { done: false, value: same ? value : this.encoder.encode(rewritten) };
        }
      }
      return { done: true, value: undefined };
    } catch (error) {
      // A user's `generateId` may throw: nobody will read on, so the server may stop.
      this.reader.cancel(error).catch(() => undefined);
      throw error;
    }
  }

  /** Nothing is locked: whoever was given this reader is the only one. */
  releaseLock(): void {}

  cancel(reason?: unknown): Promise<void> {
    return this.reader.cancel(reason);
  }
}
