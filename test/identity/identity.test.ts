import { describe, expect, it } from 'vitest';
import type { Device } from '../../src/identity/device';
import { identityHeaders, parseIdentity, type OfficialClient } from '../../src/identity/identity';

const linux: Device = {
  platform: 'linux',
  type: 'Linux',
  release: '6.8.0-45-generic',
  version: '#45-Ubuntu SMP PREEMPT_DYNAMIC',
  arch: 'x64',
  machine: 'x86_64',
  hostname: 'workstation',
  macOSVersion: '',
};
const linuxARM: Device = { ...linux, arch: 'arm64', machine: 'aarch64' };
const macOS: Device = {
  platform: 'darwin',
  type: 'Darwin',
  release: '24.3.0',
  version: 'Darwin Kernel Version 24.3.0: Thu Jan  2 20:24:24 PST 2025',
  arch: 'arm64',
  machine: 'arm64',
  hostname: 'mac.local',
  macOSVersion: '15.3',
};
const windows11: Device = {
  platform: 'win32',
  type: 'Windows_NT',
  release: '10.0.22631',
  version: 'Windows 11 Pro',
  arch: 'x64',
  machine: 'x86_64',
  hostname: 'DESKTOP-1',
  macOSVersion: '',
};
const windows10: Device = { ...windows11, release: '10.0.19045', version: 'Windows 10 Pro' };
const edge: Device = {
  platform: 'edge',
  type: '',
  release: '',
  version: '',
  arch: '',
  machine: '',
  hostname: '',
  macOSVersion: '',
};

function header(client: OfficialClient, device: Device, name: string) {
  return Object.fromEntries(identityHeaders(client, device, 'id'))[name];
}

describe('identityHeaders', () => {
  it('sends the kimi-cli set in the official order', () => {
    expect(identityHeaders('kimi-cli', linux, '0123456789abcdef0123456789abcdef')).toEqual([
      ['User-Agent', 'KimiCLI/1.49.0'],
      ['X-Msh-Platform', 'kimi_cli'],
      ['X-Msh-Version', '1.49.0'],
      ['X-Msh-Device-Name', 'workstation'],
      ['X-Msh-Device-Model', 'Linux 6.8.0-45-generic x86_64'],
      ['X-Msh-Os-Version', '#45-Ubuntu SMP PREEMPT_DYNAMIC'],
      ['X-Msh-Device-Id', '0123456789abcdef0123456789abcdef'],
    ]);
  });

  it('sends the kimi-code set, which shares no word with the other', () => {
    expect(identityHeaders('kimi-code', linux, 'd1')).toEqual([
      ['User-Agent', 'kimi-code-cli/2.1.0'],
      ['X-Msh-Platform', 'kimi_code_cli'],
      ['X-Msh-Version', '2.1.0'],
      ['X-Msh-Device-Name', 'workstation'],
      ['X-Msh-Device-Model', 'Linux 6.8.0-45-generic x64'],
      ['X-Msh-Os-Version', '6.8.0-45-generic'],
      ['X-Msh-Device-Id', 'd1'],
    ]);
  });

  it("sends a host's own name", () => {
    expect(
      identityHeaders({ product: 'my-agent', version: '1.4.0', platform: 'my_agent' }, linux, 'd1').slice(0, 3),
    ).toEqual([
      ['User-Agent', 'my-agent/1.4.0'],
      ['X-Msh-Platform', 'my_agent'],
      ['X-Msh-Version', '1.4.0'],
    ]);
  });

  it.each<[string, Device, string, string, string, string]>([
    [
      'Linux x64',
      linux,
      'Linux 6.8.0-45-generic x86_64',
      '#45-Ubuntu SMP PREEMPT_DYNAMIC',
      'Linux 6.8.0-45-generic x64',
      '6.8.0-45-generic',
    ],
    [
      'Linux arm64',
      linuxARM,
      'Linux 6.8.0-45-generic aarch64',
      '#45-Ubuntu SMP PREEMPT_DYNAMIC',
      'Linux 6.8.0-45-generic arm64',
      '6.8.0-45-generic',
    ],
    [
      'macOS',
      macOS,
      'macOS 15.3 arm64',
      'Darwin Kernel Version 24.3.0: Thu Jan  2 20:24:24 PST 2025',
      'macOS 15.3 arm64',
      '24.3.0',
    ],
    [
      'macOS without its version file',
      { ...macOS, macOSVersion: '' },
      'macOS 24.3.0 arm64',
      macOS.version,
      'macOS 24.3.0 arm64',
      '24.3.0',
    ],
    ['Windows 11', windows11, 'Windows 11 AMD64', '10.0.22631', 'Windows 10.0.22631 x64', '10.0.22631'],
    ['Windows 10', windows10, 'Windows 10 AMD64', '10.0.19045', 'Windows 10.0.19045 x64', '10.0.19045'],
    [
      'Windows on ARM',
      { ...windows11, arch: 'arm64' },
      'Windows 11 ARM64',
      '10.0.22631',
      'Windows 10.0.22631 arm64',
      '10.0.22631',
    ],
    ['edge', edge, 'Unknown', 'unknown', 'Unknown', 'unknown'],
  ])('describes %s', (_, device, cliModel, cliVersion, codeModel, codeVersion) => {
    expect(header('kimi-cli', device, 'X-Msh-Device-Model')).toBe(cliModel);
    expect(header('kimi-cli', device, 'X-Msh-Os-Version')).toBe(cliVersion);
    expect(header('kimi-code', device, 'X-Msh-Device-Model')).toBe(codeModel);
    expect(header('kimi-code', device, 'X-Msh-Os-Version')).toBe(codeVersion);
  });

  it.each([
    ['我的电脑', 'unknown'],
    ['Büro-Mäc', 'Bro-Mc'],
    ['laptop 💻', 'laptop'],
    ['a\r\nX-Injected: 1', 'aX-Injected: 1'],
    ['tab\there\u0000', 'tabhere'],
    ['  ', 'unknown'],
  ])('makes the host name %j fit a header', (hostname, sent) => {
    expect(header('kimi-cli', { ...linux, hostname }, 'X-Msh-Device-Name')).toBe(sent);
    expect(header('kimi-code', { ...linux, hostname }, 'X-Msh-Device-Name')).toBe(sent);
    expect(
      () => new Headers(identityHeaders('kimi-cli', { ...linux, hostname }, 'id') as Array<[string, string]>),
    ).not.toThrow();
  });
});

describe('parseIdentity', () => {
  it.each([
    ['kimi-cli', { sender: 'kimi-cli', deviceId: undefined }],
    [
      { client: 'kimi-code', deviceId: 'd' },
      { sender: 'kimi-code', deviceId: 'd' },
    ],
    [
      { product: 'p', version: '1', platform: 'q', deviceId: 'd' },
      { sender: { product: 'p', version: '1', platform: 'q', deviceId: 'd' }, deviceId: 'd' },
    ],
  ] as const)('reads %j', (identity, parsed) => {
    expect(parseIdentity(identity)).toEqual(parsed);
  });

  it.each([
    ['claude-code', "must be 'kimi-cli', 'kimi-code', 'package' or { product, version, platform }"],
    [{ product: '', version: '1', platform: 'q' }, 'identity.product'],
    [{ product: 'p', version: '1\r\n', platform: 'q' }, 'identity.version'],
    [{ product: 'p', version: '1', platform: '平台' }, 'identity.platform'],
    [{ client: 'kimi-cli', deviceId: 'ä' }, 'identity.deviceId'],
  ])('refuses %j', (identity, text) => {
    expect(() => parseIdentity(identity as never)).toThrow(text);
  });
});
