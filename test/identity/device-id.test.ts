import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { derivedDeviceId } from '../../src/identity/device';
import type { FinalHeaders } from '../../src/transport/headers';
import { identityHeadersSource } from '../../src/identity/identity-fetch';
import { readDevice, readDeviceId } from '../../src/platform/node';
import * as edge from '../../src/platform/edge';

const newHome = () => mkdtempSync(path.join(tmpdir(), 'kimi-device-'));

describe('readDeviceId', () => {
  it('makes the id of kimi-cli in its home: 32 hex digits, 0600, for good', async () => {
    const home = path.join(newHome(), 'share');
    const first = await readDeviceId('kimi-cli', { KIMI_SHARE_DIR: home });
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(await readDeviceId('kimi-cli', { KIMI_SHARE_DIR: home })).toBe(first);
    expect(readFileSync(path.join(home, 'device_id'), 'utf8')).toBe(first);
    expect(statSync(path.join(home, 'device_id')).mode & 0o777).toBe(0o600);
    expect(statSync(home).mode & 0o777).toBe(0o700);
  });

  it('makes the id of kimi-code in its home, dashed', async () => {
    expect(await readDeviceId('kimi-code', { KIMI_CODE_HOME: newHome() })).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    );
  });

  it('looks in the home directory where no variable says otherwise', async () => {
    const id = await readDeviceId('kimi-cli', {});
    expect(readFileSync(path.join(homedir(), '.kimi', 'device_id'), 'utf8')).toBe(id);
  });

  it.each(['0123456789abcdef0123456789abcdef', '2f1c1d1e-0000-4000-8000-000000000000', 'anything at all'])(
    'uses the existing content %s as it is',
    async content => {
      const home = newHome();
      writeFileSync(path.join(home, 'device_id'), `${content}\n`);
      expect(await readDeviceId('kimi-cli', { KIMI_SHARE_DIR: home })).toBe(content);
      expect(await readDeviceId('kimi-code', { KIMI_CODE_HOME: home })).toBe(content);
      expect(readFileSync(path.join(home, 'device_id'), 'utf8')).toBe(`${content}\n`);
    },
  );

  it('replaces a blank file', async () => {
    const home = newHome();
    writeFileSync(path.join(home, 'device_id'), ' \n');
    expect(await readDeviceId('kimi-cli', { KIMI_SHARE_DIR: home })).toMatch(/^[0-9a-f]{32}$/);
  });

  it('gives nothing, and no error, where it cannot write', async () => {
    const file = path.join(newHome(), 'file');
    writeFileSync(file, '');
    expect(await readDeviceId('kimi-cli', { KIMI_SHARE_DIR: path.join(file, 'below') })).toBeUndefined();
  });

  it('gives processes that start together one id', async () => {
    const home = newHome();
    const built = fileURLToPath(new URL('../../dist/platform/node.js', import.meta.url));
    const script =
      `const { readDeviceId } = await import(${JSON.stringify(built)}); process.stdout.write(await ` +
      "readDeviceId('kimi-cli', process.env));";
    const ids = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
          env: { ...process.env, KIMI_SHARE_DIR: home },
        });
        return stdout;
      }),
    );
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toBe(readFileSync(path.join(home, 'device_id'), 'utf8'));
  });
});

describe('identityHeadersSource', () => {
  const reader = async () => ({ readDevice, readDeviceId });
  const idOf = async ({ values }: FinalHeaders) => values['X-Msh-Device-Id'];

  it('derives the id from the account where there is no disk, the same each time', async () => {
    const source = (account: string, identity: 'kimi-cli' | 'kimi-code' = 'kimi-cli') =>
      identityHeadersSource({ identity, account, environment: {}, reader: async () => edge })().then(idOf);
    expect(await source('a')).toMatch(/^[0-9a-f]{32}$/);
    expect(await source('a')).toBe(await source('a'));
    expect(await source('a')).not.toBe(await source('b'));
    expect(await source('a', 'kimi-code')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(await source('a')).toBe(await derivedDeviceId('kimi-cli', 'a'));
  });

  it('takes the id from the settings before any file', async () => {
    const home = newHome();
    const headers = await identityHeadersSource({
      identity: { client: 'kimi-cli', deviceId: 'mine' },
      account: 'a',
      environment: { KIMI_SHARE_DIR: home },
      reader,
    })();
    expect(await idOf(headers)).toBe('mine');
    expect(() => statSync(path.join(home, 'device_id'))).toThrow();
  });

  it('keeps a host of its own name out of the official homes', async () => {
    const provider = newHome();
    const official = newHome();
    const headers = await identityHeadersSource({
      identity: { product: 'p', version: '1', platform: 'q' },
      account: 'a',
      environment: { KIMI_PROVIDER_HOME: provider, KIMI_SHARE_DIR: official, KIMI_CODE_HOME: official },
      reader,
    })();
    expect(await idOf(headers)).toBe(readFileSync(path.join(provider, 'device_id'), 'utf8'));
    expect(() => statSync(path.join(official, 'device_id'))).toThrow();
  });

  it('asks again after a failure, and only once after a success', async () => {
    let asked = 0;
    const source = identityHeadersSource({
      identity: 'kimi-cli',
      account: 'a',
      environment: {},
      reader: async () => {
        asked += 1;
        if (asked === 1) {
          throw new Error('not now');
        }
        return edge;
      },
    });
    await expect(source()).rejects.toThrow('not now');
    await Promise.all([source(), source()]);
    await source();
    expect(asked).toBe(2);
  });

  it('sends the platform the name of this package and nothing else', async () => {
    expect(await identityHeadersSource({ identity: undefined, account: 'a', environment: {}, reader })()).toEqual({
      values: { 'User-Agent': expect.stringMatching(/^ai-sdk-provider-kimi\/\d/) },
      names: new Set(['user-agent']),
    });
  });
});
