import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { canOpenBrowser } from '../../src/cli/can-open-browser';
import { Interruption } from '../../src/cli/interruption';
import type { KimiOAuthCredentials } from '../../src/index';
import { startKimiSimulator, type KimiSimulator, type KimiSimulatorOptions } from '../../src/simulator/index';
import { environmentFor, runInProcess, UNSET, type RunOptions, type RunResult } from './run-in-process';

const KEY = 'sk-kimi-simulator';
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

let simulator: KimiSimulator;
const environment = { ...process.env };
const restart = async (options: KimiSimulatorOptions) => {
  await simulator.close();
  simulator = await startKimiSimulator(options);
  Object.assign(process.env, environmentFor(simulator));
};
beforeEach(async () => {
  simulator = await startKimiSimulator({ autoApprove: true, deviceInterval: 1 });
  Object.assign(process.env, environmentFor(simulator));
  UNSET.forEach(name => delete process.env[name]);
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(async () => {
  await simulator.close();
  process.env = { ...environment };
  vi.restoreAllMocks();
});

const run = (command: string | string[], options: RunOptions = {}): Promise<RunResult> => runInProcess(typeof command === 'string' ? command.split(' ') : command, { input: '', ...options });
const home = () => process.env.KIMI_PROVIDER_HOME ?? '';
const kept = () => (existsSync(home()) ? readdirSync(home()).filter(name => name !== 'device_id' && name !== 'cache') : []);
const logins = () => kept().filter(name => name.endsWith('.json'));
const record = () => JSON.parse(readFileSync(path.join(home(), logins()[0] ?? ''), 'utf8')) as KimiOAuthCredentials;
const json = ({ stdout }: RunResult) => JSON.parse(stdout) as Record<string, unknown>;
const lines = ({ stdout }: RunResult) => stdout.trimEnd().split('\n').map(line => JSON.parse(line) as Record<string, unknown>);

describe('login', () => {
  it('shows code and address, saves the login for this user alone, and says where', async () => {
    const { code, stdout } = await run('login');
    const userCode = /Code {2}(\S+)/.exec(stdout)?.[1] ?? '?';
    expect(code).toBe(0);
    expect(stdout).toContain(`${simulator.url}/device?user_code=${userCode}\n`);
    expect(stdout).toContain('Signed in to Kimi.');
    expect(stdout).toContain(path.join(home(), logins()[0] ?? '?'));
    expect(stdout).toContain('No keychain can be used here');
    expect(statSync(path.join(home(), logins()[0] ?? '')).mode & 0o777).toBe(0o600);
    expect(record()).toMatchObject({ type: 'oauth', tokenType: 'Bearer' });
  });

  it('shows a QR code on a terminal that has room for it, and only there', async () => {
    expect((await run('login', { columns: 80 })).plain).toContain('█▀▀▀▀▀▀▀█');
    expect((await run('login', { columns: 30 })).plain).not.toContain('█');
    expect((await run('login')).plain).not.toContain('█');
  });

  it('gives events with --json, and nothing else', async () => {
    const result = await run('login --json --account work --region global');
    expect(lines(result)).toEqual([
      { event: 'verification', userCode: expect.stringMatching(/\w+/), verificationUri: `${simulator.url}/device`, verificationUriComplete: expect.stringContaining('user_code='), expiresIn: 1800, interval: 1 },
      { event: 'signed-in', account: 'work', region: 'global', service: 'coding', kind: 'oauth', source: expect.stringContaining('work-') },
    ]);
    expect(result.stderr).toBe('');
  });

  it('opens the browser where somebody sees it, and says so', async () => {
    const { opened, plain } = await run('login', { columns: 80, env: { DISPLAY: ':0' } });
    expect(opened).toEqual([expect.stringContaining(`${simulator.url}/device?user_code=`)]);
    expect(plain).toContain('Your browser has opened this page.');
    expect((await run('login --no-browser', { columns: 80 })).opened).toEqual([]);
    expect((await run('login --json', { columns: 80 })).opened).toEqual([]);
  });

  it.each([
    ['a desktop', 'linux', true, { DISPLAY: ':0' }, true],
    ['Wayland', 'linux', true, { WAYLAND_DISPLAY: 'w' }, true],
    ['Linux in Windows', 'linux', true, { WSL_DISTRO_NAME: 'Debian' }, true],
    ['macOS', 'darwin', true, {}, true],
    ['Windows', 'win32', true, {}, true],
    ['Linux without display', 'linux', true, {}, false],
    ['SSH', 'darwin', true, { SSH_CONNECTION: 'x' }, false],
    ['CI', 'darwin', true, { CI: 'true' }, false],
    ['a pipe', 'darwin', false, {}, false],
  ] as const)('browser: %s', (_, platform, isTTY, env, expected) => {
    expect(canOpenBrowser({ platform, env: { ...env }, stdout: { isTTY } as never })).toBe(expected);
  });

  it('shows the next code when one has expired', async () => {
    await restart({ deviceInterval: 1, deviceLifetime: 1 });
    const codes = new Set<string>();
    const { code, stdout } = await run('login', {
      onOutput(text) {
        for (const [, userCode = ''] of text.matchAll(/Code {2}(\S+)\n/g)) {
          codes.add(userCode);
        }
        if (codes.size === 2) {
          simulator.approve([...codes][1] ?? '');
        }
      },
    });
    expect(code).toBe(0);
    expect(stdout).toContain('That code has expired. Here is a new one.');
  });

  it('ends with 1 when it is refused, and keeps what was there', async () => {
    await run('login');
    const before = record();
    process.env.KIMI_CODE_OAUTH_HOST = simulator.oauthHost;
    await simulator.close();
    const { port } = new URL(simulator.url);
    simulator = await startKimiSimulator({ deviceInterval: 1, port: Number(port) });
    const { code, stderr } = await run('login', { onOutput: text => /Code {2}(\S+)\n/.test(text) && simulator.deny(/Code {2}(\S+)\n/.exec(text)?.[1] ?? '') });
    expect(code).toBe(1);
    expect(stderr).toContain('refused on the Kimi page');
    expect(record()).toEqual(before);
  });

  it('ends with 4 where Kimi cannot be reached', async () => {
    const { code, stdout } = await run('login --json', { env: { KIMI_CODE_OAUTH_HOST: 'http://127.0.0.1:1' } });
    expect({ code, ...json({ stdout } as RunResult) }).toMatchObject({ code: 4, error: { code: 'KIMI_DEVICE_LOGIN', exitCode: 4 } });
  });

  it('stopped while it waits, leaves nothing and ends with 130', async () => {
    await restart({ deviceInterval: 1 });
    const ending = new AbortController();
    const result = await run('login', { abortSignal: ending.signal, onOutput: text => text.includes('user_code=') && ending.abort(new Interruption('Interrupted.', 130)) });
    expect(result.code).toBe(130);
    expect(kept()).toEqual([]);
  });

  it('says when a key in the environment is used instead', async () => {
    const { stdout } = await run('login', { env: { KIMI_API_KEY: KEY } });
    expect(stdout).toContain('KIMI_API_KEY is set and is used instead.');
  });

  it('names the flags and settings that lead to this login again', async () => {
    const { stdout } = await run('login --account work --region global');
    expect(stdout).toContain('npx ai-sdk-provider-kimi ask hello --account work --region global\n');
    expect(stdout).toContain("createKimi({ account: 'work', region: 'global' })\n");
  });
});

describe('login --api-key', () => {
  it('keeps a key from stdin', async () => {
    const { code, stdout } = await run('login --api-key', { input: `${KEY}\n` });
    expect(code).toBe(0);
    expect(stdout).toContain('The key is saved.');
    expect(record()).toMatchObject({ type: 'api-key', key: KEY, service: 'coding', region: 'mainland-cn' });
    expect((await run('ask hi')).stdout).toBe('You said: hi\n');
  });

  it('does not keep a key that Kimi refuses', async () => {
    const { code, stderr } = await run('login --api-key', { input: 'sk-kimi-canary-key' });
    expect(code).toBe(3);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain('does not know this key (HTTP 401). Nothing was saved.');
    expect(stderr).not.toContain('canary');
    expect(kept()).toEqual([]);
  });

  it('keeps a key that cannot be tried, with a warning', async () => {
    simulator.fault({ status: 503, match: { path: '/models' } });
    const { code, stderr } = await run('login --api-key', { input: 'sk-kimi-canary-key' });
    expect(code).toBe(0);
    expect(stderr).toContain('The key could not be tried');
    expect(record()).toMatchObject({ key: 'sk-kimi-canary-key' });
  });

  it.each(['', 'two words', 'short', 'a\nb'])('refuses %j as usage', async input => {
    expect((await run('login --api-key', { input })).code).toBe(2);
    expect(kept()).toEqual([]);
  });

  it.each([['login', '--api-key', 'sk-kimi-canary'], ['login', '--api-key=sk-kimi-canary'], ['login', '--apikey=sk-kimi-canary']])('refuses a key in the arguments without repeating it', async (...argv) => {
    const { code, stdout, stderr } = await run(argv);
    expect(code).toBe(2);
    expect(stdout + stderr).not.toContain('canary');
    expect(stderr).toContain('A key on the command line');
  });

  it('is what the platform needs', async () => {
    const { code, stderr } = await run('login --service platform');
    expect(code).toBe(2);
    expect(stderr).toContain('--api-key');
  });
});

describe('logout', () => {
  it('removes the login, and is content when there is none', async () => {
    await run('login');
    const { code, stdout } = await run('logout');
    expect(code).toBe(0);
    expect(stdout).toContain('Signed out account "default".');
    expect(kept()).toEqual([]);
    expect(json(await run('logout --json'))).toEqual({ account: 'default', removed: null, stillUsed: null });
  });

  it('says what is still used', async () => {
    await run('login');
    const { stdout } = await run('logout', { env: { KIMI_API_KEY: KEY } });
    expect(stdout).toContain('Requests still use the environment variable KIMI_API_KEY');
    expect(kept()).toEqual([]);
  });
});

describe('status', () => {
  it('tells who, from where, until when; and 3 when nobody', async () => {
    const before = await run('status');
    expect(before.code).toBe(3);
    expect(before.stdout).toContain('Sign in: npx ai-sdk-provider-kimi login');
    await run('login');
    const { code, stdout } = await run('status');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Account +default\n/);
    expect(stdout).toContain('ends in 15 min; renewed by itself before');
    expect((await run('status', { now: () => Date.now() + 600_000 })).stdout).toContain('ends in 5 min; renewed at the next request');
    expect(json(await run('status --json'))).toMatchObject({ signedIn: true, state: 'valid', kind: 'oauth', account: 'default', source: path.join(home(), logins()[0] ?? ''), expiresAt: expect.stringMatching(/Z$/) });
  });

  it('ends with 3 for a login that has ended', async () => {
    await run('login');
    simulator.revoke();
    expect((await run('ask hi')).code).toBe(3);
    const { code, stdout } = await run('status');
    expect(code).toBe(3);
    expect(stdout).toContain('The login has ended');
  });

  it('passes on whose login is shared', async () => {
    const { stdout } = await run('status', { env: { KIMI_API_KEY: KEY }, notices: ['Using the login of kimi-code.'] });
    expect(stdout).toContain('Using the login of kimi-code.');
    expect(stdout).toMatch(/Source +the environment variable KIMI_API_KEY/);
  });

  it('ends with 1 for a store that cannot be read, with what to do', async () => {
    await run('login');
    writeFileSync(path.join(home(), logins()[0] ?? ''), '{"version":1,"ty');
    const { code, stdout } = await run('status --json');
    expect(code).toBe(1);
    expect(stdout).toContain('KIMI_CREDENTIAL_STORE');
  });
});

describe('token', () => {
  it('prints the token and nothing else, renewed when less than half of its life is left', async () => {
    await run('login');
    const first = record().accessToken;
    expect(await run('token')).toMatchObject({ code: 0, stdout: `${first}\n`, stderr: '' });
    const later = await run('token --json', { now: () => Date.now() + 600_000 });
    expect(json(later)).toEqual({ token: record().accessToken, kind: 'oauth', expiresAt: expect.any(String) });
    expect(record().accessToken).not.toBe(first);
  });

  it('does not go to a screen unless it is told to', async () => {
    await run('login');
    const refused = await run('token', { columns: 80 });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('--force');
    expect((await run('token --force', { columns: 80 })).stdout).toBe(`${record().accessToken}\n`);
  });

  it('says on stderr when it could not be renewed', async () => {
    await run('login');
    simulator.fault({ status: 503, times: 9, match: { path: '/token' } });
    const { code, stdout, stderr } = await run('token', { now: () => Date.now() + 600_000 });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${record().accessToken}\n` });
    expect(stderr).toContain('less than half of its life');
  });

  it('ends with 3 when nobody is signed in', async () => {
    expect(await run('token')).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('ask', () => {
  beforeEach(() => void (process.env.KIMI_API_KEY = KEY));

  it('gives a pipe the answer alone, and takes what is piped in', async () => {
    expect(await run(['ask', 'hello', 'you'])).toMatchObject({ code: 0, stdout: 'You said: hello you\n', stderr: '' });
    expect((await run('ask', { input: 'from a file\n' })).stdout).toBe('You said: from a file\n');
    expect((await run(['ask', 'Sum up:'], { input: 'a text' })).stdout).toBe('You said: Sum up:\n\na text\n');
  });

  it('dims the thinking on a terminal, and says what it took', async () => {
    simulator.script({ reasoning: 'Hm.', text: 'Yes.' });
    const { stdout, stderr } = await run('ask why', { columns: 80 });
    expect(stdout).toBe('\x1b[2mHm.\x1b[22m\n\nYes.\n');
    expect(stderr).toMatch(/\d+ tokens in, \d+ out/);
  });

  it('has no colour with NO_COLOR, and tells thinking by a heading', async () => {
    simulator.script({ reasoning: 'Hm.', text: 'Yes.' });
    expect((await run('ask why', { columns: 80, env: { NO_COLOR: '1' } })).stdout).toBe('Thinking:\nHm.\n\nAnswer:\nYes.\n');
  });

  it('lets no answer steer the terminal', async () => {
    simulator.script({ text: 'a\x1b]0;title\x07b\x9b31mc\rd' });
    expect((await run('ask x', { columns: 80 })).stdout).toBe('a]0;titleb31mcd\n');
  });

  it('gives one object a line with --json', async () => {
    simulator.script({ reasoning: 'Hm.', text: 'Yes.' });
    const parts = lines(await run('ask why --json --model k3'));
    expect(parts.filter(({ type }) => type === 'thinking').map(({ text }) => text).join('')).toBe('Hm.');
    expect(parts.filter(({ type }) => type === 'text').map(({ text }) => text).join('')).toBe('Yes.');
    expect(parts.at(-1)).toEqual({ type: 'finish', model: 'k3', reason: 'stop', usage: { input: expect.any(Number), cached: expect.any(Number), output: expect.any(Number), thinking: expect.toSatisfy(value => value === null || typeof value === 'number') } });
  });

  it('sends model, effort and images', async () => {
    const image = path.join(home(), 'dot.dat');
    mkdirSync(home(), { recursive: true });
    writeFileSync(image, PNG);
    expect((await run(['ask', 'what?', '-m', 'k3', '-e', 'low', '-i', image, '--image', image])).code).toBe(0);
    const body = simulator.requests.at(-1)?.json as { messages: Array<{ content: unknown[] }> };
    const part = { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG.toString('base64')}` } };
    expect(body).toMatchObject({ model: 'k3', thinking: { type: 'enabled', effort: 'low' } });
    expect(body.messages[0]?.content).toEqual([part, part, { type: 'text', text: 'what?' }]);
  });

  it.each([
    ['nothing', ['ask'], 'Nothing was asked'],
    ['an effort that does not exist', ['ask', 'x', '--effort', 'huge'], '--effort must be one of'],
    ['an image that does not exist', ['ask', 'x', '--image', '/nowhere.png'], 'cannot be read (ENOENT)'],
    ['an image that is none', ['ask', 'x', '--image', 'package.json'], 'package.json is not a PNG, JPEG, GIF or WebP image.'],
    ['an empty model', ['ask', 'x', '--model', ''], 'It is empty.'],
    ['an unknown flag', ['ask', 'x', '--modle', 'k3'], "unknown option '--modle'"],
  ])('ends with 2 for %s, and asks nobody', async (_, argv, message) => {
    const { code, stdout, stderr } = await run(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(message);
    expect(simulator.counts.chats).toBe(0);
  });

  it.each([
    [401, { error: { type: 'invalid_authentication_error', message: 'The API Key appears to be invalid' } }, 3],
    [403, { error: { type: 'access_terminated_error', message: 'only available for Coding Agents' } }, 1],
    [429, { error: { type: 'engine_overloaded_error', message: 'The engine is currently overloaded' } }, 4],
    [500, { error: { message: 'oops' } }, 4],
  ])('turns HTTP %i into an exit code and one message', async (status, body, code) => {
    simulator.fault({ status, body, times: 9, match: { path: '/chat/completions' } });
    const result = await run('ask x');
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(/^✖ /);
    expect(result.stderr).not.toMatch(/\n +at /);
    expect(json(await run('ask x --json'))).toMatchObject({ error: { code: expect.stringMatching(/^KIMI_/), exitCode: code } });
  });

  it('stopped in mid-answer, ends the line and ends with 130', async () => {
    simulator.script({ text: 'one two three four five six seven', chunkDelayMs: 200 });
    const ending = new AbortController();
    const { code, stdout, stderr } = await run('ask x', { abortSignal: ending.signal, onOutput: text => text !== '' && ending.abort(new Interruption('Interrupted.', 130)) });
    expect(code).toBe(130);
    expect(stdout).toMatch(/^one.*\n$/);
    expect(stdout).not.toContain('seven');
    expect(stderr).toContain('Interrupted.');
  });
});

