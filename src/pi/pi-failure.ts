/** An error as pi's user reads it, and as pi decides by its words whether to ask again (docs/wire.md#pi-retries-by-words). */
import { APICallError } from '@ai-sdk/provider';
import { KimiAPIError } from '../errors/kimi-api-error';
import { KimiInvalidArgumentError, KimiLoginRequiredError } from '../errors/kimi-error';
import { KimiTokenRefreshError } from '../errors/kimi-token-refresh-error';
import { withoutPiRetryWords, withPiRetryWord } from '../hosts/pi/retry-words';
import { PROVIDER_ID } from './pi-models';

/** What a person does who is not signed in. */
export const SIGN_IN = `/login ${PROVIDER_ID} in pi`;

/** Patterns see no more of a text. */
const LONGEST = 4096;

export function failureText(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).slice(0, LONGEST);
  if (isTransient(error)) {
    return withPiRetryWord(text);
  }
  if (KimiLoginRequiredError.isInstance(error) && !text.includes('/login')) {
    return withoutPiRetryWords(`${text} Or sign in: ${SIGN_IN}`);
  }
  return isOverflow(error) ? withoutPiRetryWords(`context_length_exceeded: ${text}`) : withoutPiRetryWords(text);
}

function isTransient(error: unknown): boolean {
  return (APICallError.isInstance(error) || KimiTokenRefreshError.isInstance(error)) && error.isRetryable;
}

const OVERFLOWS: ReadonlySet<string> = new Set(['KIMI_CONTEXT_TOO_LONG', 'KIMI_REQUEST_TOO_LARGE']);

/** Then pi makes the conversation shorter and goes on. What is refused here before it is sent is one, too. */
function isOverflow(error: unknown): boolean {
  return KimiAPIError.isInstance(error)
    ? OVERFLOWS.has(error.code)
    : KimiInvalidArgumentError.isInstance(error) &&
        error.argument === 'prompt' &&
        error.message.includes('Kimi refuses more than');
}
