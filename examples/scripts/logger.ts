import { generateText } from 'ai';
import { createKimi } from 'ai-sdk-provider-kimi/v4';

const kimi = createKimi({ logger: console }); // or pino(), winston.createLogger(…), your own
console.log((await generateText({ model: kimi('kimi-for-coding'), prompt: 'Say hello.' })).text);