describe('models', () => {
  it('keeps the order of the server, whose first is its default, and sends no identity', async () => {
    const { code, stdout } = await run('models --json', { env: { KIMI_API_KEY: KEY } });
    expect(code).toBe(0);
    const { models } = JSON.parse(stdout) as { models: Array<Record<string, unknown>> };
    expect(models.map(({ id }) => id)).toEqual(['kimi-for-coding', 'kimi-for-coding-highspeed', 'k3', 'k3-256k']);
    expect(models[2]).toEqual({ id: 'k3', name: 'k3', default: false, contextLength: 1_048_576, thinking: 'only', efforts: ['low', 'high', 'max'], defaultEffort: 'max', inputs: ['text', 'image', 'video'], protocol: 'openai' });
    expect(models.map(model => model.default)).toEqual([true, false, false, false]);
    const { headers } = simulator.requests.at(-1) ?? { headers: {} };
    expect(Object.keys(headers).filter(name => name.startsWith('x-msh-'))).toEqual([]);
  });

  it('is a table where it fits, else a list, and survives odd entries', async () => {
    process.env.KIMI_API_KEY = KEY;
    simulator.models.coding[1] = { ...simulator.models.coding[1], id: 'kimi-for-coding-highspeed', display_name: 'Kimi for Coding, high speed' } as never;
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
    expect(await run('models --explain k9')).toMatchObject({ code: 1, stdout: expect.stringContaining('unknown') });
    expect(json(await run('models --explain auto --json'))).toMatchObject({ outcome: 'resolved', slug: 'kimi-for-coding' });
  });

  it.each([[401, 3], [403, 1], [503, 4]])('HTTP %i ends with %i', async (status, code) => {
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
        models ??= fetch(`${apiBaseURL}/models`, { headers: { authorization: `Bearer ${KEY}` } }).finally(() => ending.abort(new Interruption('Interrupted.', 130)));
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
    return { code: result.code, ok, failed: checks.filter(({ state }) => state === 'failure').map(({ name }) => name), checks: new Map(checks.map(check => [check.name, check])) };
  };

  it('finds nothing wrong after a login, chat included', async () => {
    await run('login');
    const { code, failed, checks } = await doctor({}, '--chat');
    expect(failed).toEqual([]);
    expect(code).toBe(0);
    expect([...checks.keys()]).toEqual(['Runtime', 'Package', 'D-Bus', 'Files', 'Host', 'Clock', 'Sign-in', 'Token', 'Chat']);
    expect(checks.get('D-Bus')).toMatchObject({ state: 'warning', fix: expect.stringContaining('file') });
  });

  it('does not chat unless it is told to', async () => {
    await run('login');
    await doctor();
    expect(simulator.counts.chats).toBe(0);
  });

  it.each<[string, () => RunOptions | Promise<RunOptions>, string, RegExp]>([
    ['nobody is signed in', () => ({ env: { KIMI_PROVIDER_HOME: path.join(home(), 'empty') } }), 'Sign-in', /npx ai-sdk-provider-kimi login/],
    ['others can read the file', () => (chmodSync(path.join(home(), logins()[0] ?? ''), 0o644), { env: { KIMI_API_KEY: KEY } }), 'Files', /^chmod 600 "/],
    ['the clock is wrong', () => ({ env: { KIMI_API_KEY: KEY }, now: () => Date.now() + 3_600_000 }), 'Clock', /timedatectl/],
    ['a host is down', () => ({ env: { KIMI_CODE_OAUTH_HOST: 'http://127.0.0.1:1', KIMI_API_KEY: KEY } }), 'Host', /KIMI_CODE_OAUTH_HOST/],
    ['a proxy is not used', () => ({ env: { KIMI_CODE_OAUTH_HOST: 'http://127.0.0.1:1', KIMI_API_KEY: KEY, HTTPS_PROXY: 'http://proxy' } }), 'Host', /NODE_USE_ENV_PROXY=1/],
    ['a keychain is demanded', () => ({ env: { KIMI_CREDENTIAL_STORE: 'keychain', KIMI_API_KEY: KEY } }), 'D-Bus', /dbus-run-session/],
    ['chat is refused', () => (simulator.fault({ status: 403, body: { error: { type: 'access_terminated_error', message: 'only available for Coding Agents' } }, match: { path: '/chat/completions' } }), {}), 'Chat', /identity/],
  ])('when %s: fails there alone, with the fix', async (_, prepare, name, fix) => {
    await run('login');
    const { code, ok, failed, checks } = await doctor(await prepare(), '--chat');
    expect({ code, ok, failed }).toEqual({ code: 1, ok: false, failed: [name] });
    expect(checks.get(name)?.fix).toMatch(fix);
  });

  it('says what is wrong with a token that Kimi refuses', async () => {
    const { failed, checks } = await doctor({ env: { KIMI_API_KEY: 'sk-kimi-canary' } });
    expect(failed).toEqual(['Key']);
    expect(checks.get('Key')?.detail).toContain('HTTP 401');
  });
});

describe('help and usage', () => {
  it('has the exit codes, and every line fits', async () => {
    for (const argv of [[], ['--help'], ...['login', 'logout', 'status', 'token', 'ask', 'models', 'simulate', 'doctor'].map(name => [name, '--help'])]) {
      const { code, stdout } = await run(argv);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^Usage: ai-sdk-provider-kimi/);
      expect(stdout.split('\n').filter(line => line.length > 80)).toEqual([]);
    }
    expect((await run('--help')).stdout).toMatch(/Exit codes:\n {2}0 +done/);
  });

  it.each([['nonsense'], ['lgin'], ['login', '--region', 'mars'], ['login', '--store', 'kimi-code'], ['status', 'x']])('%j %j is usage', async (...argv) => {
    const { code, stdout, stderr } = await run(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
  });
});

describe('what is printed', () => {
  const commands = ['login', 'status', 'models', 'doctor', 'logout', 'logout', 'status', 'token', 'models', 'ask hi', 'doctor'];

  it.each([80, 40])('fits %i columns, but for what cannot be broken', async columns => {
    for (const command of commands) {
      const { plain, stderr } = await run(command, { columns });
      const broken = `${plain}${columns === 80 ? stderr : ''}`.split('\n').filter(line => line.length > columns && /\S\s+\S/.test(line.replace(/^\s*/, '').replace(/npx ai-sdk-provider-kimi.*$/, '')));
      expect({ command, broken }).toEqual({ command, broken: [] });
    }
  });

  it('has no colour in a pipe, whatever is set', async () => {
    for (const command of commands) {
      const { stdout, stderr } = await run(command, { env: { FORCE_COLOR: '1' } });
      expect(stdout + stderr).not.toContain('\x1b');
    }
  });

  it('keeps to signs that the old console of Windows has', async () => {
    const { stdout } = await run('status', { platform: 'win32' });
    expect(stdout).toMatch(/^× Not signed in/);
  });

  it('never holds a token or key, in any form, but for the token command', async () => {
    let everything = '';
    const secrets: string[] = [];
    for (const suffix of ['', ' --json']) {
      for (const command of ['login', 'status', 'models', 'doctor --chat', 'ask hi', 'logout', 'status', 'ask hi']) {
        const { stdout, stderr } = await run(command + suffix, { columns: 80 });
        everything += stdout + stderr;
        if (command === 'login') {
          secrets.push(record().accessToken, record().refreshToken);
        }
      }
      const key = await run(`login --api-key${suffix}`, { input: 'sk-kimi-canary-one' });
      simulator.fault({ status: 500, match: { path: '/models' } });
      const keptKey = await run(`login --api-key${suffix}`, { input: 'sk-kimi-canary-two' });
      everything += key.stdout + key.stderr + keptKey.stdout + keptKey.stderr;
      for (const command of ['status', 'models', 'doctor --chat', 'ask hi', 'logout']) {
        const { stdout, stderr } = await run(command + suffix);
        everything += stdout + stderr;
      }
      await run('login');
      secrets.push(record().accessToken, record().refreshToken);
      simulator.revoke();
      for (const command of ['models', 'token', 'status', 'doctor', 'ask hi', 'logout']) {
        const { stdout, stderr } = await run(command + suffix, { columns: 80 });
        everything += command === 'token' && stdout.startsWith('ey') ? '' : stdout + stderr;
      }
    }
    expect(everything.length).toBeGreaterThan(5000);
    expect(secrets.every(secret => secret.length > 10)).toBe(true);
    expect([...secrets, 'canary'].filter(secret => everything.includes(secret))).toEqual([]);
  });
});
