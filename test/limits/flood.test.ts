import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startKimiSimulator, type Fault, type KimiSimulator } from '../../src/simulator/index';
import { bundleProviderWorker, type WorkerBundle } from '../support/worker-bundle';
import type { FloodCost, FloodTask } from './flood-client';

/** What an endless body may cost (docs/decisions.md#40-limits-on-what-is-read). */
const MOST_MEGABYTES = 30;
const MOST_BLOCKED_MS = 100;

/** A busy machine stops a process as well; what the process itself does to its loop it does each time. */
const TRIES = 4;

let simulator: KimiSimulator;
let bundle: WorkerBundle;
let child: ChildProcessWithoutNullStreams;
let lines: Interface;

beforeAll(async () => {
  simulator = await startKimiSimulator();
  bundle = await bundleProviderWorker('../limits/flood-client.ts');
  child = spawn(process.execPath, ['--expose-gc', bundle.path], {
    env: {
      ...process.env,
      KIMI_CREDENTIAL_STORE: 'file',
      KIMI_PROVIDER_HOME: mkdtempSync(path.join(tmpdir(), 'kimi-flood-')),
    },
  });
  child.stderr.pipe(process.stderr);
  lines = createInterface({ input: child.stdout });
  // Everything is loaded and compiled before anything is measured.
  for (const endpoint of ['stream', 'whole', 'models', 'device', 'poll', 'refresh'] as const) {
    await ask(endpoint, 'time');
  }
}, 60_000);
afterAll(async () => {
  child.kill('SIGKILL');
  await bundle.dispose();
  await simulator.close();
});

type Limits = Pick<FloodTask, 'eventBytes' | 'abortAfter'>;

async function ask(
  endpoint: FloodTask['endpoint'],
  measure: FloodTask['measure'],
  limits: Limits = {},
): Promise<FloodCost> {
  const line = once(lines, 'line');
  child.stdin.write(`${JSON.stringify({ endpoint, url: simulator.url, measure, ...limits } satisfies FloodTask)}\n`);
  return JSON.parse(String((await line)[0])) as FloodCost;
}

const PATHS = {
  stream: '/chat/completions',
  whole: '/chat/completions',
  models: '/models',
  device: '/device_authorization',
  poll: '/token',
  refresh: '/token',
};

async function askAndLeave(...task: Parameters<typeof ask>): Promise<FloodCost> {
  const cost = await ask(...task);
  const request = simulator.requests.at(-1);
  await expect.poll(() => request?.clientGone).toBe(true);
  return cost;
}

/** What a flood of `endpoint` costs, at best of some tries; each time the server sees the connection close. */
async function costOf(endpoint: FloodTask['endpoint'], fault: Fault, limits?: Limits): Promise<FloodCost> {
  let cost: FloodCost | undefined;
  for (let tries = 0; tries < TRIES && !isCheap(cost); tries++) {
    simulator.reset();
    simulator.fault({ match: { path: PATHS[endpoint] }, times: 10, ...fault });
    const { megabytes } = await askAndLeave(endpoint, 'memory', limits);
    cost = { ...(await askAndLeave(endpoint, 'time', limits)), megabytes };
  }
  return cost as FloodCost;
}

function isCheap(cost: FloodCost | undefined): boolean {
  return cost !== undefined && cost.megabytes <= MOST_MEGABYTES && cost.blockedMs <= MOST_BLOCKED_MS;
}

const TOO_LARGE = { code: 'KIMI_ANSWER_INVALID', reason: 'too-large' };
const PAGE = { headers: { 'content-type': 'text/html' } };
const EVENTS = { headers: { 'content-type': 'text/event-stream' } };

type Case = [name: string, endpoint: FloodTask['endpoint'], text: string, fault: Fault, outcome: object];

