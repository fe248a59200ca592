import { execFileSync } from 'node:child_process';
import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startKimiSimulator, type SimulatorAccount } from '../../src/simulator/index';
import { chat, getModels, KIMI_CLI_IDENTITY, lastRequest, readReply } from './simulator-client';

const KIMI_CODE_IDENTITY = {
  ...KIMI_CLI_IDENTITY,
  'User-Agent': 'kimi-code-cli/2.1.0',
  'X-Msh-Platform': 'kimi_code_cli',
};
const SDK = 'ai-sdk/provider-utils/4.0.23 runtime/node.js/22';

describe('identity gate', () => {
  test.each([
    ['known-agents', 'KimiCLI', KIMI_CLI_IDENTITY, 200],
    ['known-agents', 'kimi-code-cli', KIMI_CODE_IDENTITY, 200],
    [
      'known-agents',
      'kimi-code-cli with a suffix',
      { ...KIMI_CODE_IDENTITY, 'User-Agent': 'kimi-code-cli/2.1.0 (web)' },
      200,
    ],
    ['known-agents', 'the two official sets mixed', { ...KIMI_CLI_IDENTITY, 'X-Msh-Platform': 'kimi_code_cli' }, 403],
    ['known-agents', 'a recognised agent', { 'User-Agent': 'claude-cli/2.1.329 (external, cli)' }, 200],
    ['known-agents', 'an unknown agent', { 'User-Agent': 'my-agent/1.0' }, 403],
    ['known-agents', 'an SDK', { 'User-Agent': SDK }, 403],
    ['named', 'an unknown agent', { 'User-Agent': `my-agent/1.0 ${SDK}` }, 200],
    ['named', 'an SDK', { 'User-Agent': SDK }, 403],
    ['named', 'the OpenAI SDK', { 'User-Agent': 'OpenAI/JS 6.34.0' }, 403],
    ['named', 'curl', { 'User-Agent': 'curl/8.5.0' }, 403],
    ['off', 'an SDK', { 'User-Agent': SDK }, 200],
  ] as const)('%s: %s', async (gate, _, headers, status) => {
    await using simulator = await startKimiSimulator({ gate });
    const bare = { 'X-Msh-Platform': '', ...headers };
    const reply = await readReply(await chat(simulator, {}, { headers: bare }));
    expect(reply.status).toBe(status);
    if (status === 403) {
      expect(reply.body).toEqual({
        error: {
          message: expect.stringContaining('only available for Coding Agents'),
          type: 'access_terminated_error',
        },
      });
      expect(lastRequest(simulator).refusedBy).toBe('identity-gate');
    }
  });

  test('guards neither models nor the platform', async () => {
    await using simulator = await startKimiSimulator();
    expect((await getModels(simulator, 'sk-kimi-simulator')).status).toBe(200);
    expect((await chat(simulator, {}, { service: 'platform', headers: { 'User-Agent': 'curl/8' } })).status).toBe(200);
  });

  test('notices half an identity and a product appended by an SDK', async () => {
    await using simulator = await startKimiSimulator();
    await chat(simulator, {}, { headers: { 'X-Msh-Device-Id': '', 'User-Agent': `KimiCLI/1.49.0 ${SDK}` } });
    expect(lastRequest(simulator).notices).toEqual([
      'identity-incomplete: x-msh-device-id',
      'user-agent-appended: ai-sdk, runtime',
    ]);
  });
});

