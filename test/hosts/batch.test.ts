import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator, type ScriptedAnswer } from '../../src/simulator/index';
import { hasPseudoTerminal, openPseudoTerminal } from '../cli/pseudo-terminal';
import { chats } from '../support/chats';
import { installExample } from './support/install-example';

/**
 * `examples/batch`, installed from the tarball: the real job in a process of its own, killed as people and machines
 * kill it.
 */
const CONCURRENCY = 4;
const BUSY = {
  error: { type: 'rate_limit_reached_error', message: "We're receiving too many requests at the moment" },
};
const WEEKLY =
  "You've reached your weekly (7-day) usage limit. Your quota will reset when the current 7-day window ends.";

type Line = { id: string; model?: string; text?: string; error?: { code: string } };

let example: Awaited<ReturnType<typeof installExample>>;
let simulator: KimiSimulator;
/** A new folder for the files of each test. */
let folder: string;
let signedIn: boolean;
let inFlight: number;
let mostInFlight: number;

beforeAll(async () => {
  example = await installExample('batch');
}, 120_000);
afterAll(() => example.dispose());
beforeEach(async () => {
  simulator = await startKimiSimulator();
  folder = mkdtempSync(path.join(example.folder, 'job-'));
  signedIn = true;
  inFlight = 0;
  mostInFlight = 0;
});
afterEach(() => simulator.close());

const file = (name: string) => path.join(folder, name);
const prompts = (count: number) =>
  Array.from({ length: count }, (_, number) => ({ id: `p${number}`, prompt: `Question ${number}?` }));
const writePrompts = (lines: readonly object[]) =>
  writeFileSync(file('prompts.jsonl'), lines.map(line => `${JSON.stringify(line)}\n`).join(''));
const readAnswers = (): Line[] =>
  existsSync(file('answers.jsonl')) ? parseLines(readFileSync(file('answers.jsonl'), 'utf8')) : [];
/** The whole lines: one that is being written does not count. */
const parseLines = (text: string): Line[] =>
  text
    .split('\n')
    .slice(0, -1)
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Line);
const asked = () =>
  chats(simulator).map(({ json }) => (json as { messages: Array<{ content: string }> }).messages.at(-1)?.content ?? '');

/**
 * What the next chats are answered, by number of the chat; beyond, `Answer to <prompt>`. Counts how many are asked at
 * once.
 */
function serve(special: (chat: number) => ScriptedAnswer | undefined = () => undefined, milliseconds = 5): void {
  simulator.reset();
  let count = 0;
  const script = async (body: unknown): Promise<ScriptedAnswer> => {
    const chat = count++;
    mostInFlight = Math.max(mostInFlight, ++inFlight);
    await sleep(milliseconds);
    inFlight -= 1;
    return (
      special(chat) ?? {
        text: `Answer to ${(body as { messages: Array<{ content: string }> }).messages.at(-1)?.content}`,
      }
    );
  };
  simulator.script(Array.from({ length: 3000 }, () => script));
}

const environment = () => ({
  ...process.env,
  ...(signedIn ? { KIMI_API_KEY: 'sk-kimi-simulator' } : {}),
  KIMI_CREDENTIAL_STORE: 'file',
  KIMI_CODE_BASE_URL: simulator.apiBaseURL,
});
const parameters = () => [path.join(example.folder, 'batch.ts'), file('prompts.jsonl'), file('answers.jsonl')];

type Job = { child: ChildProcess; stderr: () => string; ended: Promise<number | null> };

