/**
 * The real `@moonshot-ai/kimi-code`, from npm, against our simulator: the official client is the judge of it. Where it
 * trips over a refusal, the simulator is wrong. The last test holds the evidence table to what was seen here.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startKimiSimulator, type KimiSimulator, type RecordedRequest } from '../../src/simulator/index';
import { CHAT_EVIDENCE } from '../../src/simulator/rules/official-evidence';
import { onUserCode, when } from './device-login-steps';
import { installOfficialClient } from './install-official-client';
import { observedEvidence } from './observed-evidence';
import { OfficialClientHome } from './official-client-home';

const IDENTITY = [
  'User-Agent',
  'X-Msh-Platform',
  'X-Msh-Version',
  'X-Msh-Device-Name',
  'X-Msh-Device-Model',
  'X-Msh-Os-Version',
  'X-Msh-Device-Id',
];
// 1 x 1 pixel.
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

type Body = {
  model: string;
  messages: {
    role: string;
    content?: unknown;
    reasoning_content?: string;
    tool_calls?: { id: string }[];
    tool_call_id?: string;
  }[];
  prompt_cache_key: string;
  thinking: unknown;
} & Record<string, unknown>;

let entry: string;
let simulator: KimiSimulator;
let client: OfficialClientHome;
const seen: RecordedRequest[] = [];

beforeAll(async () => {
  entry = installOfficialClient();
  simulator = await startKimiSimulator({ deviceInterval: 1 });
  client = new OfficialClientHome(entry, simulator);
});

afterAll(async () => {
  client.remove();
  await simulator.close();
});

/** The requests since the last call, kept for the evidence. */
function takeRequests(from: KimiSimulator = simulator): RecordedRequest[] {
  const requests = [...from.requests];
  seen.push(...requests);
  from.clearRequests();
  return requests;
}

function bodies(requests: readonly RecordedRequest[]): Body[] {
  return requests.filter(({ path }) => path.endsWith('/chat/completions')).map(({ json }) => json as Body);
}

/** Nothing refused, nothing odd, except the refusals that the test names. */
function expectClean(requests: readonly RecordedRequest[], refusals: readonly string[] = []): void {
  expect(requests.flatMap(({ notices }) => notices)).toEqual([]);
  expect(refusalsOf(requests)).toEqual(refusals);
}

function refusalsOf(requests: readonly RecordedRequest[]): string[] {
  return requests.map(({ refusedBy }) => refusedBy).filter(rule => rule !== undefined);
}

/** A second machine with a simulator of its own. */
async function withFreshClient(
  use: (fresh: OfficialClientHome, server: KimiSimulator) => Promise<void>,
  now?: () => number,
): Promise<void> {
  await using server = await startKimiSimulator({ deviceInterval: 1, ...(now && { now }) });
  const fresh = new OfficialClientHome(entry, server);
  try {
    await use(fresh, server);
  } finally {
    fresh.remove();
  }
}

describe('login by device code', () => {
  test('polls until a person approves, then lists the models, with the whole identity', async () => {
    const run = await client.run(
      ['login'],
      // Only after a first poll, so that "pending" is seen.
      onUserCode(userCode =>
        when(
          () => simulator.counts.tokenPolls > 0,
          () => simulator.approve(userCode),
        ),
      ),
    );
    expect(run.stderr).toContain('Logged in');
    expect(run.code).toBe(0);
    const { deviceAuthorizations, models, tokenPolls } = simulator.counts;
    expect({ deviceAuthorizations, models }).toEqual({ deviceAuthorizations: 1, models: 1 });
    expect(tokenPolls).toBe(2);
    const requests = takeRequests();
    expectClean(requests, ['authorization-pending']);
    for (const request of requests) {
      const names = request.rawHeaders.map(([name]) => name);
      expect(names.filter(name => IDENTITY.includes(name))).toEqual(IDENTITY);
      expect(request.headers['user-agent']).toBe('kimi-code-cli/2.1.0');
      expect(request.headers['x-msh-platform']).toBe('kimi_code_cli');
    }
    expect(client.readToken().expires_in).toBe(900);
  });
});

