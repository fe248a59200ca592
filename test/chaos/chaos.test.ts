/**
 * `npm run chaos` finds what it is there to find: real processes with something broken in them, and logs of events for
 * what cannot be broken on purpose in a few seconds.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { faultsOf } from '../../chaos/faults.ts';
import { LeakScanner } from '../../chaos/leaks.ts';
import { planWorld } from '../../chaos/plan.ts';
import type { Event, Login } from '../../chaos/protocol.ts';
import { runChaos, type ChaosOptions } from '../../chaos/run.ts';
import { table } from '../../chaos/table.ts';
import { judge, type Verdict } from '../../chaos/verdict.ts';

// Processes start, sign in, and answer, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

let log: string;
beforeAll(async () => {
  log = await mkdtemp(join(tmpdir(), 'kimi-chaos-test-'));
});
afterAll(() => rm(log, { recursive: true, force: true }));

/** A world in which nothing happens but slow token answers, so that whatever is wrong is the worker's doing. */
async function runCalmly(options: Partial<ChaosOptions> & { seed: number }): Promise<Verdict> {
  const { events, logins } = await runChaos({
    // What has to be seen is seen within seconds, on a busy machine within a minute.
    minutes: 1.5,
    log,
    workers: 3,
    stores: ['file'],
    faults: 'slow-tokens',
    plan: [],
    tokenSeconds: [2],
    pauseMs: 50,
    ...options,
  });
  return judge(events, logins);
}

const count = (events: readonly Event[], type: Event['type']) => events.filter(event => event.type === type).length;
const worker = (name: string) => fileURLToPath(new URL(`${name}.ts`, import.meta.url));

describe('real processes', () => {
  test('nothing is found where nothing is broken, though tokens are renewed all the time', async () => {
    const verdict = await runCalmly({
      seed: 1,
      until: events => count(events, 'rotated') > 2 && count(events, 'outcome') > 40,
    });
    expect(verdict.violations).toEqual([]);
    expect(verdict.answers).toBeGreaterThan(10);
    expect(verdict.refreshes).toBeGreaterThan(1);
    expect(verdict).toMatchObject({ typedErrors: {}, lossesAllowed: {}, endedByServer: 0 });
  });

  test('a lock that keeps nobody out: a refresh token is used twice, and no step explains it', async () => {
    const verdict = await runCalmly({
      seed: 2,
      workerScript: worker('broken-lock-worker'),
      until: events => count(events, 'reused') > 0,
    });
    expect(verdict.reuses).toBeGreaterThan(0);
    expect(verdict.violations.join('\n')).toMatch(/file-[\w-]+ is lost, token [0-9a-f]{12}: /);
    expect(table(verdict)).toMatch(/^refresh tokens used twice +\d+ {2}MUST BE 0$/m);
  });

  test('an error of no class of ours, with a token in it: both are found', async () => {
    const verdict = await runCalmly({
      seed: 3,
      workerScript: worker('untyped-error-worker'),
      until: events => count(events, 'leak') > 0,
      recoveryMs: 1,
    });
    expect(verdict.untypedErrors).toEqual({ 'untyped: TypeError': expect.any(Number) });
    expect(verdict.leaks).toBeGreaterThan(0);
    expect(verdict.violations.join('\n')).toMatch(/access token [0-9a-f]{12} shows in an error/);
    expect(verdict.violations.join('\n')).toMatch(/file-work gives no answer on a calm world/);
  });
});

