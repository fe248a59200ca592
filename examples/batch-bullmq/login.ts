import { connect, kimiOf } from './redis.ts';

if (process.env.KIMI_API_KEY) {
  throw new Error('KIMI_API_KEY is set: the workers use it, and need no login.');
}
const redis = connect();
const kimi = kimiOf(redis);
await kimi.auth.login({
  onVerification: ({ verificationUriComplete: url, userCode }) => console.log(`Open ${url}\nCode ${userCode}`),
});
console.log('Signed in. Every worker with this Redis and this KIMI_STORE_KEY uses and renews this login.');
await redis.quit();
