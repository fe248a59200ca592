import { isAbortError } from '@ai-sdk/provider-utils';

/** How a body ended: read to its end, cut at the limit, or broken off with the connection. */
export type BodyText = { text: string; end: 'whole' | 'cut' | 'broken'; cause?: unknown };

/** Bodies of errors and of the OAuth host; a list of models has a limit of its own. */
export const ERROR_BODY_LIMIT = 64 * 1024;

/**
 * The text of an answer up to `limit` bytes, counted after decompression, as `fetch` hands them out. The only reader of
 * whole answers in this package: whatever a server sends, no more of it is kept. It also frees the connection. An abort
 * of the request is thrown; any other failure while reading ends the text, because a beginning is often enough.
 *
 * @param limit in bytes; the text may be cut within a character, which then is the replacement character
 * @param abortSignal the request's; without it only an `AbortError` is known for an abort
 */
export async function readBody(response: Response, limit: number, abortSignal?: AbortSignal | null): Promise<BodyText> {
  if (response.body === null) {
    return { text: '', end: 'whole' };
  }
  if (isShort(response, limit)) {
    return response.text().then(
      text => ({ text, end: 'whole' }),
      (cause: unknown) => brokenOff('', cause, abortSignal),
    );
  }
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let left = limit;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return { text: text + decoder.decode(), end: 'whole' };
      }
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
      if (left < 0) {
        reader.cancel().catch(() => undefined);
        return { text: text + decoder.decode(), end: 'cut' };
      }
    }
  } catch (cause) {
    return brokenOff(text + decoder.decode(), cause, abortSignal);
  }
}

function brokenOff(text: string, cause: unknown, abortSignal: AbortSignal | null | undefined): BodyText {
  abortSignal?.throwIfAborted();
  if (isAbortError(cause)) {
    throw cause;
  }
  return { text, end: 'broken', cause };
}

/**
 * Whether HTTP itself holds a good answer to the limit: no more than its announced length arrives, and nothing unpacks
 * it. Of a refusal also a beginning counts.
 */
function isShort({ ok, headers }: Response, limit: number): boolean {
  const length = headers.get('content-length');
  return ok && length !== null && Number(length) <= limit && !headers.has('content-encoding');
}
