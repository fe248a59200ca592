import { setTimeout as sleep } from 'node:timers/promises';
import { APICallError, generateText, isStepCount, jsonSchema, NoObjectGeneratedError, Output } from 'ai';
import {
  kimi,
  KimiAPIError,
  KimiError,
  type KimiAPIErrorCode,
  type KimiLanguageModelOptions,
  type KimiProviderMetadata,
} from 'ai-sdk-provider-kimi/v4';
import { z } from 'zod';
import { TOOLS } from './line-tools.ts';
import type { Prompt } from './read-prompts.ts';

const TRIES = 6;
/** Tries of an answer that does not fit its schema; each costs tokens. */
const SCHEMA_TRIES = 2;
/** Calls of one prompt that has tools. An agent without a limit can burn a plan. */
const STEPS = 10;
/** What a timer of Node can wait at most. */
const LONGEST_MS = 2 ** 31 - 1;

/** Errors of one prompt; with every other one the next prompt would fail too. */
const OF_THE_PROMPT = new Set<string>([
  'KIMI_CONTEXT_TOO_LONG',
  'KIMI_REQUEST_TOO_LARGE',
  'KIMI_CONTENT_FILTERED',
  'KIMI_REQUEST_INVALID',
  'KIMI_ANSWER_EMPTY',
  'KIMI_SCHEMA_REFUSED',
] satisfies KimiAPIErrorCode[]);

/** Errors of a model: of the prompt where its line names one, of all prompts where the command line does. */
const OF_ITS_MODEL = new Set<string>([
  'KIMI_NO_SUCH_MODEL',
  'KIMI_UNSUPPORTED_PROTOCOL',
  'KIMI_MODEL_UNAVAILABLE',
  'KIMI_HIGH_SPEED_UNAVAILABLE',
]);

/** Errors that pass, and with which `Retry-After` counts. With a used-up quota it may be days. */
export const BUSY = new Set<KimiAPIErrorCode>(['KIMI_RATE_LIMITED', 'KIMI_OVERLOADED', 'KIMI_SERVER_ERROR']);

export type Answer =
  | {
      id: string;
      model: string;
      text: string;
      /** By the schema of its line. */
      output?: unknown;
      finishReason: string;
      usage: { inputTokens?: number; outputTokens?: number };
      /** USD: what is charged (0 on a plan), and at list prices. */
      cost?: { amount: number; list: number };
    }
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
export async function answerPrompt(
  { id, prompt, system, schema, tools, ...own }: Prompt,
  options: AnswerOptions,
): Promise<Answer> {
  const { model = options.model, effort = options.effort } = own;
  for (let tries = 1; ; tries++) {
    await untilAllowed(options);
    try {
      const result = await generateText({
        model: kimi(model),
        ...(system === undefined ? {} : { instructions: system }),
        prompt,
        ...(schema === undefined ? {} : { output: Output.object({ schema: checkedSchema(schema) }) }),
        ...(tools === undefined
          ? {}
          : { tools: TOOLS, activeTools: tools, stopWhen: isStepCount(STEPS + (schema === undefined ? 0 : 1)) }),
        // One of its own: `fetch` keeps its listeners on a signal for as long as that lives.
        abortSignal: AbortSignal.any([options.aborted]),
        maxRetries: 0,
        providerOptions: {
          kimi: (effort === undefined ? {} : { reasoningEffort: effort }) satisfies KimiLanguageModelOptions,
        },
      });
      const { text, finishReason, totalUsage, response, steps } = result;
      const { inputTokens, outputTokens } = totalUsage;
      const cost = costOf(steps.map(step => step.providerMetadata?.kimi as KimiProviderMetadata | undefined));
      return {
        id,
        model: response.modelId,
        text,
        ...(schema === undefined ? {} : { output: result.output }),
        finishReason,
        usage: { inputTokens, outputTokens },
        ...(cost === undefined ? {} : { cost }),
      };
    } catch (error) {
      if (tries < TRIES && KimiAPIError.isInstance(error) && BUSY.has(error.code) && error.retryAfter !== undefined) {
        notBefore = Math.max(notBefore, error.retryAfter.getTime());
      } else if (tries < TRIES && APICallError.isInstance(error) && error.isRetryable) {
        await sleep(250 * 2 ** tries * (0.5 + Math.random() / 2), undefined, { signal: options.stopped });
      } else if (NoObjectGeneratedError.isInstance(error)) {
        if (tries >= SCHEMA_TRIES) {
          return { id, error: { code: 'NO_OBJECT', message: 'The answer does not fit the schema of its line.' } };
        }
      } else if (isOfThePrompt(error, own.model !== undefined)) {
        return { id, error: { code: error.code, message: error.message } };
      } else {
        throw error;
      }
    }
  }
}

/** Sent as it stands in the line; what comes back is held to it. */
function checkedSchema(schema: NonNullable<Prompt['schema']>) {
  const check = z.fromJSONSchema(schema);
  return jsonSchema(schema, {
    validate(value) {
      const { success, data, error } = check.safeParse(value);
      return success ? { success, value: data } : { success: false, error };
    },
  });
}

/** Of all calls of an answer, or nothing where the price of one is not known. */
function costOf(calls: ReadonlyArray<KimiProviderMetadata | undefined>): { amount: number; list: number } | undefined {
  const sum = { amount: 0, list: 0 };
  for (const call of calls) {
    if (call?.cost === undefined) {
      return undefined;
    }
    sum.amount += call.cost.amount;
    sum.list += call.cost.list;
  }
  return sum;
}

function isOfThePrompt(error: unknown, hasModel: boolean): error is KimiAPIError | KimiError {
  return (
    (KimiAPIError.isInstance(error) || KimiError.isInstance(error)) &&
    (OF_THE_PROMPT.has(error.code) || (hasModel && OF_ITS_MODEL.has(error.code)))
  );
}

async function untilAllowed({ stopped, onWait }: AnswerOptions): Promise<void> {
  stopped.throwIfAborted();
  while (Date.now() < notBefore) {
    onWait(new Date(notBefore));
    await sleep(Math.min(notBefore - Date.now(), LONGEST_MS), undefined, { signal: stopped });
  }
  onWait(undefined);
}
