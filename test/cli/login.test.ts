import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { canOpenBrowser } from '../../src/cli/commands/login';
import { Interruption } from '../../src/cli/failures';
import { home, json, KEY, kept, lines, logins, record, restart, run, simulator } from './command-harness';
import type { RunOptions } from './run-in-process';

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
      {
        event: 'verification',
        userCode: expect.stringMatching(/\w+/),
        verificationUri: `${simulator.url}/device`,
        verificationUriComplete: expect.stringContaining('user_code='),
        expiresIn: 1800,
        interval: 1,
      },
      {
        event: 'signed-in',
        account: 'work',
        region: 'global',
        service: 'coding',
        kind: 'oauth',
        source: expect.stringContaining('work-'),
      },
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
    expect(canOpenBrowser({ platform, environment: { ...env }, output: { isTTY } })).toBe(expected);
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
    await restart({ deviceInterval: 1 });
    const answering = (answer: (userCode: string) => void): RunOptions => ({
      onOutput(text) {
        const [, userCode] = /Code {2}(\S+)\n$/.exec(text) ?? [];
        if (userCode !== undefined) {
          answer(userCode);
        }
      },
    });
    await run('login', answering(simulator.approve));
    const before = record();
    const { code, stderr } = await run('login', answering(simulator.deny));
    expect(code).toBe(1);
    expect(stderr).toContain('refused on the Kimi page');
    expect(record()).toEqual(before);
  });

  it.each(['environment', 'memory'])(
    'asks nobody to confirm what KIMI_CREDENTIAL_STORE=%s cannot keep',
    async store => {
      const { code, stderr } = await run('login', { env: { KIMI_CREDENTIAL_STORE: store } });
      expect(code).toBe(2);
      expect(stderr).toContain('--store keychain');
      expect(simulator.requests).toEqual([]);
      expect((await run('login --store file', { env: { KIMI_CREDENTIAL_STORE: store } })).code).toBe(0);
    },
  );

  it.skipIf(process.platform === 'win32')('asks nobody to confirm what cannot be written', async () => {
    const blocked = path.join(home(), 'a-file');
    mkdirSync(home(), { recursive: true });
    writeFileSync(blocked, '');
    const { code, stderr } = await run('login', {
      env: { KIMI_PROVIDER_HOME: path.join(blocked, 'folder'), KIMI_CREDENTIAL_STORE: 'file' },
    });
    expect(code).toBe(1);
    expect(stderr).toContain('KIMI_PROVIDER_HOME');
    expect(simulator.requests).toEqual([]);
  });

  it('ends with 4 where Kimi cannot be reached', async () => {
    const { code, stdout } = await run('login --json', { env: { KIMI_CODE_OAUTH_HOST: 'http://127.0.0.1:1' } });
    expect({ code, ...json({ stdout }) }).toMatchObject({ code: 4, error: { code: 'KIMI_DEVICE_LOGIN', exitCode: 4 } });
  });

  it('stopped while it waits, leaves nothing and ends with 130', async () => {
    await restart({ deviceInterval: 1 });
    const ending = new AbortController();
    const result = await run('login', {
      abortSignal: ending.signal,
      onOutput: text => text.includes('user_code=') && ending.abort(new Interruption('Interrupted.', 130)),
    });
    expect(result.code).toBe(130);
    expect(kept()).toEqual([]);
  });

  it.each([
    { typed: 'n\n', logins: 1 },
    { typed: '\n', logins: 1 },
    { typed: 'yes\n', logins: 2 },
  ])('signed in already, says so and asks: $typed', async ({ typed, logins: expected }) => {
    await run('login');
    const before = record().refreshToken;
    const { code, stdout, stderr } = await run('login', { input: undefined, typed, columns: 80 });
    expect(code).toBe(0);
    expect(stderr.replace(/\s+/g, ' ')).toMatch(
      /^⚠ Signed in already: account "default", coding, in \S+\. Sign in again\? \[y\/N\] /,
    );
    expect(record().refreshToken === before).toBe(expected === 1);
    expect(stdout.includes('Nothing was changed.')).toBe(expected === 1);
  });

  it('is not asked where nobody answers, with --yes, or where nobody is signed in', async () => {
    const { stderr: first } = await run('login', { input: undefined, columns: 80 });
    expect(first).not.toContain('Signed in already');
    const { code, stderr } = await run('login');
    expect({ code, asks: stderr.includes('Sign in again?'), says: stderr.includes('Signed in already') }).toEqual({
      code: 0,
      asks: false,
      says: true,
    });
    expect((await run('login --yes', { input: undefined, columns: 80 })).stderr).not.toContain('Signed in already');
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

  it('says where a key of the other service belongs', async () => {
    const { code, stderr } = await run('login --api-key', { input: 'sk-canary-key' });
    expect(code).toBe(3);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(
      'It looks like a pay-per-token key for api.moonshot.cn or api.moonshot.ai (--service platform).',
    );
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

  it.each([
    ['login', '--api-key', 'sk-kimi-canary'],
    ['login', '--api-key=sk-kimi-canary'],
    ['login', '--apikey=sk-kimi-canary'],
  ])('refuses a key in the arguments without repeating it', async (...argv) => {
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
