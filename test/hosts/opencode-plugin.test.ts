import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sharedEntry } from '../../src/credentials/opencode/auth-entry';
import {
  startKimiSimulator,
  type KimiSimulator,
  type RecordedRequest,
  type ScriptedAnswer,
} from '../../src/simulator/index';
import { KIMI_CLI } from '../../src/upstream';
import { chats } from '../support/chats';
import { installOpencode } from './opencode/install-opencode';
import {
  configFolder,
  execOpencode,
  openPluginHome,
  readAuth,
  writeAuth,
  type OpencodeAuth,
  type PluginHome,
} from './opencode/plugin-home';
import { OpencodeScreen } from './opencode/opencode-screen';
import { runOpencode, type OpencodeRun } from './opencode/run-opencode';

/** The real opencode, which installs this package as a plugin by its own command, from a registry. */
const PROVIDER = 'kimi-for-coding-oauth';
const root = fileURLToPath(new URL('../..', import.meta.url));
const LOGIN = `opencode auth login -p ${PROVIDER}`;

type Body = {
  messages: Array<{ role: string; content?: unknown; reasoning_content?: string }>;
  tools?: unknown[];
  prompt_cache_key?: string;
  thinking?: unknown;
};

let binary: string;
let installed: PluginHome;
let installation: Awaited<ReturnType<typeof execOpencode>>;
let simulator: KimiSimulator;

beforeAll(async () => {
  binary = installOpencode();
  await using first = await startKimiSimulator();
  installed = openPluginHome(first);
  installation = await execOpencode(binary, installed, ['plugin', 'ai-sdk-provider-kimi', '--global']);
}, 300_000);
beforeEach(async () => {
  simulator = await startKimiSimulator({ autoApprove: true, gate: 'known-agents', deviceInterval: 1 });
});
afterEach(() => simulator.close());

function open(auth: OpencodeAuth, environment: Record<string, string> = {}): PluginHome {
  const home = openPluginHome(simulator, environment, installed);
  writeAuth(home, auth);
  return home;
}
const ask = (home: PluginHome, ...parameters: string[]) =>
  runOpencode(binary, simulator, home, ['--model', `${PROVIDER}/kimi-for-coding`, ...parameters]);
const bodyOf = ({ json }: RecordedRequest) => json as Body;
/** The agent's own calls; besides them opencode asks, without tools, for a title of the session. */
const steps = () => chats(simulator).filter(request => bodyOf(request).tools !== undefined);
const textOf = ({ events }: OpencodeRun) =>
  events.flatMap(({ part, type }) => (type === 'text' ? [part?.text] : [])).join('');
const errorsOf = ({ events }: OpencodeRun) =>
  events.flatMap(({ error }) => (error === undefined ? [] : [error.data?.message ?? error.name]));
const modelsOf = async (home: PluginHome) => {
  const { code, stdout, stderr } = await execOpencode(binary, home, ['models']);
  const ids = stdout.split('\n').filter(line => /kimi/.test(line) && !/^(opencode|kimi-code-plan|moonshot)/.test(line));
  return { code, ids, stderr };
};

/** Answers the agent's calls in turn and every title at once: both come together, in any order. */
function answer(...answers: ScriptedAnswer[]): void {
  let next = 0;
  const script = (body: unknown): ScriptedAnswer =>
    (body as Body).tools === undefined ? { text: 'A title' } : (answers[next++] ?? { text: 'Nothing more.' });
  simulator.script(Array.from({ length: 40 }, () => script));
}

/** What a key or a login is for: Kimi's own hosts need not be named, those of the simulator must be. */
const binding = () => ({ oauth_host: simulator.oauthHost, api_origin: simulator.url, account: 'default' });

function keyEntry(key = 'sk-kimi-simulator'): OpencodeAuth {
  return { [PROVIDER]: { type: 'api', key, metadata: { service: 'coding', region: 'mainland-cn', ...binding() } } };
}

