import { APICallError } from 'ai';
import { KimiAPIError, KimiError } from 'ai-sdk-provider-kimi/v4';
import type { Prompt } from './read-prompts.ts';

export type Failure =
  /** Only this line: the same request will be refused again. */
  | { kind: 'line'; message: string }
  /** Every request of this account, until then. `until` is absent where Kimi did not say. */
  | { kind: 'wait'; message: string; until: Date | undefined }
  /** Every request of this account, until a person has put something right. */
  | { kind: 'person'; message: string }
  /** This request, this time. */
  | { kind: 'again' };

const OF_THE_LINE = new Set([
  'KIMI_CONTEXT_TOO_LONG',
  'KIMI_REQUEST_TOO_LARGE',
  'KIMI_CONTENT_FILTERED',
  'KIMI_REQUEST_INVALID',
  'KIMI_INVALID_ARGUMENT',
]);
/** Of the line where it names a model of its own; else of the worker's, and so of all lines. */
const OF_THE_MODEL = new Set([
  'KIMI_NO_SUCH_MODEL',
  'KIMI_UNSUPPORTED_PROTOCOL',
  'KIMI_MODEL_UNAVAILABLE',
  'KIMI_HIGH_SPEED_UNAVAILABLE',
]);
const OF_ALL_FOR_A_WHILE = new Set(['KIMI_QUOTA_EXHAUSTED', 'KIMI_RATE_LIMITED', 'KIMI_OVERLOADED']);
/** A Redis that is away for a moment, with the login in it. */
const OF_THE_STORE = 'KIMI_CREDENTIAL_STORE';

/** What a failed request means for the line and for all others. */
export function failureOf(error: unknown, { model }: Prompt): Failure {
  if (!KimiAPIError.isInstance(error) && !KimiError.isInstance(error)) {
    return { kind: 'again' };
  }
  const { code } = error;
  const message = `${code}: ${error.message}`;
  if (OF_THE_LINE.has(code) || (OF_THE_MODEL.has(code) && model !== undefined)) {
    return { kind: 'line', message };
  }
  if (KimiAPIError.isInstance(error) && OF_ALL_FOR_A_WHILE.has(code)) {
    return { kind: 'wait', message, until: error.resetsAt ?? error.retryAfter };
  }
  const passes = (APICallError.isInstance(error) && error.isRetryable) || code === OF_THE_STORE;
  return passes ? { kind: 'again' } : { kind: 'person', message };
}
