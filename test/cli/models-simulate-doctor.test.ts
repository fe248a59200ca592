import { chmodSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Interruption } from '../../src/cli/interruption';
import { home, json, KEY, logins, run, simulator } from './command-harness';
import type { RunOptions } from './run-in-process';

describe('models', () => {
  it(
    'keeps the order of the server, whose first is its default, with the identity of the official client at ' +
      'login (wire.md 1.4)',
    async () => {
      const { code, stdout } = await run('models --json', { env: { KIMI_API_KEY: KEY } });
      expect(code).toBe(0);
      const { models } = JSON.parse(stdout) as { models: Array<Record<string, unknown>> };
      expect(models.map(({ id }) => id)).toEqual(['kimi-for-coding', 'kimi-for-coding-highspeed', 'k3', 'k3-256k']);
      expect(models[2]).toEqual({
        id: 'k3',
        name: 'k3',
        default: false,
        contextLength: 1_048_576,
        thinking: 'only',
        efforts: ['low', 'high', 'max'],
        defaultEffort: 'max',
        inputs: ['text', 'image', 'video'],
        protocol: 'openai',
      });
      expect(models.map(model => model.default)).toEqual([true, false, false, false]);
      expect(simulator.requests.at(-1)?.headers).toMatchObject({
        'user-agent': 'KimiCLI/1.49.0',
        'x-msh-platform': 'kimi_cli',
      });
    },
  );

  it('is a table where it fits, else a list, and survives odd entries', async () => {
    process.env.KIMI_API_KEY = KEY;
    simulator.models.coding[1] = {
      ...simulator.models.coding[1],
      id: 'kimi-for-coding-highspeed',
      display_name: 'Kimi for Coding, high speed',
    } as never;
    simulator.models.coding.push({ id: 'new\x1b[31m', context_length: -1 } as never);
    const wide = await run('models', { columns: 80 });
    expect(wide.plain.split('\n')[0]).toMatch(/^ {2}Model +Context +Thinking +Input +Protocol$/);
    expect(wide.plain).toMatch(/^\* kimi-for-coding +256k {2}on\/off +image video {2}openai$/m);
    expect(wide.plain).toMatch(/^ {2}k3 +1M {2}low high max\* +image video {2}openai$/m);
    expect(wide.stdout).not.toContain('new\x1b');
    const narrow = await run('models', { columns: 40 });
    expect(narrow.plain).toMatch(/^ {2}Thinking {2}low high max\*$/m);
    expect(narrow.plain.split('\n').filter(line => line.length > 40)).toEqual([]);
  });

  it('explains an id', async () => {
    process.env.KIMI_API_KEY = KEY;
    expect(await run('models --explain k3')).toMatchObject({ code: 0, stdout: expect.stringMatching(/Sent as +k3\n/) });
    expect((await run('models --explain k3')).stdout).toMatch(
      /Context +1M\n *Thinking +low high max\*\n *Input +text image.*\n *Tools +yes/,
    );
    const unknown = await run('models --explain k9');
    expect(unknown).toMatchObject({ code: 1, stdout: expect.stringContaining('unknown') });
    expect(unknown.stdout).not.toContain('Context');
    expect(json(await run('models --explain auto --json'))).toMatchObject({
      outcome: 'resolved',
      slug: 'kimi-for-coding',
      capabilities: { contextLength: 262_144, thinking: 'both', imageInput: true },
    });
  });

  it.each([
    [401, 3],
    [403, 1],
    [503, 4],
  ])('HTTP %i ends with %i', async (status, code) => {
    simulator.fault({ status, body: {} });
    expect((await run('models', { env: { KIMI_API_KEY: KEY } })).code).toBe(code);
  });
});