/** A login as the plugin leaves it in opencode's file. */
function login(): OpencodeAuth {
  const { access_token, refresh_token, expires_in } = simulator.signIn();
  const details = new URLSearchParams({
    expires_in: String(expires_in),
    scope: 'kimi-code',
    token_type: 'Bearer',
    ...binding(),
  });
  const expires = Date.now() + expires_in * 1000;
  return {
    other: { type: 'api', key: 'sk-other' },
    [PROVIDER]: {
      type: 'oauth',
      refresh: refresh_token,
      access: access_token,
      expires,
      enterpriseUrl: `kimi:?${details}`,
    },
  };
}

function expectAccepted(): void {
  expect(chats(simulator).length).toBeGreaterThan(0);
  for (const request of chats(simulator)) {
    expect({ refusedBy: request.refusedBy, notices: request.notices }).toEqual({ refusedBy: undefined, notices: [] });
    expect(request.headers).toMatchObject({
      'user-agent': `${KIMI_CLI.userAgentProduct}/${KIMI_CLI.version}`,
      'x-msh-platform': KIMI_CLI.platform,
    });
  }
}

describe('opencode, which installs the plugin', () => {
  it('has it in the configuration of its server and of its terminal', () => {
    expect(installation).toMatchObject({ code: 0 });
    const folder = configFolder(installed);
    const files = readdirSync(folder).filter(name => /^(opencode|tui)\.jsonc?$/.test(name));
    expect(files.map(name => name.split('.')[0]).toSorted()).toEqual(['opencode', 'tui']);
    for (const name of files) {
      expect(readFileSync(path.join(folder, name), 'utf8')).toContain('"ai-sdk-provider-kimi"');
    }
  });

  it('answers with the model of examples/opencode/plugin.json where none is asked for', async () => {
    const home = open(keyEntry());
    cpSync(path.join(root, 'examples/opencode/plugin.json'), path.join(home.project, 'opencode.json'));
    const result = await runOpencode(binary, simulator, home, ['say hi']);
    expect({ text: textOf(result), errors: errorsOf(result) }).toEqual({
      text: expect.stringContaining('say hi') as string,
      errors: [],
    });
    expectAccepted();
  });

  it("lists the account's models", async () => {
    const listed = await modelsOf(open(keyEntry()));
    expect(listed).toMatchObject({ code: 0 });
    expect(simulator.requests.map(({ path: asked }) => asked).filter(asked => asked.endsWith('/models'))).toHaveLength(
      1,
    );
    expect(listed.ids).toEqual(expect.arrayContaining([`${PROVIDER}/kimi-for-coding`, `${PROVIDER}/k3`]));
  });

  it('gives nothing twice to somebody who has it as `npm` of a provider, too', async () => {
    const home = open({}, { KIMI_API_KEY: 'sk-kimi-simulator' });
    const provider = { kimi: { npm: 'ai-sdk-provider-kimi', models: { 'kimi-for-coding': { name: 'Mine' } } } };
    writeFileSync(path.join(home.project, 'opencode.json'), JSON.stringify({ provider }));
    const { ids } = await modelsOf(home);
    expect(ids).toEqual(expect.arrayContaining(['kimi/kimi-for-coding', 'kimi/k3']));
    expect(ids.filter(id => id.startsWith(PROVIDER))).toEqual([]);
    const result = await runOpencode(binary, simulator, home, ['--model', 'kimi/kimi-for-coding', 'say hi']);
    expect({ text: textOf(result), errors: errorsOf(result) }).toEqual({
      text: expect.stringContaining('say hi') as string,
      errors: [],
    });
    expectAccepted();
  });
});

