import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { readPrompts, type Prompt } from './read-prompts.ts';
import { ANSWERS, connect, jobId, openQueue } from './redis.ts';

type Answer = { usage?: { inputTokens?: number; outputTokens?: number }; cost?: { list: number } };

/** Lines that are read from Redis in one round trip. */
const BLOCK = 1000;

const [input, output] = process.argv.slice(2);
if (input === undefined || output === undefined || process.argv.includes('--help')) {
  console.error(`Usage: node collect.ts <prompts.jsonl> <answers.jsonl>

Writes the answers in the order of the prompts; - is standard output. A line that failed gets one with "error".
Exit code 0: each line has its answer; 1: some have an error; 75: some are still in the queue.`);
  process.exit(process.argv.includes('--help') ? 0 : 2);
}
const redis = connect();
const queue = openQueue(redis);
const file = output === '-' ? process.stdout : createWriteStream(`${output}.new`);
let answered = 0;
let failed = 0;
let open = 0;
const total = { input: 0, output: 0, cost: 0 };

let block: Prompt[] = [];
for await (const prompt of readPrompts(input)) {
  block.push(prompt);
  if (block.length === BLOCK) {
    await write(block);
    block = [];
  }
}
await write(block);
if (output !== '-') {
  file.end();
  await finished(file);
  await rename(`${output}.new`, output);
}
await queue.close();
await redis.quit();
console.error(
  `${answered} answered, ${failed} failed, ${open} open. ${total.input} tokens in, ${total.output} out, ` +
    `${total.cost.toFixed(2)} USD at list prices.`,
);
process.exitCode = open > 0 ? 75 : failed > 0 ? 1 : 0;

async function write(prompts: readonly Prompt[]): Promise<void> {
  const answers = prompts.length === 0 ? [] : await redis.hmget(ANSWERS, ...prompts.map(({ id }) => id));
  for (const [index, { id }] of prompts.entries()) {
    const line = answers[index] ?? (await errorOf(id));
    if (line === undefined) {
      open += 1;
      continue;
    }
    const { usage, cost } = JSON.parse(line) as Answer;
    total.input += usage?.inputTokens ?? 0;
    total.output += usage?.outputTokens ?? 0;
    total.cost += cost?.list ?? 0;
    answered += answers[index] ? 1 : 0;
    if (!file.write(`${line}\n`)) {
      await once(file, 'drain');
    }
  }
}

async function errorOf(id: string): Promise<string | undefined> {
  const job = await queue.getJob(jobId(id));
  if (job === undefined || !(await job.isFailed())) {
    return undefined;
  }
  failed += 1;
  return JSON.stringify({ id, error: { message: job.failedReason } });
}
