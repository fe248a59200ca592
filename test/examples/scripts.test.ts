import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { cp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startKimiSimulator, type AnswerScript, type KimiSimulator } from '../../src/simulator/index';
import { chats } from '../support/chats';
import { packPackage } from '../support/pack-package';
import { startRedisServer } from '../support/start-redis-server';
import { testServices } from '../support/test-services';

/**
 * Each script of `examples/scripts`, and the app of `examples/testing`, as a user runs it: with the packed package, in
 * a process of its own.
 */
const examples = fileURLToPath(new URL('../../examples/scripts', import.meta.url));
const KEY = { KIMI_API_KEY: 'sk-kimi-simulator' };

const SECRET = Buffer.alloc(32, 7).toString('base64');
const WEEKLY =
  "You've reached your weekly (7-day) usage limit. Your quota will reset when the current 7-day window ends.";

const FLATBREAD = {
  name: 'Flatbread',
  minutes: 20,
  ingredients: [
    { name: 'flour', grams: 250 },
    { name: 'water', grams: 150 },
  ],
};

let packed: Awaited<ReturnType<typeof packPackage>>;
let simulator: KimiSimulator;
beforeAll(async () => {
  packed = await packPackage(['ai-v5', 'atomically', 'redis']);
  await cp(examples, packed.app, { recursive: true, filter: source => !source.includes('node_modules') });
  writeFileSync(path.join(packed.app, 'clip.mp4'), Buffer.from('\0\0\0\x18ftypmp42'));
  simulator = await startKimiSimulator({ autoApprove: true });
}, 60_000);
afterEach(() => {
  simulator.reset();
  simulator.clearRequests();
});
afterAll(async () => {
  await packed.dispose();
  await simulator.close();
});

type Outcome = { code: number; stdout: string; stderr: string; home: string };

const run = (script: string, environment: Record<string, string> = KEY): Promise<Outcome> =>
  runNode([script], environment);

function runNode(argv: readonly string[], environment: Record<string, string>): Promise<Outcome> {
  const home = mkdtempSync(path.join(tmpdir(), 'kimi-scripts-home-'));
  const env = {
    ...process.env,
    HOME: home,
    USERPROFILE: home,
    KIMI_CODE_BASE_URL: simulator.apiBaseURL,
    KIMI_CODE_OAUTH_HOST: simulator.oauthHost,
    KIMI_CREDENTIAL_STORE: 'file',
    ...environment,
  };
  return new Promise(resolve => {
    execFile(process.execPath, argv, { cwd: packed.app, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr, home });
    });
  });
}

type Case = {
  answers?: readonly AnswerScript[];
  environment?: () => Record<string, string>;
  /** Beyond this, that it ended well and said nothing on stderr. */
  check(outcome: Outcome): void;
  stderr?: string;
};

