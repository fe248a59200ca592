import { describe, expect, it, test } from 'vitest';
import { json, KEY, run, simulator } from './command-harness';

const key = { env: { KIMI_API_KEY: KEY } };
const models = { path: '/models' };

describe('status asks Kimi', () => {
  it('says signed in where Kimi takes the credential, by one request', async () => {
    const { code, stdout } = await run('status', key);
    expect(code).toBe(0);
    expect(stdout).toContain('✔ Signed in to Kimi');
    expect(simulator.requests.map(({ path }) => path)).toEqual(['/coding/v1/models']);
    expect(json(await run('status --json', key))).toMatchObject({
      signedIn: true,
      checked: true,
      check: { outcome: 'accepted' },
    });
  });

  test.each(['status', 'status --check'])('%s: a bad key never reads "signed in"', async command => {
    const bad = { env: { KIMI_API_KEY: 'sk-kimi-bad' } };
    const { code, stdout } = await run(command, bad);
    expect(code).toBe(3);
    expect(stdout).not.toMatch(/signed in to kimi/i);
    expect(stdout).toContain('Kimi does not accept this key');
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/ Unset KIMI_API_KEY, or set it to a key from https:\S+ $/);
    expect(stdout).not.toMatch(/sign in again/i);
    expect(stdout).not.toContain('sk-kimi-bad');
    expect(json(await run(`${command} --json`, bad))).toMatchObject({
      signedIn: false,
      checked: true,
      check: { outcome: 'rejected', code: 'KIMI_LOGIN_REQUIRED' },
      state: 'valid',
    });
  });

  it('a key that is refused with HTTP 400 is no better', async () => {
    const body = { error: { message: 'Invalid API key provided', type: 'invalid_request_error' } };
    simulator.fault({ match: models, times: 9, status: 400, body });
    const { code, stdout } = await run('status', key);
    expect(code).toBe(3);
    expect(stdout).toContain('Kimi does not accept this key');
    expect(json(await run('status --json', key))).toMatchObject({
      signedIn: false,
      check: { outcome: 'rejected', code: 'KIMI_NOT_AUTHENTICATED' },
    });
  });

  test.each(['status', 'status --check'])('%s: a dead login never reads "signed in"', async command => {
    await run('login');
    simulator.revoke();
    const first = await run(command);
    expect(first.code).toBe(3);
    expect(first.stdout).toContain('The login has ended: Kimi no longer accepts it');
    expect(first.stdout).not.toContain('Signed in');
    expect((await run(command)).code).toBe(3);
  });

  it('renews a login that is due, and tells the new end', async () => {
    await run('login');
    const { stdout } = await run('status', { now: () => Date.now() + 600_000 });
    expect(stdout).toContain('✔ Signed in to Kimi');
    expect(stdout).not.toContain('renewed at the next request');
    expect(simulator.rotations).toBe(1);
  });

  test.each([
    ['fails', { status: 500, body: {} }],
    ['is busy', { status: 429, body: { error: { message: 'too many requests' } } }],
    ['breaks the connection', { destroySocket: true }],
    ['answers with a page', { status: 200, body: '<html><title>Sign in</title>' }],
    ['sends elsewhere', { status: 307, headers: { location: 'https://elsewhere.example/' } }],
  ])('says that it was not checked where the server %s', async (_, fault) => {
    simulator.fault({ match: models, times: 9, ...fault });
    const { code, stdout } = await run('status', key);
    expect(code).toBe(0);
    expect(stdout).toContain('A key is kept, but was not checked');
    expect(stdout).not.toContain('Signed in');
    expect(json(await run('status --json', key))).toMatchObject({
      signedIn: null,
      checked: false,
      check: { outcome: 'unknown', message: expect.any(String) as string },
    });
    expect((await run('status --check', key)).code).toBe(4);
    expect((await run('status --json --check', key)).code).toBe(4);
  });

  it('waits two seconds, not for ever', async () => {
    simulator.fault({ match: models, times: 9, delayMs: 600_000 });
    const { code, stdout } = await run('status', key);
    expect(code).toBe(0);
    expect(stdout).toContain('was not checked');
    expect(stdout).toContain('gave no answer within 2 s.');
  });

  it('says what Kimi refuses an account for that it knows', async () => {
    const body = { error: { message: 'Unable to verify your membership benefits' } };
    simulator.fault({ match: models, times: 9, status: 402, body });
    const { code, stdout } = await run('status', key);
    expect(code).toBe(1);
    expect(stdout).toContain('Signed in, but Kimi refuses this account');
    expect(stdout).toContain('Unable to verify your');
    expect(json(await run('status --json', key))).toMatchObject({
      signedIn: true,
      checked: true,
      check: { outcome: 'refused', code: 'KIMI_MEMBERSHIP_REQUIRED' },
    });
  });

  it('sends nothing where nobody is signed in', async () => {
    expect(json(await run('status --json'))).toMatchObject({ signedIn: false, checked: false, check: null });
    expect(simulator.requests).toEqual([]);
  });
});
