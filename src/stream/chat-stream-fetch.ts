import type { FetchFunction } from '../transport/fetch-function';
import { ChatStreamRewriter } from './chat-stream-rewriter';

/**
 * `fetch` whose event streams are rewritten as they pass: deltas that arrive together become one, and chunks that openai-compatible
 * would trip over are put right ({@link ChatStreamRewriter}). Any other answer passes untouched.
 *
 * Pull-based, one read in for one chunk out: no delta waits for another, and backpressure and cancellation reach the server.
 */
export function createChatStreamFetch({
  fetch,
  generateId,
  coalesce,
}: {
  fetch: FetchFunction;
  /** Makes ids for tool calls that the server sent without one. */
  generateId: () => string;
  /** Whether deltas that arrive in one read are merged. Off where the caller wants the raw chunks. */
  coalesce: boolean;
}): FetchFunction {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (!response.ok || response.body === null || !/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')) {
      return response;
    }
    return new Response(rewrite(response.body, new ChatStreamRewriter({ generateId, coalesce })), {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}

function rewrite(body: ReadableStream<Uint8Array>, rewriter: ChatStreamRewriter): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const { done, value } = await reader.read();
          const text = done ? rewriter.write(decoder.decode()) + rewriter.end() : rewriter.write(decoder.decode(value, { stream: true }));
          if (text !== '') {
            controller.enqueue(encoder.encode(text));
          }
          if (done) {
            controller.close();
          }
          if (done || text !== '') {
            return;
          }
        }
      },
      cancel: reason => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
