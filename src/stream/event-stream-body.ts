import { isAbortError } from '@ai-sdk/provider-utils';
import type { SilenceLimit } from '../transport/silence-limit';
import { sleep } from '../transport/wait';
import type { EventPipeline, StreamFault } from './event-pipeline';

/** So long the end of a body is waited for in which everything was said, so that its connection can be used again. */
const END_WAIT_MS = 1_000;

/** How a stream may end but by its end. */
export type StreamEnds = {
  /** Told of why nothing more is read: the connection broke, the server was silent, an event is too large. */
  onBroken?: ((cause: unknown) => void) | undefined;
  abortSignal?: AbortSignal | null | undefined;
  /** How long the server may be silent. */
  silence?: SilenceLimit | undefined;
};

type Pipeline = Pick<EventPipeline<never>, 'write' | 'end' | 'fail' | 'isOverLimit' | 'isDone'>;

/**
 * An event stream's bytes, rewritten by `pipeline`: one read of the server's stream for one piece given out, or several
 * while an event is not whole. Nothing is read that nobody has asked for, so that no delta waits for another, and
 * backpressure and cancellation reach the server. A piece of which nothing changes leaves as the bytes that it was.
 *
 * An abort fails the stream. So does any other failure of the server's stream, unless `onBroken` is given: then
 * `onBroken` is told of it, and the stream ends with what the pipeline says to that. The same holds for an event that
 * is too large, behind which nothing is read. Nor is anything read behind the event that says that all is said.
 */
