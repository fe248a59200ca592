import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { bundleCLI } from './bundle-cli';
import { environmentFor, UNSET } from './run-in-process';

/** The command as a process of its own, with a program in the place of Claude Code that says how it was started. */
const KEY = 'sk-kimi-simulator';
const FAKE = `#!${process.execPath}
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { CLAUDE_CONFIG_DIR: folder, FAKE_EXIT, FAKE_WAIT, FAKE_RECORD } = process.env;
const settings = JSON.parse(process.argv[process.argv.indexOf('--settings') + 1]);
const helper = settings.apiKeyHelper && spawnSync('/bin/sh', ['-c', settings.apiKeyHelper], { encoding: 'utf8' });
fs.writeFileSync(FAKE_RECORD, JSON.stringify({ argv: process.argv.slice(2), env: process.env, settings, helper }));
if (FAKE_WAIT) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      console.log('got ' + signal);
      process.exit(7);
    });
  }
  console.log('waiting');
  setInterval(() => {}, 1000);
} else if (/^SIG/.test(FAKE_EXIT || '')) {
  process.kill(process.pid, FAKE_EXIT);
} else {
  process.exit(Number(FAKE_EXIT || 0));
}
`;

type Started = {
  argv: string[];
  env: Record<string, string>;
  settings: { env: Record<string, string>; apiKeyHelper: string; [key: string]: unknown };
  helper: { status: number; stdout: string; stderr: string } | '';
};

let cli: Awaited<ReturnType<typeof bundleCLI>>;
let simulator: KimiSimulator;
let environment: NodeJS.ProcessEnv;
let home: string;
let bin: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  cli = await bundleCLI();
});
afterAll(() => cli.dispose());
beforeEach(async () => {
  simulator = await startKimiSimulator({ autoApprove: true, deviceInterval: 1 });
  home = mkdtempSync(path.join(tmpdir(), 'kimi-claude-home-'));
  bin = path.join(home, 'bin');
  mkdirSync(bin);
  writeFileSync(path.join(bin, 'claude'), FAKE);
  chmodSync(path.join(bin, 'claude'), 0o755);
  environment = {
    ...process.env,
    ...environmentFor(simulator),
    HOME: home,
    PATH: bin,
    KIMI_CREDENTIAL_STORE: 'file',
    FAKE_RECORD: path.join(home, 'record.json'),
  };
  UNSET.forEach(name => delete environment[name]);
});
afterEach(async () => {
  children.splice(0).forEach(child => child.kill('SIGKILL'));
  rmSync(home, { recursive: true, force: true });
  await simulator.close();
});

function start(argv: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [cli.program, ...argv], {
    env: { ...environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (output.stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
    ...output,
  }));
  return { child, output, ended };
}
const claude = (argv: readonly string[], env: Record<string, string> = {}) => start(['claude', ...argv], env).ended;
const withKey = (...argv: string[]) => claude(argv, { KIMI_API_KEY: KEY });
const started = (): Started => JSON.parse(readFileSync(environment.FAKE_RECORD ?? '', 'utf8')) as Started;
const wasStarted = (): boolean => existsSync(environment.FAKE_RECORD ?? '');
const folder = () => path.join(home, '.claude-kimi');
const configured = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path.join(folder(), name), 'utf8')) as Record<string, unknown>;
const tokensSent = () => simulator.requests.map(({ headers }) => headers.authorization);