describe('opencode with the plugin, in a terminal', () => {
  it('signs in by a device login, which its own file keeps', async () => {
    const home = openPluginHome(simulator, {}, installed);
    await using screen = new OpencodeScreen(binary, home, ['auth', 'login', '-p', PROVIDER]);
    await screen.until(/Kimi Code subscription/);
    await screen.press('Enter');
    await screen.until(/Where is your account/);
    await screen.press('Enter');
    await screen.until(/A name for it/);
    await screen.press('Enter');
    expect(await screen.until(/Login successful/)).toMatch(/Confirm there that the code is: [A-Z0-9-]+/);
    expect(readAuth(home)).toEqual({
      [PROVIDER]: {
        type: 'oauth',
        refresh: expect.any(String) as string,
        access: expect.any(String) as string,
        expires: expect.any(Number) as number,
        enterpriseUrl: expect.stringContaining(new URLSearchParams(binding()).toString()) as string,
      },
    });
  });

  it('shows what of the plan is used', async () => {
    await using screen = new OpencodeScreen(binary, open(login()), ['--model', `${PROVIDER}/kimi-for-coding`]);
    await screen.until(/Ask anything/);
    await screen.type('/kimi:usage');
    await screen.until(/What of the Kimi plan is used/);
    await screen.press('Enter');
    expect(await screen.until(/Kimi usage[^]*%/)).toMatch(/7 days[^]*fresh in 7 days/);
  });
});

describe('opencode with the plugin and a key', () => {
  it('gets an answer in one step with the effort of its variant, the session as cache key, at no cost', async () => {
    const usage = { promptTokens: 5000, completionTokens: 30, cachedTokens: 4000, reasoningTokens: 20 };
    answer({ reasoning: 'A greeting.', text: 'Hello!', usage });
    const result = await ask(open(keyEntry()), '--variant', 'high', 'say hi');
    expect({ code: result.code, text: textOf(result), errors: errorsOf(result) }).toEqual({
      code: 0,
      text: 'Hello!',
      errors: [],
    });
    const [finished] = result.events.filter(({ type }) => type === 'step_finish').map(({ part }) => part);
    expect(finished).toMatchObject({
      reason: 'stop',
      cost: 0,
      tokens: { input: 1000, output: 10, reasoning: 20, cache: { read: 4000 } },
    });
    expect(chats(simulator)).toHaveLength(2);
    expect(steps().map(bodyOf)).toMatchObject([
      { prompt_cache_key: result.events[0]?.sessionID, thinking: { type: 'enabled', effort: 'high' } },
    ]);
    const [title] = chats(simulator).filter(request => bodyOf(request).tools === undefined);
    expect(title?.json).toMatchObject({ thinking: { type: 'disabled' } });
    expectAccepted();
  });

  it('calls a tool and goes on with its result and with its own reasoning', async () => {
    const home = open(keyEntry());
    const file = path.join(home.project, 'secret.txt');
    writeFileSync(file, 'The word is kumquat.\n');
    answer(
      { reasoning: 'I read the file.', toolCalls: [{ name: 'read', arguments: { filePath: file } }] },
      { reasoning: 'There it is.', text: 'kumquat' },
    );
    const result = await ask(home, 'Which word is in secret.txt?');
    expect({ code: result.code, text: textOf(result) }).toEqual({ code: 0, text: 'kumquat' });
    expect(steps()).toHaveLength(2);
    const [, second] = steps().map(bodyOf);
    const asked = second?.messages.findIndex(({ role }) => role === 'assistant') ?? -1;
    expect(second?.messages[asked]).toMatchObject({ reasoning_content: 'I read the file.' });
    expect(JSON.stringify(second?.messages[asked + 1])).toContain('The word is kumquat.');
    expectAccepted();
  });
});

