import { styleText } from 'node:util';
import { streamText } from 'ai';
import { kimi } from 'ai-sdk-provider-kimi/v4';

const result = streamText({
  model: kimi('kimi-for-coding'),
  prompt: 'A bat and a ball cost 1.10 together. The bat costs 1.00 more than the ball. What does the ball cost?',
  onError: () => {}, // It is a part of the stream, below.
});

for await (const part of result.stream) {
  switch (part.type) {
    case 'reasoning-delta':
      process.stdout.write(styleText('dim', part.text));
      break;
    case 'reasoning-end':
      process.stdout.write('\n\n');
      break;
    case 'text-delta':
      process.stdout.write(part.text);
      break;
    case 'error':
      console.error(part.error instanceof Error ? part.error.message : part.error);
      process.exitCode = 1;
  }
}
process.stdout.write('\n');