/** Names, modes, times and contents of a folder and all below. */
function fingerprint(root: string): string {
  const names = existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted() : [];
  const parts = names.map(name => {
    const stats = statSync(path.join(root, name));
    const content = stats.isFile() ? readFileSync(path.join(root, name), 'base64') : '';
    return [name, stats.mode, stats.mtimeMs, stats.ctimeMs, content];
  });
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** The user's own Claude Code, signed in to another vendor. */
function ownClaude(settings: object = {}): { own: string; before: string[] } {
  const own = path.join(home, '.claude');
  mkdirSync(path.join(own, 'themes'), { recursive: true });
  writeFileSync(path.join(own, 'settings.json'), JSON.stringify(settings));
  writeFileSync(path.join(own, 'keybindings.json'), '{"bindings":[]}');
  writeFileSync(path.join(own, 'themes', 'mine.json'), '{"base":"dark"}');
  writeFileSync(path.join(own, '.credentials.json'), '{"claudeAiOauth":{"accessToken":"sk-ant-secret"}}');
  writeFileSync(
    path.join(home, '.claude.json'),
    '{"theme":"light","oauthAccount":{"emailAddress":"a@b.c"},"primaryApiKey":"sk-ant-primary"}',
  );
  return { own, before: [fingerprint(own), readFileSync(path.join(home, '.claude.json'), 'utf8')] };
}

describe.skipIf(process.platform === 'win32')('claude, with a key', () => {
  it('starts it on Kimi, with the key, the model and its window', async () => {
    expect(await withKey('-p', 'say hi')).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    const { argv, env, settings } = started();
    expect(argv).toEqual(['--settings', expect.any(String), '-p', 'say hi']);
    const route = {
      ANTHROPIC_BASE_URL: simulator.apiBaseURL.replace(/v1$/, ''),
      ANTHROPIC_MODEL: 'kimi-for-coding',
      ANTHROPIC_DEFAULT_OPUS_MODEL: 'kimi-for-coding',
      ANTHROPIC_DEFAULT_SONNET_MODEL: 'kimi-for-coding',
      ANTHROPIC_DEFAULT_HAIKU_MODEL: 'kimi-for-coding',
      ANTHROPIC_DEFAULT_FABLE_MODEL: 'kimi-for-coding',
      ANTHROPIC_SMALL_FAST_MODEL: 'kimi-for-coding',
      CLAUDE_CODE_SUBAGENT_MODEL: 'kimi-for-coding',
      CLAUDE_CODE_MAX_CONTEXT_TOKENS: '1048576',
      CLAUDE_CODE_AUTO_COMPACT_WINDOW: '1048576',
    };
    expect(settings).toEqual({ env: route, apiKeyHelper: '' });
    expect(env).toMatchObject({
      ...route,
      CLAUDE_CONFIG_DIR: folder(),
      ANTHROPIC_API_KEY: KEY,
      DISABLE_COST_WARNINGS: '1',
      ENABLE_TOOL_SEARCH: 'false',
      CLAUDE_CODE_MAX_RETRIES: '5',
    });
    expect(JSON.stringify(argv)).not.toContain(KEY);
  });

  it('makes its folder once, for this user alone, with the first questions answered and the key approved', async () => {
    await withKey();
    expect(configured('.claude.json')).toEqual({
      hasCompletedOnboarding: true,
      customApiKeyResponses: { approved: [KEY.slice(-20)], rejected: [] },
    });
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder())) {
      expect({ name, mode: statSync(path.join(folder(), name)).mode & 0o777 }).toEqual({ name, mode: 0o600 });
    }
    expect(readdirSync(folder())).toEqual(['.claude.json']);

    // What Claude Code or its user has put there since stays.
    writeFileSync(path.join(folder(), 'settings.json'), '{"theme":"daltonized"}');
    const before = fingerprint(folder());
    await withKey();
    expect(fingerprint(folder())).toBe(before);
  });

  it("takes the user's settings, keys and theme, and nothing of the other account, which is not touched", async () => {
    const { own, before } = ownClaude({
      model: 'opus',
      availableModels: ['opus'],
      apiKeyHelper: 'cat /secret',
      permissions: { allow: ['Bash(ls)'] },
      env: {
        ANTHROPIC_BASE_URL: 'https://example.com',
        ANTHROPIC_AUTH_TOKEN: 'sk-ant-token',
        CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oauth',
        CLAUDE_CODE_USE_BEDROCK: '1',
        CLAUDE_CODE_MAX_CONTEXT_TOKENS: '1',
        EDITOR: 'vi',
      },
    });
    await withKey();
    expect(configured('settings.json')).toEqual({ permissions: { allow: ['Bash(ls)'] }, env: { EDITOR: 'vi' } });
    expect(configured('keybindings.json')).toEqual({ bindings: [] });
    expect(configured('themes/mine.json')).toEqual({ base: 'dark' });
    expect(configured('.claude.json')).toMatchObject({ theme: 'light' });
    const all = readdirSync(folder(), { recursive: true, encoding: 'utf8' })
      .filter(name => statSync(path.join(folder(), name)).isFile())
      .map(name => readFileSync(path.join(folder(), name), 'utf8'));
    expect(all.join()).not.toMatch(/sk-ant|oauthAccount/);
    expect([fingerprint(own), readFileSync(path.join(home, '.claude.json'), 'utf8')]).toEqual(before);
  });

  it('hides every variable of another vendor or account', async () => {
    await claude([], {
      KIMI_API_KEY: KEY,
      ANTHROPIC_API_KEY: 'sk-ant-ambient',
      ANTHROPIC_AUTH_TOKEN: 'sk-ant-token',
      ANTHROPIC_CUSTOM_HEADERS: 'x-evil: 1',
      ANTHROPIC_VERTEX_PROJECT_ID: 'p',
      CLAUDE_CODE_USE_BEDROCK: '1',
      CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oauth',
      CLAUDE_CONFIG_DIR: path.join(home, '.claude'),
      CLAUDE_CODE_MAX_RETRIES: '2',
      EDITOR: 'vi',
    });
    const { env } = started();
    expect(
      Object.keys(env).filter(name => /BEDROCK|CODE_OAUTH_TOKEN|VERTEX|AUTH_TOKEN|CUSTOM_HEADERS/.test(name)),
    ).toEqual([]);
    expect(env).toMatchObject({
      ANTHROPIC_API_KEY: KEY,
      CLAUDE_CONFIG_DIR: folder(),
      CLAUDE_CODE_MAX_RETRIES: '2',
      EDITOR: 'vi',
    });
  });

  it("takes an ambient ANTHROPIC_API_KEY where it is Kimi's, below KIMI_API_KEY", async () => {
    await claude([], { ANTHROPIC_API_KEY: KEY });
    expect(started().env.ANTHROPIC_API_KEY).toBe(KEY);
    await claude([], { ANTHROPIC_API_KEY: 'sk-kimi-other', KIMI_API_KEY: KEY });
    expect(started().env.ANTHROPIC_API_KEY).toBe(KEY);
    const wrong = await claude([], { ANTHROPIC_API_KEY: 'sk-kimi-wrong' });
    expect(wrong.code).toBe(3);
    expect(wrong.stderr).toContain('ANTHROPIC_API_KEY');
    expect(wrong.stderr).not.toContain('sk-kimi-wrong');
  });

  it('asks nobody in the name of a key of another vendor', async () => {
    const { code, stderr } = await claude([], { ANTHROPIC_API_KEY: 'sk-ant-ambient' });
    expect({ code, wasStarted: wasStarted() }).toEqual({ code: 3, wasStarted: false });
    expect(stderr).toContain('npx ai-sdk-provider-kimi login');
    expect(tokensSent()).toEqual([]);
    expect(existsSync(folder())).toBe(false);
  });

  it('says that a key is not accepted, and starts nothing', async () => {
    const { code, stderr } = await claude(['-p', 'hi'], { KIMI_API_KEY: 'sk-kimi-wrong' });
    expect({ code, wasStarted: wasStarted() }).toEqual({ code: 3, wasStarted: false });
    expect(stderr).toContain('KIMI_API_KEY');
    expect(stderr).not.toContain('sk-kimi-wrong');
  });

  it('says how to install it where it is missing', async () => {
    rmSync(path.join(bin, 'claude'));
    const { code, stderr } = await withKey();
    expect(code).toBe(2);
    expect(stderr).toContain('npm install -g @anthropic-ai/claude-code');
    expect(simulator.requests).toEqual([]);
  });

  it.each(['.local/bin', '.claude/local'])('finds it in ~/%s, which is on few PATHs', async place => {
    rmSync(path.join(bin, 'claude'));
    mkdirSync(path.join(home, place), { recursive: true });
    writeFileSync(path.join(home, place, 'claude'), FAKE);
    chmodSync(path.join(home, place, 'claude'), 0o755);
    expect((await withKey()).code).toBe(0);
    expect(wasStarted()).toBe(true);
  });

  it.each(['0', '1', '42'])('ends with its exit code: %s', async code => {
    expect(await claude([], { KIMI_API_KEY: KEY, FAKE_EXIT: code })).toMatchObject({
      code: Number(code),
      signal: null,
      stderr: '',
    });
  });

  it('ends as a shell would where a signal ended it', async () => {
    expect((await claude([], { KIMI_API_KEY: KEY, FAKE_EXIT: 'SIGKILL' })).code).toBe(137);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('hands %s on, and waits for its end', async signal => {
    const { child, output, ended } = start(['claude'], { KIMI_API_KEY: KEY, FAKE_WAIT: '1' });
    while (!output.stdout.includes('waiting')) {
      await once(child.stdout as NodeJS.ReadableStream, 'data');
    }
    child.kill(signal);
    expect(await ended).toEqual({ code: 7, signal: null, stdout: `waiting\ngot ${signal}\n`, stderr: '' });
  });
});

describe.skipIf(process.platform === 'win32')('claude, with options', () => {
  it('chooses one of the models, with its window, also in the spelling of Claude Code', async () => {
    await withKey('--model', 'k3-256k');
    expect(started().settings.env).toMatchObject({
      ANTHROPIC_MODEL: 'k3-256k',
      ANTHROPIC_DEFAULT_HAIKU_MODEL: 'k3-256k',
      CLAUDE_CODE_MAX_CONTEXT_TOKENS: '262144',
      CLAUDE_CODE_AUTO_COMPACT_WINDOW: '262144',
    });
    await withKey('--model=k3[1m]');
    expect(started().env).toMatchObject({ ANTHROPIC_MODEL: 'k3', CLAUDE_CODE_MAX_CONTEXT_TOKENS: '1048576' });
  });

  it('takes a model that is served on the Anthropic protocol alone, and none that is served on neither', async () => {
    const [first] = simulator.models.coding;
    simulator.models.coding = [
      { ...first, id: 'of-responses', context_length: 1000, protocol: 'response' },
      { ...first, id: 'of-messages', context_length: 300_000, protocol: 'anthropic' },
    ];
    await withKey();
    expect(started().env).toMatchObject({
      ANTHROPIC_MODEL: 'of-messages',
      CLAUDE_CODE_AUTO_COMPACT_WINDOW: '300000',
    });
    const { code, stderr } = await withKey('--model', 'of-responses');
    expect(code).toBe(1);
    expect(stderr.replace(/\s+/g, ' ')).toContain('Use one of: of-messages.');
  });

  it('names what there is for a model that the account has not', async () => {
    const { code, stderr } = await withKey('--model', 'k33');
    expect({ code, wasStarted: wasStarted() }).toEqual({ code: 1, wasStarted: false });
    expect(stderr.replace(/\s+/g, ' ')).toMatch(/nearest it has is "k3".*Use one of: kimi-for-coding, /);
  });

  it('puts its folder elsewhere, but never into the one of the other account', async () => {
    const { own, before } = ownClaude();
    const elsewhere = path.join(home, 'deep', 'folder');
    await withKey('--config-dir', elsewhere);
    expect(started().env.CLAUDE_CONFIG_DIR).toBe(elsewhere);
    expect(existsSync(path.join(elsewhere, '.claude.json'))).toBe(true);
    symlinkSync(own, path.join(home, 'link'));
    expect((await withKey('--config-dir', own)).code).toBe(2);
    expect((await withKey('--config-dir', path.join(home, 'link'))).code).toBe(2);
    expect(fingerprint(own)).toBe(before[0]);
  });

  it.each(['--yolo', '--yes', '-y'])('%s skips permissions, but not for root', async flag => {
    const sandboxed = { KIMI_API_KEY: KEY, IS_SANDBOX: '1' };
    await claude(['-p', 'hi', flag], sandboxed);
    expect(started().argv.slice(2)).toEqual(['--dangerously-skip-permissions', '-p', 'hi']);
    if (process.getuid?.() === 0) {
      rmSync(environment.FAKE_RECORD ?? '');
      const { code, stderr } = await withKey(flag);
      expect({ code, wasStarted: wasStarted() }).toEqual({ code: 2, wasStarted: false });
      expect(stderr).toContain('as root');
    }
  });

  it('passes on everything else as it stands', async () => {
    const words = ['--continue', '-p', '--json-schema', '{"a": "b c"}', '--json', '--version', '$HOME "x"', '', '--'];
    await withKey(...words, '--model', 'theirs', '--yolo');
    expect(started().argv.slice(2)).toEqual([...words, '--model', 'theirs', '--yolo']);
  });

  it("joins the user's --settings with ours, which lead to Kimi", async () => {
    const given = { includeCoAuthoredBy: false, env: { EDITOR: 'vi', ANTHROPIC_BASE_URL: 'https://example.com' } };
    const file = path.join(home, 'given.json');
    writeFileSync(file, JSON.stringify(given));
    for (const words of [['--settings', JSON.stringify(given)], [`--settings=${file}`]]) {
      await withKey(...words, '-p');
      const { argv, settings } = started();
      expect(argv.filter(word => word.startsWith('--settings'))).toHaveLength(1);
      expect(settings).toMatchObject({
        includeCoAuthoredBy: false,
        env: { EDITOR: 'vi', ANTHROPIC_BASE_URL: simulator.apiBaseURL.replace(/v1$/, '') },
      });
    }
    expect((await withKey('--settings', '{oops')).code).toBe(2);
    expect((await withKey('--settings', path.join(home, 'none.json'))).code).toBe(2);
  });

  it.each([['--model'], ['--model='], ['--region', 'mars'], ['--account', '--print-env'], ['--print-env=tcsh']])(
    '%j %j is usage',
    async (...words) => {
      expect(await withKey(...words)).toMatchObject({ code: 2, stdout: '' });
      expect(wasStarted()).toBe(false);
    },
  );

  it('has its own help', async () => {
    const { code, stdout } = await claude(['--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/--print-env \[shell\]/);
    expect(stdout).not.toContain('--json');
  });
});

describe.skipIf(process.platform === 'win32')('claude, with a login', () => {
  const signIn = (...flags: string[]) => start(['login', ...flags]).ended;

  it('hands Claude Code the command that gives the token, and no secret', async () => {
    await signIn();
    await claude(['-p', 'hi']);
    const { argv, env, settings, helper } = started();
    expect(env.ANTHROPIC_API_KEY).toBeUndefined();
    expect(settings.apiKeyHelper).toMatch(/^'\/[^']+' '\/[^']+' token --check$/);
    expect(configured('settings.json')).toEqual({ apiKeyHelper: settings.apiKeyHelper });
    const sent = tokensSent().at(-1)?.replace('Bearer ', '') ?? '';
    expect(helper).toMatchObject({ status: 0, stdout: `${sent}\n`, stderr: '' });
    expect(JSON.stringify([argv, env])).not.toContain(sent);
    expect(readFileSync(path.join(folder(), '.claude.json'), 'utf8')).not.toContain(sent.slice(-20));
  });

  it('gives a new token when the last one was refused, and one refresh to all who ask at once', async () => {
    await signIn();
    simulator.expireTokens();
    await claude([]);
    expect(started().helper).toMatchObject({ status: 0 });
    simulator.expireTokens();
    const { apiKeyHelper } = started().settings;
    const asked = Array.from({ length: 3 }, () => {
      const child = spawn('/bin/sh', ['-c', apiKeyHelper], { env: environment, stdio: ['ignore', 'pipe', 'ignore'] });
      children.push(child);
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (piece: string) => void (text += piece));
      return once(child, 'close').then(() => text.trim());
    });
    const tokens = await Promise.all(asked);
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).toMatch(/^ey/);
    expect(simulator.counts.refreshes).toBe(2);
    expect(simulator.chainRevoked).toBe(false);
  });

  it('says through the command what to do when the login has ended', async () => {
    await signIn();
    await claude([]);
    simulator.revoke();
    expect((await claude([])).code).toBe(3);
    const { apiKeyHelper } = started().settings;
    const child = spawn('/bin/sh', ['-c', apiKeyHelper], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    const said: string[] = [];
    child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(3);
    expect(said.join('')).toContain('npx ai-sdk-provider-kimi login');
  });

  it('keeps to the account that it was started with', async () => {
    await signIn('--account', 'work');
    expect((await claude([])).code).toBe(3);
    await claude(['--account', 'work']);
    expect(started().settings.apiKeyHelper).toMatch(/ token --check --account work$/);
    expect(started().helper).toMatchObject({ status: 0 });
  });

  it('is not in the way of a key, nor the key of the login', async () => {
    await signIn();
    await claude([]);
    await withKey();
    expect(started().settings.apiKeyHelper).toBe('');
    expect(configured('settings.json')).not.toHaveProperty('apiKeyHelper');
    await claude([]);
    expect(started().env.ANTHROPIC_API_KEY).toBeUndefined();
    expect(configured('settings.json')).toHaveProperty('apiKeyHelper');
  });
});

describe.skipIf(process.platform === 'win32')('claude --print-env', () => {
  it.each([
    ['bash', '/bin/bash'],
    ['bash', '/bin/sh'],
  ])('%s: what is set is what Claude Code would be started with', async (shell, program) => {
    const { code, stdout } = await claude(['--print-env', shell], {
      KIMI_API_KEY: KEY,
      ANTHROPIC_AUTH_TOKEN: 'sk-ant-token',
    });
    expect(code).toBe(0);
    expect(wasStarted()).toBe(false);
    await withKey();
    const { env } = started();
    const child = spawn(
      program,
      ['-c', `eval "$0"; exec ${process.execPath} -p 'JSON.stringify(process.env)'`, stdout],
      {
        env: { PATH: '/usr/bin:/bin', ANTHROPIC_AUTH_TOKEN: 'sk-ant-token' },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    children.push(child);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => void (text += piece));
    await once(child, 'close');
    const set = JSON.parse(text) as Record<string, string>;
    expect(set.ANTHROPIC_AUTH_TOKEN).toBeUndefined();
    const names = Object.keys(env).filter(name => /^ANTHROPIC|^CLAUDE|^DISABLE_COST|^ENABLE_TOOL/.test(name));
    expect(names.length).toBeGreaterThan(12);
    expect(names.map(name => [name, set[name]])).toEqual(names.map(name => [name, env[name]]));
  });

  it('prints JSON, fish and PowerShell', async () => {
    const { stdout } = await claude(['--print-env=json'], { KIMI_API_KEY: KEY, ANTHROPIC_AUTH_TOKEN: 'x' });
    expect(JSON.parse(stdout)).toMatchObject({
      ANTHROPIC_API_KEY: KEY,
      ANTHROPIC_AUTH_TOKEN: null,
      CLAUDE_CONFIG_DIR: folder(),
    });
    const fish = await claude(['--print-env', 'fish'], { KIMI_API_KEY: KEY });
    expect(fish.stdout).toContain(`\nset -gx ANTHROPIC_API_KEY '${KEY}'\n`);
    const shell = await claude(['--print-env', 'pwsh'], { KIMI_API_KEY: KEY });
    expect(shell.stdout).toContain(`\n$env:ANTHROPIC_API_KEY = '${KEY}'\n`);
    const guessed = await claude(['--print-env'], { KIMI_API_KEY: KEY, SHELL: '/usr/bin/fish' });
    expect(guessed.stdout).toBe(fish.stdout);
  });

  it('prints no secret with a login', async () => {
    await start(['login']).ended;
    const { stdout } = await claude(['--print-env', 'json'], { ANTHROPIC_API_KEY: 'sk-ant-other' });
    expect(JSON.parse(stdout)).toMatchObject({ ANTHROPIC_API_KEY: null });
    expect(stdout).not.toContain(tokensSent().at(-1)?.replace('Bearer ', ''));
    expect(configured('settings.json')).toHaveProperty('apiKeyHelper');
  });

  it('starts nothing, so that words for Claude Code are usage', async () => {
    expect((await withKey('--print-env', '-p', 'hi')).code).toBe(2);
  });
});