export function rewrittenBody(
  body: ReadableStream<Uint8Array>,
  pipeline: Pipeline,
  ends: StreamEnds = {},
): ReadableStream<Uint8Array> {
  let rewriting: StreamRewriting;
  return new ReadableStream<Uint8Array>(
    {
      start: controller => {
        rewriting = new StreamRewriting(body.getReader(), pipeline, ends, controller);
      },
      pull: () => rewriting.pull(),
      cancel: reason => rewriting.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** One stream on its way. Promises by hand: where each event is a packet, `pull` runs for every one. */
class StreamRewriting {
  private readonly decoder = new Utf8Pieces();
  private readonly encoder = new TextEncoder();

  constructor(
    private readonly reader: ReadableStreamDefaultReader<Uint8Array>,
    private readonly pipeline: Pipeline,
    private readonly ends: StreamEnds,
    private readonly out: ReadableStreamDefaultController<Uint8Array>,
  ) {
    // Not every host's `fetch` heeds its signal while a body is read. The read that waits says that there is no more.
    ends.abortSignal?.addEventListener('abort', this.stopReading, { once: true });
    ends.silence?.signal.addEventListener('abort', this.stopReading, { once: true });
  }

  pull(): Promise<void> {
    return this.pipeline.isDone
      ? this.finish()
      : this.read().then(result => (this.take(result) ? undefined : this.readUntilTaken()), this.onFailure);
  }

  async cancel(reason: unknown): Promise<void> {
    this.release();
    await this.reader.cancel(reason);
  }

  private read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    this.ends.silence?.wait();
    return this.reader.read();
  }

  /** A loop, because one event may come in a million pieces. */
  private async readUntilTaken(): Promise<void> {
    for (let isTaken = false; !isTaken;) {
      let result: ReadableStreamReadResult<Uint8Array>;
      try {
        result = await this.read();
      } catch (error) {
        return this.onFailure(error);
      }
      isTaken = this.take(result);
    }
  }

  /** Whether anything was given out, so that nobody waits any more. */
  private take({ done, value }: ReadableStreamReadResult<Uint8Array>): boolean {
    const { abortSignal, silence } = this.ends;
    if (done && (abortSignal?.aborted === true || silence?.signal.aborted === true)) {
      this.onFailure(abortSignal?.aborted === true ? abortSignal.reason : silence?.signal.reason);
      return true;
    }
    silence?.heard();
    let events: string | Uint8Array;
    try {
      events = done ? this.pipeline.write(this.decoder.end()) + this.pipeline.end() : this.rewrite(value);
    } catch (error) {
      // A user's `generateId` may throw: nobody will read on, so the server may stop.
      this.stopReading(error);
      throw error;
    }
    this.leave(events);
    if (this.pipeline.isOverLimit) {
      this.stopReading();
      this.endWith('too-large', undefined);
      return true;
    }
    if (done) {
      this.close();
    }
    return done || events.length > 0;
  }

  private rewrite(bytes: Uint8Array): string | Uint8Array {
    const text = this.decoder.decode(bytes);
    const events = this.pipeline.write(text);
    return events === text && text !== '' && this.decoder.isAligned ? bytes : events;
  }

  private leave(events: string | Uint8Array): void {
    if (events.length > 0) {
      this.out.enqueue(typeof events === 'string' ? this.encoder.encode(events) : events);
    }
  }

  /** Everything was said: what comes behind it, an end, a break or garbage, changes nothing. */
  private async finish(): Promise<void> {
    const enough = new AbortController();
    const end = this.reader.read().then(
      ({ done }) => done,
      () => true,
    );
    const isEnded = await Promise.race([end, sleep(END_WAIT_MS, enough.signal).then(() => false)]);
    // With a reason: the one that `abort` makes by itself is an error with a stack.
    enough.abort('enough');
    if (!isEnded) {
      this.stopReading();
    }
    this.leave(this.pipeline.end());
    this.close();
  }

  private readonly onFailure = (error: unknown): void => {
    const { abortSignal } = this.ends;
    this.release();
    if (abortSignal?.aborted === true && !isAbortError(error)) {
      throw abortError(abortSignal.reason);
    }
    if (isAbortError(error)) {
      throw error;
    }
    this.endWith('connection', error);
  };

  private endWith(fault: StreamFault, cause: unknown): void {
    const { onBroken } = this.ends;
    if (onBroken === undefined) {
      throw cause ?? new Error('An event of the stream is too large.');
    }
    onBroken(cause);
    this.leave(this.pipeline.fail(fault));
    this.close();
  }

  private close(): void {
    this.release();
    this.out.close();
  }

  private readonly stopReading = (reason?: unknown): void => {
    this.reader.cancel(reason).catch(() => undefined);
  };

  private release(): void {
    const { abortSignal, silence } = this.ends;
    silence?.pause();
    abortSignal?.removeEventListener('abort', this.stopReading);
    silence?.signal.removeEventListener('abort', this.stopReading);
  }
}

/** By this name the AI SDK knows an abort in the middle of a stream; any other reason it would call a broken answer. */
function abortError(reason: unknown): Error {
  return Object.assign(new Error('The call was aborted.', { cause: reason }), { name: 'AbortError' });
}

/**
 * UTF-8 bytes to text, piece by piece; a character may be split over two pieces. Keeps a byte order mark.
 *
 * Decoding with `stream: true` takes Node several times as long as decoding whole text, and a piece that ends in ASCII,
 * as every event does, is whole text.
 */
class Utf8Pieces {
  /** Whether the last text was the text of exactly the last bytes. */
  isAligned = true;

  private readonly whole = new TextDecoder('utf-8', { ignoreBOM: true });
  private partial: TextDecoder | undefined;
  private isMidCharacter = false;

  decode(bytes: Uint8Array): string {
    const last = bytes[bytes.length - 1];
    const endsInside = last === undefined ? this.isMidCharacter : last >= 0x80;
    this.isAligned = !this.isMidCharacter && !endsInside;
    this.isMidCharacter = endsInside;
    if (this.isAligned) {
      return this.whole.decode(bytes);
    }
    this.partial ??= new TextDecoder('utf-8', { ignoreBOM: true });
    return this.partial.decode(bytes, { stream: true });
  }

  /** What is left of a character that was cut by the end of the stream. */
  end(): string {
    return (this.isMidCharacter && this.partial?.decode()) || '';
  }
}