describe('credentials', () => {
  test.each([
    ['none', 'coding', { authorization: '' }],
    ['an unknown key', 'coding', { authorization: 'Bearer sk-kimi-else' }],
    ['a platform key at coding', 'coding', { authorization: 'Bearer sk-simulator' }],
    ['a coding key at the platform', 'platform', { authorization: 'Bearer sk-kimi-simulator' }],
  ] as const)('%s: 401 with the real body and a trace id', async (_, service, headers) => {
    await using simulator = await startKimiSimulator();
    const reply = await readReply(await chat(simulator, {}, { service, headers }));
    expect(reply.status).toBe(401);
    expect(reply.body).toMatchObject({
      error: {
        message: expect.stringContaining('The API Key appears to be invalid or may have expired'),
        type: 'invalid_authentication_error',
      },
    });
    expect(reply.headers.get('x-trace-id')).toMatch(/^[0-9a-f]{32}$/);
  });

  test('an OAuth token is no platform credential', async () => {
    await using simulator = await startKimiSimulator();
    const { access_token: token } = simulator.signIn();
    expect((await chat(simulator, {}, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expect(
      (await chat(simulator, {}, { service: 'platform', headers: { authorization: `Bearer ${token}` } })).status,
    ).toBe(401);
  });

  test('keys can be chosen', async () => {
    await using simulator = await startKimiSimulator({ apiKeys: { coding: ['one', 'two'] } });
    expect((await getModels(simulator, 'two')).status).toBe(200);
    expect((await getModels(simulator, 'sk-kimi-simulator')).status).toBe(401);
  });
});

describe('models', () => {
  test.each<[SimulatorAccount, string[]]>([
    ['k2.7', ['kimi-for-coding', 'kimi-for-coding-highspeed', 'k3', 'k3-256k']],
    ['k2.5', ['k2p5']],
    ['k3', ['k3', 'k3-256k']],
  ])('are those of a %s account', async (account, ids) => {
    await using simulator = await startKimiSimulator({ account });
    const { body } = await getModels(simulator, 'sk-kimi-simulator');
    expect((body.data as Array<{ id: string }>).map(({ id }) => id)).toEqual(ids);
  });

  test('are listed per service, in order, without what the wire does not show', async () => {
    await using simulator = await startKimiSimulator();
    const { body } = await getModels(simulator, 'sk-kimi-simulator');
    const data = body.data as Record<string, unknown>[];
    expect(data.map(({ id }) => id)).toEqual([
      'kimi-for-coding',
      'kimi-for-coding-highspeed',
      'k3.1-pro',
      'k3.1-pro-highspeed',
      'k3',
      'k3-256k',
    ]);
    expect(data[2]).toMatchObject({
      context_length: 1_048_576,
      supports_thinking_type: 'only',
      think_efforts: { support: true, valid_efforts: ['low', 'high', 'max'], default_effort: 'max' },
      protocol: null,
    });
    expect(data.every(model => !('behaviour' in model))).toBe(true);
    simulator.models.coding.splice(0, 5);
    expect(((await getModels(simulator, 'sk-kimi-simulator')).body.data as unknown[]).length).toBe(1);
    const platform = await fetch(`${simulator.platformBaseURL}/models`, {
      headers: { authorization: 'Bearer sk-simulator' },
    }).then(readReply);
    expect((platform.body.data as { id: string }[])[0]?.id).toBe('kimi-k3.1-pro');
  });

  test('a slug that is not listed, a body that is none, a path that is none', async () => {
    await using simulator = await startKimiSimulator();
    expect(await chat(simulator, { model: 'kimi-k3' }).then(readReply)).toMatchObject({
      status: 404,
      body: { error: { message: 'Not found the model kimi-k3 or Permission denied' } },
    });
    expect(await chat(simulator, { messages: null as never }).then(readReply)).toMatchObject({ status: 400 });
    expect(lastRequest(simulator).refusedBy).toBe('malformed-body');
    expect((await fetch(`${simulator.url}/nowhere`)).status).toBe(404);
    expect(lastRequest(simulator).refusedBy).toBe('unknown-path');
  });
});

describe('the record', () => {
  test('has header case and order as on the wire, and prints no secrets', async () => {
    await using simulator = await startKimiSimulator();
    await new Promise<void>((resolve, reject) => {
      const message = request(`${simulator.apiBaseURL}/models?a=1&b=2`, {
        headers: { 'X-ZULU': '1', aUtHoRiZaTiOn: 'Bearer sk-kimi-simulator', 'x-alpha': '2' },
      });
      message
        .once('error', reject)
        .once('response', response => response.resume().once('end', resolve))
        .end();
    });
    const seen = lastRequest(simulator);
    expect(seen.rawHeaders.map(([name]) => name).slice(0, 3)).toEqual(['X-ZULU', 'aUtHoRiZaTiOn', 'x-alpha']);
    expect(seen).toMatchObject({
      method: 'GET',
      path: '/coding/v1/models',
      query: { a: '1', b: '2' },
      status: 200,
      completed: true,
      service: 'coding',
    });
    expect(seen.headers.authorization).toBe('Bearer sk-kimi-simulator');
    expect(inspect(simulator.requests)).toContain('GET /coding/v1/models -> 200');
    expect(inspect(simulator.requests)).not.toContain('sk-kimi');
    simulator.clearRequests();
    expect(simulator.requests).toEqual([]);
    expect(simulator.counts.models).toBe(0);
  });
});

test('it listens on loopback only', async () => {
  await using simulator = await startKimiSimulator();
  const port = new URL(simulator.url).port;
  const others = Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
  // A process of its own: in this one anything but loopback is forbidden.
  const probe = `
    const net = require('node:net');
    const hosts = ${JSON.stringify(['127.0.0.1', '127.0.0.2', ...others])};
    Promise.all(hosts.map(host => new Promise(resolve => {
      const socket = net.connect({ host, port: ${port}, timeout: 2000 });
      for (const event of ['connect', 'error', 'timeout']) socket.once(event, () => { resolve(event); socket.destroy(); });
    }))).then(outcomes => console.log(JSON.stringify(outcomes)));`;
  // The probe connects while this process waits, which the kernel's backlog answers.
  const [own, ...rest] = JSON.parse(
    execFileSync(process.execPath, ['-e', probe], { encoding: 'utf8', timeout: 30_000 }),
  ) as string[];
  expect(own).toBe('connect');
  expect(rest).not.toContain('connect');
});

test('a rule that does not exist and a port that is taken are errors', async () => {
  await expect(startKimiSimulator({ rules: { disable: ['no-such-rule'] } })).rejects.toThrow(/no-such-rule/);
  await using simulator = await startKimiSimulator();
  await expect(startKimiSimulator({ port: Number(new URL(simulator.url).port) })).rejects.toThrow(/EADDRINUSE/);
});