function start(...more: string[]): Job {
  const child = spawn(process.execPath, [...parameters(), ...more], {
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return { child, stderr: () => stderr, ended: once(child, 'close').then(([code]) => code as number | null) };
}

async function run(...more: string[]): Promise<{ code: number | null; stderr: string }> {
  const job = start(...more);
  return { code: await job.ended, stderr: job.stderr() };
}

/** Until the file has so many lines; the job must be running. */
async function answered(count: number, { child }: Job): Promise<void> {
  while (readAnswers().length < count) {
    expect(child.exitCode).toBeNull();
    await sleep(5);
  }
}

describe('500 prompts, with faults, killed twice', () => {
  it('end in 500 answers, none lost, none asked again', async () => {
    const all = prompts(500);
    writePrompts(all);
    const faults: Record<number, ScriptedAnswer> = {
      7: { status: 429, retryAfter: 1, body: BUSY },
      31: { status: 500, body: 'Internal Server Error' },
      32: { status: 503, body: { error: { message: 'The engine is currently overloaded, please try again later' } } },
      60: { text: '' },
      90: { reasoning: 'Hm.', text: '' },
    };
    serve(chat => faults[chat]);
    simulator.fault({ match: { path: '/chat/completions', nth: 20 }, destroySocket: true });
    simulator.fault({ match: { path: '/chat/completions', nth: 40 }, cutAfterBytes: 20 });

    const first = start();
    await answered(120, first);
    first.child.kill('SIGKILL');
    await first.ended;
    const afterFirst = readAnswers();

    // As a kill in the middle of a write leaves it.
    writeFileSync(file('answers.jsonl'), '{"id":"p499","text":"Answer to Ques', { flag: 'a' });
    simulator.clearRequests();
    serve(chat => (chat === 15 ? { status: 502, body: 'Bad Gateway' } : undefined), 40);
    const second = start();
    await answered(300, second);
    second.child.kill('SIGINT');
    expect(await second.ended).toBe(75);
    expect(second.stderr()).toMatch(/To go on: node .*batch\.ts/);
    const afterSecond = readAnswers();
    expect(afterSecond.slice(0, afterFirst.length)).toEqual(afterFirst);
    const questions = (lines: Line[]) => new Set(lines.map(({ id }) => `Question ${id.slice(1)}?`));
    expect(asked().filter(question => questions(afterFirst).has(question))).toEqual([]);
    // What was in flight at Ctrl-C was awaited: everything that was answered is in the file.
    expect(asked()).toHaveLength(afterSecond.length - afterFirst.length + 1);

    simulator.clearRequests();
    const third = await run();
    expect(third.code).toBe(0);
    expect(third.stderr).toContain('500 of 500 answered');
    expect(asked().filter(question => questions(afterSecond).has(question))).toEqual([]);
    expect(asked()).toHaveLength(500 - afterSecond.length);

    const lines = readAnswers();
    expect(readFileSync(file('answers.jsonl'), 'utf8').endsWith('\n')).toBe(true);
    expect(lines.map(({ id }) => id).toSorted()).toEqual(all.map(({ id }) => id).toSorted());
    expect(lines.filter(({ id, text }) => text !== `Answer to Question ${id.slice(1)}?`)).toEqual([]);
    expect(mostInFlight).toBe(CONCURRENCY);
  });
});

describe('a batch job', () => {
  it('sends nothing before the end of Retry-After', async () => {
    writePrompts(prompts(12));
    const at: number[] = [];
    serve(chat => {
      at.push(Date.now());
      return chat === 0 ? { status: 429, retryAfter: 2, body: BUSY } : { text: 'Yes.', delayMs: 700 };
    }, 0);
    const { code } = await run();
    expect(code).toBe(0);
    expect(readAnswers()).toHaveLength(12);
    // Those that were under way at the 429 end in the middle of the pause; nothing may follow them.
    const pause = (at[0] as number) + 2000;
    expect(at.filter(time => time < pause - 100).length).toBeLessThanOrEqual(CONCURRENCY);
    expect(at).toHaveLength(13);
  });

  it('stops at a used-up quota, says until when, and goes on later', async () => {
    writePrompts(prompts(40));
    const resetTime = new Date(Date.now() + 3 * 3600_000).toISOString();
    const body = { error: { type: 'access_terminated_error', message: WEEKLY, resetTime } };
    serve(chat => (chat < 10 ? undefined : { status: 403, body }));
    const stopped = await run();
    expect(stopped.code).toBe(75);
    expect(stopped.stderr).toMatch(/weekly quota/i);
    expect(stopped.stderr).toMatch(
      /To go on after \d.* (?:UTC|GMT\S*|[A-Z]{3,4}): node .*batch\.ts .*answers\.jsonl\n$/,
    );
    expect(readAnswers()).toHaveLength(10);
    // Not again and again: once for each that was under way.
    expect(chats(simulator).length).toBeLessThanOrEqual(10 + CONCURRENCY);

    serve();
    expect((await run()).code).toBe(0);
    expect(new Set(readAnswers().map(({ id }) => id)).size).toBe(40);
  });

  it('stops where nobody is signed in, with the command', async () => {
    writePrompts(prompts(5));
    signedIn = false;
    const { code, stderr } = await run();
    expect({ code, stderr }).toEqual({
      code: 77,
      stderr: expect.stringContaining('npx ai-sdk-provider-kimi login') as string,
    });
    expect(readAnswers()).toEqual([]);
  });

  it('notes a prompt that cannot be answered and goes on with the others', async () => {
    writePrompts(prompts(6));
    const body = {
      error: { type: 'content_filter', message: 'The request was rejected because it was considered high risk' },
    };
    serve(chat => (chat === 2 ? { status: 400, body } : undefined));
    const { code, stderr } = await run('--concurrency', '1');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('6 of 6 answered') as string });
    expect(readAnswers().filter(({ error }) => error !== undefined)).toMatchObject([
      { id: 'p2', error: { code: 'KIMI_CONTENT_FILTERED' } },
    ]);
    simulator.clearRequests();
    expect((await run()).code).toBe(1);
    expect(chats(simulator)).toEqual([]);
  });

  it('refuses a second job on the same file', async () => {
    writePrompts(prompts(200));
    serve(undefined, 400);
    const first = start();
    await answered(1, first);
    const second = await run();
    expect(second.code).toBe(2);
    expect(second.stderr).toContain('Another job writes');
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(75);
    const ids = readAnswers().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('names each bad line and sends nothing', async () => {
    const misspelt = '{"id":"c","prompt":"?","efort":"high"}';
    const lines = [
      '{"id":"a","prompt":"Yes?"}',
      '{"id":"b"}',
      '',
      'not JSON',
      '{"id":"a","prompt":"Again?"}',
      misspelt,
    ];
    writeFileSync(file('prompts.jsonl'), lines.join('\n'));
    const { code, stderr } = await run();
    expect(code).toBe(2);
    expect([...stderr.matchAll(/prompts\.jsonl:(\d+):/g)].map(([, line]) => line)).toEqual(['2', '4', '5', '6']);
    expect(stderr).toContain('4 bad lines; nothing was sent.');
    expect(simulator.requests).toEqual([]);
  });

  it('takes what a line says of model and effort, and files as editors save them', async () => {
    const own = { model: 'k3', effort: 'max', system: 'Be brief.' };
    const lines = [
      { id: 'a', prompt: 'One?' },
      { id: 'b', prompt: 'Two?', ...own },
      { id: 'c', prompt: 'Three?' },
    ];
    writeFileSync(file('prompts.jsonl'), `\uFEFF${lines.map(line => JSON.stringify(line)).join('\r\n')}`);
    writeFileSync(file('answers.jsonl'), '{"id":"c","text":"Before."}');
    expect(await run('--effort', 'low', '--concurrency', '1')).toMatchObject({ code: 0 });
    expect(chats(simulator).map(({ json }) => json)).toMatchObject([
      { model: 'kimi-for-coding', thinking: { effort: 'low' }, messages: [{ content: 'One?' }] },
      {
        model: 'k3',
        thinking: { effort: 'max' },
        messages: [{ role: 'system', content: 'Be brief.' }, { content: 'Two?' }],
      },
    ]);
    expect(readAnswers().map(({ id, model }) => [id, model])).toEqual([
      ['c', undefined],
      ['a', 'kimi-for-coding'],
      ['b', 'k3'],
    ]);
  });

  it('leaves a prompt that fails again and again to the next run, and answers the others', async () => {
    writePrompts(prompts(30));
    const failing = async (body: unknown): Promise<ScriptedAnswer> => {
      const question = (body as { messages: Array<{ content: string }> }).messages.at(-1)?.content;
      return question === 'Question 3?'
        ? { status: 500, body: 'Internal Server Error' }
        : { text: 'Yes.', delayMs: 300 };
    };
    simulator.script(Array.from({ length: 100 }, () => failing));
    const { code, stderr } = await run();
    expect(code).toBe(75);
    expect(stderr).toContain('1 failed again and again, while others were answered.');
    expect(
      readAnswers()
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(
      prompts(30)
        .map(({ id }) => id)
        .filter(id => id !== 'p3')
        .toSorted(),
    );
  });

  it.each([
    ['a table', 'name,value\n', 1],
    ['one line without end', 'my only notes', 1],
    ['lines, the last without end', 'line one\nline two', 1],
    ['JSON of something else', '{"id":"p0","prompt":"Question 0?"}\n', 1],
    ['an answer, then something else', '{"id":"p0","text":"Yes."}\n{"id":7}', 2],
  ])('leaves a file alone that is not its own: %s', async (_, content, line) => {
    writePrompts(prompts(2));
    writeFileSync(file('answers.jsonl'), content);
    const { code, stderr } = await run();
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`answers.jsonl:${line} is not an answer`) as string,
    });
    expect(readFileSync(file('answers.jsonl'), 'utf8')).toBe(content);
    expect(simulator.requests).toEqual([]);
  });

  it('keeps lines whole whatever is in them, as JSON does', async () => {
    const separators = 'a\u2028b\u2029c\u0085d\re';
    writePrompts([
      { id: 'one', prompt: separators },
      { id: 'two', prompt: 'Two?' },
    ]);
    serve(() => ({ text: separators }));
    expect((await run()).code).toBe(0);
    expect(asked()).toContain(separators);
    expect((await run()).code).toBe(0);
    expect(readAnswers().map(({ text }) => text)).toEqual([separators, separators]);
    expect(asked()).toHaveLength(2);
  });

  it('ends well when its prompts are changed under it', async () => {
    writePrompts(prompts(300).map(prompt => ({ ...prompt, system: 's'.repeat(2000) })));
    serve();
    const job = start();
    await answered(5, job);
    writeFileSync(file('prompts.jsonl'), 'garbage\n', { flag: 'a' });
    expect(await job.ended).toBe(77);
    expect(job.stderr()).toContain('prompts.jsonl:301 was changed while the job ran');
    expect(existsSync(file('answers.jsonl.lock'))).toBe(false);

    expect(asked()).toHaveLength(readAnswers().length);
    writePrompts(prompts(300));
    expect((await run()).code).toBe(0);
    expect(asked()).toHaveLength(300);
    expect(new Set(readAnswers().map(({ id }) => id)).size).toBe(300);
  });

  it.skipIf(process.platform === 'win32')(
    'writes nothing twice after it was asleep while another job took over',
    async () => {
      writePrompts(prompts(60));
      serve(undefined, 60);
      const first = start();
      await answered(8, first);
      first.child.kill('SIGSTOP');
      expect((await run()).code).toBe(0);
      first.child.kill('SIGCONT');
      expect(await first.ended).toBe(77);
      expect(first.stderr()).toMatch(/Another (?:job|program)/);
      expect(
        readAnswers()
          .map(({ id }) => id)
          .toSorted(),
      ).toEqual(
        prompts(60)
          .map(({ id }) => id)
          .toSorted(),
      );
      expect((await run()).code).toBe(0);
    },
  );

  it('stops at a wrong key', async () => {
    writePrompts(prompts(20));
    const { KIMI_API_KEY } = process.env;
    process.env.KIMI_API_KEY = 'sk-kimi-somebody-else';
    signedIn = false;
    const { code, stderr } = await run();
    Object.assign(process.env, KIMI_API_KEY === undefined ? {} : { KIMI_API_KEY });
    expect({ code, stderr }).toEqual({ code: 77, stderr: expect.stringContaining('KIMI_API_KEY') as string });
    expect(chats(simulator).length).toBeLessThanOrEqual(CONCURRENCY);
  });

  it('says when to go on where the server stays busy', async () => {
    writePrompts(prompts(2));
    serve(() => ({
      status: 503,
      retryAfter: 1,
      body: { error: { message: 'The engine is currently overloaded, please try again later' } },
    }));
    const { code, stderr } = await run();
    expect({ code, stderr }).toEqual({
      code: 75,
      stderr: expect.stringMatching(/To go on after \d.*: node /) as string,
    });
  });

  it('notes a line whose own model the account does not have, and warns once of what a model cannot do', async () => {
    const refused = {
      status: 404,
      body: {
        error: { type: 'resource_not_found_error', message: 'Not found the model k3-256k or Permission denied' },
      },
    };
    simulator.script(
      Array.from(
        { length: 20 },
        () => (body: unknown) => ((body as { model: string }).model === 'k3-256k' ? refused : { text: 'Yes.' }),
      ),
    );
    writePrompts([
      { id: 'a', prompt: 'One?', model: 'nope' },
      { id: 'b', prompt: 'Two?', model: 'k3-256k' },
      ...prompts(6),
    ]);
    const { code, stderr } = await run('--model', 'k3', '--effort', 'medium');
    expect(code).toBe(1);
    expect(
      Object.fromEntries(readAnswers().flatMap(({ id, error }) => (error === undefined ? [] : [[id, error.code]]))),
    ).toEqual({
      a: 'KIMI_NO_SUCH_MODEL',
      b: 'KIMI_MODEL_UNAVAILABLE',
    });
    expect(readAnswers()).toHaveLength(8);
    expect(stderr.match(/"medium" was sent as "high"/g)).toHaveLength(1);
  });

  it('writes plain lines into a pipe', async () => {
    writePrompts(prompts(20));
    serve();
    const { stderr } = await run();
    expect(stderr).toMatch(/^20\/20 {2}\d+\.\d\/s {2}0m 0s left$/m);
    // oxlint-disable-next-line no-control-regex -- what a bar is drawn with
    expect(stderr).not.toMatch(/\x1b|█|\r/);
  });

  it.skipIf(!hasPseudoTerminal)('draws a bar with rate and time left in a terminal (needs pty)', async () => {
    writePrompts(prompts(20));
    serve();
    const terminal = openPseudoTerminal(parameters(), { columns: 100, env: environment() });
    expect(await terminal.ended).toBe(0);
    expect(terminal.raw()).toMatch(/█+░+ \d+\/20 {2}\d+\.\d\/s {2}\d+m \d+s left/);
    expect(terminal.raw()).toContain('20 of 20 answered');
  });

  it.skipIf(!hasPseudoTerminal)(
    'stops at once at a second Ctrl-C, and leaves the terminal as it was (needs pty)',
    async () => {
      writePrompts(prompts(20));
      serve(undefined, 15_000);
      const terminal = openPseudoTerminal(parameters(), { columns: 100, env: environment() });
      await terminal.shown(/(0\/20)/);
      terminal.type('\u0003');
      await terminal.shown(/(once more stops at once)/);
      terminal.type('\u0003');
      expect(await terminal.ended).toBe(130);
      const last = (sequence: string) => terminal.raw().lastIndexOf(sequence);
      expect(last('\u001B[?25h')).toBeGreaterThan(last('\u001B[?25l'));
      // Lines of texts wrap, while there is a bar and after it.
      expect(last('\u001B[?7l')).toBe(-1);
    },
  );

  it.skipIf(!hasPseudoTerminal)(
    'says in 40 columns until when it waits, and clears the bar before a text (needs pty)',
    async () => {
      writePrompts(prompts(5000));
      serve(chat => (chat === 2 ? { status: 429, retryAfter: 60, body: BUSY } : undefined));
      const terminal = openPseudoTerminal(parameters(), { columns: 40, env: environment() });
      await terminal.shown(/(waiting until \d\d:\d\d:\d\d)/);
      terminal.type('\u0003');
      expect(await terminal.ended).toBe(75);
      // oxlint-disable-next-line no-control-regex -- what a bar is drawn with
      const bars = terminal.raw().match(/[█░]+ \d[^\x1b\r]*/g) ?? [];
      expect(bars.filter(bar => bar.length > 40)).toEqual([]);
      const waiting = bars.filter(bar => bar.includes('waiting'));
      expect(waiting).not.toEqual([]);
      expect(waiting.filter(bar => /\/s|left/.test(bar))).toEqual([]);
      // oxlint-disable-next-line no-control-regex
      expect(terminal.raw()).toMatch(/\x1b\[1G\x1b\[2KFinishing what has been sent/);
    },
  );

  it('reads standard input, writes standard output, and nothing else there', async () => {
    serve();
    const lines = prompts(3).map(line => `${JSON.stringify(line)}\n`);
    const child = spawn(process.execPath, [path.join(example.folder, 'batch.ts'), '-', '-'], { env: environment() });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.end(lines.join(''));
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(
      parseLines(stdout)
        .map(({ id, text }) => [id, text])
        .toSorted(),
    ).toEqual([0, 1, 2].map(number => [`p${number}`, `Answer to Question ${number}?`]));
    expect(stderr).toMatch(/3 of 3 answered in standard output\.\n\d+ tokens in, \d+ out; \$0\.\d{4} at list prices/);
  });

  it('names standard input, and a schema that no answer could be held to', async () => {
    const child = spawn(process.execPath, [path.join(example.folder, 'batch.ts'), '-', '-'], { env: environment() });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const schema = { type: 'object', properties: { a: { $ref: '#/$defs/none' } } };
    child.stdin.end(`${JSON.stringify({ id: 'a', prompt: 'x', schema })}\nnot JSON\n`);
    expect(await once(child, 'close')).toEqual([2, null]);
    expect(stderr).toContain('standard input:1: ✖ no JSON schema that answers can be held to');
    expect(stderr).toContain('standard input:2: not JSON');
    expect(simulator.requests).toEqual([]);
  });

  it('tells how it is used, and asks nobody', async () => {
    const child = spawn(process.execPath, [path.join(example.folder, 'batch.ts'), '--help'], { env: environment() });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(stdout).toMatch(/^Usage: node batch\.ts <prompts\.jsonl> <answers\.jsonl>/);
    expect(simulator.requests).toEqual([]);
  });

  it('answers by the schema of a line and with its tools', async () => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    };
    writePrompts([
      { id: 'object', prompt: 'Which city?', schema },
      { id: 'wrong', prompt: 'Which number?', schema },
      { id: 'tool', prompt: 'What is new?', tools: ['search'] },
    ]);
    const script = (body: unknown): ScriptedAnswer => {
      const { messages, tools } = body as { messages: Array<{ role: string; content: string }>; tools?: unknown[] };
      const text = JSON.stringify(messages);
      if (tools !== undefined && messages.at(-1)?.role !== 'tool') {
        return { toolCalls: [{ name: 'search', arguments: { query: 'news' } }] };
      }
      return { text: text.includes('city?') ? '{"city":"Oslo"}' : text.includes('number?') ? '{"n":1}' : 'Much.' };
    };
    simulator.script(Array.from({ length: 20 }, () => script));
    const { code, stderr } = await run();
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('3 of 3 answered') as string });
    expect(new Map(readAnswers().map(line => [line.id, line]))).toMatchObject(
      new Map<string, object>([
        ['object', { output: { city: 'Oslo' } }],
        ['wrong', { error: { code: 'NO_OBJECT' } }],
        ['tool', { text: 'Much.' }],
      ]),
    );
    const tools = chats(simulator).flatMap(({ json }) => (json as { tools?: unknown[] }).tools ?? []);
    expect(JSON.stringify(tools)).toContain('search');
    expect(JSON.stringify(tools)).not.toContain('"read"');
  });

  it('type-checks against the packed package', async () => {
    const compiler = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
    const output = await new Promise<string>(resolve => {
      execFile(process.execPath, [compiler, '-p', example.folder], (_, stdout) => resolve(stdout));
    });
    expect(output).toBe('');
  });
});