const CASES: Record<string, Case> = {
  'generate-text.ts': {
    answers: [
      {
        text: 'A monoid in the category of endofunctors.',
        usage: { promptTokens: 20, completionTokens: 8, cachedTokens: 16 },
      },
    ],
    check({ stdout }) {
      expect(stdout).toContain('A monoid in the category of endofunctors.\n20 tokens in (16 cached), 8 out\n');
      expect(stdout).toMatch(/Trace id for Kimi's support: (?!undefined)\S+\n$/);
    },
  },
  'stream-text.ts': {
    answers: [{ reasoning: 'Rayleigh.', text: 'Because of Rayleigh scattering.' }],
    check({ stdout }) {
      expect(stdout).toBe('Because of Rayleigh scattering.');
    },
  },
  'stream-reasoning.ts': {
    answers: [{ reasoning: 'x + (x + 1) = 1.10', text: '0.05' }],
    check({ stdout }) {
      expect(stripVTControlCharacters(stdout)).toBe('x + (x + 1) = 1.10\n\n0.05\n');
    },
  },
  'tools.ts': {
    answers: [
      { toolCalls: [{ name: 'listFiles', arguments: {} }] },
      { toolCalls: [{ name: 'readFile', arguments: { name: 'package.json' } }] },
      { text: 'Scripts for Kimi.' },
    ],
    check({ stdout }) {
      expect(stdout).toBe('listFiles({})\nreadFile({"name":"package.json"})\nScripts for Kimi.\n');
      const sent = chats(simulator);
      expect(sent).toHaveLength(3);
      expect(sent.map(({ json }) => (json as { prompt_cache_key?: string }).prompt_cache_key)).toEqual(
        Array(3).fill('folder-question'),
      );
      expect(JSON.stringify(sent[2]?.json)).toContain('ai-sdk-provider-kimi-scripts');
    },
  },
  'web-search.ts': {
    answers: [
      { toolCalls: [{ name: 'search', arguments: { query: 'node release' } }] },
      {
        toolCalls: [
          { name: 'read', arguments: { url: 'https://nodejs.org/en/blog' } },
          { name: 'read', arguments: { url: 'https://evil.example/?what=you-know' } },
        ],
      },
      { text: 'Much is new (https://nodejs.org/en/blog).' },
    ],
    check({ stdout }) {
      expect(stdout).toBe(
        'search({"query":"node release"})\n' +
          'read({"url":"https://nodejs.org/en/blog"})\nread({"url":"https://evil.example/?what=you-know"})\n' +
          '  failed: Pages of evil.example may not be fetched here. Nothing was sent.\n' +
          'Much is new (https://nodejs.org/en/blog).\n',
      );
      expect(simulator.counts).toMatchObject({ searches: 1, fetches: 1, chats: 3 });
      expect(JSON.stringify(chats(simulator)[2]?.json)).toContain('The text of https://nodejs.org/en/blog.');
    },
  },
  'effort.ts': {
    check({ stdout }) {
      expect(stdout).toMatch(
        /^without thinking: .*\nk3, low: .*\nk3, high: .*\nk3, max: .*\(\d+ tokens, with those of its thinking\)\n$/,
      );
      expect(chats(simulator).map(({ json }) => (json as { thinking?: unknown }).thinking)).toEqual([
        { type: 'disabled' },
        { type: 'enabled', effort: 'low' },
        { type: 'enabled', effort: 'high' },
        { type: 'enabled', effort: 'max' },
      ]);
    },
  },
  'video.ts': {
    answers: [{ text: 'It is.' }],
    check({ stdout }) {
      expect(stdout).toBe('It is.\n');
      expect(simulator.files.map(({ filename, purpose }) => `${filename} ${purpose}`)).toEqual([
        'clip.mp4 video',
        'kimi.png image',
      ]);
      const [video, picture] = simulator.files.map(({ id }) => `ms://${id}`);
      const sent = JSON.stringify(chats(simulator)[0]?.json);
      expect(sent).toContain(`{"type":"video_url","video_url":{"url":"${video}"}}`);
      expect(sent).toContain(`{"type":"image_url","image_url":{"url":"${picture}"}}`);
    },
  },
  'image.ts': {
    answers: [{ text: 'A moon.' }],
    check({ stdout }) {
      expect(stdout).toBe('A moon.\n');
      const url = `data:image/png;base64,${readFileSync(path.join(examples, 'kimi.png')).toString('base64')}`;
      expect(JSON.stringify(chats(simulator)[0]?.json)).toContain(
        JSON.stringify({ type: 'image_url', image_url: { url } }),
      );
    },
  },
  'structured-output.ts': {
    answers: [{ text: JSON.stringify(FLATBREAD) }],
    stderr: '\r2 ingredients',
    check({ stdout }) {
      expect(stdout).toBe('Flatbread, 20 minutes\n- 250 g flour\n- 150 g water\n');
      expect(chats(simulator)[0]?.json).toMatchObject({ response_format: { type: 'json_schema' } });
    },
  },
  'sign-in.ts': {
    environment: () => ({}),
    check({ stdout, home }) {
      expect(stdout).toMatch(
        /^Open http:\/\/127\.0\.0\.1:\d+\/\S+\nand compare the code: \S+\nYou said: Say hello\.\n$/,
      );
      expect(existsSync(path.join(home, '.local/share/ai-sdk-provider-kimi'))).toBe(process.platform === 'linux');
    },
  },
  'sign-in-steps.ts': {
    environment: () => ({}),
    check({ stdout, home }) {
      expect(stdout).toMatch(
        /^Open http:\/\/127\.0\.0\.1:\d+\/\S+ and compare the code: \S+\nSigned in as web, kept in \S+\n$/,
      );
      expect(stdout).toContain(home);
    },
  },
  'own-credential-store.ts': {
    environment: () => ({ APP_SECRET: SECRET }),
    check({ stdout }) {
      expect(stdout).toMatch(/^Open http:\/\/127\.0\.0\.1:\d+\/\S+\nYou said: Say hello\.\n$/);
      const kept = readFileSync(path.join(packed.app, 'kimi.login'));
      const token = /^Bearer (.+)$/.exec(chats(simulator)[0]?.headers.authorization ?? '')?.[1];
      expect(token).toMatch(/\S/);
      expect(kept.includes(token ?? '')).toBe(false);
    },
  },
  'models.ts': {
    check({ stdout }) {
      expect(stdout).toMatch(/^kimi-for-coding: \d+ tokens, .+\n/);
      expect(stdout).toMatch(/^k3: \d+ tokens, low, high, max$/m);
      expect(stdout).toMatch(/\nk3 goes out as k3 \(resolved\): The account lists it; sent as it is\.\n$/);
    },
  },
  'usage.ts': {
    check({ stdout }) {
      expect(stdout).toMatch(/^\S.*\nfiveHours: \d+ % used, fresh again \S.*\nweekly: \d+ % used, fresh again \S.*\n/);
      expect(stdout).toMatch(/\n\d+ tokens(, estimated)?\n$/);
    },
  },
  'platform.ts': {
    answers: [{ text: 'Hello.', usage: { promptTokens: 1000, completionTokens: 100 } }],
    environment: () => ({ MOONSHOT_API_KEY: 'sk-simulator', MOONSHOT_BASE_URL: simulator.platformBaseURL }),
    check({ stdout }) {
      expect(stdout).toMatch(/^Hello\.\nEstimated by list prices: \{"amount":0\.0\d+,.*"model":"kimi-k3".*\}\n/);
      expect(stdout).toMatch(/\n\d+(\.\d+)? (CNY|USD) left\n$/);
      expect(chats(simulator).map(({ path: place }) => place)).toEqual(['/v1/chat/completions']);
    },
  },
  'identity.ts': {
    check({ stdout }) {
      expect(stdout).toBe('You said: Say hello.\n'.repeat(2));
      const [plain, named] = chats(simulator).map(({ headers }) => headers);
      expect(plain?.['user-agent']).toMatch(/^ai-sdk-provider-kimi\/\S+$/);
      expect(Object.keys(plain ?? {}).filter(name => name.startsWith('x-msh-'))).toEqual([]);
      expect(named).toMatchObject({ 'user-agent': 'my-agent/1.4.0', 'x-msh-platform': 'my_agent' });
    },
  },
  'logger.ts': {
    check({ stdout }) {
      expect(stdout).toContain('\nYou said: Say hello.\n');
      expect(stdout).toMatch(/chat\/completions/);
      expect(stdout).not.toContain(KEY.KIMI_API_KEY);
    },
  },
  'errors.ts': {
    check({ stdout }) {
      expect(stdout).toBe('You said: Say hello.\n');
    },
  },
};

/** Run below, where there is a Redis. */
const NEED_REDIS = ['redis-login.ts'];

it('has a case for each script, of at most 40 lines', async () => {
  const scripts = (await readdir(examples)).filter(name => name.endsWith('.ts'));
  expect(scripts.toSorted()).toEqual([...Object.keys(CASES), ...NEED_REDIS].toSorted());
  for (const script of scripts) {
    expect(readFileSync(path.join(examples, script), 'utf8').trimEnd().split('\n').length, script).toBeLessThanOrEqual(
      40,
    );
  }
});

it.each(Object.entries(CASES))('%s', async (script, { answers = [], environment, check, stderr = '' }) => {
  simulator.script(answers);
  const outcome = await run(script, environment?.());
  expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({
    code: 0,
    stderr: expect.stringContaining(stderr) as string,
  });
  expect(stderr === '' ? outcome.stderr : '').toBe('');
  expect(
    chats(simulator).flatMap(({ refusedBy, notices }) => [...(refusedBy === undefined ? [] : [refusedBy]), ...notices]),
  ).toEqual([]);
  check(outcome);
});

it('keeps the login of own-credential-store.ts for the next process, and renews it there', async () => {
  const environment = { APP_SECRET: SECRET };
  await run('own-credential-store.ts', environment);
  const first = readFileSync(path.join(packed.app, 'kimi.login'));
  simulator.expireTokens();
  simulator.clearRequests();
  const [one, other] = await Promise.all([
    run('own-credential-store.ts', environment),
    run('own-credential-store.ts', environment),
  ]);
  for (const { code, stdout, stderr } of [one, other]) {
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'You said: Say hello.\n', stderr: '' });
  }
  expect(simulator.counts.refreshes).toBe(1);
  expect(simulator.chainRevoked).toBe(false);
  expect(readFileSync(path.join(packed.app, 'kimi.login')).equals(first)).toBe(false);
  expect(existsSync(path.join(packed.app, 'kimi.login.lock'))).toBe(false);
});

