import { readdir, readFile } from 'node:fs/promises';
import { generateText, isStepCount, tool } from 'ai';
import { kimi } from 'ai-sdk-provider-kimi/v4';
import { z } from 'zod';

const { text, steps } = await generateText({
  model: kimi('kimi-for-coding'),
  prompt: 'Which package does this folder belong to, and what does it need?',
  // An agent without a limit can burn a plan.
  stopWhen: isStepCount(10),
  // One value for the whole conversation: Kimi finds its cached beginning again.
  providerOptions: { kimi: { promptCacheKey: 'folder-question' } },
  tools: {
    listFiles: tool({
      description: 'Names of the files in the current folder',
      inputSchema: z.object({}),
      execute: () => readdir('.'),
    }),
    readFile: tool({
      description: 'Text of a file in the current folder',
      inputSchema: z.object({ name: z.string().regex(/^[\w-][\w.-]*$/) }),
      execute: ({ name }) => readFile(name, 'utf8'),
    }),
  },
});

for (const { toolCalls } of steps) {
  toolCalls.forEach(({ toolName, input }) => console.log(`${toolName}(${JSON.stringify(input)})`));
}
console.log(text);
