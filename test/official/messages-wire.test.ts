/**
 * The real `@moonshot-ai/kimi-code`, from npm, on a model that is served by the Anthropic wire alone. Where it trips
 * over a refusal, the simulator is wrong. The last test holds the evidence table to what was seen here.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  signatureOf,
  startKimiSimulator,
  type ContentBlock,
  type KimiSimulator,
  type MessagesBody,
  type RecordedRequest,
} from '../../src/simulator/index';
import { MESSAGES_EVIDENCE } from '../../src/simulator/rules/official-evidence';
import { KIMI_CODE } from '../../src/upstream';
import { installOfficialClient } from './install-official-client';
import { observedEvidence } from './observed-evidence';
import { OfficialClientHome } from './official-client-home';

// 1 x 1 pixel.
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let simulator: KimiSimulator;
let client: OfficialClientHome;
const seen: RecordedRequest[] = [];

beforeAll(async () => {
  simulator = await startKimiSimulator({ deviceInterval: 1, account: 'messages', autoApprove: true });
  // One model that always thinks, one that need not, both with efforts.
  const byDefault = simulator.models.coding.find(({ id }) => id === 'kimi-for-coding');
  if (byDefault) {
    byDefault.protocol = 'anthropic';
  }
  client = new OfficialClientHome(installOfficialClient(), simulator);
  expect(await client.run(['login'])).toMatchObject({ code: 0 });
  simulator.clearRequests();
});

afterAll(async () => {
  client.remove();
  await simulator.close();
});

/** The requests since the last call, kept for the evidence. Nothing refused but what is named, nothing odd. */
function takeClean(refusals: readonly string[] = []): RecordedRequest[] {
  const requests = [...simulator.requests];
  seen.push(...requests);
  simulator.clearRequests();
  expect(requests.flatMap(({ notices }) => notices)).toEqual([]);
  expect(requests.map(({ refusedBy }) => refusedBy).filter(rule => rule !== undefined)).toEqual(refusals);
  return requests;
}

function bodies(requests: readonly RecordedRequest[]): MessagesBody[] {
  return requests.filter(({ wire }) => wire === 'messages').map(({ json }) => json as MessagesBody);
}

function blocks(body: MessagesBody | undefined, role: string): ContentBlock[] {
  return (body?.messages ?? []).filter(message => message.role === role).flatMap(({ content }) => content as never);
}

describe('a model of the Anthropic wire', () => {
  test('two turns: the captured request, the token as a key, thinking that comes back as it was signed', async () => {
    expect((await client.run(['-m', 'kimi-code/k3.1-pro', '-p', 'good morning'])).stdout).toContain(
      'You said: good morning',
    );
    expect((await client.run(['-m', 'kimi-code/k3.1-pro', '-c', '-p', 'good evening'])).stdout).toContain(
      'You said: good evening',
    );
    const requests = takeClean();
    expect(requests.map(({ path, query }) => ({ path, query }))).toEqual(
      Array.from({ length: 2 }, () => ({ path: '/coding/v1/messages', query: { beta: 'true' } })),
    );
    const { headers } = requests[0]!;
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).toMatchObject({
      'x-api-key': client.readToken().access_token,
      'anthropic-version': '2023-06-01',
      'anthropic-beta': expect.stringContaining('context-management-2025-06-27'),
      'user-agent': `kimi-code-cli/${KIMI_CODE.version}`,
      'x-msh-platform': 'kimi_code_cli',
    });
    const [one, two] = bodies(requests);
    expect(Object.keys(one!)).toEqual([
      'model',
      'max_tokens',
      'metadata',
      'thinking',
      'output_config',
      'context_management',
      'system',
      'messages',
      'tools',
      'stream',
    ]);
    expect(one).toMatchObject({
      model: 'k3.1-pro',
      max_tokens: 1_048_576,
      metadata: { user_id: expect.stringMatching(/^session_[0-9a-f-]{36}$/) },
      thinking: { type: 'enabled' },
      output_config: { effort: 'max' },
      context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
      stream: true,
    });
    expect(two?.metadata).toEqual(one?.metadata);
    // Usage of the first turn was understood: the second asks for less than the whole window.
    expect(two?.max_tokens).toBeLessThan(1_048_576);
    expect(blocks(two, 'assistant')).toEqual([
      {
        type: 'thinking',
        thinking: 'The user says: good morning.',
        signature: signatureOf('The user says: good morning.'),
      },
      { type: 'text', text: 'You said: good morning' },
    ]);
  });

  test('parallel tools, an image in a result, and thinking that was not signed', async () => {
    const pixel = join(client.workFolder, 'pixel.png');
    writeFileSync(pixel, Buffer.from(PNG, 'base64'));
    simulator.script({
      reasoning: 'Two at once.',
      signed: false,
      toolCalls: [
        { name: 'Bash', arguments: { command: 'echo from-the-shell' } },
        { name: 'ReadMediaFile', arguments: { path: pixel } },
      ],
      packetBytes: 11,
    });
    expect(await client.run(['-m', 'kimi-code/k3.1-pro', '-p', 'use your tools'])).toMatchObject({ code: 0 });
    const last = bodies(takeClean()).at(-1);
    const [thought, ...calls] = blocks(last, 'assistant');
    expect(thought).toEqual({ type: 'thinking', thinking: 'Two at once.' });
    expect(calls.map(({ type, name }) => [type, name])).toEqual([
      ['tool_use', 'Bash'],
      ['tool_use', 'ReadMediaFile'],
    ]);
    const results = blocks(last, 'user').filter(({ type }) => type === 'tool_result');
    expect(results.map(result => result.tool_use_id)).toEqual(calls.map(({ id }) => id));
    expect(JSON.stringify(results[0])).toContain('from-the-shell');
    expect(results[1]?.content).toContainEqual({
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: PNG },
    });
  });

  test('a model that need not think is asked to, at its default effort', async () => {
    expect((await client.run(['-p', 'hello'])).stdout).toContain('You said: hello');
    expect(bodies(takeClean())[0]).toMatchObject({
      model: 'kimi-for-coding',
      thinking: { type: 'enabled' },
      output_config: { effort: 'max' },
    });
  });
});

