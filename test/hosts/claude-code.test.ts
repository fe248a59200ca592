import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { hasPseudoTerminal, openPseudoTerminal } from '../cli/pseudo-terminal';
import { installClaudeCode, installOwnPackage } from './claude-code/install-claude-code';
import {
  calls,
  openClaudeCodeHome,
  run,
  runClaudeCode,
  startOutside,
  type ClaudeCodeHome,
  type ClaudeCodeRun,
} from './claude-code/run-claude-code';

/** The real Claude Code, started by our command from the tarball, on the simulator. */
const KEY = { KIMI_API_KEY: 'sk-kimi-simulator' };
const WEEKLY =
  "You've reached your weekly (7-day) usage limit. Your quota will reset when the current 7-day window ends.";

type Body = { model: string; max_tokens: number; messages: Array<{ role: string; content: unknown }> };

let bin: string;
let cli: string;
let simulator: KimiSimulator;
let outside: Awaited<ReturnType<typeof startOutside>>;

beforeAll(() => {
  bin = installClaudeCode();
  cli = installOwnPackage();
}, 300_000);
beforeEach(async () => {
  simulator = await startKimiSimulator({ autoApprove: true });
  outside = await startOutside();
});
afterEach(async () => {
  outside.close();
  await simulator.close();
});

const openHome = (environment: Record<string, string> = {}) =>
  openClaudeCodeHome(simulator, bin, outside.url, environment);
const claude = (home: ClaudeCodeHome, ...parameters: string[]) => runClaudeCode(cli, simulator, home, parameters);
const ended = ({ events }: ClaudeCodeRun) => events.findLast(({ type }) => type === 'result');
const bodies = () => calls(simulator).map(({ json }) => json as Body);
const readSecret = (home: ClaudeCodeHome) => ({
  reasoning: 'I read the file.',
  toolCalls: [{ name: 'Read', arguments: { file_path: path.join(home.project, 'secret.txt') } }],
});

async function signedIn(): Promise<ClaudeCodeHome> {
  const home = openHome();
  await promisify(execFile)(process.execPath, [cli, 'login', '--json'], { env: home.environment });
  simulator.clearRequests();
  return home;
}

function expectAccepted(): void {
  expect(calls(simulator).map(({ refusedBy }) => refusedBy)).toEqual(calls(simulator).map(() => undefined));
  // Said of the wire for what nobody knows better; nothing else is odd.
  const notices = new Set(calls(simulator).flatMap(({ notices: said }) => said.map(text => text.split(':')[0])));
  expect([...notices].toSorted()).toEqual(['messages-thinking-adaptive', 'messages-tool-schema']);
  expect(new Set(calls(simulator).map(({ path: called }) => called))).toEqual(new Set(['/coding/v1/messages']));
  expect(outside.asked).toEqual([]);
}