describe('turns', () => {
  test('two turns of one session have the same cache key and the captured body', async () => {
    const first = await client.run(['-p', 'good morning']);
    expect(first.stdout).toContain('You said: good morning');
    const second = await client.run(['-c', '-p', 'good evening']);
    expect(second.stdout).toContain('You said: good evening');
    const requests = takeRequests();
    expectClean(requests);
    const [one, two] = bodies(requests);
    expect(bodies(requests)).toHaveLength(2);
    expect(Object.keys(one as Body)).toEqual([
      'model',
      'messages',
      'tools',
      'stream',
      'stream_options',
      'prompt_cache_key',
      'thinking',
      'max_completion_tokens',
    ]);
    expect(one).toMatchObject({
      model: 'kimi-for-coding',
      stream: true,
      thinking: { type: 'enabled', keep: 'all' },
      max_completion_tokens: 1_048_576,
    });
    expect(one?.prompt_cache_key).toMatch(/^session_[0-9a-f-]{36}$/);
    expect(two?.prompt_cache_key).toBe(one?.prompt_cache_key);
    // Usage of the first turn was understood: the second asks for less than the whole window.
    expect(two?.max_completion_tokens).toBeLessThan(1_048_576);
    expect(two?.messages.find(({ role }) => role === 'assistant')?.reasoning_content).toContain('good morning');
    const names = requests[0]?.rawHeaders.map(([name]) => name) ?? [];
    expect(names.filter(name => IDENTITY.includes(name))).toEqual(IDENTITY);
  });

  test('parallel tool calls with odd fragments are understood, and their results come back', async () => {
    simulator.script({
      reasoning: 'Two at once.',
      toolCalls: [
        { name: 'Bash', arguments: { command: 'echo from-the-first' }, quirks: ['arguments-before-name', 'late-id'] },
        { name: 'Bash', arguments: { command: 'echo from-the-second' }, quirks: ['empty-entries'] },
      ],
      interleaveToolCalls: true,
      packetBytes: 11,
      usageAt: 'top-level',
    });
    const run = await client.run(['-p', 'use your tools']);
    expect(run.code).toBe(0);
    const requests = takeRequests();
    expectClean(requests);
    const last = bodies(requests).at(-1);
    const assistant = last?.messages.find(({ tool_calls: calls }) => calls !== undefined);
    expect(assistant).not.toHaveProperty('content');
    expect(assistant?.reasoning_content).toBe('Two at once.');
    const results = last?.messages.filter(({ role }) => role === 'tool') ?? [];
    expect(results.map(result => result.tool_call_id)).toEqual(assistant?.tool_calls?.map(({ id }) => id));
    expect(JSON.stringify(results)).toContain('from-the-first');
    expect(JSON.stringify(results)).toContain('from-the-second');
  });

  test('an image that a tool read goes back as a data URL inside the tool message', async () => {
    writeFileSync(join(client.workFolder, 'pixel.png'), PNG);
    simulator.script({
      reasoning: '',
      toolCalls: [{ name: 'ReadMediaFile', arguments: { path: join(client.workFolder, 'pixel.png') } }],
    });
    const run = await client.run(['-p', 'look at the picture']);
    expect(run.code).toBe(0);
    const requests = takeRequests();
    expectClean(requests);
    const result = bodies(requests)
      .at(-1)
      ?.messages.find(({ role }) => role === 'tool');
    expect(JSON.stringify(result?.content)).toContain('"image_url":{"url":"data:image/png;base64,');
  });

  test('a model with an effort list gets its default effort', async () => {
    const run = await client.run(['-m', 'kimi-code/k3', '-p', 'think hard']);
    expect(run.stdout).toContain('You said: think hard');
    const requests = takeRequests();
    expectClean(requests);
    expect(bodies(requests)[0]).toMatchObject({
      model: 'k3',
      thinking: { type: 'enabled', effort: 'max', keep: 'all' },
    });
  });
});

