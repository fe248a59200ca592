import { generateText, isStepCount } from 'ai';
import { webFetch, webSearch } from 'ai-sdk-provider-kimi/tools';
import { kimi } from 'ai-sdk-provider-kimi/v4';

const { text, steps } = await generateText({
  model: kimi('kimi-for-coding'),
  prompt: 'What is new in the latest release of Node.js? Name your sources.',
  // An agent without a limit can burn a plan.
  stopWhen: isStepCount(10),
  tools: {
    search: webSearch(kimi, { limit: 5 }),
    // What a page says may be meant for your model. An address can carry away what it knows: allow only what you need.
    read: webFetch(kimi, { maxLength: 20_000, allow: ({ hostname }) => hostname.endsWith('nodejs.org') }),
  },
});

for (const { toolCalls, content } of steps) {
  toolCalls.forEach(({ toolName, input }) => console.log(`${toolName}(${JSON.stringify(input)})`));
  for (const part of content) {
    if (part.type === 'tool-error') {
      console.log(`  failed: ${part.error instanceof Error ? part.error.message : String(part.error)}`);
    }
  }
}
console.log(text);
