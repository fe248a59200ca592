import { isAbortError } from '@ai-sdk/provider-utils';
import { ByteBlocks } from '../transport/byte-blocks';
import type { SilenceLimit } from '../transport/silence-limit';
import { untilAborted } from '../transport/wait';
import { anySignal } from '../transport/any-signal';

/** How a body ended: read to its end, cut at the limit, or broken off with the connection. */
export type BodyText = {
  /** All of it; of a body that is not whole no more than its first 64 kB. */
  text: string;
  end: 'whole' | 'cut' | 'broken';
  cause?: unknown;
};

/** Bodies of errors and of the OAuth host; a list of models has a limit of its own. */
export const ERROR_BODY_LIMIT = 64 * 1024;

/** So long the body of a refusal is waited for: its status says the most, and its beginning is often enough. */
const REFUSAL_TIME_LIMIT_MS = 5_000;

/**
 * The text of an answer up to `limit` bytes, counted after decompression, as `fetch` hands them out. The only reader of
 * whole answers in this package: whatever a server sends, no more of it is kept, and then the connection is closed
 * (docs/decisions.md#40-limits-on-what-is-read). An abort of the request is thrown; any other failure while reading
 * ends the text, because a beginning is often enough.
 *
 * @param limit in bytes; the text may be cut within a character, which then is the replacement character
 * @param abortSignal the request's; without it only an `AbortError` is known for an abort
 */
export async function readBody(
  response: Response,
  limit: number,
  abortSignal?: AbortSignal | null,
  silence?: SilenceLimit,
): Promise<BodyText> {
  return read(response, limit, abortSignal ?? undefined, silence?.signal, silence);
}

/** The same for a refusal: its first 64 kB, or as much of them as comes within five seconds. */
export async function readRefusal(response: Response, abortSignal?: AbortSignal | null): Promise<BodyText> {
  return read(response, ERROR_BODY_LIMIT, abortSignal ?? undefined, AbortSignal.timeout(REFUSAL_TIME_LIMIT_MS));
}

async function read(
  { body }: Response,
  limit: number,
  abortSignal: AbortSignal | undefined,
  timeLimit: AbortSignal | undefined,
  silence?: SilenceLimit,
): Promise<BodyText> {
  if (body === null) {
    return { text: '', end: 'whole' };
  }
  const reader = body.getReader();
  const bytes = new ByteBlocks();
  const signal = timeLimit === undefined ? abortSignal : anySignal(timeLimit, abortSignal);
  try {
    for (;;) {
      silence?.wait();
      // Not every host's `fetch` heeds its signal while a body is read.
      const { done, value } = await untilAborted(reader.read(), signal);
      silence?.heard();
      if (done) {
        return { text: bytes.text(), end: 'whole' };
      }
      bytes.add(value);
      if (bytes.length > limit) {
        reader.cancel().catch(() => undefined);
        return { text: bytes.text(Math.min(limit, ERROR_BODY_LIMIT)), end: 'cut' };
      }
    }
  } catch (cause) {
    silence?.pause();
    reader.cancel().catch(() => undefined);
    abortSignal?.throwIfAborted();
    if (isAbortError(cause) && timeLimit?.aborted !== true) {
      throw cause;
    }
    return { text: bytes.text(ERROR_BODY_LIMIT), end: 'broken', cause };
  }
}