const CASES: Case[] = [
  ['an event without end', 'stream', 'x', EVENTS, TOO_LARGE],
  ['an event of comments', 'stream', ': x\n', EVENTS, TOO_LARGE],
  ['an event of data lines', 'stream', 'data: 你\r\n', EVENTS, TOO_LARGE],
  ['a refusal of a stream', 'stream', 'x', { status: 500 }, { code: 'KIMI_SERVER_ERROR' }],
  ['a page in place of a stream', 'stream', '<p>', PAGE, { code: 'KIMI_ANSWER_INVALID', reason: 'page' }],
  ['a whole answer', 'whole', '"你', {}, TOO_LARGE],
  ['a refusal of a whole answer', 'whole', 'x', { status: 400 }, { code: 'KIMI_REQUEST_INVALID' }],
  ['a 401', 'whole', 'x', { status: 401 }, { code: 'KIMI_NOT_AUTHENTICATED' }],
  ['the list of models', 'models', '[', {}, TOO_LARGE],
  ['a refusal of the list', 'models', 'x', { status: 503 }, { code: 'KIMI_SERVER_ERROR' }],
  ['the device authorization', 'device', 'x', {}, { code: 'KIMI_DEVICE_LOGIN', reason: 'refused' }],
  ['a poll for the token', 'poll', 'x', {}, { code: 'KIMI_DEVICE_LOGIN', reason: 'refused' }],
  ['a refresh', 'refresh', 'x', {}, { code: 'KIMI_TOKEN_REFRESH' }],
];

/** Node 22 does not decode zstd; then it is bytes as any others. */
const ENCODINGS = [undefined, 'gzip', 'deflate', 'br', 'zstd'] as const;
const OF_ALL = ['an event without end', 'a whole answer'];

it.each(
  CASES.flatMap(([name, ...rest]) =>
    (OF_ALL.includes(name) ? ENCODINGS : ENCODINGS.slice(0, 2)).map(encoding => [name, encoding, ...rest] as const),
  ),
)('%s that never ends, encoding %s, costs little', async (_, encoding, endpoint, text, fault, outcome) => {
  const cost = await costOf(endpoint, { ...fault, flood: { text, ...(encoding && { encoding }) } });
  expect(cost).toMatchObject(outcome);
  expect(cost.megabytes).toBeLessThanOrEqual(MOST_MEGABYTES);
  expect(cost.blockedMs).toBeLessThanOrEqual(MOST_BLOCKED_MS);
});

const delta = (fields: object): string =>
  `data: ${JSON.stringify({ id: 'a', choices: [{ index: 0, delta: fields }] })}\n\n`;
const called = (input: string): object => ({
  tool_calls: [{ index: 0, id: 'f:0', function: { name: 'f', arguments: input } }],
});
/** Each of its events is short, and there is always one more. */
const ENDLESS: Array<[name: string, text: string, outcome: object, limits: Limits]> = [
  ['arguments of a tool call', delta(called('x'.repeat(100))), TOO_LARGE, { eventBytes: 500_000 }],
  ['arguments, letter by letter', delta(called('x')), TOO_LARGE, { eventBytes: 50_000 }],
  ['arguments, empty', delta(called('')), { name: 'AbortError' }, { abortAfter: 6_000_000 }],
  [
    'markup of tool calls',
    delta({ content: `<|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{"a":"${'x'.repeat(100)}"}` }) +
      delta({ content: '<|tool_call_end|>' }),
    TOO_LARGE,
    { eventBytes: 500_000 },
  ],
  [
    'markup behind reasoning',
    delta({ reasoning_content: '<|tool_call_begin|>f' }),
    { name: 'AbortError' },
    { abortAfter: 20_000_000 },
  ],
  ['text', delta({ content: 'x'.repeat(200) }), { name: 'AbortError' }, { abortAfter: 60_000_000 }],
  ['text, letter by letter', delta({ content: 'x' }), { name: 'AbortError' }, { abortAfter: 30_000_000 }],
  ['comments', ': keep-alive\n\n', { name: 'AbortError' }, { abortAfter: 40_000_000 }],
  ['blank lines', '\n', { name: 'AbortError' }, { abortAfter: 100_000_000 }],
  ['empty deltas', delta({ content: '' }), { name: 'AbortError' }, { abortAfter: 10_000_000 }],
];

it.each(ENDLESS)(
  'a stream of %s that never ends keeps little',
  async (_, text, outcome, limits) => {
    let cost: FloodCost | undefined;
    for (let tries = 0; tries < TRIES && !(cost && cost.megabytes <= MOST_MEGABYTES); tries++) {
      simulator.reset();
      simulator.fault({ match: { path: PATHS.stream }, ...EVENTS, flood: { text } });
      cost = await askAndLeave('stream', 'memory', limits);
    }
    expect(cost).toMatchObject(outcome);
    expect(cost?.megabytes).toBeLessThanOrEqual(MOST_MEGABYTES);
  },
  60_000,
);
