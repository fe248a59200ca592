import { parseArgs } from 'node:util';
import { APICallError } from 'ai';
import { kimi, KimiAPIError } from 'ai-sdk-provider-kimi/v4';
import PQueue from 'p-queue';
import { answerPrompt, BUSY } from './answer-prompt.ts';
import { AnswersFile } from './answers-file.ts';
import { Spent } from './spent.ts';
import { startProgress } from './progress.ts';
import { STANDARD, StandardOutput, withStandardInput } from './standard-streams.ts';
import { checkPrompts, readPrompts, type Prompt, type PromptsFile } from './read-prompts.ts';

const USAGE = `Usage: node batch.ts <prompts.jsonl> <answers.jsonl> [--model kimi-for-coding] [--effort high]
                     [--concurrency 4]

Answers each line of a file of prompts. - is standard input or output.
A line: {"id": "sky", "prompt": "Why is the sky blue?"}, and if you like "system", "model", "effort",
"schema" (a JSON schema of an object, which the answer will be), "tools" (of line-tools.ts).
The same command goes on where the last one ended; standard output has no place to go on from.`;
/**
 * Ended before the last answer: the same command goes on, by itself (`EX_TEMPFAIL`) or when a person has put something
 * right.
 */
const GO_ON_LATER = 75;
const PUT_RIGHT_FIRST = 77;
/** What is in flight at Ctrl-C may take so long. */
const GRACE_MS = 30_000;
const INTERRUPTED = new Error('Interrupted.');

// Who reads the progress may go; the answers are wanted all the same.
process.stderr.on('error', () => {});
// Where a text goes; above the bar, while there is one.
let say: (text: string) => void = console.error;
// One sentence for all prompts, not one for each.
const warned = new Set<string>();
globalThis.AI_SDK_LOG_WARNINGS = ({ warnings }) => {
  for (const warning of warnings) {
    const text = 'message' in warning ? warning.message : `${warning.feature}: ${warning.details ?? 'not supported'}`;
    if (!warned.has(text)) {
      warned.add(text);
      say(text);
    }
  }
};

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
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const [input, output] = positionals;
  const concurrency = Number(values.concurrency);
  if (input === undefined || output === undefined || !(Number.isInteger(concurrency) && concurrency > 0)) {
    throw new Error(USAGE);
  }
  const { model, effort } = values;
  return withStandardInput(input, file => answerAll(file, output, { model, effort, concurrency }));
}

type Settings = { model: string; effort: string | undefined; concurrency: number };

async function answerAll(input: PromptsFile, output: string, { concurrency, ...settings }: Settings): Promise<number> {
  const { ids: left, problems } = await checkPrompts(input);
  if (problems.length > 0) {
    throw new Error([...problems.slice(0, 10), `${problems.length} bad lines; nothing was sent.`].join('\n'));
  }
  const { state } = await kimi.auth.status();
  if (state === 'missing' || state === 'revoked') {
    console.error('Nobody is signed in. Sign in: npx ai-sdk-provider-kimi login; or set KIMI_API_KEY.');
    return PUT_RIGHT_FIRST;
  }

  const stopped = new AbortController();
  const aborted = new AbortController();
  let stoppedBy: unknown;
  const stop = (reason: unknown) => {
    stoppedBy ??= reason;
    stopped.abort();
    setTimeout(() => aborted.abort(), GRACE_MS).unref();
  };
  const lose = (reason: Error) => {
    stop(reason);
    aborted.abort();
  };
  const answers =
    output === STANDARD
      ? new StandardOutput(lose)
      : await AnswersFile.open(output, () => lose(new Error(`Another job took over ${output}.`)));
  const total = left.size;
  answers.done.forEach(id => left.delete(id));
  const progress = startProgress(total, total - left.size);
  ({ say } = progress);
  const interrupt = () => {
    if (stopped.signal.aborted) {
      progress.stop();
      process.exit(130);
    }
    stop(INTERRUPTED);
    say('Finishing what has been sent; once more stops at once.');
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);

  const queue = new PQueue({ concurrency });
  const spent = new Spent();
  const options = { ...settings, stopped: stopped.signal, aborted: aborted.signal, onWait: progress.waitUntil };
  const answer = async (prompt: Prompt) => {
    const before = answers.done.size;
    try {
      const line = await answerPrompt(prompt, options);
      spent.add(line);
      await answers.append(line);
      progress.tick();
    } catch (error) {
      left.add(prompt.id);
      // Where others were answered meanwhile, the server is there: this prompt is left to the next run.
      if (!isTransient(error) || answers.done.size === before) {
        stop(error);
      }
    }
  };
  try {
    for await (const prompt of readPrompts(input)) {
      await queue.onSizeLessThan(1);
      if (stopped.signal.aborted) {
        break;
      }
      if (left.delete(prompt.id)) {
        void queue.add(() => answer(prompt));
      }
    }
  } catch (error) {
    stop(error);
  }
  await queue.onIdle();
  progress.stop();
  say = console.error;
  await answers.close();

  const failed = answers.failed === 0 ? '' : `, ${answers.failed} of them with an error`;
  console.error(
    `${total - left.size} of ${total} answered in ${output === STANDARD ? 'standard output' : output}${failed}.`,
  );
  spent.text.forEach(text => console.error(text));
  if (left.size === 0) {
    return answers.failed === 0 ? 0 : 1;
  }
  const needsPerson = stoppedBy !== undefined && stoppedBy !== INTERRUPTED && !passesWithTime(stoppedBy);
  stoppedBy ??= new Error(`${left.size} failed again and again, while others were answered.`);
  console.error(stoppedBy instanceof Error ? stoppedBy.message : String(stoppedBy));
  if (output === STANDARD) {
    return needsPerson ? PUT_RIGHT_FIRST : GO_ON_LATER;
  }
  const from = KimiAPIError.isInstance(stoppedBy) ? (stoppedBy.resetsAt ?? stoppedBy.retryAfter) : undefined;
  const time =
    from === undefined ? '' : ` after ${from.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'long' })}`;
  console.error(`To go on${time}: ${['node', ...process.argv.slice(1)].map(quoted).join(' ')}`);
  return needsPerson ? PUT_RIGHT_FIRST : GO_ON_LATER;
}

function isTransient(error: unknown): boolean {
  return APICallError.isInstance(error) && error.isRetryable;
}

function passesWithTime(error: unknown): boolean {
  return (
    isTransient(error) ||
    (KimiAPIError.isInstance(error) && (error.code === 'KIMI_QUOTA_EXHAUSTED' || BUSY.has(error.code)))
  );
}

function quoted(word: string): string {
  return /^[\w./=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
