import type { FetchFunction } from '../transport/fetch-function';
import { AnswerRewriter, type AnswerRewriterOptions } from './answer-rewriter';
import { ChatStreamRewriter } from './chat-stream-rewriter';
import { EventStreamReader } from './event-stream-reader';

/**
 * `fetch` whose event streams are rewritten as they pass: deltas that arrive together become one, and chunks that
 * openai-compatible would trip over are put right ({@link ChatStreamRewriter}). Any other answer passes untouched.
 *
 * Pull-based, one read in for one chunk out: no delta waits for another, and backpressure and cancellation reach the
 * server.
 */
export function createChatStreamFetch({
  fetch,
  generateId,
  coalesce,
  answer,
}: {
  fetch: FetchFunction;
  /** Makes ids for tool calls that the server sent without one. */
  generateId: () => string;
  /** Whether deltas that arrive in one read are merged. Off where the caller wants the raw chunks. */
  coalesce: boolean;
  /**
   * How to look after the answer as a whole, asked when it begins: {@link AnswerRewriter}. Without it only chunks are
   * put right.
   */
  answer?: () => Omit<AnswerOptions, 'keepsRaw'>;
}): FetchFunction {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (
      !response.ok ||
      response.body === null ||
      !/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')
    ) {
      return response;
    }
    const keepsRaw = answer !== undefined && !coalesce;
    const headers = new Headers(response.headers);
    headers.delete('content-length');
    const rewriter = new ChatStreamRewriter({ generateId, coalesce, keepsRaw });
    return new Response(rewrite(response.body, rewriter, answer && { ...answer(), keepsRaw }), {
      status: response.status,
      statusText: response.statusText,
      headers,
    });
  };
}

/** What the whole of one answer is looked after with. */
export type AnswerOptions = AnswerRewriterOptions & {
  /** The connection broke while the answer was read. */
  onBroken: (cause: unknown) => void;
};

function rewrite(
  body: ReadableStream<Uint8Array>,
  rewriter: ChatStreamRewriter,
  answer: AnswerOptions | undefined,
): ReadableStream<Uint8Array> {
  const reader = new EventStreamReader(body, rewriter, answer && new AnswerRewriter(answer), answer?.onBroken);
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
        } else {
          controller.enqueue(value);
        }
      },
      cancel: reason => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  // A short cut around the stream's own queue, 4 % of the CPU of a whole `doStream`: the AI SDK takes a reader. Any
  // other use, such as `pipeThrough`, or a platform whose Response copies its body, goes through the stream.
  stream.getReader = (() => reader) as unknown as typeof stream.getReader;
  return stream;
}
