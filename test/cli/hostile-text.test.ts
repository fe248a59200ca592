/**
 * Every command in a real terminal and in a pipe, where whatever can come from outside is hostile: texts of the server,
 * files, arguments, variables. Nothing but our own styles and the spinner may steer the terminal.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/run-cli';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { DANGEROUS, dangerousIn } from '../support/hostile-text';
import { testServices } from '../support/test-services';
import { bundleCLI } from './bundle-cli';
import { hasPseudoTerminal, openPseudoTerminal } from './pseudo-terminal';
import { environmentFor, runInProcess, UNSET } from './run-in-process';

const KEY = 'sk-kimi-simulator';
/** A title, a colour, a bell, C1, an override: what people try. Then everything, also what no argument may hold. */
const STEERING = '\x1b]0;owned\x07\x1b[31m\x9b31m\u202eevil\u2066\u200b\u{e0041}\x08\x7f\u2028';
const EVERYTHING = STEERING + DANGEROUS.join('-');
/** Arguments, variables and names of files cannot hold NUL, names of files no slash. */
const ARGUMENT = EVERYTHING.replaceAll('\0', '');

/** Our own: styles, and what yocto-spinner writes. */
const OURS = /\x1b\[(?:\d+m|\?(?:25|2026)[hl]|1G|0K|1A)/g; // oxlint-disable-line no-control-regex -- what is looked for

type Scene = {
  argv: string[];
  env?: Record<string, string>;
  prepare?: (simulator: KimiSimulator, home: string) => void;
  /** Something of it must have been shown, or the test shows nothing. */
  shows?: RegExp;
};

const refusal = (status: number, body: unknown, where: string) => (simulator: KimiSimulator) =>
  simulator.fault({ status, body, times: 9, match: { path: where } });

const SCENES: Record<string, Scene> = {
  'an unknown command': { argv: [ARGUMENT], shows: /\\u001b/ },
  'an unknown flag': { argv: ['status', `--${ARGUMENT}`], shows: /\\u001b/ },
  'a word too many': { argv: ['status', ARGUMENT] },
  'a bad region': { argv: ['status', '--region', ARGUMENT], shows: /\\u001b/ },
  'a bad port': { argv: ['simulate', '--port', ARGUMENT], shows: /\\u001b/ },
  'an account': { argv: ['status', '--account', ARGUMENT], shows: /\\u001b/ },
  'a file that is not there': { argv: ['upload', ARGUMENT], shows: /\\u001b/ },
  'an account of the environment': { argv: ['logout'], env: { KIMI_ACCOUNT: ARGUMENT }, shows: /\\u001b/ },
  'a place': {
    argv: ['status'],
    env: { KIMI_PROVIDER_HOME: path.join(tmpdir(), ARGUMENT), KIMI_CREDENTIAL_STORE: 'file' },
    shows: /\\u001b/,
  },
  'a place to be looked at': {
    argv: ['doctor'],
    env: { KIMI_PROVIDER_HOME: path.join(tmpdir(), STEERING) },
    shows: /\\u001b/,
  },
  'a store': { argv: ['status'], env: { KIMI_CREDENTIAL_STORE: ARGUMENT }, shows: /\\u001b/ },
  'a base URL': { argv: ['ask', 'x'], env: { KIMI_CODE_BASE_URL: `http://${ARGUMENT}` } },
  'an OAuth host': { argv: ['login', '--yes'], env: { KIMI_CODE_OAUTH_HOST: ARGUMENT } },
  'a key': { argv: ['token', '--force'], env: { KIMI_API_KEY: `sk-${ARGUMENT}` } },
  'a model': { argv: ['ask', 'x', '--model', ARGUMENT], env: { KIMI_API_KEY: KEY }, shows: /\\u001b/ },
  'an effort': { argv: ['ask', 'x', '--effort', ARGUMENT], env: { KIMI_API_KEY: KEY }, shows: /--effort/ },
  'an image': { argv: ['ask', 'x', '--image', ARGUMENT], env: { KIMI_API_KEY: KEY }, shows: /\\u001b/ },
  'an attachment': { argv: ['ask', 'x', '--attach', ARGUMENT], env: { KIMI_API_KEY: KEY }, shows: /\\u001b/ },
  'a shell': { argv: ['completion', ARGUMENT], shows: /\\u001b/ },
  'an id to explain': { argv: ['models', '--explain', ARGUMENT], env: { KIMI_API_KEY: KEY }, shows: /\\u001b/ },
  models: {
    argv: ['models'],
    env: { KIMI_API_KEY: KEY },
    prepare: simulator => void hostileModels(simulator),
    shows: /\\u001b/,
  },
  'usage of a plan': {
    argv: ['usage'],
    env: { KIMI_API_KEY: KEY },
    prepare: simulator => {
      const detail = { limit: 2, used: 1, resetTime: EVERYTHING };
      const boosterWallet = {
        balance: { type: 'BOOSTER', amount: 2e9, amountLeft: 1e9 },
        monthlyUsed: { currency: EVERYTHING, priceInCents: 1 },
      };
      const body = { limits: [{ name: EVERYTHING, detail }], usages: { [EVERYTHING]: detail }, boosterWallet };
      simulator.fault({ status: 200, body, match: { path: '/usages' } });
      simulator.fault({ status: 200, body: { user_id: 1, user_level_name: EVERYTHING }, match: { path: '/me' } });
    },
    shows: /\\u001b/,
  },
  'a check that is refused': {
    argv: ['status'],
    env: { KIMI_API_KEY: KEY },
    prepare: refusal(403, { error: { message: EVERYTHING } }, '/models'),
    shows: /\\u001b/,
  },
  'the model that is meant': {
    argv: ['models', '--explain', 'auto'],
    env: { KIMI_API_KEY: KEY },
    prepare: simulator => void hostileModels(simulator),
    shows: /\\u001b/,
  },
  'an answer': {
    argv: ['ask', 'x'],
    env: { KIMI_API_KEY: KEY },
    prepare: simulator => simulator.script({ reasoning: EVERYTHING, text: `${EVERYTHING} over` }),
    shows: /over/,
  },
  'an answer in pieces': {
    argv: ['ask', 'x'],
    env: { KIMI_API_KEY: KEY },
    prepare: simulator => simulator.script({ text: `${[...EVERYTHING].join('')}over`, chunkDelayMs: 1 }),
    shows: /over/,
  },
  'what was found': {
    argv: ['search', ARGUMENT, '--content'],
    env: { KIMI_API_KEY: KEY },
    prepare: ({ web }) => {
      const text = `found ${EVERYTHING}`;
      web.results = [
        {
          title: text,
          snippet: text,
          content: text,
          date: text,
          site_name: text,
          url: `https://a.example/${EVERYTHING}`,
        },
      ];
    },
    shows: /\\u001b/,
  },
  'a web page': {
    argv: ['fetch', 'https://a.example/'],
    env: { KIMI_API_KEY: KEY },
    prepare: ({ web }) => void (web.pages['https://a.example/'] = EVERYTHING),
    shows: /\\u001b/,
  },
  'a provider for opencode': {
    argv: ['opencode', '--print', '--provider', ARGUMENT],
    env: { KIMI_API_KEY: KEY },
    prepare: simulator => void hostileModels(simulator),
    shows: /\\u001b/,
  },
  'an address': { argv: ['fetch', ARGUMENT], env: { KIMI_API_KEY: KEY } },
  'a refusal': {
    argv: ['ask', 'x'],
    env: { KIMI_API_KEY: KEY },
    prepare: refusal(400, { error: { type: EVERYTHING, message: EVERYTHING } }, '/chat/completions'),
    shows: /\\u001b/,
  },
  'a refusal that is text': {
    argv: ['ask', 'x'],
    env: { KIMI_API_KEY: KEY },
    prepare: refusal(403, EVERYTHING, '/chat/completions'),
  },
  'a page': {
    argv: ['ask', 'x'],
    env: { KIMI_API_KEY: KEY },
    prepare: refusal(502, `<html><title>${STEERING}</title>`, '/chat/completions'),
    shows: /\\u001b/,
  },
  'an error in mid-answer': {
    argv: ['ask', 'x'],
    env: { KIMI_API_KEY: KEY },
    prepare: refusal(200, { error: { message: EVERYTHING } }, '/chat/completions'),
    shows: /\\u001b/,
  },
  'a list that is refused': {
    argv: ['doctor', '--chat'],
    env: { KIMI_API_KEY: KEY },
    prepare: refusal(403, { error: { message: EVERYTHING } }, '/models'),
    shows: /\\u001b/,
  },
  'a redirect': {
    argv: ['models'],
    env: { KIMI_API_KEY: KEY },
    prepare: simulator =>
      simulator.fault({
        status: 302,
        headers: { location: 'https://e.example/\x9b31m' },
        body: '',
        match: { path: '/models' },
      }),
  },
  'a sign-in page': {
    argv: ['login', '--yes'],
    prepare: refusal(
      200,
      {
        device_code: EVERYTHING,
        user_code: 'AB',
        verification_uri: `https://www.kimi.com/${EVERYTHING}`,
        expires_in: 1,
        interval: 1,
      },
      '/device_authorization',
    ),
  },
  'a sign-in page elsewhere': {
    argv: ['login', '--yes'],
    prepare: refusal(
      200,
      { device_code: 'x', user_code: 'AB', verification_uri: `${EVERYTHING}://x/` },
      '/device_authorization',
    ),
  },
  'a user code': {
    argv: ['login', '--yes'],
    prepare: refusal(
      200,
      { device_code: 'x', user_code: EVERYTHING, verification_uri: 'https://www.kimi.com/' },
      '/device_authorization',
    ),
  },
  'an OAuth error': {
    argv: ['login', '--yes'],
    prepare: refusal(400, { error: EVERYTHING, error_description: EVERYTHING }, '/device_authorization'),
  },
  'a file with a login': {
    argv: ['status'],
    prepare: (_, home) => saved(home, `{"type":"oauth","accessToken":"${STEERING}"`),
  },
  'a file with a key': {
    argv: ['token', '--force'],
    prepare: (_, home) =>
      saved(home, JSON.stringify({ type: 'api-key', key: STEERING, service: 'coding', region: STEERING })),
  },
  'the name of a file': {
    argv: ['doctor'],
    prepare: (_, home) => {
      mkdirSync(home, { recursive: true });
      writeFileSync(path.join(home, `${STEERING}.json`), '{}', { mode: 0o644 });
    },
    shows: /\\u001b/,
  },
};

function hostileModels(simulator: KimiSimulator): void {
  simulator.models.coding = [
    {
      id: EVERYTHING,
      display_name: EVERYTHING,
      context_length: 262_144,
      protocol: EVERYTHING as 'anthropic',
      think_efforts: { support: true, valid_efforts: [EVERYTHING, 'low'], default_effort: EVERYTHING },
    },
  ];
}

/** In the place of the login, whatever it is called: found by saving one. */
function saved(home: string, text: string): void {
  for (const name of readdirSync(home).filter(name => name.endsWith('.json'))) {
    writeFileSync(path.join(home, name), text, { mode: 0o600 });
  }
}

let simulator: KimiSimulator;
let environment: Record<string, string>;
beforeEach(async () => {
  simulator = await startKimiSimulator({ autoApprove: true, deviceInterval: 1 });
  environment = environmentFor(simulator);
});
afterEach(() => simulator.close());

async function set({ prepare, env }: Scene): Promise<Record<string, string>> {
  const home = environment.KIMI_PROVIDER_HOME ?? '';
  const account = { KIMI_API_KEY: '' };
  await runInProcess(['login'], { env: { ...environment, ...account } });
  prepare?.(simulator, home);
  return { ...environment, ...env };
}

it('has a scene of every command but those that show nothing of anybody', () => {
  const played = new Set(Object.values(SCENES).map(({ argv: [name] }) => name));
  expect(COMMANDS.map(({ name }) => name).filter(name => !played.has(name))).toEqual(['claude', 'version']);
});

describe.each(Object.entries(SCENES))('%s', (_, scene) => {
  it('in a pipe, and as JSON', async () => {
    const env = await set(scene);
    const { stdout, stderr } = await runInProcess(scene.argv, { input: '', env });
    expect(dangerousIn(stdout + stderr)).toEqual([]);
    expect(stdout + stderr).toMatch(scene.shows ?? /\w/);
    const json = await runInProcess([...scene.argv, '--json'], { input: '', env });
    expect(dangerousIn(json.stdout + json.stderr)).toEqual([]);
    for (const line of json.stdout.trimEnd().split('\n')) {
      expect(line === '' || (JSON.parse(line) as unknown) !== undefined).toBe(true);
    }
  });
});

it('gives a parser with --json what the server has sent', async () => {
  hostileModels(simulator);
  const { stdout } = await runInProcess(['models', '--json'], { env: { ...environment, KIMI_API_KEY: KEY } });
  expect(JSON.parse(stdout)).toMatchObject({
    models: [{ id: EVERYTHING, name: EVERYTHING, efforts: [EVERYTHING, 'low'] }],
  });
});

it('gives a parser with --json the answer as the model wrote it, and a pipe what can do no harm', async () => {
  const env = { ...environment, KIMI_API_KEY: KEY };
  simulator.script([{ text: EVERYTHING }, { text: 'a\x1b]0;title\x07b\r\nc' }]);
  const { stdout } = await runInProcess(['ask', 'x', '--json'], { input: '', env });
  const parts = stdout.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as { text?: string }]));
  expect(parts.map(({ text = '' }) => text).join('')).toBe(EVERYTHING);
  expect((await runInProcess(['ask', 'x'], { input: '', env })).stdout).toBe('a]0;titleb\nc\n');
});

describe.skipIf(!hasPseudoTerminal && !testServices.has('pty'))('in a real terminal (needs pty)', () => {
  let cli: Awaited<ReturnType<typeof bundleCLI>>;
  beforeAll(async () => {
    cli = await bundleCLI();
  });
  afterAll(() => cli.dispose());

  it.each(Object.entries(SCENES))('%s', async (_, scene) => {
    const env: NodeJS.ProcessEnv = { ...process.env, ...(await set(scene)) };
    UNSET.forEach(name => delete env[name]);
    const terminal = openPseudoTerminal([cli.program, ...scene.argv], { columns: 80, env });
    await terminal.ended;
    const shown = terminal.raw().replaceAll('\r\n', '\n').replace(OURS, '');
    expect(dangerousIn(shown)).toEqual([]);
    expect(shown).toMatch(scene.shows ?? /\w/);
  });
});
