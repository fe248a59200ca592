import { parseArgs } from 'node:util';
import { generateText } from 'ai';
import { UnrecoverableError, WaitingError, Worker, type Job } from 'bullmq';
import type { KimiLanguageModelOptions, KimiProviderMetadata } from 'ai-sdk-provider-kimi/v4';
import { failureOf } from './failure.ts';
import type { Prompt } from './read-prompts.ts';
import { ANSWERS, BATCH, connect, kimiOf, openQueue, PAUSE_REASON } from './redis.ts';

const USAGE = `Usage: node worker.ts [--model kimi-for-coding] [--effort high] [--concurrency 6] [--lost-after 30]

Answers lines until it is stopped. Start as many as you like, on any machine: how many requests are open at once
is one number for all of them (node fill.ts --at-once).

  --concurrency  requests of this worker at once
  --lost-after   seconds after which the lines of a worker that died are given to another`;
/** A person must put something right first. */
const PUT_RIGHT_FIRST = 77;
/** Kubernetes kills 30 s after it has asked; a request that takes longer goes back into the queue before that. */
const GRACE_MS = 25_000;
/** The first wait where Kimi names no time. It doubles for a line that is refused again. */
const WAIT_MS = { KIMI_QUOTA_EXHAUSTED: 10 * 60_000, other: 5_000 };
const LONGEST_WAIT_MS = 60 * 60_000;

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'kimi-for-coding' },
    effort: { type: 'string' },
    concurrency: { type: 'string', default: '6' },
    'lost-after': { type: 'string', default: '30' },
    help: { type: 'boolean', short: 'h' },
  },
});
const concurrency = Number(values.concurrency);
const lostAfterMs = Number(values['lost-after']) * 1000;
if (values.help || !(Number.isInteger(concurrency) && concurrency > 0 && lostAfterMs >= 1000)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

const redis = connect();
const queue = openQueue(redis);
const kimi = kimiOf(redis);
const { state } = await kimi.auth.status();
if (state === 'missing' || state === 'revoked') {
  console.error('Nobody is signed in. Sign in once for all workers: node login.ts');
  process.exit(PUT_RIGHT_FIRST);
}
const reason = await redis.get(PAUSE_REASON);
if (reason !== null && (await queue.isPaused())) {
  console.error(`The queue is paused. ${reason}\nWhen that is put right: node status.ts --resume`);
}

const aborted = new AbortController();
let answered = 0;
const worker = new Worker<Prompt>(BATCH, answer, {
  connection: redis,
  concurrency,
  lockDuration: lostAfterMs,
  stalledInterval: lostAfterMs,
  // A line is not to blame for the machines that die under it.
  maxStalledCount: 100,
});
worker.on('error', () => {}); // Redis is away; its connection has said so.
worker.on('failed', (job, error) => console.error(`${job?.name}, try ${job?.attemptsMade}: ${error.message}`));
process.once('SIGTERM', stop).once('SIGINT', stop);
await worker.waitUntilReady();
const waitMs = await queue.getRateLimitTtl();
console.error(`Answering lines of ${BATCH}${waitMs > 0 ? `, from ${timeOf(new Date(Date.now() + waitMs))} on` : ''}.`);

async function answer(job: Job<Prompt>, token?: string): Promise<void> {
  const { id, prompt, system, ...own } = job.data;
  // A worker that died after it had written the answer, and before it could say so.
  if (await redis.hexists(ANSWERS, id)) {
    return;
  }
  const { model = values.model, effort = values.effort } = own;
  try {
    const { text, finishReason, usage, response, providerMetadata } = await generateText({
      model: kimi(model),
      ...(system === undefined ? {} : { instructions: system }),
      prompt,
      abortSignal: AbortSignal.any([aborted.signal]),
      maxRetries: 0, // The queue tries again, for all workers.
      providerOptions: {
        kimi: (effort === undefined ? {} : { reasoningEffort: effort }) satisfies KimiLanguageModelOptions,
      },
    });
    const { inputTokens, outputTokens } = usage;
    const { cost } = (providerMetadata?.kimi ?? {}) as KimiProviderMetadata;
    const line = { id, model: response.modelId, text, finishReason, usage: { inputTokens, outputTokens }, cost };
    const isFirst = await redis.hsetnx(ANSWERS, id, JSON.stringify(line));
    answered += isFirst;
  } catch (error) {
    await afterFailure(error, job, token);
  }
}

/** @throws always: what BullMQ takes for "failed", "again later" or "back into the queue" */
async function afterFailure(error: unknown, job: Job<Prompt>, token: string | undefined): Promise<never> {
  const failure = failureOf(error, job.data);
  if (failure.kind === 'person') {
    await redis.set(PAUSE_REASON, failure.message);
    await queue.pause();
    console.error(`The queue is paused. ${failure.message}\nWhen that is put right: node status.ts --resume`);
  }
  if (failure.kind === 'person' || aborted.signal.aborted) {
    await job.moveToWait(token);
    throw new WaitingError();
  }
  if (failure.kind === 'line') {
    throw new UnrecoverableError(failure.message);
  }
  if (failure.kind === 'wait') {
    const first = failure.message.startsWith('KIMI_QUOTA_EXHAUSTED') ? WAIT_MS.KIMI_QUOTA_EXHAUSTED : WAIT_MS.other;
    const unsaid = Math.min(first * 2 ** (job.attemptsStarted - 1), LONGEST_WAIT_MS);
    await holdAll(failure.until ?? new Date(Date.now() + unsaid));
    throw Worker.RateLimitError();
  }
  throw error;
}

/** No worker takes a line before then. A wait that is longer already stays. */
async function holdAll(until: Date): Promise<void> {
  const left = Math.max(1, until.getTime() - Date.now());
  if ((await queue.getRateLimitTtl()) < left) {
    await queue.rateLimit(left);
    console.error(`All workers wait until ${timeOf(until)}.`);
  }
}

function timeOf(date: Date): string {
  return date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

async function stop(): Promise<void> {
  process.once('SIGTERM', () => process.exit(130)).once('SIGINT', () => process.exit(130));
  console.error('Finishing what has been sent; once more stops at once.');
  setTimeout(() => aborted.abort(), GRACE_MS).unref();
  await worker.close();
  await queue.close();
  await redis.quit();
  console.error(`${answered} answered here.`);
}
