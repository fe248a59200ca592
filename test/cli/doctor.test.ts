import { chmodSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { home, KEY, logins, run, simulator } from './command-harness';
import type { RunOptions } from './run-in-process';

describe('doctor', () => {
  type Checks = { ok: boolean; checks: Array<{ name: string; state: string; detail: string; fix?: string }> };
  const doctor = async (options: RunOptions = {}, ...flags: string[]) => {
    const result = await run(['doctor', '--json', ...flags], options);
    const { ok, checks } = JSON.parse(result.stdout) as Checks;
    return {
      code: result.code,
      ok,
      failed: checks.filter(({ state }) => state === 'failure').map(({ name }) => name),
      checks: new Map(checks.map(check => [check.name, check])),
    };
  };

  it('finds nothing wrong after a login, chat included', async () => {
    await run('login');
    const { code, failed, checks } = await doctor({}, '--chat');
    expect(failed).toEqual([]);
    expect(code).toBe(0);
    expect([...checks.keys()]).toEqual([
      'Runtime',
      'Package',
      'D-Bus',
      'Keychain',
      'Files',
      'Host',
      'Clock',
      'Sign-in',
      'Token',
      'Chat',
      'Identity',
    ]);
    expect(checks.get('Identity')?.detail).toBe('kimi-cli (in use): accepted, kimi-code: accepted, package: accepted');
    expect(checks.get('D-Bus')).toMatchObject({ state: 'warning', fix: expect.stringContaining('file') });
  });

  it('does not chat unless it is told to', async () => {
    await run('login');
    await doctor();
    expect(simulator.counts.chats).toBe(0);
  });

  it.each<[string, () => RunOptions | Promise<RunOptions>, string, RegExp, number?]>([
    [
      'nobody is signed in',
      () => ({ env: { KIMI_PROVIDER_HOME: path.join(home(), 'empty') } }),
      'Sign-in',
      /npx ai-sdk-provider-kimi login/,
      3,
    ],
    [
      'others can read the file',
      () => (chmodSync(path.join(home(), logins()[0] ?? ''), 0o644), { env: { KIMI_API_KEY: KEY } }),
      'Files',
      /^chmod 600 "/,
    ],
    [
      'the clock is wrong',
      () => ({ env: { KIMI_API_KEY: KEY }, now: () => Date.now() + 3_600_000 }),
      'Clock',
      /timedatectl/,
    ],
    [
      'a host is down',
      () => ({ env: { KIMI_CODE_OAUTH_HOST: 'http://127.0.0.1:1', KIMI_API_KEY: KEY } }),
      'Host',
      /KIMI_CODE_OAUTH_HOST/,
      4,
    ],
    [
      'a proxy is not used',
      () => ({ env: { KIMI_CODE_OAUTH_HOST: 'http://127.0.0.1:1', KIMI_API_KEY: KEY, HTTPS_PROXY: 'http://proxy' } }),
      'Host',
      /NODE_USE_ENV_PROXY=1/,
      4,
    ],
    [
      'a keychain is demanded',
      () => ({ env: { KIMI_CREDENTIAL_STORE: 'keychain', KIMI_API_KEY: KEY } }),
      'D-Bus',
      /dbus-run-session/,
    ],
    [
      'chat is refused',
      () => (
        simulator.fault({
          status: 403,
          body: { error: { type: 'access_terminated_error', message: 'only available for Coding Agents' } },
          match: { path: '/chat/completions' },
        }),
        {}
      ),
      'Chat',
      /identity|agent/i,
    ],
  ])('when %s: fails there alone, with the fix', async (_, prepare, name, fix, exitCode = 1) => {
    await run('login');
    const { code, ok, failed, checks } = await doctor(await prepare(), '--chat');
    expect({ code, ok, failed }).toEqual({ code: exitCode, ok: false, failed: [name] });
    const { fix: advice, detail = '' } = checks.get(name) ?? {};
    expect(advice ?? detail).toMatch(fix);
  });

  it('names what it skipped, and why', async () => {
    const { checks } = await doctor({ env: { KIMI_PROVIDER_HOME: path.join(home(), 'empty') } });
    const skipped = [...checks].flatMap(([name, { state, detail }]) => (state === 'skipped' ? [[name, detail]] : []));
    expect(skipped).toEqual([
      ['Keychain', 'needs a session bus'],
      ['Token', 'needs a sign-in'],
      ['Chat', 'needs a sign-in that Kimi accepts'],
    ]);
    const { stdout } = await run('doctor', { env: { KIMI_API_KEY: KEY } });
    expect(stdout).toMatch(/All that was looked at works\.\nSkipped: Keychain, Chat\.\n$/);
    expect(stdout.replace(/\s+/g, ' ')).toContain('Chat not tried: --chat asks one short question');
  });

  it('says what is wrong with a token that Kimi refuses', async () => {
    const { code, failed, checks } = await doctor({ env: { KIMI_API_KEY: 'sk-kimi-canary' } });
    expect(code).toBe(3);
    expect(failed).toEqual(['Key']);
    expect(checks.get('Key')?.detail).toContain('HTTP 401');
  });
});
