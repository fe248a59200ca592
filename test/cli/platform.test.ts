/** Every command that knows services, on the pay-per-token platform, which MOONSHOT_BASE_URL names. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { json, kept, lines, restart, run, simulator } from './command-harness';

const KEY = 'sk-simulator';

let env: Record<string, string>;
beforeEach(() => {
  env = { MOONSHOT_BASE_URL: simulator.platformBaseURL, MOONSHOT_API_KEY: KEY };
});
/** Each with `--service platform`; whatever it sends is seen afterwards. */
const onPlatform = (words: string[], options: { columns?: number; input?: string } = {}) =>
  run([...words, '--service', 'platform'], { env, ...options });

/** Paths and credentials of what was sent. */
const sent = () => simulator.requests.map(({ method, path, headers }) => `${method} ${path} ${headers.authorization}`);

it('asks nobody but the platform, with its key and without an identity', async () => {
  const file = path.join(process.env.KIMI_PROVIDER_HOME ?? '', 'clip.mp4');
  writeFileSync(file, Buffer.from('\0\0\0\x18ftypmp42'));
  simulator.web.pages['https://a.example/'] = '# A page';
  for (const words of [
    ['usage'],
    ['status', '--check'],
    ['models'],
    ['ask', 'hi'],
    ['search', 'moon'],
    ['fetch', 'https://a.example/'],
    ['upload', file],
    ['doctor', '--chat'],
  ]) {
    const { code, stderr } = await onPlatform(words);
    expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: '' });
  }
  expect([...new Set(sent())].toSorted()).toEqual(
    [
      'GET /v1/users/me/balance',
      'GET /v1/models',
      'POST /v1/chat/completions',
      'POST /v1/tools/search',
      'POST /v1/tools/fetch',
      'POST /v1/files',
    ]
      .map(request => `${request} Bearer ${KEY}`)
      .concat('GET /v1/models undefined')
      .toSorted(),
  );
  expect(simulator.requests.map(({ headers }) => headers['x-msh-platform']).filter(Boolean)).toEqual([]);
});

describe('usage', () => {
  it.each([80, 40])('is the balance, at %i columns', async columns => {
    Object.assign(simulator.balance, { available: 49.58894, voucher: 46.58893, cash: 3.00001 });
    const { plain } = await onPlatform(['usage'], { columns });
    expect(plain).toMatch(
      /^Moonshot platform\n {2}Available {2}49\.58 \w+\n {2}Vouchers {3}46\.58 \w+\n {2}Cash {7}3\.00 /,
    );
    expect(Math.max(...plain.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(columns);
    expect(json(await onPlatform(['usage', '--json']))).toMatchObject({ service: 'platform', available: 49.58894 });
  });

  it('without money says where to put some', async () => {
    Object.assign(simulator.balance, { available: 0, voucher: 0, cash: 0 });
    const { code, plain } = await onPlatform(['usage'], { columns: 80 });
    expect(code).toBe(0);
    expect(plain.replaceAll(/\s+/g, ' ')).toContain('Top it up at https://platform.kimi.ai');
  });
});

describe('status --check', () => {
  it('names source and host, and asks', async () => {
    expect(json(await onPlatform(['status', '--check', '--json']))).toMatchObject({
      signedIn: true,
      service: 'platform',
      apiBaseURL: simulator.platformBaseURL,
    });
  });

  it('ends with 3 for a key that the platform does not take', async () => {
    env.MOONSHOT_API_KEY = 'sk-kimi-simulator';
    const { code, stdout, stderr } = await onPlatform(['status', '--check']);
    expect(code).toBe(3);
    expect(stdout + stderr).toContain('MOONSHOT_API_KEY');
  });
});

it('ask streams the answer, as text and as events', async () => {
  simulator.script([{ text: 'From the platform' }, { text: 'From the platform' }]);
  expect((await onPlatform(['ask', 'hi'])).stdout).toBe('From the platform\n');
  const events = lines(await onPlatform(['ask', 'hi', '--json']));
  expect(JSON.stringify(events)).toContain('From the platform');
});

it('models lists what the platform has', async () => {
  const { stdout } = await onPlatform(['models']);
  expect(stdout).toContain('kimi-k2.6');
  expect(stdout).not.toContain('kimi-for-coding');
});

describe('MOONSHOT_BASE_URL', () => {
  it('sends no coding key there, and the coding service nothing', async () => {
    delete env.MOONSHOT_API_KEY;
    env.KIMI_API_KEY = 'sk-kimi-simulator';
    expect((await onPlatform(['ask', 'hi'])).code).toBe(3);
    expect(sent()).toEqual([]);
    await run(['ask', 'hi'], { env });
    expect(sent().every(request => request.includes(' /coding/'))).toBe(true);
    expect(sent()).not.toEqual([]);
  });

  it('is refused as plain http to another machine, unless that is allowed', async () => {
    env.MOONSHOT_BASE_URL = 'http://moonshot.internal/v1';
    const { code, stderr } = await onPlatform(['status']);
    expect(code).toBe(2);
    expect(stderr.replaceAll(/\s+/g, ' ')).toMatch(
      /"MOONSHOT_BASE_URL" is plain http to another machine .*--allow-insecure/,
    );
    expect(json(await onPlatform(['status', '--json', '--allow-insecure']))).toMatchObject({
      apiBaseURL: 'http://moonshot.internal/v1',
    });
  });

  it('a key that was saved for one host is not sent to another', async () => {
    delete env.MOONSHOT_API_KEY;
    expect((await onPlatform(['login', '--api-key'], { input: KEY })).code).toBe(0);
    expect((await onPlatform(['ask', 'hi'])).code).toBe(0);
    expect(kept()).not.toEqual([]);
    const home = process.env.KIMI_PROVIDER_HOME;
    await restart({});
    process.env.KIMI_PROVIDER_HOME = home;
    env.MOONSHOT_BASE_URL = simulator.platformBaseURL;
    expect((await onPlatform(['ask', 'hi'])).code).toBe(3);
    expect(sent()).toEqual([]);
  });
});
