import { parseArgs } from 'node:util';
import { ANSWERS, connect, openQueue, PAUSE_REASON } from './redis.ts';

const { values } = parseArgs({
  options: {
    resume: { type: 'boolean' },
    retry: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(`Usage: node status.ts [--resume] [--retry]

  --resume  goes on after a pause, and ends a wait for Kimi before its time
  --retry   puts the lines that failed back into the queue`);
  process.exit(0);
}
const redis = connect();
const queue = openQueue(redis);
if (values.resume) {
  await queue.removeRateLimitKey();
  await queue.resume();
  await redis.del(PAUSE_REASON);
}
if (values.retry) {
  await queue.retryJobs({ state: 'failed' });
}
const { waiting = 0, paused = 0, delayed = 0, active = 0, failed = 0 } = await queue.getJobCounts();
console.log(`answered  ${await redis.hlen(ANSWERS)}
waiting   ${waiting + paused + delayed}
under way ${active}
failed    ${failed}`);
const left = await queue.getRateLimitTtl();
if (await queue.isPaused()) {
  console.log(`Paused. ${(await redis.get(PAUSE_REASON)) ?? 'By a person.'}\nTo go on: node status.ts --resume`);
} else if (left > 0) {
  console.log(`Waiting until ${new Date(Date.now() + left).toLocaleString('en-GB')}.`);
}
await queue.close();
await redis.quit();
