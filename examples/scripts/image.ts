import { readFile } from 'node:fs/promises';
import { generateText } from 'ai';
import { kimi } from 'ai-sdk-provider-kimi/v4';

const { text } = await generateText({
  model: kimi('kimi-for-coding'),
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is in this picture?' },
        { type: 'file', data: await readFile('kimi.png'), mediaType: 'image/png' },
      ],
    },
  ],
});

console.log(text);
