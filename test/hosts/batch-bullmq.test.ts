import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator, type ScriptedAnswer } from '../../src/simulator/index';
import { chats } from '../support/chats';
import { startRedisServer, type RedisServer } from '../support/start-redis-server';
import { testServices } from '../support/test-services';
import { installExample } from './support/install-example';

/**
 * `examples/batch-bullmq`, installed from the tarball: its workers in processes of their own on a real Redis. By hand
 * with `BATCH_LINES=5000 BATCH_WORKERS=4`, which prints figures.
 */
const { BATCH_LINES, BATCH_WORKERS } = inject('npmEnvironment');
const LINES = Number(BATCH_LINES ?? 400);
const WORKERS = Number(BATCH_WORKERS ?? 3);
const AT_ONCE = 6;
const WEEKLY =
  "You've reached your weekly (7-day) usage limit. Your quota will reset when the current 7-day window ends.";

type Line = { id: string; text?: string; error?: { message: string } };
type Process = { child: ChildProcess; output: () => string; ended: Promise<number | null> };

let example: Awaited<ReturnType<typeof installExample>>;
let simulator: KimiSimulator;
let server: RedisServer;
let redis: Redis;
let folder: string;
let environment: Record<string, string | undefined>;
let running: Process[];
let inFlight: number;
let mostInFlight: number;
/** Questions under way of the worker that will be killed; it asks with another effort than the others. */
let doomed: Set<string>;
/** Holds back the answers to those. */
let release: Promise<void> | undefined;