it('keeps the login of sign-in.ts, renews it, and asks again only when it has ended', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kimi-scripts-login-'));
  const again = () => run('sign-in.ts', { KIMI_PROVIDER_HOME: folder });
  await again();
  const [name] = (await readdir(folder)).filter(file => file.endsWith('.json'));
  const login = path.join(folder, name ?? '?');
  writeFileSync(
    login,
    JSON.stringify({
      ...(JSON.parse(readFileSync(login, 'utf8')) as object),
      expiresAt: Math.floor(Date.now() / 1000) + 60,
    }),
  );
  const refreshes = simulator.counts.refreshes;
  const renewed = await again();
  expect({ code: renewed.code, stdout: renewed.stdout }).toEqual({ code: 0, stdout: 'You said: Say hello.\n' });
  expect(simulator.counts.refreshes).toBe(refreshes + 1);

  simulator.revoke();
  expect((await again()).code).toBe(1);
  const signedIn = await again();
  expect({ code: signedIn.code, stdout: signedIn.stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^Open http/) as string,
  });
});

it('own-credential-store.ts asks for its secret before it asks anybody to sign in', async () => {
  const { code, stdout, stderr } = await run('own-credential-store.ts', {});
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('openssl rand -base64 32');
  expect(simulator.requests).toEqual([]);
});

