import type { FetchFunction } from '../../transport/fetch';
import type { SilenceLimit } from '../../transport/silence-limit';
import type { ServerChunks } from '../server-chunks';
import { createStreamFetch } from '../stream-fetch';
import { ChatRepair, ChatSteps, type AnswerOptions } from './chat-steps';

/** What the whole of one answer is looked after with. */
export type StreamedAnswerOptions = AnswerOptions & {
  /** The connection broke while the answer was read, or an event was too large. */
  onBroken: (cause: unknown) => void;
  /** How long the server may be silent. */
  silence?: SilenceLimit | undefined;
};

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
  return createStreamFetch({
    fetch,
    serverChunks,
    eventLimit,
    begin: () => {
      const options = answer?.();
      return options === undefined
        ? { steps: new ChatRepair(generateId, eventLimit) }
        : {
            steps: new ChatSteps(generateId, options, eventLimit),
            onBroken: options.onBroken,
            silence: options.silence,
          };
    },
  });
}