describe('a log of events', () => {
  const logins: Login[] = [
    { id: 'f', host: 0, account: 'work', store: 'file' },
    { id: 'r', host: 0, account: 'work', store: 'redis' },
  ];
  const rotated = (at: number, login = 'f', fault?: string): Event => ({
    at,
    type: 'rotated',
    login,
    from: 'one',
    to: 'two',
    worker: 'w0.0',
    fault,
  });
  const answered = (at: number, delivered = true, fault?: string): Event => ({
    at,
    type: 'rotation-answered',
    to: 'two',
    delivered,
    fault,
  });
  const reused = (at: number, login = 'f', by = 'w1.0'): Event => ({
    at,
    type: 'reused',
    login,
    token: 'one',
    worker: by,
  });
  const outage = (from: number, to: number): Event[] => [
    { at: from, type: 'outage', what: 'disk full' },
    { at: to, type: 'restored', what: 'disk full' },
  ];

  const ALLOWED: readonly [string, Event[]][] = [
    ['answer lost between server and process', [rotated(0), answered(1, false, 'reset'), reused(5000)]],
    [
      'SIGKILL between rotation and save',
      [rotated(0), answered(1), { at: 2, type: 'killed', worker: 'w0.0', why: '' }, reused(5000)],
    ],
    [
      'SIGSTOP beyond the lock between rotation and save',
      [rotated(0), { at: 2, type: 'stopped', worker: 'w0.0' }, reused(30_500)],
    ],
    [
      'SIGSTOP beyond the lock, with the request on its way',
      [
        { at: 0, type: 'stopped', worker: 'w1.0' },
        rotated(7000, 'r'),
        { at: 7010, type: 'saved', login: 'r', token: 'two' },
        { at: 8000, type: 'continued', worker: 'w1.0' },
        reused(8010, 'r'),
      ],
    ],
    ['disk full between proof and save', [rotated(5000), ...outage(5001, 9000), answered(5002), reused(9500)]],
  ];
  test.each(ALLOWED)('a loss is allowed: %s', (step, events) => {
    const verdict = judge(events, logins);
    expect(verdict).toMatchObject({ violations: [], reuses: 0, lossesAllowed: { [step]: 1 } });
  });

  const FORBIDDEN: readonly [string, RegExp, Event[]][] = [
    ['nothing happened', /nothing kept it from saving/, [rotated(0), answered(1), reused(5000)]],
    [
      'two at once',
      /w0\.0 still waited for the answer \(500 ms\): the lock/,
      [rotated(0), reused(500), answered(3000)],
    ],
    [
      'the disk was full before',
      /though "disk full" had begun 4000 ms before/,
      [...outage(1000, 9000), rotated(5000), answered(5002), reused(9500)],
    ],
    [
      'the successor was saved',
      /whose successor w0\.0 had saved 4000 ms before/,
      [rotated(0), answered(1, false, 'reset'), { at: 1000, type: 'saved', login: 'f', token: 'two' }, reused(5000)],
    ],
    [
      'a stop shorter than the lock lives',
      /nothing kept it/,
      [
        rotated(0),
        answered(1),
        { at: 2, type: 'stopped', worker: 'w0.0' },
        { at: 20_000, type: 'continued', worker: 'w0.0' },
        reused(21_000),
      ],
    ],
    [
      'another worker was killed',
      /nothing kept it/,
      [rotated(0), answered(1), { at: 2, type: 'killed', worker: 'w1.0', why: '' }, reused(5000, 'f', 'w2.0')],
    ],
    ['the client left by itself', /nothing kept it/, [rotated(0), answered(1, false), reused(5000)]],
    ['nobody knows the token', /never rotated/, [reused(5000)]],
  ];
  test.each(FORBIDDEN)('a loss is not allowed: %s', (_, words, events) => {
    const verdict = judge(events, logins);
    expect(verdict).toMatchObject({ reuses: 1, lossesAllowed: {}, violations: [expect.stringMatching(words)] });
  });

  const given = (reason: string): Event => ({
    at: 20,
    type: 'outcome',
    id: 'c',
    login: 'f',
    worker: 'w0.0',
    shown: '',
    outcome: { error: 'KIMI_LOGIN_REQUIRED', typed: true, name: '', message: 'Sign in', reason },
  });
  const call: Event = { at: 10, type: 'call', id: 'c', login: 'f', kind: 'generate' };

  test('a login that is given up although the server has not ended it', () => {
    expect(judge([call, given('revoked')], logins).violations).toEqual([
      expect.stringContaining('f was given up (revoked) though the server had not ended it'),
    ]);
    expect(judge([call, given('rejected')], logins).violations).toEqual([]);
    expect(judge([{ at: 5, type: 'revoked', login: 'f' }, call, given('revoked')], logins).violations).toEqual([]);
    expect(
      judge([call, { at: 15, type: 'login-saved', login: 'f', token: 't' }, given('revoked')], logins).violations,
    ).toEqual([]);
    const saved: Event = { at: 6, type: 'login-saved', login: 'f', token: 't' };
    const ended: Event = { at: 5, type: 'revoked', login: 'f' };
    const made = (at: number): Event => ({ at, type: 'issued-until', token: 't', until: 99 });
    // Ended before it was saved, and made after the end.
    expect(judge([made(4), ended, saved, call, given('revoked')], logins).violations).toEqual([]);
    expect(judge([ended, made(5.5), saved, call, given('revoked')], logins).violations).toHaveLength(1);
  });

  const token = (until: number): Event[] => [
    { at: 0, type: 'issued-until', token: 't', until },
    { at: 1, type: 'saved', login: 'f', token: 't', worker: 'w0.0' },
    { at: 2, type: 'outcome', id: 'b', login: 'f', shown: '', outcome: { answer: 'right' }, worker: 'w0.0' },
  ];
  const given15: Event = {
    at: 15_010,
    type: 'outcome',
    id: 'c',
    login: 'f',
    shown: '',
    outcome: { aborted: 'TimeoutError' },
    worker: 'w0.0',
  };
  const asked: Event = { ...call, worker: 'w0.0' };

  test('a call that waited although its token was good, and what makes waiting understandable', () => {
    expect(judge([...token(20_000), asked, given15], logins)).toMatchObject({
      stalls: 1,
      violations: [expect.stringContaining('call c of f waited 15 s and did not leave, with a token that was good')],
    });
    const understandable: Event[] = [
      { at: 50, type: 'chat-arrived', id: 'c', worker: 'w0.0' },
      { at: 50, type: 'expired', login: 'f' },
      { at: 50, type: 'fault', host: 0, endpoint: 'chat', fault: 'token refused', worker: 'w1.0', login: 'f' },
      { at: 50, type: 'clock', worker: 'w1.0', offsetMs: 70_000 },
      { at: 5, type: 'clock', worker: 'w0.0', offsetMs: 70_000 },
      { at: 50, type: 'stopped', worker: 'w0.0' },
      outage(50, 60)[0]!,
    ];
    for (const event of understandable) {
      expect(judge([...token(20_000), asked, event, given15], logins).stalls, event.type).toBe(0);
    }
    expect(judge([...token(16_000), asked, given15], logins).stalls).toBe(0);
    expect(judge([...token(20_000).slice(0, 2), asked, given15], logins).stalls).toBe(0);
  });

  const others: readonly [keyof Verdict, Event][] = [
    ['wrongAccount', { at: 1, type: 'crossed', login: 'f', asked: 'r', worker: 'w0.0' }],
    ['wrongAccount', { at: 1, type: 'foreign-token', login: 'f', host: 1, path: '/token', worker: 'w0.0' }],
    ['wrongAccount', { at: 1, type: 'outcome', id: 'c', login: 'f', shown: '', outcome: { answer: 'wrong account' } }],
    ['torn', { at: 1, type: 'outcome', id: 'c', login: 'f', shown: '', outcome: { answer: 'torn' } }],
    ['hangs', { at: 1, type: 'hung', worker: 'w0.0', id: 'c', login: 'f', seconds: 40 }],
    ['crashes', { at: 1, type: 'exited', worker: 'w0.0', how: '1', output: 'Error' }],
    ['leaks', { at: 1, type: 'leak', worker: 'w0.0', where: 'an error', token: 'access token 12', text: '' }],
  ];
  test.each(others)('counted and forbidden: %s (%o)', (figure, event) => {
    const verdict = judge([event], logins);
    expect(verdict[figure]).toBe(1);
    expect(verdict.violations).toHaveLength(1);
    expect(
      Math.max(
        ...table(verdict)
          .split('\n')
          .map(line => line.length),
      ),
    ).toBeLessThanOrEqual(80);
  });
});

