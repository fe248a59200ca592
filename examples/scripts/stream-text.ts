import { streamText } from 'ai';
import { kimi } from 'ai-sdk-provider-kimi/v4';

const result = streamText({
  model: kimi('kimi-for-coding'),
  prompt: 'Why is the sky blue?',
  // A stream does not throw. Left alone, its errors are dumped with their stack, and the script ends as if all were
  // well.
  onError({ error }) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
});

for await (const text of result.textStream) {
  process.stdout.write(text);
}