it('own-credential-store.ts asks again for a login that has ended', async () => {
  const environment = { APP_SECRET: SECRET };
  await rm(path.join(packed.app, 'kimi.login'), { force: true });
  await run('own-credential-store.ts', environment);
  simulator.revoke();
  expect((await run('own-credential-store.ts', environment)).code).toBe(1);
  expect((await run('own-credential-store.ts', environment)).stdout).toMatch(/^Open http:/);
});

it.each(['stream-text.ts', 'stream-reasoning.ts', 'structured-output.ts'])(
  '%s ends with the error in words, once',
  async script => {
    simulator.script([
      { status: 403, body: { error: { type: 'access_terminated_error', message: WEEKLY } }, headers: {} },
    ]);
    const { code, stdout, stderr } = await run(script);
    expect({ code, stdout: stdout.trim() }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^[^\n]*weekly quota[^\n]*\n$/i);
  },
);

it.each([
  {
    what: 'a used-up plan, with the end that the account knows',
    answer: { status: 403, body: { error: { type: 'access_terminated_error', message: WEEKLY } }, headers: {} },
    says: /^Your plan is used up until \d.*\.\n$/,
  },
  {
    what: 'a used-up plan with its end',
    answer: {
      status: 429,
      body: { error: { message: WEEKLY, resetTime: new Date(Date.now() + 3 * 24 * 3600_000).toISOString() } },
    },
    says: /^Your plan is used up until \d.*\.\n$/,
  },
  {
    what: 'a rate limit that lasts',
    answer: {
      status: 429,
      retryAfter: 3600,
      body: { error: { type: 'rate_limit_reached_error', message: 'Too many requests' } },
    },
    says: /^Too many requests, go on at \d.*\.\n$/,
  },
  {
    what: 'anything else in its own words',
    answer: {
      status: 402,
      body: { error: { message: 'We are unable to verify your membership benefits at this time.' } },
    },
    says: /membership/i,
  },
])('errors.ts explains $what', async ({ answer, says }) => {
  simulator.script([answer]);
  const { code, stdout, stderr } = await run('errors.ts');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(says);
  expect(chats(simulator)).toHaveLength(1);
});

