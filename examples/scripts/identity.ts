import { generateText } from 'ai';
import { createKimi } from 'ai-sdk-provider-kimi/v4';

// This package's own name, and nothing of your machine.
const plain = createKimi({ identity: 'package' });
console.log((await generateText({ model: plain('kimi-for-coding'), prompt: 'Say hello.' })).text);

// The name of your program.
const named = createKimi({ identity: { product: 'my-agent', version: '1.4.0', platform: 'my_agent' } });
console.log((await generateText({ model: named('kimi-for-coding'), prompt: 'Say hello.' })).text);
