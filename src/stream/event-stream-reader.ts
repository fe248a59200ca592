import { isAbortError } from '@ai-sdk/provider-utils';
import type { AnswerRewriter } from './answer-rewriter';
import type { ChatStreamRewriter } from './chat-stream-rewriter';
import { EventStreamDecoder } from './event-stream-decoder';

/**
 * A reader, in the sense of web streams. Reads an event stream's bytes, rewritten: one read of the server's stream for
 * one piece given out, or several while an event is not whole. Nothing is read ahead. An abort fails the reader; with
 * an {@link AnswerRewriter}, any other failure of the server's stream becomes its last event.
 */
export class EventStreamReader implements ReadableStreamDefaultReader<Uint8Array> {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly rewriter: ChatStreamRewriter;
  private readonly answer: AnswerRewriter | undefined;
  private readonly onBroken: ((cause: unknown) => void) | undefined;
  private readonly decoder = new EventStreamDecoder();
  private readonly encoder = new TextEncoder();
  private ended = false;

  /** @param onBroken told what the server's stream failed with, before the event leaves */
  constructor(
    body: ReadableStream<Uint8Array>,
    rewriter: ChatStreamRewriter,
    answer?: AnswerRewriter,
    onBroken?: (cause: unknown) => void,
  ) {
    this.reader = body.getReader();
    this.rewriter = rewriter;
    this.answer = answer;
    this.onBroken = onBroken;
  }

  get closed(): ReadableStreamDefaultReader<Uint8Array>['closed'] {
    return this.reader.closed;
  }

  async read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    while (!this.ended) {
      let next: ReadableStreamReadResult<Uint8Array>;
      try {
        next = await this.reader.read();
      } catch (error) {
        return this.broken(error);
      }
      try {
        this.ended = next.done;
        const rewritten = next.done ? this.lastEvents() : this.rewrite(next.value);
        if (rewritten.length > 0) {
          return { done: false, value: typeof rewritten === 'string' ? this.encoder.encode(rewritten) : rewritten };
        }
      } catch (error) {
        // A user's `generateId` may throw: nobody will read on, so the server may stop.
        this.reader.cancel(error).catch(() => undefined);
        throw error;
      }
    }
    return { done: true, value: undefined };
  }

  /** What leaves for these bytes: most leave as they came, and then as the bytes that they were. */
  private rewrite(bytes: Uint8Array): string | Uint8Array {
    const text = this.decoder.decode(bytes);
    const events = this.rewriter.write(text);
    const rewritten = this.answer === undefined || events === '' ? events : this.answer.write(events);
    return rewritten === text && text !== '' && this.decoder.isAligned ? bytes : rewritten;
  }

  private broken(error: unknown): ReadableStreamReadResult<Uint8Array> {
    if (this.answer === undefined || isAbortError(error)) {
      throw error;
    }
    this.ended = true;
    this.onBroken?.(error);
    const last = this.answer.fail();
    return last === '' ? { done: true, value: undefined } : { done: false, value: this.encoder.encode(last) };
  }

  private lastEvents(): string {
    const events = this.rewriter.write(this.decoder.end());
    const rest = this.rewriter.end();
    if (this.answer === undefined) {
      return events + rest;
    }
    const isWhole = rest.endsWith('\n\n');
    return this.answer.write(isWhole ? events + rest : events) + this.answer.end(isWhole ? '' : rest);
  }

  /** Nothing is locked: whoever was given this reader is the only one. */
  releaseLock(): void {}

  cancel(reason?: unknown): Promise<void> {
    return this.reader.cancel(reason);
  }
}