describe("opencode with the plugin and a login in opencode's own file", () => {
  it('renews an expired token once for two that run at the same time, and writes it where it was', async () => {
    const before = login();
    const home = open(before);
    simulator.expireTokens();
    // Long enough that the second comes while the first is being renewed.
    simulator.fault({ match: { path: /\/token$/ }, times: 5, delayMs: 3000 });
    const results = await Promise.all([ask(home, 'say one'), ask(home, 'say two')]);
    expect(results.flatMap(errorsOf)).toEqual([]);
    expect(results.map(textOf)).toEqual([expect.stringContaining('say one'), expect.stringContaining('say two')]);
    expect({ refreshes: simulator.counts.refreshes, revoked: simulator.chainRevoked }).toEqual({
      refreshes: 1,
      revoked: false,
    });
    const { other, [PROVIDER]: entry } = readAuth(home);
    expect(other).toEqual(before.other);
    expect(entry).toMatchObject({ type: 'oauth', refresh: expect.any(String) as string });
    expect(entry?.refresh).not.toBe(before[PROVIDER]?.refresh);
    expect(new URLSearchParams(String(entry?.enterpriseUrl).slice('kimi:?'.length)).get('oauth_host')).toBe(
      simulator.oauthHost,
    );
  });

  it('says how to sign in again when it has ended', async () => {
    const home = open(login());
    simulator.revoke();
    const result = await ask(home, 'say hi');
    expect(result.stoppedBecause).toBeUndefined();
    expect(errorsOf(result).join()).toContain(LOGIN);
  });
});

describe('opencode with the plugin, told to share the login of this machine', () => {
  it('uses the one of our command line, and leaves it where it is', async () => {
    const shared = { [PROVIDER]: { ...sharedEntry({ region: 'mainland-cn', account: 'default' }) } };
    const home = open(shared, { KIMI_CREDENTIAL_STORE: 'file' });
    await promisify(execFile)(process.execPath, [path.join(root, 'dist', 'cli.js'), 'login', '--json'], {
      env: home.environment,
    });
    simulator.clearRequests();
    simulator.expireTokens();
    const result = await ask(home, 'say hi');
    expect({ text: textOf(result), errors: errorsOf(result) }).toEqual({
      text: expect.stringContaining('say hi') as string,
      errors: [],
    });
    expect(simulator.counts.refreshes).toBe(1);
    expect(readAuth(home)).toEqual(shared);
  });
});

describe('opencode with the plugin, where something is missing', () => {
  it('says that the provider is unknown where the plugin is not loaded', async () => {
    const { code, stdout, stderr } = await execOpencode(binary, openPluginHome(simulator), LOGIN.split(' ').slice(1));
    expect(stripVTControlCharacters(stdout + stderr)).toContain(`Unknown provider "${PROVIDER}"`);
    expect(code).not.toBe(0);
  });

  it('says in one sentence that nobody is signed in, with the command', async () => {
    const result = await ask(open({}), 'say hi');
    expect(result.stoppedBecause).toBeUndefined();
    const told = [...errorsOf(result), result.stderr].join('\n');
    expect(told).toContain(LOGIN);
    expect(told).not.toMatch(/\n\s+at /);
    expect(chats(simulator)).toEqual([]);
  });

  it('says in its log that the list of models is refused, and answers all the same', async () => {
    const body = { error: { message: 'No list for you.' } };
    simulator.fault({ match: { path: '/models' }, times: 50, status: 403, body });
    const home = open(keyEntry());
    const result = await ask(home, 'say hello');
    expect({ text: textOf(result), errors: errorsOf(result) }).toEqual({
      text: expect.stringContaining('say hello') as string,
      errors: [],
    });
    const log = readFileSync(path.join(home.home, '.local', 'share', 'opencode', 'log', 'opencode.log'), 'utf8');
    expect(log).toMatch(/list of models is not known.*No list for you/);
    expect(log).not.toContain('sk-kimi-simulator');
  });

  it('starts without a network', async () => {
    const home = open(keyEntry(), { KIMI_CODE_BASE_URL: 'http://127.0.0.1:9/coding/v1' });
    const { code, ids } = await modelsOf(home);
    expect(code).toBe(0);
    expect(ids).toContain(`${PROVIDER}/kimi-for-coding`);
  });
});
