import { expect, test } from 'vitest';
import { dataDirectory } from '../../src/credentials/data-directory';

const windowsData = String.raw`C:\Users\me\AppData\Local`;

test.each([
  ['linux', {}, '/home/me/.local/share/ai-sdk-provider-kimi'],
  ['linux', { XDG_DATA_HOME: '/data' }, '/data/ai-sdk-provider-kimi'],
  ['linux', { XDG_DATA_HOME: '' }, '/home/me/.local/share/ai-sdk-provider-kimi'],
  ['linux', { XDG_DATA_HOME: 'relative' }, '/home/me/.local/share/ai-sdk-provider-kimi'],
  ['linux', { XDG_DATA_HOME: '/data', KIMI_PROVIDER_HOME: '/elsewhere' }, '/elsewhere'],
  ['linux', { KIMI_PROVIDER_HOME: '' }, '/home/me/.local/share/ai-sdk-provider-kimi'],
  ['freebsd', {}, '/home/me/.local/share/ai-sdk-provider-kimi'],
  ['darwin', { XDG_DATA_HOME: '/data' }, '/home/me/Library/Application Support/ai-sdk-provider-kimi'],
  ['darwin', { KIMI_PROVIDER_HOME: '/elsewhere/' }, '/elsewhere'],
  ['win32', { LOCALAPPDATA: windowsData }, String.raw`C:\Users\me\AppData\Local\ai-sdk-provider-kimi`],
  ['win32', { LOCALAPPDATA: '' }, String.raw`C:\Users\you\AppData\Local\ai-sdk-provider-kimi`],
  ['win32', { LOCALAPPDATA: windowsData, KIMI_PROVIDER_HOME: 'D:/kimi' }, String.raw`D:\kimi`],
] as const)('on %s with %o data is in %s', (platform, environment, expected) => {
  const homedir = () => (platform === 'win32' ? String.raw`C:\Users\you` : '/home/me');
  expect(dataDirectory({ platform, environment, homedir })).toBe(expected);
});

test('moves to an absolute place even when told a relative one', () => {
  expect(dataDirectory({ environment: { KIMI_PROVIDER_HOME: 'here' }, platform: 'linux' })).toBe(
    `${process.cwd()}/here`,
  );
});
