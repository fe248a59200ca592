/** The content of a file that Kimi has (docs/wire.md#files-of-an-account). */
import { extractResponseHeaders } from '@ai-sdk/provider-utils';
import { connectionFailure, failure, hostOf, toKimiAPIError, type Exchange } from '../api/api-failure';
import { isNetworkFailure, networkFailureMessage } from '../api/network-failure';
import { readRefusal } from '../api/read-body';
import { SilenceLimit } from '../transport/silence-limit';
import { untilAborted } from '../transport/wait';
import { fileURLOf, FILE_SILENCE_MS, type FilesAccess } from './files-api';
import { anySignal } from '../transport/any-signal';

/**
 * `GET /files/<id>/content`, as a stream that the caller reads or cancels. Nothing is read that nobody asks for, and
 * the server may be silent for 300 s while somebody waits.
 * @throws KimiAPIError for a refusal and a network failure before the first byte; the reason of `abortSignal`. Of both,
 *   a break in the middle fails the stream with `KIMI_ANSWER_CUT`.
 */
export async function requestFileContent(
  { apiBaseURL, fetch, headers, credentialSource, secrets }: FilesAccess,
  id: string,
  abortSignal?: AbortSignal,
  silence: SilenceLimit = new SilenceLimit({ firstByteMs: FILE_SILENCE_MS, idleMs: FILE_SILENCE_MS }),
): Promise<{ content: ReadableStream<Uint8Array>; mediaType?: string }> {
  const exchange: Exchange = { url: `${fileURLOf(apiBaseURL, id)}/content`, requestBodyValues: {}, secrets };
  const signal = anySignal(silence.signal, abortSignal);
  try {
    silence.wait();
    const response = await untilAborted(fetch(exchange.url, { method: 'GET', headers, signal }), signal);
    Object.assign(exchange, { statusCode: response.status, responseHeaders: extractResponseHeaders(response) });
    exchange.credentialSource = credentialSource();
    if (!response.ok) {
      throw toKimiAPIError(exchange, (await readRefusal(response, signal)).text);
    }
    const mediaType = response.headers.get('content-type')?.split(';')[0]?.trim();
    const body = response.body ?? (new Blob([]).stream() as ReadableStream<Uint8Array>);
    const content = contentStream(body, exchange, { silence, signal, abortSignal });
    return { content, ...(mediaType ? { mediaType } : {}) };
  } catch (error) {
    abortSignal?.throwIfAborted();
    if (silence.signal.aborted) {
      throw connectionFailure(exchange, undefined, (silence.signal.reason as Error).message);
    }
    throw isNetworkFailure(error) ? connectionFailure(exchange, error) : error;
  } finally {
    silence.pause();
  }
}

type Ends = { silence: SilenceLimit; signal: AbortSignal; abortSignal: AbortSignal | undefined };

/** The body as it comes; whatever it fails of but an abort is an error of ours. */
function contentStream(
  body: ReadableStream<Uint8Array>,
  exchange: Exchange,
  { silence, signal, abortSignal }: Ends,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          silence.wait();
          // Not every host's `fetch` heeds its signal while a body is read.
          const { done, value } = await untilAborted(reader.read(), signal);
          silence.heard();
          if (done) {
            controller.close();
          } else {
            controller.enqueue(value);
          }
        } catch (cause) {
          silence.pause();
          reader.cancel(cause).catch(() => undefined);
          abortSignal?.throwIfAborted();
          throw cutContent(exchange, cause);
        }
      },
      cancel: reason => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function cutContent(exchange: Exchange, cause: unknown): Error {
  return failure(exchange, {
    code: 'KIMI_ANSWER_CUT',
    reason: 'connection',
    isRetryable: true,
    message:
      `The connection to ${hostOf(exchange.url)} broke in the middle of the file ` +
      `(${networkFailureMessage(cause)}): what came of it is not whole. Try again.`,
    cause,
  });
}
