import { isAbortError } from '@ai-sdk/provider-utils';
import type { EventPipeline } from './event-pipeline';

/**
 * An event stream's bytes, rewritten by `pipeline`: one read of the server's stream for one piece given out, or several
 * while an event is not whole. Nothing is read that nobody has asked for, so that no delta waits for another, and
 * backpressure and cancellation reach the server. A piece of which nothing changes leaves as the bytes that it was.
 *
 * An abort fails the stream. So does any other failure of the server's stream, unless `onBroken` is given: then
 * `onBroken` is told of it, and the stream ends with what the pipeline says to that.
 */
export function rewrittenBody(
  body: ReadableStream<Uint8Array>,
  pipeline: Pick<EventPipeline<never>, 'write' | 'end' | 'fail'>,
  onBroken: ((cause: unknown) => void) | undefined,
  abortSignal: AbortSignal | null | undefined,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const decoder = new Utf8Pieces();
  const encoder = new TextEncoder();
  let out: ReadableStreamDefaultController<Uint8Array>;

  const rewrite = (bytes: Uint8Array): string | Uint8Array => {
    const text = decoder.decode(bytes);
    const events = pipeline.write(text);
    return events === text && text !== '' && decoder.isAligned ? bytes : events;
  };
  const leave = (events: string | Uint8Array): void => {
    if (events.length > 0) {
      out.enqueue(typeof events === 'string' ? encoder.encode(events) : events);
    }
  };
  const onRead = ({ done, value }: ReadableStreamReadResult<Uint8Array>): Promise<void> | undefined => {
    let events: string | Uint8Array;
    try {
      events = done ? pipeline.write(decoder.end()) + pipeline.end() : rewrite(value);
    } catch (error) {
      // A user's `generateId` may throw: nobody will read on, so the server may stop.
      reader.cancel(error).catch(() => undefined);
      throw error;
    }
    leave(events);
    if (done) {
      out.close();
    }
    return done || events.length > 0 ? undefined : pull();
  };
  const onFailure = (error: unknown): void => {
    if (abortSignal?.aborted === true && !isAbortError(error)) {
      throw abortError(abortSignal.reason);
    }
    if (onBroken === undefined || isAbortError(error)) {
      throw error;
    }
    onBroken(error);
    leave(pipeline.fail());
    out.close();
  };
  // Promises by hand: where each event is a packet, this runs for every one.
  const pull = (): Promise<void> => reader.read().then(onRead, onFailure);

  return new ReadableStream<Uint8Array>(
    {
      start: controller => {
        out = controller;
      },
      pull,
      cancel: reason => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
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
