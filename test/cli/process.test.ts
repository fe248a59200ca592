import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { bundleCLI } from './bundle-cli';
import { environmentFor, UNSET } from './run-in-process';

const KEY = 'sk-kimi-simulator';
const root = fileURLToPath(new URL('../..', import.meta.url));
let cli: Awaited<ReturnType<typeof bundleCLI>>;
let simulator: KimiSimulator;
let environment: NodeJS.ProcessEnv;
const children: ChildProcess[] = [];

beforeAll(async () => {
  cli = await bundleCLI();
});
afterAll(() => cli.dispose());
beforeEach(async () => {
  simulator = await startKimiSimulator({ deviceInterval: 1 });
  environment = { ...process.env, ...environmentFor(simulator) };
  UNSET.forEach(name => delete environment[name]);
});
afterEach(async () => {
  children.splice(0).forEach(child => child.kill('SIGKILL'));
  await simulator.close();
});

function start(argv: readonly string[], env: Record<string, string> = {}, stdin: 'ignore' | 'pipe' = 'ignore') {
  const child = spawn(process.execPath, [cli.program, ...argv], {
    env: { ...environment, ...env },
    stdio: [stdin, 'pipe', 'pipe'],
  });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => void (output.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => void (output.stderr += text));
  const shown = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(output.stdout)) {
      await once(child.stdout as NodeJS.ReadableStream, 'data');
    }
    return pattern.exec(output.stdout)?.[1] ?? '';
  };
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
    ...output,
  }));
  return { child, shown, ended };
}
const left = () =>
  existsSync(environment.KIMI_PROVIDER_HOME ?? '')
    ? readdirSync(environment.KIMI_PROVIDER_HOME ?? '').filter(name => name !== 'device_id' && name !== 'cache')
    : [];

describe('the program', () => {
  it('signs in, asks and signs out, with plain text in pipes and /dev/null as stdin', async () => {
    const login = start(['login'], { FORCE_COLOR: '1' });
    simulator.approve(await login.shown(/Code {2}(\S+)\n/));
    const signedIn = await login.ended;
    expect(signedIn).toMatchObject({ code: 0, signal: null });
    expect(signedIn.stdout + signedIn.stderr).not.toContain('\x1b');
    // Node's own way of printing a notice.
    expect(signedIn.stderr).not.toContain('(node:');
    expect(await start(['ask', 'hello']).ended).toEqual({
      code: 0,
      signal: null,
      stdout: 'You said: hello\n',
      stderr: '',
    });
    expect((await start(['token']).ended).stdout).toMatch(/^ey\S+\n$/);
    expect((await start(['logout']).ended).code).toBe(0);
    expect(left()).toEqual([]);
  });

  it.each<[string[], Record<string, string>, number]>([
    [['--version'], {}, 0],
    [[], {}, 0],
    [['nonsense'], {}, 2],
    [['status'], {}, 3],
    [['ask', 'hi'], {}, 3],
    [['ask', 'hi'], { KIMI_API_KEY: 'sk-kimi-wrong-key' }, 3],
    [['ask', 'hi'], { KIMI_API_KEY: KEY, KIMI_CODE_BASE_URL: 'http://127.0.0.1:1' }, 4],
    [['status'], { KIMI_CREDENTIAL_STORE: 'nonsense' }, 2],
    [['status'], { KIMI_CREDENTIAL_STORE: 'keychain' }, 1],
  ])('%j with %j ends with the documented code', async (argv, env, code) => {
    expect((await start(argv, env).ended).code).toBe(code);
  });

  it('takes its prompt from a pipe', async () => {
    const { child, ended } = start(['ask', 'Sum up:'], { KIMI_API_KEY: KEY }, 'pipe');
    child.stdin?.end('a text');
    expect((await ended).stdout).toBe('You said: Sum up:\n\na text\n');
  });

  it.skipIf(process.platform === 'win32')(
    'says what it waits for where stdin was left open, and can be stopped there',
    async () => {
      const { child, ended } = start(['ask', 'x'], { KIMI_API_KEY: KEY }, 'pipe');
      await once(child.stderr as NodeJS.ReadableStream, 'data');
      child.kill('SIGTERM');
      expect((await ended).stderr).toMatch(/^⚠ Waiting for what is piped in[^]*< \/dev\/null"\.\n/);
    },
  );

  it.skipIf(process.platform === 'win32').each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s while it waits for the login ends with %i and leaves nothing', async (signal, code) => {
    const { child, shown, ended } = start(['login']);
    await shown(/user_code=(\S+)\n/);
    child.kill(signal);
    expect(await ended).toMatchObject({ code, signal: null });
    expect(left()).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')(
    'SIGINT while a renewal is on its way ends with 130, and the renewed login is saved',
    async () => {
      const login = start(['login']);
      simulator.approve(await login.shown(/Code {2}(\S+)\n/));
      await login.ended;
      const file = path.join(environment.KIMI_PROVIDER_HOME ?? '', left().find(name => name.endsWith('.json')) ?? '');
      const before = readFileSync(file, 'utf8');
      simulator.expireTokens();
      simulator.fault({ match: { path: '/token' }, delayMs: 700 });
      const { child, ended } = start(['ask', 'hi']);
      while (!simulator.requests.some(({ form }) => form?.grant_type === 'refresh_token')) {
        await new Promise(resolve => setTimeout(resolve, 10));
      }
      child.kill('SIGINT');
      expect(await ended).toMatchObject({ code: 130, stdout: '' });
      expect(simulator.rotations).toBe(1);
      expect(readFileSync(file, 'utf8')).not.toBe(before);
      expect((await start(['ask', 'hi']).ended).stdout).toBe('You said: hi\n');
      expect(simulator.chainRevoked).toBe(false);
    },
  );

  it.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends simulate with 0',
    async signal => {
      const { child, shown, ended } = start(['simulate', '--port', '0']);
      const url = await shown(/KIMI_CODE_OAUTH_HOST=(\S+)\n/);
      await shown(/sk-simulator at/);
      const models = await fetch(`${url}/coding/v1/models`, { headers: { authorization: `Bearer ${KEY}` } });
      expect(models.status).toBe(200);
      await models.text();
      child.kill(signal);
      const { stdout, ...end } = await ended;
      expect(end).toMatchObject({ code: 0, signal: null });
      expect(stdout).toContain(`KIMI_CODE_BASE_URL=${url}/coding/v1\n`);
    },
  );

  it.skipIf(process.platform === 'win32')('stops without a word when nobody reads on', async () => {
    simulator.script({ text: 'line\n'.repeat(2000), chunkDelayMs: 1 });
    const { status, stdout, stderr } = await new Promise<{ status: number | null; stdout: string; stderr: string }>(
      resolve => {
        const shell = spawn('sh', ['-c', `"${process.execPath}" "${cli.program}" ask x | head -n 1`], {
          env: { ...environment, KIMI_API_KEY: KEY },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        const output = { stdout: '', stderr: '' };
        shell.stdout.on('data', chunk => void (output.stdout += String(chunk)));
        shell.stderr.on('data', chunk => void (output.stderr += String(chunk)));
        shell.on('close', status => resolve({ status, ...output }));
      },
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'line\n', stderr: '' });
  });
});

describe('the built bin', () => {
  it('is what package.json names, and runs by itself', () => {
    const { bin } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      bin: Record<string, string>;
    };
    const file = path.join(root, bin['ai-sdk-provider-kimi'] ?? '');
    expect(readFileSync(file, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    const { status, stdout } = spawnSync(process.execPath, [file, 'status', '--json'], {
      env: environment,
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ signedIn: false });
  });
});
