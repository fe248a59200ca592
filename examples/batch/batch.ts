import { parseArgs } from 'node:util';
import { KimiAPIError } from 'ai-sdk-provider-kimi/v4';
import PQueue from 'p-queue';
import { answerPrompt } from './answer-prompt.ts';
import { AnswersFile } from './answers-file.ts';
import { startProgress } from './progress.ts';
import { checkPrompts, readPrompts } from './read-prompts.ts';

const USAGE = 'Usage: node batch.ts <prompts.jsonl> <answers.jsonl> [--model kimi-for-coding] [--effort high] [--concurrency 4]';
/** Ended without an answer to each prompt: the same command goes on (`EX_TEMPFAIL`). */
const TO_BE_CONTINUED = 75;
/** What is in flight at Ctrl-C may take so long. */
const GRACE_MS = 30_000;

process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  return 2;
});

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      model: { type: 'string', default: 'kimi-for-coding' },
      effort: { type: 'string' },
      concurrency: { type: 'string', default: '4' },
    },
  });
  const [input, output] = positionals;
  const concurrency = Number(values.concurrency);
  if (input === undefined || output === undefined || !(Number.isInteger(concurrency) && concurrency > 0)) {
    throw new Error(USAGE);
  }
  const { ids: left, problems } = await checkPrompts(input);
  if (problems.length > 0) {
    throw new Error([...problems.slice(0, 10), `${problems.length} bad lines; nothing was sent.`].join('\n'));
  }

  const stopped = new AbortController();
  const aborted = new AbortController();
  let stoppedBy: unknown;
  const stop = (reason: unknown) => {
    stoppedBy ??= reason;
    stopped.abort();
    setTimeout(() => aborted.abort(), GRACE_MS).unref();
  };
  const answers = await AnswersFile.open(output, () => {
    stop(new Error(`Another job took over ${output}.`));
    aborted.abort();
  });
  const total = left.size;
  answers.done.forEach(id => left.delete(id));
  const progress = startProgress(total, total - left.size);
  const interrupt = () => {
    if (stopped.signal.aborted) {
      process.exit(130);
    }
    stop(new Error('Interrupted.'));
    console.error('\nFinishing what has been sent; once more stops at once.');
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);

  const queue = new PQueue({ concurrency });
  const { model, effort } = values;
  const options = { model, effort, stopped: stopped.signal, aborted: aborted.signal, onWait: progress.waitUntil };
  for await (const prompt of readPrompts(input)) {
    if (!left.has(prompt.id)) {
      continue;
    }
    await queue.onSizeLessThan(1);
    if (stopped.signal.aborted) {
      break;
    }
    void queue
      .add(async () => {
        await answers.append(await answerPrompt(prompt, options));
        left.delete(prompt.id);
        progress.tick();
      })
      .catch(stop);
  }
  await queue.onIdle();
  progress.stop();
  await answers.close();

  console.error(`${total - left.size} of ${total} answered in ${output}${answers.failed === 0 ? '' : `, ${answers.failed} of them with an error`}.`);
  if (left.size > 0) {
    console.error(stoppedBy instanceof Error ? stoppedBy.message : String(stoppedBy));
    const resetsAt = KimiAPIError.isInstance(stoppedBy) ? stoppedBy.resetsAt : undefined;
    const command = ['node', ...process.argv.slice(1)].map(word => (/^[\w./=-]+$/.test(word) ? word : `'${word}'`)).join(' ');
    console.error(`To go on${resetsAt === undefined ? '' : ` after ${resetsAt.toLocaleString()}`}: ${command}`);
    return TO_BE_CONTINUED;
  }
  return answers.failed === 0 ? 0 : 1;
}