describe.skipIf(!testServices.has('redis'))('a batch of many workers (needs redis)', () => {
  beforeAll(async () => {
    example = await installExample('batch-bullmq');
  }, 120_000);
  afterAll(() => example.dispose());
  beforeEach(async () => {
    [simulator, server] = await Promise.all([
      startKimiSimulator({ autoApprove: true }),
      startRedisServer({ appendOnly: true }),
    ]);
    redis = new Redis(server.url, { maxRetriesPerRequest: null }).on('error', () => {});
    folder = mkdtempSync(path.join(example.folder, 'batch-'));
    environment = {
      ...process.env,
      REDIS_URL: server.url,
      KIMI_STORE_KEY: Buffer.alloc(32, 7).toString('base64'),
      KIMI_CODE_BASE_URL: simulator.apiBaseURL,
      KIMI_CODE_OAUTH_HOST: simulator.oauthHost,
    };
    running = [];
    inFlight = 0;
    mostInFlight = 0;
    doomed = new Set();
    release = undefined;
  });
  afterEach(async () => {
    running.forEach(({ child }) => child.kill('SIGKILL'));
    await Promise.all(running.map(({ ended }) => ended));
    redis.disconnect();
    await Promise.all([simulator.close(), server.stop()]);
  });

  const file = (name: string) => path.join(folder, name);
  const writePrompts = (count: number) =>
    writeFileSync(
      file('prompts.jsonl'),
      Array.from(
        { length: count },
        (_, number) => `${JSON.stringify({ id: `p${number}`, prompt: `Question ${number}?` })}\n`,
      ).join(''),
    );

  /** Answers `Answer to <prompt>` unless `special` says otherwise, and counts how many are asked at once. */
  function serve(
    special: (chat: number, question: string) => ScriptedAnswer | undefined = () => undefined,
    milliseconds = 20,
  ): void {
    simulator.reset();
    let count = 0;
    const script = async (body: unknown): Promise<ScriptedAnswer> => {
      const chat = count++;
      const { messages, thinking } = body as { messages: Array<{ content: string }>; thinking?: { effort?: string } };
      const question = messages.at(-1)?.content ?? '';
      mostInFlight = Math.max(mostInFlight, ++inFlight);
      await sleep(milliseconds);
      if (thinking?.effort === 'low' && release) {
        doomed.add(question);
        await release;
      }
      inFlight -= 1;
      return special(chat, question) ?? { text: `Answer to ${question}` };
    };
    simulator.script(Array.from({ length: LINES * 2 + 100 }, () => script));
  }

  function start(script: string, ...parameters: string[]): Process {
    const child = spawn(process.execPath, [path.join(example.folder, script), ...parameters], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const add = (text: string) => (output += text);
    child.stdout.setEncoding('utf8').on('data', add);
    child.stderr.setEncoding('utf8').on('data', add);
    const started = {
      child,
      output: () => output,
      ended: once(child, 'close').then(([code]) => code as number | null),
    };
    running.push(started);
    return started;
  }
  async function run(script: string, ...parameters: string[]): Promise<{ code: number | null; output: string }> {
    const started = start(script, ...parameters);
    return { code: await started.ended, output: started.output() };
  }
  const fill = (...more: string[]) =>
    run('fill.ts', file('prompts.jsonl'), '--at-once', String(AT_ONCE), '--per-minute', '100000', ...more);
  const work = (...more: string[]) => start('worker.ts', '--lost-after', '5', ...more);
  const collect = () => run('collect.ts', file('prompts.jsonl'), file('answers.jsonl'));
  const answers = () =>
    readFileSync(file('answers.jsonl'), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as Line);
  const answered = () => redis.hlen('kimi-batch:answers');

  /** Until it is so; the test's own limit of time ends it. */
  async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
    while (!(await isSo())) {
      await sleep(20);
    }
  }
  async function stop(workers: readonly Process[]): Promise<Array<number | null>> {
    workers.forEach(({ child }) => child.kill('SIGTERM'));
    return Promise.all(workers.map(({ ended }) => ended));
  }

  it(
    `${LINES} lines over ${WORKERS} workers, with faults, a kill and a restart of Redis: none lost, none twice`,
    async () => {
      writePrompts(LINES);
      const busy = { error: { type: 'rate_limit_reached_error', message: 'We are receiving too many requests' } };
      const overloaded = { error: { message: 'The engine is currently overloaded, please try again later' } };
      const filtered = {
        error: { type: 'content_filter', message: 'The request was rejected because it was considered high risk' },
      };
      serve((chat, question) => {
        if (question === 'Question 13?') {
          return { status: 400, body: filtered };
        }
        return (
          {
            30: { status: 429, retryAfter: 1, body: busy },
            60: { status: 500, body: 'Internal Server Error' },
            90: { status: 503, retryAfter: 1, body: overloaded },
            120: { text: '' },
          } as Record<number, ScriptedAnswer>
        )[chat];
      });
      for (const nth of [20, 150, 250]) {
        simulator.fault({ match: { path: '/chat/completions', nth }, destroySocket: true });
      }
      simulator.fault({ match: { path: '/chat/completions', nth: 200 }, cutAfterBytes: 20 });

      expect((await run('login.ts')).output).toContain('Signed in.');
      const kept = await redis.hvals('ai-sdk-provider-kimi:{default}');
      expect(kept.join('')).not.toMatch(/refresh|eyJ|^$/);
      const begun = Date.now();
      expect(await fill()).toEqual({
        code: 0,
        output: `${LINES} lines: 0 have an answer, ${LINES} are in the queue.\n`,
      });
      const filledMs = Date.now() - begun;
      // No worker takes all: a slot that a line frees is the same worker's again.
      const share = ['--concurrency', String(Math.ceil(AT_ONCE / WORKERS))];
      const killed = work('--effort', 'low', ...share);
      await until(() => inFlight > 0);
      const others = Array.from({ length: WORKERS - 1 }, () => work(...share));
      await until(async () => (await answered()) >= LINES / 4);
      // In the middle of its requests.
      let letGo = () => {};
      release = new Promise(resolve => (letGo = resolve));
      await until(() => doomed.size > 0);
      killed.child.kill('SIGKILL');
      await killed.ended;
      letGo();
      await until(async () => (await answered()) >= LINES / 2);
      await server.restart();
      const afterRestart = await answered();
      expect(afterRestart).toBeGreaterThanOrEqual(LINES / 2);
      // Filled again in the middle: nothing is queued twice.
      expect((await fill()).code).toBe(0);
      await until(async () => {
        const jobs = await redis.multi().llen('bull:kimi-batch:wait').llen('bull:kimi-batch:active').exec();
        const open = jobs?.reduce((sum, [, length]) => sum + Number(length), 0);
        return (await answered()) === LINES - 1 && open === 0;
      });
      const seconds = (Date.now() - begun) / 1000;
      expect(await stop(others)).toEqual(others.map(() => 0));

      const { code, output } = await collect();
      expect({ code, output }).toEqual({
        code: 1,
        output: expect.stringMatching(`^${LINES - 1} answered, 1 failed, 0 open`) as string,
      });
      const lines = answers();
      expect(lines.map(({ id }) => id)).toEqual(Array.from({ length: LINES }, (_, number) => `p${number}`));
      expect(lines[13]?.error?.message).toContain('KIMI_CONTENT_FILTERED');
      lines.splice(13, 1);
      expect(lines.filter(({ id, text }) => text !== `Answer to Question ${id.slice(1)}?`)).toEqual([]);
      expect(mostInFlight).toBe(AT_ONCE);
      const askedOf = (question: string) =>
        chats(simulator).filter(({ json }) => JSON.stringify(json).includes(`"${question}"`)).length;
      expect([...doomed].filter(question => askedOf(question) < 2)).toEqual([]);
      // What each fault cost, and what was under way in the killed worker: no line more was asked again.
      const sent = chats(simulator).length;
      expect(sent - LINES).toBeLessThanOrEqual(8 + AT_ONCE + AT_ONCE);
      expect(askedOf('Question 13?')).toBe(1);
      if (BATCH_LINES !== undefined) {
        const memory = (await redis.info('memory')).match(/used_memory_human:(\S+)/)?.[1];
        console.log({ seconds, filledMs, sent, mostInFlight, afterRestart, memory, doomed: doomed.size });
      }
    },
    BATCH_LINES === undefined ? 120_000 : 1_200_000,
  );

  it('holds all workers at a used-up plan, and goes on when told', async () => {
    writePrompts(30);
    const resetTime = new Date(Date.now() + 3 * 3600_000).toISOString();
    const usedUp = { status: 403, body: { error: { type: 'access_terminated_error', message: WEEKLY, resetTime } } };
    serve(chat => (chat < 10 ? undefined : usedUp));
    environment.KIMI_API_KEY = 'sk-kimi-simulator';
    await fill();
    const workers = [work(), work()];
    await until(() => workers.some(({ output }) => output().includes('All workers wait until')));
    await until(async () => inFlight === 0 && (await redis.llen('bull:kimi-batch:active')) === 0);
    const sent = chats(simulator).length;
    expect(sent).toBeLessThanOrEqual(10 + AT_ONCE);
    expect(await answered()).toBe(10);
    expect((await run('status.ts')).output).toMatch(
      /^answered {2}10\nwaiting {3}20\nunder way 0\nfailed {4}0\nWaiting until \d/,
    );
    // A worker that comes later waits as well, and each of them ends at once when asked.
    const late = work();
    workers.push(late);
    await until(() => late.output().includes('Answering lines of kimi-batch, from'));
    expect(await collect()).toMatchObject({ code: 75 });
    expect(chats(simulator)).toHaveLength(sent);
    expect(await stop(workers)).toEqual([0, 0, 0]);

    serve();
    await run('status.ts', '--resume');
    const later = work();
    await until(async () => (await answered()) === 30);
    expect(await stop([later])).toEqual([0]);
    expect(await collect()).toMatchObject({ code: 0 });
  });

  it('pauses where a person must act, says so to all, and loses no line', async () => {
    writePrompts(5);
    serve();
    environment.KIMI_API_KEY = 'sk-kimi-somebody-else';
    await fill();
    const worker = work();
    await until(() => worker.output().includes('The queue is paused.'));
    expect(worker.output()).toContain('KIMI_API_KEY');
    expect(await stop([worker])).toEqual([0]);
    expect((await run('status.ts')).output).toMatch(/waiting {3}5\n.*Paused\. KIMI_\w+: /s);

    environment.KIMI_API_KEY = 'sk-kimi-simulator';
    await run('status.ts', '--resume');
    const later = work();
    await until(async () => (await answered()) === 5);
    expect(await stop([later])).toEqual([0]);
  });

  it('finishes what has been sent when it is told to end', async () => {
    writePrompts(20);
    serve(undefined, 1500);
    environment.KIMI_API_KEY = 'sk-kimi-simulator';
    await fill();
    const worker = work();
    await until(() => inFlight === AT_ONCE);
    expect(await stop([worker])).toEqual([0]);
    expect(worker.output()).toContain('6 answered here.');
    expect(await answered()).toBe(6);
    expect(chats(simulator)).toHaveLength(6);
  });

  it('shows the queue in the browser', async () => {
    writePrompts(3);
    environment.KIMI_API_KEY = 'sk-kimi-simulator';
    environment.PORT = '0';
    await fill();
    const board = start('board.ts');
    await until(() => /http:\S+\n/.test(board.output()));
    const address = board.output().trim();
    expect(await (await fetch(address)).text()).toContain('Bull Dashboard');
    const { queues } = (await (await fetch(`${address}/api/queues`)).json()) as { queues: object[] };
    expect(queues).toMatchObject([{ name: 'kimi-batch', counts: { waiting: 3 } }]);
  });

  it('sends nothing where nobody is signed in', async () => {
    expect(await run('worker.ts')).toEqual({
      code: 77,
      output: 'Nobody is signed in. Sign in once for all workers: node login.ts\n',
    });
  });

  it('type-checks against the packed package', async () => {
    const compiler = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
    const output = await new Promise<string>(resolve => {
      execFile(process.execPath, [compiler, '-p', example.folder], (_, stdout) => resolve(stdout));
    });
    expect(output).toBe('');
  });
});