describe('expiry', () => {
  test('a token that is expired on disk is refreshed once, before the chat', async () => {
    const before = client.readToken();
    client.writeToken({ expires_at: Math.floor(Date.now() / 1000) - 60 });
    const run = await client.run(['-p', 'after the night']);
    expect(run.stdout).toContain('You said: after the night');
    const requests = takeRequests();
    expectClean(requests);
    expect(requests.map(({ path }) => path)).toEqual(['/api/oauth/token', '/coding/v1/chat/completions']);
    expect(client.readToken().refresh_token).not.toBe(before.refresh_token);
  });

  test('two processes with an expired token refresh once between them', async () => {
    client.writeToken({ expires_at: Math.floor(Date.now() / 1000) - 60 });
    const runs = await Promise.all([client.run(['-p', 'left']), client.run(['-p', 'right'])]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(simulator.counts.refreshes).toBe(1);
    expect(simulator.chainRevoked).toBe(false);
    expectClean(takeRequests());
  });

  test('a token that only the server holds for expired: 401, one refresh, one replay', async () => {
    simulator.expireTokens();
    const run = await client.run(['-p', 'again please']);
    expect(run.stdout).toContain('You said: again please');
    const requests = takeRequests();
    expectClean(requests, ['unauthorized']);
    expect(requests.map(({ path, status }) => `${path} ${status}`)).toEqual([
      '/coding/v1/chat/completions 401',
      '/api/oauth/token 200',
      '/coding/v1/chat/completions 200',
    ]);
  });

  test('a revoked login: 401, one dead refresh, no loop, and no request ever after', async () => {
    simulator.revoke();
    const run = await client.run(['-p', 'are you there']);
    expect(run.code).not.toBe(0);
    const requests = takeRequests();
    expectClean(requests, ['unauthorized', 'invalid-grant']);
    expect(client.readToken()).toMatchObject({ access_token: '', refresh_token: '', expires_at: 0 });
    expect((await client.run(['-p', 'hello?'])).code).not.toBe(0);
    expect(simulator.requests).toEqual([]);
  });
});

describe('logins that do not go smoothly', () => {
  test('a denied login ends with an error', async () => {
    await withFreshClient(async (fresh, server) => {
      const run = await fresh.run(
        ['login'],
        onUserCode(userCode => server.deny(userCode)),
      );
      expect(run.code).not.toBe(0);
      expect(refusalsOf(takeRequests(server)).filter(rule => rule !== 'authorization-pending')).toEqual([
        'access-denied',
      ]);
    });
  });

  test('an expired device code is replaced by a new one without a word', async () => {
    await withFreshClient(async (fresh, server) => {
      const run = await fresh.run(
        ['login'],
        onUserCode((userCode, count) => (count === 1 ? server.clock.advance(3600_000) : server.approve(userCode))),
      );
      expect(run.code).toBe(0);
      expect(server.counts.deviceAuthorizations).toBe(2);
      expect(refusalsOf(takeRequests(server))).toContain('device-code-expired');
    });
  });

  test('slow_down makes it wait five seconds more', async () => {
    // On a server whose clock stands still every second poll comes too early.
    const stopped = Date.now();
    await withFreshClient(
      async (fresh, server) => {
        const run = fresh.run(
          ['login'],
          onUserCode(userCode =>
            when(
              () => server.counts.tokenPolls === 2,
              () => {
                server.clock.advance(10_000);
                server.approve(userCode);
              },
            ),
          ),
        );
        expect((await run).code).toBe(0);
        expectClean(takeRequests(server), ['authorization-pending', 'slow-down']);
      },
      () => stopped,
    );
  });
});

test('the evidence table is what the real client showed above', () => {
  // To renew the table, copy the received object into src/simulator/rules/official-evidence.ts.
  expect(observedEvidence(seen)).toEqual(CHAT_EVIDENCE);
});