function fingerprint(root: string): string {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted();
  const parts = names.map(name => {
    const stats = statSync(path.join(root, name));
    return [name, stats.mode, stats.ctimeMs, stats.isFile() ? readFileSync(path.join(root, name), 'base64') : ''];
  });
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

describe('Claude Code, with a key', () => {
  it('answers, on the model and with the window of the account', async () => {
    simulator.script({ reasoning: 'A greeting.', text: 'Hello!' });
    const result = await claude(openHome(KEY), '-p', 'say hi');
    expect(ended(result)).toMatchObject({ result: 'Hello!', is_error: false });
    expect(result).toMatchObject({ code: 0 });
    expect(ended(result)?.modelUsage).toMatchObject({ 'kimi-for-coding': { contextWindow: 1_048_576 } });
    expect(bodies().map(({ model }) => model)).toEqual(['kimi-for-coding']);
    expect(calls(simulator)[0]?.headers).toMatchObject({ 'x-api-key': KEY.KIMI_API_KEY });
    expect(calls(simulator)[0]?.headers.authorization).toBeUndefined();
    expectAccepted();
  });

  it('reads a file, and sends back its thinking with what it was signed with', async () => {
    const home = openHome(KEY);
    simulator.script([readSecret(home), { reasoning: 'There it is.', text: 'kumquat' }]);
    const result = await claude(home, '-p', 'Which word is in secret.txt?', '--allowedTools', 'Read');
    expect(ended(result)).toMatchObject({ result: 'kumquat', is_error: false });
    expect(bodies()).toHaveLength(2);
    const said = JSON.stringify(bodies()[1]?.messages);
    expect(said).toContain('The word is kumquat.');
    expect(said).toMatch(/"thinking":"I read the file\.","signature":"[^"]+"/);
    expectAccepted();
  });

  it('goes on with the last conversation', async () => {
    const home = openHome(KEY);
    simulator.script([{ reasoning: 'Noted.', text: 'I keep it in mind.' }, { text: 'It was kumquat.' }]);
    await claude(home, '-p', 'The word is kumquat.');
    const result = await claude(home, '-p', '--continue', 'Which word was it?');
    expect(ended(result)).toMatchObject({ result: 'It was kumquat.' });
    const said = JSON.stringify(bodies()[1]?.messages);
    expect(said).toContain('The word is kumquat.');
    expect(said).toContain('I keep it in mind.');
    expectAccepted();
  });

  it('leaves the own Claude Code of the user as it is', async () => {
    const home = openHome(KEY);
    const own = path.join(home.home, '.claude');
    mkdirSync(own);
    const settings = { model: 'opus', env: { ANTHROPIC_BASE_URL: outside.url, ANTHROPIC_AUTH_TOKEN: 'sk-ant-own' } };
    writeFileSync(path.join(own, 'settings.json'), JSON.stringify(settings));
    writeFileSync(path.join(own, '.credentials.json'), '{"claudeAiOauth":{"accessToken":"sk-ant-oauth"}}');
    const state = path.join(home.home, '.claude.json');
    writeFileSync(state, '{"theme":"light"}');
    const before = [fingerprint(own), readFileSync(state, 'utf8'), statSync(state).ctimeMs];
    expect(ended(await claude(home, '-p', 'say hi'))).toMatchObject({ is_error: false });
    expect([fingerprint(own), readFileSync(state, 'utf8'), statSync(state).ctimeMs]).toEqual(before);
    expect(JSON.stringify(simulator.requests)).not.toContain('sk-ant');
    expectAccepted();
  });

  it.skipIf(!hasPseudoTerminal)('asks nothing of a person before the first prompt, and answers it', async () => {
    const home = openHome(KEY);
    await promisify(execFile)(process.execPath, [cli, 'claude', '--print-env', 'json'], { env: home.environment });
    // Whether a folder is trusted is for the person to say, and no part of what our command answers.
    const state = path.join(home.home, '.claude-kimi', '.claude.json');
    const answers = JSON.parse(readFileSync(state, 'utf8')) as object;
    const projects = { [home.project]: { hasTrustDialogAccepted: true } };
    writeFileSync(state, JSON.stringify({ ...answers, projects }));
    simulator.script({ text: 'Hello, terminal!' });

    const env = home.environment;
    const terminal = openPseudoTerminal([cli, 'claude'], { columns: 100, env, cwd: home.project });
    // It moves the cursor over what it need not write again, spaces above all.
    const limit = AbortSignal.timeout(60_000);
    const seen = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(terminal.text().replace(/\s+/g, ''))) {
        await once(terminal.child.stdout as NodeJS.ReadableStream, 'data', { signal: limit });
      }
    };
    try {
      await seen(/kimi-for-coding.*❯/);
      terminal.type('say hi');
      await seen(/sayhi/);
      terminal.type('\r');
      await seen(/Hello,terminal!/);
    } finally {
      terminal.child.kill('SIGKILL');
      await terminal.ended;
    }
    expect(bodies().map(({ model }) => model)).toContain('kimi-for-coding');
    expect(calls(simulator)[0]?.headers).toMatchObject({ 'x-api-key': KEY.KIMI_API_KEY });
  });

  it('compacts at the window of the model, and not before', async () => {
    for (const [model, isCompacted] of [
      ['k3-256k', true],
      ['k3', false],
    ] as const) {
      simulator.clearRequests();
      const home = openHome(KEY);
      const long = { ...readSecret(home), usage: { promptTokens: 240_000, completionTokens: 30 } };
      simulator.script([long, { text: 'What was said.' }, { text: 'kumquat' }]);
      const result = await claude(home, '--model', model, '-p', 'Which word?', '--allowedTools', 'Read');
      const compactions = result.events.filter(({ subtype }) => subtype === 'compact_boundary');
      expect({ model, triggers: compactions.map(({ compact_metadata: said }) => said?.trigger) }).toEqual({
        model,
        triggers: isCompacted ? ['auto'] : [],
      });
      expectAccepted();
      simulator.reset();
    }
  });

  it('says in our words that a key is not accepted, before anything is started', async () => {
    const home = openHome({ KIMI_API_KEY: 'sk-kimi-wrong' });
    const result = await claude(home, '-p', 'say hi');
    expect({ code: result.code, calls: calls(simulator).length }).toEqual({ code: 3, calls: 0 });
    expect(result.stderr).toContain('KIMI_API_KEY');
    expect(JSON.stringify(result)).not.toContain('sk-kimi-wrong');
    expect(existsSync(path.join(home.home, '.claude-kimi'))).toBe(false);
  });

  it.each([
    [403, 'permission_error', 1],
    [403, 'access_terminated_error', 1],
    [429, 'rate_limit_error', 6],
  ])('says in words that the plan is used up (%i %s), after %i requests', async (status, type, requests) => {
    const refusal = { status, body: { error: { type, message: WEEKLY } } };
    simulator.script(Array.from({ length: 20 }, () => refusal));
    const result = await claude(openHome(KEY), '-p', 'say hi');
    expect(result.stoppedBecause).toBeUndefined();
    expect(ended(result)).toMatchObject({ is_error: true, result: expect.stringContaining(WEEKLY) as string });
    expect({ code: result.code, requests: calls(simulator).length }).toEqual({ code: 1, requests });
  });

  it('is not led elsewhere by the settings of a project', async () => {
    const home = openHome(KEY);
    mkdirSync(path.join(home.project, '.claude'));
    const elsewhere = { ANTHROPIC_BASE_URL: outside.url, ANTHROPIC_MODEL: 'other', ANTHROPIC_CUSTOM_HEADERS: 'a: b' };
    for (const name of ['settings.json', 'settings.local.json']) {
      writeFileSync(path.join(home.project, '.claude', name), JSON.stringify({ env: elsewhere, model: 'other' }));
    }
    expect(ended(await claude(home, '-p', 'say hi'))).toMatchObject({ is_error: false });
    expect(bodies().map(({ model }) => model)).toEqual(['kimi-for-coding']);
    expectAccepted();
  });
});

