import type { FetchFunction } from '../transport/fetch';
import { EventPipeline, type EventSteps } from './event-pipeline';
import { rewrittenBody, type StreamEnds } from './event-stream-body';
import type { ServerChunks } from './server-chunks';

/** How an answer that begins is looked after. */
export type StreamedAnswer<Chunk extends object> = Omit<StreamEnds, 'abortSignal'> & { steps: EventSteps<Chunk> };

/**
 * Whether an answer says that it is a JSON document or a page, which the wrapped models would take for an empty stream
 * (docs/wire.md#answers-that-are-no-stream). Whatever else it says, or nothing, it is read as what was asked for.
 */
export function isNoStream({ headers }: Response): boolean {
  return /^(application\/([\w.-]+\+)?json|text\/html)\b/i.test(headers.get('content-type') ?? '');
}

/** `fetch` whose event streams are rewritten by the steps of their wire as they pass. Any other answer passes untouched. */
export function createStreamFetch<Chunk extends object>({
  fetch,
  serverChunks,
  eventLimit,
  begin,
}: {
  fetch: FetchFunction;
  /** Where the caller wants the server's own chunks: told of them. Nothing is merged then. */
  serverChunks?: ServerChunks | undefined;
  /** How many bytes one event may have. @default EVENT_LIMIT */
  eventLimit?: number | undefined;
  /** Asked when an answer begins. */
  begin: () => StreamedAnswer<Chunk>;
}): FetchFunction {
  return async (input, init) => {
    const response = await fetch(input, init);
    const { body, status, statusText } = response;
    if (!response.ok || body === null || isNoStream(response)) {
      return response;
    }
    const { steps, ...ends } = begin();
    const pipeline = new EventPipeline(steps, serverChunks, eventLimit);
    const rewritten = new Response(rewrittenBody(body, pipeline, { ...ends, abortSignal: init?.signal }), {
      status,
      statusText,
      headers: response.headers,
    });
    rewritten.headers.delete('content-length');
    return rewritten;
  };
}
