import { parseArgs } from 'node:util';
import { checkPrompts, readPrompts, type Prompt } from './read-prompts.ts';
import { ANSWERS, connect, jobId, openQueue } from './redis.ts';

const USAGE = `Usage: node fill.ts <prompts.jsonl> [--at-once 6] [--per-minute 600]

Puts each line into the queue that has no answer yet. Again is harmless: what is queued or answered stays as it is.

  --at-once     requests that all workers together have open; above about 6 Kimi stalls on a plan
  --per-minute  requests that all workers together begin in a minute`;
/** Lines that go to Redis in one round trip. */
const BLOCK = 1000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'at-once': { type: 'string', default: '6' },
    'per-minute': { type: 'string', default: '600' },
    help: { type: 'boolean', short: 'h' },
  },
});
const [input] = positionals;
const atOnce = Number(values['at-once']);
const perMinute = Number(values['per-minute']);
if (values.help || input === undefined || ![atOnce, perMinute].every(n => Number.isInteger(n) && n > 0)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
const { ids, problems } = await checkPrompts(input);
if (problems.length > 0) {
  console.error([...problems.slice(0, 10), `${problems.length} bad lines; nothing was queued.`].join('\n'));
  process.exit(2);
}

const redis = connect();
const queue = openQueue(redis);
await queue.setGlobalConcurrency(atOnce);
await queue.setGlobalRateLimit(perMinute, 60_000);
let answered = 0;
let block: Prompt[] = [];
for await (const prompt of readPrompts(input)) {
  block.push(prompt);
  if (block.length === BLOCK) {
    await queueUp(block);
    block = [];
  }
}
await queueUp(block);
console.log(`${ids.size} lines: ${answered} have an answer, ${ids.size - answered} are in the queue.`);
await queue.close();
await redis.quit();

async function queueUp(prompts: readonly Prompt[]): Promise<void> {
  const pipeline = redis.pipeline();
  prompts.forEach(({ id }) => pipeline.hexists(ANSWERS, id));
  const found = (await pipeline.exec()) ?? [];
  const open = prompts.filter((_, index) => found[index]?.[1] !== 1);
  answered += prompts.length - open.length;
  await queue.addBulk(
    open.map(prompt => ({
      name: prompt.id,
      data: prompt,
      opts: {
        // A line that is in the queue already is not added.
        jobId: jobId(prompt.id),
        attempts: 8,
        backoff: { type: 'exponential', delay: 1000, jitter: 0.5 },
        // The answers are kept apart from the jobs; some of these are left for the board to show.
        removeOnComplete: { count: 1000 },
        removeOnFail: false,
      },
    })),
  );
}
