/**
 * A container that runs as `--user 12345`: no HOME, no entry in the list of users, a disk that cannot be written
 * (docs/decisions.md#54-no-home). A request with a key works without a word; a login says where it could be kept.
 */
import { spawn } from 'node:child_process';
import { chmod, chown, copyFile, link, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';

// Programs of several megabytes start as processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const KEY = 'sk-kimi-simulator';
const USER = '12345';
/** Only root can become somebody without a name, and mount; CI is. */
const canBecomeAnybody = process.platform === 'linux' && process.geteuid?.() === 0;

const sources = (name: string) => fileURLToPath(new URL(`../../src/${name}`, import.meta.url));

describe.skipIf(!canBecomeAnybody)('without a home (as root on Linux)', () => {
  let folder: string;
  let node: string;
  let simulator: KimiSimulator;
  beforeAll(async () => {
    // Everything in a folder that anybody may enter, because a clone may lie in root's own home.
    folder = await mkdtemp(path.join(tmpdir(), 'kimi-no-home-'));
    await chmod(folder, 0o755);
    node = path.join(folder, 'node');
    await link(process.execPath, node).catch(() => copyFile(process.execPath, node));
    await chmod(node, 0o755);
    await Promise.all([
      bundle('ask.mjs', { contents: ASK, resolveDir: sources('') }),
      bundle('cli.mjs', 'cli/main.ts'),
    ]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    simulator = await startKimiSimulator({ autoApprove: true, deviceInterval: 1 });
  });
  afterEach(() => simulator.close());

  async function bundle(name: string, from: string | { contents: string; resolveDir: string }): Promise<void> {
    await build({
      ...(typeof from === 'string' ? { entryPoints: [sources(from)] } : { stdin: { ...from, loader: 'ts' } }),
      outfile: path.join(folder, name),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'es2023',
      logLevel: 'silent',
      external: ['@napi-rs/keyring', 'keytar', 'fs-native-extensions'],
      define: { __PACKAGE_VERSION__: '"0.0.0-test"' },
      banner: {
        js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
      },
      plugins: [
        {
          name: 'imports of package.json',
          setup({ onResolve }) {
            onResolve({ filter: /^#platform$/ }, () => ({ path: sources('platform/node.ts') }));
          },
        },
      ],
    });
  }

  type Ended = { code: number | null; stdout: string; stderr: string };

  /** Runs a bundle as a user without a name, with nothing in the environment but this; on a disk without a write. */
  async function run(program: string, argv: readonly string[], variables: Record<string, string> = {}): Promise<Ended> {
    const environment = {
      KIMI_CODE_BASE_URL: simulator.apiBaseURL,
      KIMI_CODE_OAUTH_HOST: simulator.oauthHost,
      PATH: '/usr/bin:/bin',
      ...variables,
    };
    // Of this mount namespace only; what is mounted below stays as it is.
    const readOnly = 'mount -o remount,bind,ro / && exec "$@"';
    const anybody = ['setpriv', '--reuid', USER, '--regid', USER, '--clear-groups', 'env', '-i'];
    const child = spawn(
      'unshare',
      ['-m', 'sh', '-c', readOnly, 'sh'].concat(
        anybody,
        Object.entries(environment).map(entry => entry.join('=')),
        [node, path.join(folder, program)],
        argv,
      ),
      { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const code = await new Promise<number | null>(resolve => child.once('close', resolve));
    return { code, ...output };
  }

  /** HOME as containers have it: not set; `/` of Docker; one that is nowhere; empty; another user's. */
  const HOMES: readonly (readonly [string, Record<string, string>])[] = [
    ['no HOME', {}],
    ['HOME=/', { HOME: '/' }],
    ['HOME=/nonexistent', { HOME: '/nonexistent' }],
    ['HOME empty', { HOME: '' }],
    ['HOME=/root', { HOME: '/root' }],
  ];

  test.each(HOMES)('%s: each entry answers with a key in the environment, and says nothing else', async (_, home) => {
    const answered = await run('ask.mjs', [], { ...home, KIMI_API_KEY: KEY });
    expect(answered).toEqual({ code: 0, stdout: ANSWERS, stderr: '' });
  });

  test('each entry answers with a key in the settings, by any identity, and says nothing else', async () => {
    for (const identity of ['kimi-cli', 'kimi-code']) {
      expect(await run('ask.mjs', [KEY, identity])).toEqual({ code: 0, stdout: ANSWERS, stderr: '' });
    }
  });

  test('the device id is the same each time', async () => {
    await run('ask.mjs', [KEY]);
    await run('ask.mjs', [KEY]);
    const ids = simulator.requests
      .filter(({ path: requested }) => requested.endsWith('/chat/completions'))
      .map(({ headers }) => headers['x-msh-device-id']);
    expect(ids.length).toBeGreaterThan(3);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each(HOMES)('%s: without a credential, says where a login or key could be', async (_, home) => {
    const { code, stdout, stderr } = await run('ask.mjs', [], home);
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/uv_os_homedir|ERR_SYSTEM_ERROR|which this user does not have/);
    expect(stdout).toMatch(/^Kimi(LoginRequired|CredentialStore)Error: /);
    expect(stdout).toMatch(/KIMI_PROVIDER_HOME|KIMI_API_KEY/);
  });

  describe('the command line', () => {
    test.each([
      [['ask', 'hello'], 'You said: hello\n'],
      [['models'], /k3/],
      [['status'], /KIMI_API_KEY/],
      [['doctor'], /no home directory/],
    ] as const)('%j works with a key', async (argv, said) => {
      const { code, stdout, stderr } = await run('cli.mjs', argv, { KIMI_API_KEY: KEY });
      expect(stderr).toBe('');
      expect(code).toBe(0);
      if (typeof said === 'string') {
        expect(stdout).toBe(said);
      } else {
        expect(stdout).toMatch(said);
      }
    });

    test.each(HOMES)(
      '%s: a login is told where it could be kept, before anybody goes to a browser',
      async (_, home) => {
        const { code, stdout, stderr } = await run('cli.mjs', ['login'], home);
        expect(code).not.toBe(0);
        expect(stdout + stderr).toContain('KIMI_PROVIDER_HOME');
        expect(stdout + stderr).not.toMatch(/uv_os_homedir|ERR_SYSTEM_ERROR|user_code/);
        expect(simulator.counts.deviceAuthorizations).toBe(0);
      },
    );

    test('a login is kept in KIMI_PROVIDER_HOME, and used from there', async () => {
      // Of a file system of its own, so that it can be written.
      const place = await mkdtemp('/dev/shm/kimi-place-');
      try {
        await chown(place, Number(USER), Number(USER));
        const variables = { KIMI_PROVIDER_HOME: path.join(place, 'mine') };
        expect(await run('cli.mjs', ['login'], variables)).toMatchObject({ code: 0 });
        expect((await stat(path.join(place, 'mine'))).mode & 0o777).toBe(0o700);
        expect(await run('cli.mjs', ['ask', 'hello'], variables)).toEqual({
          code: 0,
          stdout: 'You said: hello\n',
          stderr: '',
        });
      } finally {
        await rm(place, { recursive: true });
      }
    });
  });
});

const ENTRIES = ['index', 'v3', 'v4'];
const ANSWERS = ENTRIES.map(entry => `${entry}: You said: hello\n`).join('');

/** Asks by each entry; argv is a key for the settings, and an identity. */
const ASK = `
import { createKimi as createV2 } from './index';
import { createKimi as createV3 } from './v3';
import { createKimi as createV4 } from './v4';
const [, , apiKey, identity] = process.argv;
const settings = { ...(apiKey ? { apiKey } : {}), ...(identity ? { identity } : {}) };
const prompt = [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }];
try {
  for (const [name, create] of Object.entries({ index: createV2, v3: createV3, v4: createV4 })) {
    const { content } = await create(settings)('k3').doGenerate({ prompt });
    console.log(name + ': ' + content.map(part => (part.type === 'text' ? part.text : '')).join(''));
  }
} catch (error) {
  console.log(error.name + ': ' + error.message);
}
`;