describe('media and settings', () => {
  test('a video is uploaded, and goes by its id', async () => {
    const clip = join(client.workFolder, 'clip.mp4');
    // A file type box, which is what the client looks at.
    writeFileSync(clip, Buffer.from('00000018667479706d703432000000006d70343269736f6d', 'hex'));
    simulator.script({ reasoning: '', toolCalls: [{ name: 'ReadMediaFile', arguments: { path: clip } }] });
    expect(await client.run(['-m', 'kimi-code/k3.1-pro', '-p', 'look at the clip'])).toMatchObject({ code: 0 });
    const requests = takeClean();
    expect(requests.map(({ path }) => path)).toEqual([
      '/coding/v1/messages',
      '/coding/v1/files',
      '/coding/v1/messages',
    ]);
    expect(blocks(bodies(requests).at(-1), 'user').find(({ type }) => type === 'tool_result')?.content).toContainEqual({
      type: 'video',
      source: { type: 'url', url: `ms://${simulator.files[0]?.id}` },
    });
  });

  test('thinking that is off is disabled, without an effort', async () => {
    client.switchThinkingOff();
    expect((await client.run(['-p', 'no need to think'])).stdout).toContain('You said: no need to think');
    const [body] = bodies(takeClean());
    expect(body?.thinking).toEqual({ type: 'disabled' });
    expect(body).not.toHaveProperty('output_config');
  });
});

describe('what goes wrong', () => {
  test('a token that only the server holds for expired: 401, one refresh, one replay', async () => {
    simulator.expireTokens();
    expect((await client.run(['-p', 'again please'])).stdout).toContain('You said: again please');
    expect(takeClean(['unauthorized']).map(({ path, status }) => `${path} ${status}`)).toEqual([
      '/coding/v1/messages 401',
      '/api/oauth/token 200',
      '/coding/v1/messages 200',
    ]);
  });

  test('a used-up plan ends at once, in the words of the server', async () => {
    simulator.quota.weekly.used = simulator.quota.weekly.limit;
    const run = await client.run(['-p', 'hello']);
    expect(run.code).not.toBe(0);
    expect(run.stderr + run.stdout).toContain("You've reached your weekly (7-day) usage limit.");
    expect(bodies(takeClean(['quota-exhausted']))).toHaveLength(1);
    simulator.quota.weekly.used = 0;
  });

  test('a stream that breaks off is asked for again', async () => {
    simulator.fault({ match: { path: '/v1/messages' }, connection: { at: 'event', how: 'reset' } });
    expect((await client.run(['-p', 'hello'])).stdout).toContain('You said: hello');
    expect(bodies(takeClean())).toHaveLength(2);
  });
});

test('the evidence table is what the real client showed above', () => {
  // To renew the table, copy the received object into src/simulator/rules/official-evidence.ts.
  expect(observedEvidence(seen)).toEqual(MESSAGES_EVIDENCE);
});
