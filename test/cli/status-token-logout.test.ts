import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { home, json, KEY, kept, logins, record, run, simulator } from './command-harness';

describe('logout', () => {
  it('removes the login, and is content when there is none', async () => {
    await run('login');
    const { code, stdout } = await run('logout');
    expect(code).toBe(0);
    expect(stdout).toContain('Signed out account "default".');
    expect(kept()).toEqual([]);
    expect(json(await run('logout --json'))).toEqual({ account: 'default', removed: null, stillUsed: null });
  });

  it('says what is still used', async () => {
    await run('login');
    const { stdout } = await run('logout', { env: { KIMI_API_KEY: KEY } });
    expect(stdout).toContain('Requests still use the environment variable KIMI_API_KEY');
    expect(kept()).toEqual([]);
  });
});

describe('status', () => {
  it('tells who, from where, until when; and 3 when nobody', async () => {
    const before = await run('status');
    expect(before.code).toBe(3);
    expect(before.stdout).toContain('Sign in: npx ai-sdk-provider-kimi login');
    await run('login');
    const { code, stdout } = await run('status');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Account +default\n/);
    expect(stdout).toMatch(/ends in 15 min, (\w+ \d+ \w+ )?\d\d:\d\d; renewed by itself before/);
    expect(json(await run('status --json'))).toMatchObject({
      signedIn: true,
      state: 'valid',
      kind: 'oauth',
      account: 'default',
      source: path.join(home(), logins()[0] ?? ''),
      expiresAt: expect.stringMatching(/Z$/),
    });
    simulator.fault({ match: { path: '/token' }, status: 503, times: 9 });
    expect((await run('status', { now: () => Date.now() + 600_000 })).stdout).toMatch(
      /ends in 5 min, [^;]*\d\d:\d\d; renewed at the next request/,
    );
  });

  it('ends with 3 for a login that has ended', async () => {
    await run('login');
    simulator.revoke();
    expect((await run('ask hi')).code).toBe(3);
    const { code, stdout } = await run('status');
    expect(code).toBe(3);
    expect(stdout).toContain('The login has ended');
  });

  it('passes on whose login is shared', async () => {
    const { stdout } = await run('status', { env: { KIMI_API_KEY: KEY }, notices: ['Using the login of kimi-code.'] });
    expect(stdout).toContain('Using the login of kimi-code.');
    expect(stdout).toMatch(/Source +the environment variable KIMI_API_KEY/);
  });

  it('ends with 1 for a store that cannot be read, with what to do', async () => {
    await run('login');
    writeFileSync(path.join(home(), logins()[0] ?? ''), '{"version":1,"ty');
    const { code, stdout } = await run('status --json');
    expect(code).toBe(1);
    expect(stdout).toContain('KIMI_CREDENTIAL_STORE');
  });
});

describe('--store', () => {
  it('is a variable for this command alone, and stands above the one that is set', async () => {
    await run('login');
    const options = { env: { KIMI_CREDENTIAL_STORE: 'environment' } };
    expect((await run('status', options)).code).toBe(3);
    expect(json(await run('status --store file --json', options))).toMatchObject({
      signedIn: true,
      source: path.join(home(), logins()[0] ?? ''),
    });
    expect((await run('status', options)).code).toBe(3);
    expect(process.env.KIMI_CREDENTIAL_STORE).toBeUndefined();
  });
});

describe('--allow-insecure', () => {
  const plain = { KIMI_CODE_BASE_URL: 'http://host.docker.internal:8080/v1' };

  it('is asked for where a variable names http to another machine', async () => {
    const { code, stderr } = await run('status', { env: plain });
    expect({ code, stderr: stderr.replaceAll(/\s+/g, ' ') }).toEqual({
      code: 2,
      stderr: expect.stringContaining('run the command with --allow-insecure'),
    });
    const allowed = await run('status --allow-insecure --json', { env: plain });
    expect(json(allowed)).toMatchObject({ signedIn: false, apiBaseURL: plain.KIMI_CODE_BASE_URL });
    expect((await run('status --allow-insecure', { env: plain })).plain).toContain('login --allow-insecure');
  });
});

describe('token', () => {
  it('prints the token and nothing else, renewed when less than half of its life is left', async () => {
    await run('login');
    const first = record().accessToken;
    expect(await run('token')).toMatchObject({ code: 0, stdout: `${first}\n`, stderr: '' });
    const later = await run('token --json', { now: () => Date.now() + 600_000 });
    expect(json(later)).toEqual({ token: record().accessToken, kind: 'oauth', expiresAt: expect.any(String) });
    expect(record().accessToken).not.toBe(first);
  });

  it('is one that Kimi takes, with --check, also where its end is not due', async () => {
    await run('login');
    const first = record().accessToken;
    expect((await run('token --check')).stdout).toBe(`${first}\n`);
    simulator.expireTokens();
    expect((await run('token')).stdout).toBe(`${first}\n`);
    const { stdout } = await run('token --check');
    expect(stdout).toBe(`${record().accessToken}\n`);
    expect(stdout).not.toContain(first);
    // Where Kimi is not to be reached, nobody knows better.
    simulator.fault({ status: 503, times: 9, match: { path: '/models' } });
    expect((await run('token --check')).stdout).toBe(stdout);
    simulator.revoke();
    simulator.reset();
    expect(await run('token --check')).toMatchObject({ code: 3, stdout: '' });
  });

  it('does not go to a screen unless it is told to', async () => {
    await run('login');
    const refused = await run('token', { columns: 80 });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('--force');
    expect((await run('token --force', { columns: 80 })).stdout).toBe(`${record().accessToken}\n`);
  });

  it('says on stderr when it could not be renewed', async () => {
    await run('login');
    simulator.fault({ status: 503, times: 9, match: { path: '/token' } });
    const { code, stdout, stderr } = await run('token', { now: () => Date.now() + 600_000 });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${record().accessToken}\n` });
    expect(stderr).toContain('less than half of its life');
  });

  it('ends with 3 when nobody is signed in', async () => {
    expect(await run('token')).toMatchObject({ code: 3, stdout: '' });
  });
});