describe('the plan', () => {
  const options = { seconds: 600, workers: 4, hosts: 2, logins: 6 };

  test('is the same for the same seed, and another for another', () => {
    expect(planWorld(3, options)).toEqual(planWorld(3, options));
    expect(planWorld(3, options)).not.toEqual(planWorld(4, options));
    const draw = (seed: number) => Array.from({ length: 200 }, faultsOf(seed, 0, 'token')).map(fault => fault?.name);
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });

  test('holds everything that can happen, in the order of time; a longer one begins like a shorter one', () => {
    const plan = planWorld(3, options);
    expect(new Set(plan.map(event => event.do)).size).toBe(11);
    expect(plan.map(({ at }) => at)).toEqual(plan.map(({ at }) => at).toSorted((one, other) => one - other));
    expect(planWorld(3, { ...options, seconds: 60 })).toEqual(plan.filter(({ at }) => at < 60));
  });
});

describe('the search for tokens', () => {
  const token = `${'eyJhbGciOiJIUzUxMiJ9'}.e30.${'Zm9vYmFyLWJhei1xdXgtc2VjcmV0LXNpZ25hdHVyZS1vZi1h_-90b2tlbg9X'}`;
  const secret = token.split('.')[2]!;
  const scanner = new LeakScanner();
  scanner.plant(token, 'the token');
  const escaped = [...secret].map(letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

  test.each([
    ['plain', `Authorization: Bearer ${token}`],
    ['a part', `...${secret.slice(9, 45)}...`],
    ['upper case', secret.toUpperCase()],
    ['base64', Buffer.from(`x ${token}`).toString('base64')],
    ['JSON escapes', escaped],
    ['URL-encoded', encodeURIComponent(`Bearer ${token}`)],
  ])('finds it: %s', (_, text) => expect(scanner.find(text)).toEqual(['the token']));

  test('finds nothing in what other tokens have, too', () => {
    expect(scanner.find(`eyJhbGciOiJIUzUxMiJ9.e30. and ${'a'.repeat(500)}`)).toEqual([]);
  });
});
