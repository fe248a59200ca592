import { hostname } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../src/version';
import { DANGEROUS, dangerousIn } from '../support/hostile-text';
import { home, json, KEY, record, run, simulator } from './command-harness';

type Section = { title: string; entries: Array<[string, string]> };

describe('doctor --report', () => {
  const report = async (...argv: Parameters<typeof run>) => {
    const { ok, report } = json(await run(...argv)) as {
      ok: boolean;
      report: { sections: Section[]; leftOut: string };
    };
    return {
      ok,
      leftOut: report.leftOut,
      ...Object.fromEntries(report.sections.map(({ title, entries }) => [title, Object.fromEntries(entries)])),
    };
  };

  it('has versions, sign-in, kept models, checks and names of variables', async () => {
    await run('login');
    await run('models');
    await run(['ask', 'hi']);
    const found = await report('doctor --report --json', {
      env: { HTTPS_PROXY: 'http://user:pass@proxy', NODE_USE_ENV_PROXY: '0' },
    });
    expect(found).toMatchObject({
      ok: true,
      Versions: { 'ai-sdk-provider-kimi': VERSION, Node: process.versions.node, ai: expect.stringMatching(/^7\./) },
      'Sign-in': {
        State: 'valid',
        With: 'a login',
        Token: expect.stringMatching(/^ends in /),
        Account: 'default',
        Identity: 'kimi-cli',
        API: simulator.apiBaseURL,
      },
      Models: { 'Kept list': expect.stringMatching(/ old$/), Ids: expect.stringContaining('kimi-for-coding') },
      Checks: { 'Runtime: ok': expect.any(String), 'Token: ok': expect.any(String) },
      'Variables that are set': { Names: expect.stringMatching(/HTTPS_PROXY.*KIMI_CODE_BASE_URL.*NODE_USE_ENV_PROXY/) },
    });
    expect(JSON.stringify(found)).not.toContain('user:pass');
    expect(found.leftOut).toMatch(/^Left out: keys, tokens/);
  });

  it('says which identity requests go under', async () => {
    const found = await report('doctor --report --json', { env: { KIMI_IDENTITY: 'package' } });
    expect(found).toMatchObject({ 'Sign-in': { Identity: 'package' } });
  });

  it('says what is wrong, and ends as doctor does', async () => {
    simulator.fault({ status: 403, body: { error: { message: 'no' } }, times: 9, match: { path: '/models' } });
    const { code, stdout } = await run('doctor --report', { env: { KIMI_API_KEY: KEY } });
    expect(code).toBe(1);
    expect(stdout).toMatch(/- \*\*Key: failure\*\*: /);
  });

  it.each([80, 40])('is Markdown, and fits %i columns but for what cannot be broken', async columns => {
    await run('login');
    const { plain } = await run('doctor --report', { columns });
    expect(plain).toMatch(/^# ai-sdk-provider-kimi [\w.-]+:?\s+report\n\n## Versions\n\n- \*\*/);
    const broken = plain
      .split('\n')
      .filter(line => line.length > columns && /\S\s+\S/.test(line.replace(/^- /, '').trim()));
    expect(broken).toEqual([]);
    expect(plain.trimEnd().replaceAll('\n', ' ')).toMatch(/Left out: .*before you post it\.$/);
  });

  it('names no person and no secret', async () => {
    await run('login --account ada-lovelace');
    const { accessToken, refreshToken } = record();
    const key = 'key-without-any-form-42';
    const env = { KIMI_ACCOUNT: 'ada-lovelace', HOME: path.dirname(home()) };
    let everything = '';
    for (const more of [{}, { KIMI_API_KEY: key }]) {
      const message = `token ${Object.values(more).join('') || accessToken}`;
      simulator.fault({ status: 403, body: { error: { message } }, times: 9, match: { path: '/models' } });
      for (const flags of ['', ' --json']) {
        const { stdout, stderr } = await run(`doctor --report${flags}`, { env: { ...env, ...more } });
        everything += stdout + stderr;
      }
    }
    expect(everything.length).toBeGreaterThan(2000);
    expect(everything).toContain('[secret]');
    const personal = ['ada-lovelace', hostname(), accessToken, refreshToken, key];
    expect(personal.filter(text => everything.includes(text))).toEqual([]);
  });

  it('lets no text of a server be markup, or steer', async () => {
    const message = `@everyone <img src=x> [click](https://e.example) #1 ${DANGEROUS.join('')}`;
    simulator.fault({ status: 403, body: { error: { message } }, times: 9, match: { path: '/models' } });
    const { stdout } = await run('doctor --report', { env: { KIMI_API_KEY: KEY } });
    expect(dangerousIn(stdout)).toEqual([]);
    expect(stdout).toContain('\\<img');
    expect(stdout).not.toMatch(/@everyone|(?<!\\)<img|(?<!\\)\[click/);
  });
});
