import { streamText } from 'ai';
import { kimi } from 'ai-sdk-provider-kimi/v4';

const result = streamText({
  model: kimi('kimi-for-coding'),
  prompt: 'Why is the sky blue?',
});

for await (const text of result.textStream) {
  process.stdout.write(text);
}
