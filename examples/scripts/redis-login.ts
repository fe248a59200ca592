import { generateText } from 'ai';
import { redisCredentialStore } from 'ai-sdk-provider-kimi/redis';
import { createKimi } from 'ai-sdk-provider-kimi/v4';
import { createClient } from 'redis'; // or ioredis

const encryptionKey = process.env.KIMI_STORE_KEY; // Make one: openssl rand -base64 32
if (encryptionKey === undefined) throw new Error('KIMI_STORE_KEY is not set.');
const client = await createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1' }).connect();

// One login for all instances: one of them renews it, the others use what it has saved.
const kimi = createKimi({ credentialStore: redisCredentialStore({ client, encryptionKey }) });
const { state } = await kimi.auth.status();
if (state === 'missing' || state === 'revoked') {
  await kimi.auth.login({ onVerification: ({ verificationUriComplete: url }) => console.log(`Open ${url}`) });
}
console.log((await generateText({ model: kimi('kimi-for-coding'), prompt: 'Say hello.' })).text);
client.destroy();
