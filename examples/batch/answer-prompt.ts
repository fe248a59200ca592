import { setTimeout as sleep } from 'node:timers/promises';
import { APICallError, generateText } from 'ai';
import { kimi, KimiAPIError, KimiNoSuchModelError, type KimiAPIErrorCode, type KimiLanguageModelOptions } from 'ai-sdk-provider-kimi/v4';
import type { Prompt } from './read-prompts.ts';

const TRIES = 6;
/** What a timer of Node can wait at most. */
const LONGEST_MS = 2 ** 31 - 1;

/** Errors of one prompt; with every other one the next prompt would fail too. */
const OF_THE_PROMPT = new Set<KimiAPIErrorCode>([
  'KIMI_CONTEXT_TOO_LONG',
  'KIMI_REQUEST_TOO_LARGE',
  'KIMI_CONTENT_FILTERED',
  'KIMI_REQUEST_INVALID',
  'KIMI_ANSWER_EMPTY',
]);

/** Errors that pass, and with which `Retry-After` counts. With a used-up quota it may be days. */
export const BUSY = new Set<KimiAPIErrorCode>(['KIMI_RATE_LIMITED', 'KIMI_OVERLOADED', 'KIMI_SERVER_ERROR']);

export type Answer =
  | { id: string; model: string; text: string; finishReason: string; usage: { inputTokens?: number; outputTokens?: number } }
  | { id: string; error: { code: string; message: string } };

export type AnswerOptions = {
  model: string;
  effort: string | undefined;
  /** Ends the waiting between two tries. */
  stopped: AbortSignal;
  /** Ends a request too. */
  aborted: AbortSignal;
  onWait: (until: Date | undefined) => void;
};

/** When the next request may leave. One for all prompts: a server that is busy is busy for all. */
let notBefore = 0;

/** @throws what must stop the whole job: a used-up quota, no login, a server that stays away */
export async function answerPrompt({ id, prompt, system, ...own }: Prompt, options: AnswerOptions): Promise<Answer> {
  const { model = options.model, effort = options.effort } = own;
  for (let tries = 1; ; tries++) {
    await untilAllowed(options);
    try {
      const { text, finishReason, usage, response } = await generateText({
        model: kimi(model),
        ...(system === undefined ? {} : { instructions: system }),
        prompt,
        // One of its own: `fetch` keeps its listeners on a signal for as long as that lives.
        abortSignal: AbortSignal.any([options.aborted]),
        maxRetries: 0,
        providerOptions: { kimi: (effort === undefined ? {} : { reasoningEffort: effort }) satisfies KimiLanguageModelOptions },
      });
      const { inputTokens, outputTokens } = usage;
      return { id, model: response.modelId, text, finishReason, usage: { inputTokens, outputTokens } };
    } catch (error) {
      if (tries < TRIES && KimiAPIError.isInstance(error) && BUSY.has(error.code) && error.retryAfter !== undefined) {
        notBefore = Math.max(notBefore, error.retryAfter.getTime());
      } else if (tries < TRIES && APICallError.isInstance(error) && error.isRetryable) {
        await sleep(250 * 2 ** tries * (0.5 + Math.random() / 2), undefined, { signal: options.stopped });
      } else if (isOfThePrompt(error, own.model)) {
        return { id, error: { code: error.code, message: error.message } };
      } else {
        throw error;
      }
    }
  }
}

function isOfThePrompt(error: unknown, ownModel: string | undefined): error is KimiAPIError | KimiNoSuchModelError {
  // A model that the command line names is wrong for all of them.
  return KimiAPIError.isInstance(error) ? OF_THE_PROMPT.has(error.code) : ownModel !== undefined && KimiNoSuchModelError.isInstance(error);
}

async function untilAllowed({ stopped, onWait }: AnswerOptions): Promise<void> {
  stopped.throwIfAborted();
  while (Date.now() < notBefore) {
    onWait(new Date(notBefore));
    await sleep(Math.min(notBefore - Date.now(), LONGEST_MS), undefined, { signal: stopped });
  }
  onWait(undefined);
}
