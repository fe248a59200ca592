import { safeParseJSON } from '@ai-sdk/provider-utils';
import { oversizedAnswer, unreadableAnswer } from '../api/api-failure';
import { readBody } from '../api/read-body';
import { isTooDeep } from '../transport/json-depth';
import { answerFaultError } from './answer-failure';
import type { CallState } from './call-state';

/** Of a whole answer, in bytes; a window of a million tokens has about four million characters. */
const ANSWER_LIMIT = 16 * 1024 * 1024;

/** An answer that is no stream, parsed. @throws KimiAPIError for a refusal, and for what is no answer */
export async function readAnswer(
  response: Response,
  state: CallState,
  abortSignal: AbortSignal | undefined,
): Promise<{ text: string; answer: unknown }> {
  if (!response.ok) {
    throw await state.refusal(response, abortSignal);
  }
  const { text, end, cause } = await readBody(response, ANSWER_LIMIT, abortSignal, state.silence);
  if (end === 'cut') {
    throw oversizedAnswer(state, text, ANSWER_LIMIT);
  }
  if (end === 'broken') {
    throw answerFaultError('connection', state, cause);
  }
  const parsed = await safeParseJSON({ text });
  if (!parsed.success || isTooDeep(text)) {
    throw unreadableAnswer(state, text);
  }
  return { text, answer: parsed.value };
}
