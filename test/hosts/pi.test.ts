import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator, type RecordedRequest } from '../../src/simulator/index';
import { kimiCodeSlot } from '../../src/credentials/official/kimi-code-credential-store';
import { KIMI_CLI } from '../../src/upstream';
import { chats } from '../support/chats';
import { testServices } from '../support/test-services';
import { installPi } from './pi/install-pi';
import { PiScreen } from './pi/pi-screen';
import { openPiHome, readAuth, runPi, writeAuth, type PiHome, type PiMessage, type PiRun } from './pi/run-pi';

/** The real pi, which installs this package itself, from a registry. */
const KEY = { KIMI_CODER_API_KEY: 'sk-kimi-simulator' };
const PICTURE = fileURLToPath(new URL('../../examples/scripts/kimi.png', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../examples/pi/settings.json', import.meta.url));
const KIMI = ['--provider', 'kimi-coder', '--model', 'kimi-for-coding'];

type Body = {
  messages: Array<{ role: string; content?: unknown; reasoning_content?: string }>;
  tools?: unknown[];
  prompt_cache_key?: string;
  thinking?: unknown;
  max_completion_tokens?: number;
};

let program: string;
let installed: PiHome;
let installation: PiRun;
let simulator: KimiSimulator;

beforeAll(async () => {
  program = await installPi();
  installed = openPiHome(undefined);
  installation = await runPi(program, undefined, installed, ['install', 'npm:ai-sdk-provider-kimi']);
}, 300_000);
beforeEach(async () => {
  simulator = await startKimiSimulator({ autoApprove: true, gate: 'known-agents', deviceInterval: 1 });
});
afterEach(() => simulator.close());

const open = (environment: Record<string, string> = {}) => openPiHome(simulator, environment, installed);
const ask = (home: PiHome, ...parameters: string[]) =>
  runPi(program, simulator, home, [...KIMI, '--mode', 'json', '-p', ...parameters]);
const bodyOf = ({ json }: RecordedRequest) => json as Body;
const bodies = () => chats(simulator).map(bodyOf);
const answersOf = ({ events }: PiRun): PiMessage[] =>
  events.flatMap(({ type, message }) => (type === 'message_end' && message?.role === 'assistant' ? [message] : []));
const textOf = (run: PiRun) =>
  answersOf(run)
    .flatMap(({ content }) => content)
    .flatMap(({ type, text }) => (type === 'text' ? [text] : []))
    .join('');
const errorsOf = (run: PiRun) => answersOf(run).flatMap(({ errorMessage }) => errorMessage ?? []);

/** A login that pi keeps, as our own login leaves it. */
function piLogin({ access_token, refresh_token, expires_in }: ReturnType<KimiSimulator['signIn']>, leftS = expires_in) {
  return {
    type: 'oauth',
    access: access_token,
    refresh: refresh_token,
    expires: Date.now() + leftS * 1000,
    expiresIn: expires_in,
    scope: 'kimi-code',
    tokenType: 'Bearer',
    issuedFor: { oauthHost: simulator.oauthHost, apiOrigin: simulator.url, account: 'default' },
  };
}

function expectAccepted(): void {
  for (const request of chats(simulator)) {
    expect({ refusedBy: request.refusedBy, notices: request.notices }).toEqual({ refusedBy: undefined, notices: [] });
    expect(request.headers).toMatchObject({
      'user-agent': `${KIMI_CLI.userAgentProduct}/${KIMI_CLI.version}`,
      'x-msh-platform': KIMI_CLI.platform,
    });
  }
}

describe('pi, which installs the package', () => {
  it('has it in its settings, from npm, with all that it needs', () => {
    expect(installation).toMatchObject({ code: 0 });
    const settings = JSON.parse(readFileSync(path.join(installed.agent, 'settings.json'), 'utf8')) as object;
    expect(settings).toMatchObject({ packages: ['npm:ai-sdk-provider-kimi'] });
  });

  it('lists the models that are known, without a request', async () => {
    const listed = await runPi(program, simulator, open(KEY), ['--list-models', 'kimi']);
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout).toMatch(/kimi-coder +kimi-for-coding +1\.0M +32\.8K +yes +yes/);
    expect(listed.stdout).toMatch(/kimi-coder +k3\.1-pro +1\.0M +131\.1K +yes +yes/);
    expect(listed.stdout).toMatch(/kimi-coder +kimi-k2\.5 /);
    expect(simulator.counts.requests).toBe(0);
  });
});

describe('pi, with a key', () => {
  it('gets an answer with its tokens, at no cost, in one request with a cache key', async () => {
    const usage = { promptTokens: 5000, completionTokens: 30, cachedTokens: 4000, reasoningTokens: 20 };
    simulator.script({ reasoning: 'A greeting.', text: 'Hello!', usage });
    const run = await ask(open(KEY), 'say hi');
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(textOf(run)).toBe('Hello!');
    expect(answersOf(run)).toMatchObject([
      {
        content: [{ type: 'thinking', thinking: 'A greeting.' }, { type: 'text' }],
        usage: { input: 1000, output: 30, cacheRead: 4000, reasoning: 20, cost: { total: 0 } },
        stopReason: 'stop',
      },
    ]);
    const session = run.events.find(({ type }) => type === 'session')?.id;
    expect(bodies().map(body => body.prompt_cache_key)).toEqual([session]);
    expect(bodies()[0]?.max_completion_tokens).toBeGreaterThan(900_000);
    expectAccepted();
  });

  it('takes it from its own settings file', async () => {
    const home = open();
    const file = path.join(home.agent, 'settings.json');
    const settings = JSON.parse(readFileSync(file, 'utf8')) as { packages: unknown };
    const example = JSON.parse(readFileSync(EXAMPLE, 'utf8')) as { packages: unknown };
    expect(settings.packages).toEqual(example.packages);
    const apiKeys = { KIMI_CODER_API_KEY: 'sk-kimi-simulator' };
    writeFileSync(file, JSON.stringify({ ...settings, ...example, apiKeys }));
    const run = await runPi(program, simulator, home, ['--mode', 'json', '-p', 'say hi']);
    expect(errorsOf(run)).toEqual([]);
    expect(textOf(run)).toBe('You said: say hi');
    expect(bodies()).toMatchObject([{ model: 'kimi-for-coding', thinking: { type: 'enabled', effort: 'high' } }]);
  });

  it('takes the id that pi-kimi-coder lists', async () => {
    const run = await runPi(program, simulator, open(KEY), [
      '--provider',
      'kimi-coder',
      '--model',
      'kimi-k2.5',
      '--mode',
      'json',
      '-p',
      'say hi',
    ]);
    expect(textOf(run)).toBe('You said: say hi');
    expect(bodies()).toMatchObject([{ model: 'kimi-for-coding' }]);
  });

  it('calls a tool and goes on with its result and with its own reasoning', async () => {
    const home = open(KEY);
    writeFileSync(path.join(home.project, 'secret.txt'), 'The word is kumquat.\n');
    simulator.script([
      { reasoning: 'I read the file.', toolCalls: [{ name: 'read', arguments: { path: 'secret.txt' } }] },
      { reasoning: 'There it is.', text: 'kumquat' },
    ]);
    const run = await ask(home, 'Which word is in secret.txt?');
    expect(textOf(run)).toBe('kumquat');
    expect(answersOf(run).map(({ stopReason }) => stopReason)).toEqual(['toolUse', 'stop']);
    const second = bodies()[1];
    const asked = second?.messages.findIndex(({ role }) => role === 'assistant') ?? -1;
    expect(second?.messages[asked]).toMatchObject({ reasoning_content: 'I read the file.' });
    expect(JSON.stringify(second?.messages[asked + 1])).toContain('The word is kumquat.');
    expect(chats(simulator)).toHaveLength(2);
    expectAccepted();
  });

  it.each([
    ['kimi-for-coding', 'high', { type: 'enabled', effort: 'high' }],
    ['kimi-for-coding', 'medium', { type: 'enabled', effort: 'high' }],
    ['kimi-for-coding', 'off', { type: 'disabled' }],
    ['k3', 'max', { type: 'enabled', effort: 'max' }],
    ['k3', 'off', { type: 'enabled', effort: 'low' }],
  ])('thinks as much as its level says: %s, %s', async (model, level, thinking) => {
    const run = await runPi(program, simulator, open(KEY), [
      '--provider',
      'kimi-coder',
      '--model',
      model,
      '--thinking',
      level,
      '--mode',
      'json',
      '-p',
      'say hi',
    ]);
    expect(errorsOf(run)).toEqual([]);
    expect(bodies()).toMatchObject([{ thinking }]);
    expectAccepted();
  });

  it('sends an image', async () => {
    simulator.script({ text: 'A moon.' });
    const run = await ask(open(KEY), `@${PICTURE}`, 'What is this?');
    expect(textOf(run)).toBe('A moon.');
    expect(JSON.stringify(bodies())).toMatch(/"image_url":\{"url":"data:image\/png;base64,/);
    expectAccepted();
  });

  it('says in words that the plan is used up, and does not try again', async () => {
    simulator.quota.weekly.used = simulator.quota.weekly.limit;
    const run = await ask(open(KEY), 'say hi');
    expect(errorsOf(run).join()).toMatch(/weekly quota/i);
    expect(chats(simulator)).toHaveLength(1);
  });

  it('tries again where the server is busy', async () => {
    simulator.script([{ status: 429, body: { error: { type: 'engine_overloaded_error', message: 'busy' } } }]);
    const run = await ask(open(KEY), 'say hi');
    expect(textOf(run)).toBe('You said: say hi');
    expect(chats(simulator)).toHaveLength(2);
  });

  it('says in words that a key is not accepted, and does not try again', async () => {
    const run = await ask(open({ KIMI_CODER_API_KEY: 'sk-kimi-wrong' }), 'say hi');
    expect(errorsOf(run).join()).toMatch(/KIMI_CODER_API_KEY/);
    expect(errorsOf(run).join()).not.toContain('sk-kimi-wrong');
    expect(chats(simulator)).toHaveLength(1);
  });
});

describe('pi, with a login of its own', () => {
  it('renews one that has ended, once, and keeps it in its own file alone', async () => {
    const home = open();
    writeAuth(home, { other: { type: 'api_key', key: 'sk-other' }, 'kimi-coder': piLogin(simulator.signIn(), -10) });
    simulator.expireTokens();
    const run = await ask(home, 'say hi');
    expect(errorsOf(run)).toEqual([]);
    expect(textOf(run)).toBe('You said: say hi');
    expect(simulator).toMatchObject({ rotations: 1, reuses: 0 });
    const { other, 'kimi-coder': kept } = readAuth(home);
    expect(other).toEqual({ type: 'api_key', key: 'sk-other' });
    expect(kept).toMatchObject({ type: 'oauth', expiresIn: 900, issuedFor: { account: 'default' } });
    expect((kept?.expires as number) - Date.now()).toBeGreaterThan(800_000);
    const again = await ask(home, 'say hi');
    expect(textOf(again)).toBe('You said: say hi');
    expect(simulator.rotations).toBe(1);
  });

  it('renews one that the API refuses before its time, once', async () => {
    const home = open();
    writeAuth(home, { 'kimi-coder': piLogin(simulator.signIn()) });
    simulator.expireTokens();
    const run = await ask(home, 'say hi');
    expect(textOf(run)).toBe('You said: say hi');
    expect(simulator).toMatchObject({ rotations: 1, reuses: 0 });
    expect(textOf(await ask(home, 'say hi'))).toBe('You said: say hi');
    expect(simulator).toMatchObject({ rotations: 1, reuses: 0 });
  });

  it('renews once for two that start at once', async () => {
    const home = open();
    writeAuth(home, { 'kimi-coder': piLogin(simulator.signIn(), -10) });
    simulator.expireTokens();
    const runs = await Promise.all([ask(home, 'say one'), ask(home, 'say two')]);
    expect(runs.map(textOf)).toEqual(['You said: say one', 'You said: say two']);
    expect(simulator).toMatchObject({ rotations: 1, reuses: 0, chainRevoked: false });
  });

  it('says how to sign in where the login is dead, and asks nobody a second time', async () => {
    const home = open();
    writeAuth(home, { 'kimi-coder': piLogin(simulator.signIn(), -10) });
    simulator.revoke();
    const run = await ask(home, 'say hi');
    expect(`${errorsOf(run).join()}${run.stderr}`).toMatch(/\/login kimi-coder/);
    const { refreshes } = simulator.counts;
    expect(refreshes).toBeLessThanOrEqual(1);
    const again = await ask(home, 'say hi');
    expect(`${errorsOf(again).join()}${again.stderr}`).toMatch(/\/login kimi-coder/);
    expect(simulator.counts.refreshes).toBe(refreshes);
    expect(chats(simulator)).toEqual([]);
  });
});

describe('pi, with a login that is on the machine already', () => {
  it("uses kimi-code's in place, renews it there, and copies it nowhere", async () => {
    const home = open();
    const slot = kimiCodeSlot({ oauthHost: simulator.oauthHost, apiBaseURL: simulator.apiBaseURL });
    const file = path.join(home.home, '.kimi-code', 'credentials', `${slot}.json`);
    const { access_token, refresh_token, expires_in } = simulator.signIn();
    const expires_at = Math.floor(Date.now() / 1000) - 10;
    mkdirSync(path.dirname(file), { recursive: true });
    const login = { access_token, refresh_token, expires_at, scope: 'kimi-code', token_type: 'Bearer', expires_in };
    writeFileSync(file, JSON.stringify(login), { mode: 0o600 });

    const run = await ask(home, 'say hi');
    expect(textOf(run)).toBe('You said: say hi');
    expect(run.stderr).toContain('kimi-code');
    expect(simulator).toMatchObject({ rotations: 1, reuses: 0 });
    const after = readFileSync(file, 'utf8');
    expect(after).not.toContain(refresh_token);
    expect(readAuth(home)['kimi-coder']).toBeUndefined();
    const { stdout: copies } = await promisify(execFile)('grep', [
      '-rlF',
      (JSON.parse(after) as typeof login).refresh_token,
      home.home,
    ]);
    expect(copies.trim().split('\n')).toEqual([file]);
  });

  it("uses this package's own", async () => {
    const home = open();
    const cli = path.join(home.agent, 'npm/node_modules/ai-sdk-provider-kimi/dist/cli.js');
    await promisify(execFile)(process.execPath, [cli, 'login', '--json'], { env: home.environment });
    expect(textOf(await ask(home, 'say hi'))).toBe('You said: say hi');
    expect(readAuth(home)['kimi-coder']).toBeUndefined();
  });
});

describe('pi, where something is wrong', () => {
  it('starts offline, lists what is known, and says that Kimi cannot be reached', async () => {
    const home = open(KEY);
    home.environment.KIMI_CODE_BASE_URL = 'http://127.0.0.1:9/coding/v1';
    const listed = await runPi(program, simulator, home, ['--offline', '--list-models', 'kimi']);
    expect(listed.stdout).toContain('kimi-for-coding');
    writeFileSync(
      path.join(home.agent, 'settings.json'),
      JSON.stringify({ packages: ['npm:ai-sdk-provider-kimi'], retry: { enabled: false } }),
    );
    const run = await ask(home, '--offline', 'say hi');
    expect(errorsOf(run).join()).toMatch(/127\.0\.0\.1:9/);
  });

  it('says what to do where nobody is signed in', async () => {
    const run = await ask(open(), 'say hi');
    expect(`${run.stderr}${errorsOf(run).join()}`).toMatch(/login/i);
    expect(chats(simulator)).toEqual([]);
  });

  describe.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')('a disk without a write (as root)', () => {
    /** pi itself does not start where it cannot write its own folder; `place` is what it may only read. */
    const askWithout = (place: string, home: PiHome) => {
      const readOnly = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"';
      const through = ['unshare', '-m', 'sh', '-c', readOnly, 'sh', place];
      return runPi(program, simulator, { ...home, project: '/' }, [...KIMI, '-p', 'say hi'], through);
    };

    it('answers where HOME cannot be written', async () => {
      const home = open(KEY);
      const elsewhere = openPiHome(simulator, {}, installed);
      home.environment.PI_CODING_AGENT_DIR = elsewhere.agent;
      expect((await askWithout(home.home, home)).stdout).toContain('You said: say hi');
    });

    it('spends no login that it could not keep, and says which file', async () => {
      const home = open();
      writeAuth(home, { 'kimi-coder': piLogin(simulator.signIn(), -10) });
      const file = path.join(home.agent, 'auth.json');
      const { stdout, stderr } = await askWithout(file, home);
      expect(stdout + stderr).toContain(file);
      expect(simulator.counts.refreshes).toBe(0);
    });
  });
});

describe.skipIf(!testServices.has('tmux'))('pi in a terminal (needs tmux)', () => {
  it('signs in, chooses the model, answers, and shows what of the plan is used', async () => {
    const home = open();
    simulator.quota.weekly.used = simulator.quota.weekly.limit / 4;
    await using screen = new PiScreen(program, home, []);
    await screen.until(/No models available/);
    await screen.type('/login kimi-coder');
    await screen.until(/Select authentication method/);
    await screen.press('Enter');
    await screen.until(/Selected kimi-for-coding/);
    expect(readAuth(home)).toMatchObject({
      'kimi-coder': { type: 'oauth', issuedFor: { oauthHost: simulator.oauthHost, apiOrigin: simulator.url } },
    });
    const { refresh } = readAuth(home)['kimi-coder'] as { refresh: string };
    const { stdout: copies } = await promisify(execFile)('grep', ['-rlF', refresh, home.home]);
    expect(copies.trim().split('\n')).toEqual([path.join(home.agent, 'auth.json')]);

    await screen.type('say hello');
    await screen.until(/You said: say hello/);
    await screen.type('/kimi-usage');
    const shown = await screen.until(/Month, Code/);
    expect(shown).toMatch(/7 days: 25 % used, fresh in 7 days/);
    expect(shown).not.toMatch(/KimiNotice|kept in the file/);
    expectAccepted();
  });

  it('says that the list of models is refused, and answers all the same', async () => {
    const home = open(KEY);
    const body = { error: { message: 'No list for you.' } };
    simulator.fault({ match: { path: '/models' }, times: 50, status: 403, body });
    await using screen = new PiScreen(program, home, KIMI);
    await screen.until(/Kimi does not list its models[^]*No list for you/);
    await screen.type('say hello');
    await screen.until(/You said: say hello/);
  });
});
