import { RetryError } from 'ai';
import { KimiAPIError, KimiError, KimiLoginRequiredError } from 'ai-sdk-provider-kimi/v4';
import { SIGN_IN_FIRST } from './problems';

/** One sentence for the person at the page; never a stack, a token or a prompt. */
export function explainError(error: unknown, usesSignIn: boolean): string {
  const cause = RetryError.isInstance(error) ? error.lastError : error;
  if (KimiLoginRequiredError.isInstance(cause)) {
    return usesSignIn ? SIGN_IN_FIRST : cause.message;
  }
  if (KimiAPIError.isInstance(cause)) {
    switch (cause.code) {
      case 'KIMI_NOT_AUTHENTICATED':
        return usesSignIn ? SIGN_IN_FIRST : cause.message;
      case 'KIMI_QUOTA_EXHAUSTED':
        return cause.resetsAt
          ? 'Your Kimi plan is used up for now. It is fresh again on ' +
              `${cause.resetsAt.toUTCString().replace('GMT', 'UTC')}.`
          : 'Your Kimi plan is used up for now. Kimi did not say when it is fresh again; see ' +
              'www.kimi.com/code/console.';
      case 'KIMI_RATE_LIMITED':
      case 'KIMI_OVERLOADED': {
        const seconds = cause.retryAfter
          ? Math.max(1, Math.ceil((cause.retryAfter.getTime() - Date.now()) / 1000))
          : undefined;
        return (
          'Kimi has too many requests at the moment. Try again ' +
          `${seconds ? `in ${seconds} seconds` : 'in a little while'}.`
        );
      }
      default:
        return cause.message;
    }
  }
  return KimiError.isInstance(cause)
    ? cause.message
    : 'Something went wrong here, not at Kimi. The server log says what.';
}
