import { generateText, RetryError } from 'ai';
import { kimi, KimiAPIError, KimiLoginRequiredError } from 'ai-sdk-provider-kimi/v4';

try {
  const { text } = await generateText({ model: kimi('kimi-for-coding'), prompt: 'Say hello.' });
  console.log(text);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}

function explain(error: unknown): string {
  if (RetryError.isInstance(error)) {
    return explain(error.lastError); // What the AI SDK has tried several times.
  }
  if (KimiLoginRequiredError.isInstance(error)) {
    return 'You are not signed in. Run: npx ai-sdk-provider-kimi login';
  }
  if (KimiAPIError.isInstance(error)) {
    switch (error.code) {
      case 'KIMI_QUOTA_EXHAUSTED':
        return `Your plan is used up${error.resetsAt ? ` until ${error.resetsAt.toLocaleString()}` : ''}.`;
      case 'KIMI_RATE_LIMITED':
        return `Too many requests${error.retryAfter ? `, go on at ${error.retryAfter.toLocaleTimeString()}` : ''}.`;
      default:
        return error.message; // Says what to do, and holds no secret.
    }
  }
  throw error;
}
