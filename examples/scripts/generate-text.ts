import { generateText } from 'ai';
import { kimi } from 'ai-sdk-provider-kimi/v4';

const { text, usage, providerMetadata } = await generateText({
  model: kimi('kimi-for-coding'),
  instructions: 'Answer in one sentence.',
  prompt: 'What is a monad?',
});

console.log(text);
console.log(
  `${usage.inputTokens} tokens in (${usage.inputTokenDetails.cacheReadTokens} cached), ${usage.outputTokens} out`,
);
console.log(`Trace id for Kimi's support: ${providerMetadata?.kimi?.traceId}`);
