import { setTimeout as sleep } from 'node:timers/promises';
import { createKimi, type DeviceLoginState } from 'ai-sdk-provider-kimi/v4';

// In a web app each step is a request of its own, and the state waits in a cookie or a database: examples/next-chat.
const kimi = createKimi({ account: 'web' });
let saved = JSON.stringify(await kimi.auth.startDeviceLogin());

const { verificationUriComplete, userCode } = JSON.parse(saved) as DeviceLoginState;
console.log(`Open ${verificationUriComplete} and compare the code: ${userCode}`);

for (;;) {
  const answer = await kimi.auth.pollDeviceLogin(JSON.parse(saved));
  if (answer.status === 'done') {
    break;
  }
  saved = JSON.stringify(answer.state);
  await sleep(answer.state.interval * 1000);
}

const { account, source } = await kimi.auth.status();
console.log(`Signed in as ${account}, kept in ${source}`);
