import type { FetchFunction } from '../../transport/fetch';
import { EventPipeline } from '../event-pipeline';
import { rewrittenBody } from '../event-stream-body';
import type { SilenceLimit } from '../../transport/silence-limit';
import type { ServerChunks } from '../server-chunks';
import { ChatRepair, ChatSteps, type AnswerOptions } from './chat-steps';

/** What the whole of one answer is looked after with. */
export type StreamedAnswerOptions = AnswerOptions & {
  /** The connection broke while the answer was read, or an event was too large. */
  onBroken: (cause: unknown) => void;
  /** How long the server may be silent. */
  silence?: SilenceLimit | undefined;
};

/**
 * Whether an answer says that it is a JSON document or a page, which openai-compatible would take for an empty stream
 * (docs/wire.md#answers-that-are-no-stream). Whatever else it says, or nothing, it is read as what was asked for.
 */
export function isNoStream({ headers }: Response): boolean {
  return /^(application\/([\w.-]+\+)?json|text\/html)\b/i.test(headers.get('content-type') ?? '');
}

/**
 * `fetch` whose event streams are rewritten as they pass: deltas that arrive together become one, chunks that
 * openai-compatible would trip over are put right, leaked tool calls are recovered, and what is wrong with the answer
 * is its last event. Any other answer passes untouched.
 */
export function createChatStreamFetch({
  fetch,
  generateId,
  serverChunks,
  eventLimit,
  answer,
}: {
  fetch: FetchFunction;
  /** Makes ids for tool calls that the server sent without one. */
  generateId: () => string;
  /** Where the caller wants the server's own chunks: told of them. Nothing is merged then. */
  serverChunks?: ServerChunks | undefined;
  /** How many bytes one event may have, and what is kept of them all. @default EVENT_LIMIT */
  eventLimit?: number | undefined;
  /** How to look after the answer as a whole, asked when it begins. Without it only chunks are put right. */
  answer?: () => StreamedAnswerOptions;
}): FetchFunction {
  return async (input, init) => {
    const response = await fetch(input, init);
    const { body, status, statusText } = response;
    if (!response.ok || body === null || isNoStream(response)) {
      return response;
    }
    const options = answer?.();
    const steps =
      options === undefined ? new ChatRepair(generateId, eventLimit) : new ChatSteps(generateId, options, eventLimit);
    const pipeline = new EventPipeline(steps, serverChunks, eventLimit);
    const rewritten = new Response(rewrittenBody(body, pipeline, { ...options, abortSignal: init?.signal }), {
      status,
      statusText,
      headers: response.headers,
    });
    rewritten.headers.delete('content-length');
    return rewritten;
  };
}
