import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/run-cli';
import { record, run, simulator } from './command-harness';

describe('help and usage', () => {
  it('has the exit codes, and every line fits', async () => {
    for (const argv of [[], ['--help'], ...COMMANDS.map(({ name }) => [name, '--help'])]) {
      const { code, stdout } = await run(argv);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^Usage: ai-sdk-provider-kimi/);
      expect(stdout.split('\n').filter(line => line.length > 80)).toEqual([]);
    }
    for (const argv of [['--help'], ...COMMANDS.map(({ name }) => [name, '--help'])]) {
      const { plain } = await run(argv, { columns: 40 });
      // A flag with its value is one word.
      expect(plain.split('\n').filter(line => line.length > 40 && !/^Usage|^ {2}-|"npx/.test(line))).toEqual([]);
    }
    const { stdout } = await run('--help');
    expect(stdout).toMatch(/Exit codes:\n {2}0 +done/);
    // What commander has registered, by its own list.
    const listed = [...(stdout.split('Commands:')[1] ?? '').matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name]) => name);
    expect(listed).toEqual([...COMMANDS.map(({ name }) => name), 'help']);
  });

  it.each([['nonsense'], ['lgin'], ['login', '--region', 'mars'], ['login', '--store', 'kimi-code'], ['status', 'x']])(
    '%j %j is usage',
    async (...argv) => {
      const { code, stdout, stderr } = await run(argv);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^✖ [A-Z][^\n]*/);
      expect(stderr.replace(/\s+/g, ' ')).toMatch(
        / Run "npx ai-sdk-provider-kimi( \w+)? --help" to see what there is\. $/,
      );
    },
  );
});

describe('what there is besides flags', () => {
  it('help is a command, alone and with a name', async () => {
    expect(await run('help')).toEqual(await run('--help'));
    expect(await run('help login')).toEqual(await run('login --help'));
    expect((await run('help nonsense')).stderr).toMatch(/^✖ Unknown command "nonsense"\./);
  });

  it('so is version', async () => {
    const { code, stdout } = await run('version');
    expect({ code, stdout }).toEqual({ code: 0, stdout: (await run('--version')).stdout });
    expect(JSON.parse((await run('version --json')).stdout)).toEqual({ version: stdout.trim() });
  });

  it('wrong usage is told to programs, too', async () => {
    const { code, stdout, stderr } = await run('login --json --region mars');
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE', exitCode: 2 } });
  });
});

describe('what is printed', () => {
  const commands = [
    'login',
    'status',
    'models',
    'doctor',
    'logout',
    'logout',
    'status',
    'token',
    'models',
    'ask hi',
    'doctor',
  ];

  it.each([80, 40])('fits %i columns, but for what cannot be broken', async columns => {
    for (const command of commands) {
      const { plain, stderr } = await run(command, { columns });
      const broken = `${plain}${columns === 80 ? stderr : ''}`
        .split('\n')
        .filter(
          line =>
            line.length > columns &&
            /\S\s+\S/.test(line.replace(/^\s*/, '').replace(/npx ai-sdk-provider-kimi.*$/, '')),
        );
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