it('errors.ts explains what the AI SDK has tried several times, too', async () => {
  const body = { error: { type: 'rate_limit_reached_error', message: 'Too many requests' } };
  simulator.script(Array.from({ length: 3 }, () => ({ status: 429, retryAfter: 1, body })));
  const { code, stderr } = await run('errors.ts');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Too many requests, go on at \d.*\.\n$/);
  expect(chats(simulator)).toHaveLength(3);
});

it('errors.ts explains that nobody is signed in', async () => {
  const { code, stderr } = await run('errors.ts', {});
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'You are not signed in. Run: npx ai-sdk-provider-kimi login\n' });
  expect(simulator.requests).toEqual([]);
});

it.each([
  { major: 5, ai: 'ai-v5' },
  { major: 6, ai: 'ai-v6' },
  { major: 7, ai: 'ai' },
])('stream-text.ts on AI SDK $major differs in the import alone, which is the one in README', async ({ major, ai }) => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, line = ''] = new RegExp(`^\\| AI SDK ${major} \\| \`(import [^\`]+)\` \\|$`, 'm').exec(readme) ?? [];
  expect(line).toContain('ai-sdk-provider-kimi');
  const script = `stream-text-${major}.mjs`;
  const source = readFileSync(path.join(examples, 'stream-text.ts'), 'utf8');
  writeFileSync(
    path.join(packed.app, script),
    source.replace("'ai'", `'${ai}'`).replace(/^import .*ai-sdk-provider-kimi.*$/m, line),
  );
  simulator.script([{ reasoning: 'Rayleigh.', text: 'Because of Rayleigh scattering.' }]);
  const { code, stdout, stderr } = await run(script);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'Because of Rayleigh scattering.', stderr: '' });
  await rm(path.join(packed.app, script));
});

describe.skipIf(!testServices.has('redis'))('redis-login.ts (needs redis)', () => {
  it('signs in once, and finds the login again', async () => {
    const redis = await startRedisServer();
    try {
      const environment = { REDIS_URL: redis.url, KIMI_STORE_KEY: SECRET };
      expect(await run('redis-login.ts', environment)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^Open http:\/\/127\.0\.0\.1:\d+\/\S+\nYou said: Say hello\.\n$/) as string,
        stderr: '',
      });
      expect(await run('redis-login.ts', environment)).toMatchObject({ code: 0, stdout: 'You said: Say hello.\n' });
    } finally {
      await redis.stop();
    }
  });
});

it('the app of examples/testing passes its own tests, and fails them when it is broken', async () => {
  const folder = path.join(packed.app, 'testing');
  await cp(path.join(examples, '../testing'), folder, { recursive: true });
  const test = () => runNode(['--test', '--test-reporter=tap', 'testing/summarize.test.ts'], {});
  const passed = await test();
  expect(passed.stdout).toMatch(/^# pass 2$/m);
  expect({ code: passed.code, stderr: passed.stderr }).toEqual({ code: 0, stderr: '' });
  const app = path.join(folder, 'summarize.ts');
  writeFileSync(app, readFileSync(app, 'utf8').replace('prompt: article', "prompt: ''"));
  expect((await test()).code).not.toBe(0);
  await rm(folder, { recursive: true });
});

it('type-checks against the packed package', { timeout: 120_000 }, async () => {
  await cp(path.join(examples, '../testing'), packed.app, {
    recursive: true,
    filter: source => !source.endsWith('.json') && !source.endsWith('.md'),
  });
  const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
  for (const name of ['@types/node', '@types/proper-lockfile']) {
    await symlink(path.join(modules, name), path.join(packed.app, 'node_modules', name), 'junction');
  }
  const compiler = path.join(modules, 'typescript/bin/tsc');
  const result = await new Promise<string>(resolve => {
    execFile(process.execPath, [compiler, '-p', packed.app], { cwd: packed.app }, (_, stdout) => resolve(stdout));
  });
  expect(result).toBe('');
});