describe('simulate', () => {
  it('serves until it is stopped, which is its usual end', async () => {
    const ending = new AbortController();
    let models: Promise<Response> | undefined;
    const { code } = await run('simulate --json --port 0', {
      abortSignal: ending.signal,
      onOutput(text) {
        const { apiBaseURL } = JSON.parse(text) as { apiBaseURL: string };
        models ??= fetch(`${apiBaseURL}/models`, { headers: { authorization: `Bearer ${KEY}` } }).finally(() =>
          ending.abort(new Interruption('Interrupted.', 130)),
        );
      },
    });
    expect(code).toBe(0);
    expect((await models)?.status).toBe(200);
  });

  it.each([
    ['a port in use', () => new URL(simulator.url).port, 'is in use'],
    ['no port', () => 'x', 'A port is a number'],
  ])('ends with 2 for %s', async (_, port, message) => {
    const { code, stderr } = await run(['simulate', '--port', port()]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('doctor', () => {
  type Checks = { ok: boolean; checks: Array<{ name: string; state: string; detail: string; fix?: string }> };
  const doctor = async (options: RunOptions = {}, ...flags: string[]) => {
    const result = await run(['doctor', '--json', ...flags], options);
    const { ok, checks } = JSON.parse(result.stdout) as Checks;
    return {
      code: result.code,
      ok,
      failed: checks.filter(({ state }) => state === 'failure').map(({ name }) => name),
      checks: new Map(checks.map(check => [check.name, check])),
    };
  };

  it('finds nothing wrong after a login, chat included', async () => {
    await run('login');
    const { code, failed, checks } = await doctor({}, '--chat');
    expect(failed).toEqual([]);
    expect(code).toBe(0);
    expect([...checks.keys()]).toEqual([
      'Runtime',
      'Package',
      'D-Bus',
      'Files',
      'Host',
      'Clock',
      'Sign-in',
      'Token',
      'Chat',
    ]);
    expect(checks.get('D-Bus')).toMatchObject({ state: 'warning', fix: expect.stringContaining('file') });
  });

  it('does not chat unless it is told to', async () => {
    await run('login');
    await doctor();
    expect(simulator.counts.chats).toBe(0);
  });

  it.each<[string, () => RunOptions | Promise<RunOptions>, string, RegExp]>([
    [
      'nobody is signed in',
      () => ({ env: { KIMI_PROVIDER_HOME: path.join(home(), 'empty') } }),
      'Sign-in',
      /npx ai-sdk-provider-kimi login/,
    ],
    [
      'others can read the file',
      () => (chmodSync(path.join(home(), logins()[0] ?? ''), 0o644), { env: { KIMI_API_KEY: KEY } }),
      'Files',
      /^chmod 600 "/,
    ],
    [
      'the clock is wrong',
      () => ({ env: { KIMI_API_KEY: KEY }, now: () => Date.now() + 3_600_000 }),
      'Clock',
      /timedatectl/,
    ],
    [
      'a host is down',
      () => ({ env: { KIMI_CODE_OAUTH_HOST: 'http://127.0.0.1:1', KIMI_API_KEY: KEY } }),
      'Host',
      /KIMI_CODE_OAUTH_HOST/,
    ],
    [
      'a proxy is not used',
      () => ({ env: { KIMI_CODE_OAUTH_HOST: 'http://127.0.0.1:1', KIMI_API_KEY: KEY, HTTPS_PROXY: 'http://proxy' } }),
      'Host',
      /NODE_USE_ENV_PROXY=1/,
    ],
    [
      'a keychain is demanded',
      () => ({ env: { KIMI_CREDENTIAL_STORE: 'keychain', KIMI_API_KEY: KEY } }),
      'D-Bus',
      /dbus-run-session/,
    ],
    [
      'chat is refused',
      () => (
        simulator.fault({
          status: 403,
          body: { error: { type: 'access_terminated_error', message: 'only available for Coding Agents' } },
          match: { path: '/chat/completions' },
        }),
        {}
      ),
      'Chat',
      /identity|agent/i,
    ],
  ])('when %s: fails there alone, with the fix', async (_, prepare, name, fix) => {
    await run('login');
    const { code, ok, failed, checks } = await doctor(await prepare(), '--chat');
    expect({ code, ok, failed }).toEqual({ code: 1, ok: false, failed: [name] });
    const { fix: advice, detail = '' } = checks.get(name) ?? {};
    expect(advice ?? detail).toMatch(fix);
  });

  it('says what is wrong with a token that Kimi refuses', async () => {
    const { failed, checks } = await doctor({ env: { KIMI_API_KEY: 'sk-kimi-canary' } });
    expect(failed).toEqual(['Key']);
    expect(checks.get('Key')?.detail).toContain('HTTP 401');
  });
});