describe('Claude Code, with a login', () => {
  const renewed = { refreshes: 1, revoked: false };
  const renewals = () => ({ refreshes: simulator.counts.refreshes, revoked: simulator.chainRevoked });

  it('answers, and the project can lead its token nowhere', async () => {
    const home = await signedIn();
    mkdirSync(path.join(home.project, '.claude'));
    const settings = { env: { ANTHROPIC_BASE_URL: outside.url }, apiKeyHelper: 'echo other' };
    writeFileSync(path.join(home.project, '.claude', 'settings.json'), JSON.stringify(settings));
    const result = await claude(home, '-p', 'say hi');
    expect(ended(result)).toMatchObject({ is_error: false });
    expect(result.events[0]).toMatchObject({ apiKeySource: 'apiKeyHelper' });
    expect(calls(simulator)[0]?.headers['x-api-key']).toMatch(/^ey/);
    expectAccepted();
  });

  it('renews a token that ends in the middle, once, and goes on', async () => {
    const home = await signedIn();
    simulator.script([
      () => {
        simulator.expireTokens();
        return readSecret(home);
      },
      { text: 'kumquat' },
    ]);
    const result = await claude(home, '-p', 'Which word?', '--allowedTools', 'Read');
    expect(ended(result)).toMatchObject({ result: 'kumquat', is_error: false });
    expect(calls(simulator).map(({ status }) => status)).toEqual([200, 401, 200]);
    expect(renewals()).toEqual(renewed);
  });

  it('renews it once for two that run at the same time', async () => {
    const home = await signedIn();
    simulator.expireTokens();
    const results = await Promise.all([claude(home, '-p', 'say one'), claude(home, '-p', 'say two')]);
    expect(results.map(result => ended(result)?.is_error)).toEqual([false, false]);
    expect(results.map(result => ended(result)?.result)).toEqual([
      expect.stringContaining('say one'),
      expect.stringContaining('say two'),
    ]);
    expect(renewals()).toEqual(renewed);
  });

  it('says how to sign in again when the login ends in the middle', async () => {
    const home = await signedIn();
    simulator.script(() => {
      simulator.revoke();
      return readSecret(home);
    });
    const result = await claude(home, '-p', 'Which word?', '--allowedTools', 'Read');
    expect(result.stoppedBecause).toBeUndefined();
    expect(result.code).toBe(1);
    expect(result.stderr + result.stdout).toContain('npx ai-sdk-provider-kimi login');
    expect(calls(simulator).length).toBeLessThanOrEqual(7);
  });

  it('is what a shell starts that has read --print-env', async () => {
    const home = await signedIn();
    const exported = `eval "$("${process.execPath}" "${cli}" claude --print-env bash)"`;
    const script = `${exported} && exec claude -p "say hi" --output-format json`;
    const result = await run('bash', ['-c', script], simulator, home.project, {
      ...home.environment,
      ANTHROPIC_API_KEY: 'sk-ant-other',
    });
    expect(ended(result)).toMatchObject({ is_error: false });
    expect(calls(simulator)[0]?.headers['x-api-key']).toMatch(/^ey/);
    expectAccepted();
  });
});
