import { IDENTITY_HEADERS, KIMI_CLI, KIMI_CODE } from '../upstream';
import { KimiInvalidArgumentError } from '../errors/kimi-error';
import type { Device } from './device';

/** The official clients whose header set can be sent. The two sets are never mixed (docs/decisions.md#23-identity). */
export type OfficialClient = 'kimi-cli' | 'kimi-code';

/**
 * The identities that have a word: the sets of the official clients, and this package's own name without any `X-Msh-*`
 * header (docs/decisions.md#37-other-identities).
 */
export const IDENTITY_WORDS = ['kimi-cli', 'kimi-code', 'package'] as const;

export type IdentityWord = (typeof IDENTITY_WORDS)[number];

/** A host's own name, sent instead of an official client's. */
export type HostIdentity = {
  /** Product name in the User-Agent, for example `my-agent`. */
  product: string;
  /** Product version, for example `1.4.0`. */
  version: string;
  /** `X-Msh-Platform`, for example `my_agent`. */
  platform: string;
  /**
   * Stable id of this device or deployment. Default: the file `device_id` in this package's data directory, else
   * derived from the account.
   */
  deviceId?: string;
};

/**
 * Who a request says it comes from.
 * `'kimi-cli'` (default) or `'kimi-code'`: the header set of that official client. `{ client, deviceId }`: the same
 * with a device id of your own, for machines without a disk. `'package'`: this package's own name, as
 * `ai-sdk-provider-kimi/<version>` and nothing else. `{ product, version, platform }`: your host's own name.
 */
export type KimiIdentity = IdentityWord | { client: OfficialClient; deviceId?: string } | HostIdentity;

const CHOICES = `${IDENTITY_WORDS.map(word => `'${word}'`).join(', ')} or { product, version, platform }`;

/** `KIMI_IDENTITY` as it is set. @throws KimiInvalidArgumentError for another word */
export function identityOfVariable(value: string | undefined): IdentityWord | undefined {
  if (value === undefined || isIdentityWord(value)) {
    return value;
  }
  throw new KimiInvalidArgumentError({
    argument: 'KIMI_IDENTITY',
    message: `KIMI_IDENTITY must be one of ${IDENTITY_WORDS.join(', ')}, not ${JSON.stringify(value)}.`,
  });
}

function isIdentityWord(value: string): value is IdentityWord {
  return (IDENTITY_WORDS as readonly string[]).includes(value);
}

/** What an identity is called, in messages: its word, or the product of a host. */
export function identityName(identity: KimiIdentity): string {
  return typeof identity === 'string' ? identity : 'client' in identity ? identity.client : identity.product;
}

/** `identity` as given, reduced to its two parts. @throws KimiInvalidArgumentError */
export function parseIdentity(identity: KimiIdentity): {
  sender: IdentityWord | HostIdentity;
  deviceId: string | undefined;
} {
  if (typeof identity !== 'string' && (typeof identity !== 'object' || identity === null)) {
    throw invalid('identity', `must be ${CHOICES}, not ${identity === null ? 'null' : `a ${typeof identity}`}`);
  }
  const sender = typeof identity === 'string' ? identity : 'client' in identity ? identity.client : identity;
  if (typeof sender === 'string') {
    if (!isIdentityWord(sender)) {
      throw invalid('identity', `must be ${CHOICES}, not ${JSON.stringify(sender)}`);
    }
  } else {
    // The official package throws for the same: an empty product is a request without identity
    // (docs/wire.md#user-agent).
    for (const field of ['product', 'version', 'platform'] as const) {
      if (typeof sender[field] !== 'string' || !/^[\x21-\x7e]+$/.test(sender[field])) {
        throw invalid(
          `identity.${field}`,
          "must be printable ASCII without spaces, for example { product: 'my-agent', version: '1.0.0', " +
            "platform: 'my_agent' }",
        );
      }
    }
  }
  const deviceId = typeof identity === 'string' ? undefined : identity.deviceId;
  if (deviceId !== undefined && printableASCII(deviceId) !== deviceId) {
    throw invalid('identity.deviceId', 'must be non-empty printable ASCII');
  }
  return { sender, deviceId };
}

/** The identity headers in the official order and case (docs/wire.md#identity-headers). */
export function identityHeaders(
  sender: OfficialClient | HostIdentity,
  device: Device,
  deviceId: string,
): Array<[string, string]> {
  const product =
    sender === 'kimi-cli'
      ? { name: KIMI_CLI.userAgentProduct, version: KIMI_CLI.version, platform: KIMI_CLI.platform }
      : sender === 'kimi-code'
        ? { name: KIMI_CODE.userAgentProduct, version: KIMI_CODE.version, platform: KIMI_CODE.platform }
        : { name: sender.product, version: sender.version, platform: sender.platform };

  return [
    [IDENTITY_HEADERS.userAgent, `${product.name}/${product.version}`],
    [IDENTITY_HEADERS.platform, product.platform],
    [IDENTITY_HEADERS.version, product.version],
    [IDENTITY_HEADERS.deviceName, printableASCII(device.hostname)],
    [
      IDENTITY_HEADERS.deviceModel,
      printableASCII(sender === 'kimi-cli' ? kimiCliDeviceModel(device) : kimiCodeDeviceModel(device)),
    ],
    [
      IDENTITY_HEADERS.osVersion,
      printableASCII(sender === 'kimi-cli' && device.platform !== 'win32' ? device.version : device.release),
    ],
    [IDENTITY_HEADERS.deviceId, printableASCII(deviceId)],
  ];
}

/**
 * Header values hold printable ASCII only: HTTP encoders refuse the rest. Both official clients drop what does not fit
 * and say `unknown` where nothing is left (docs/wire.md#header-sanitizing); kimi-cli lets control characters through,
 * which no HTTP library here accepts.
 */
function printableASCII(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, '').trim() || 'unknown';
}

/**
 * `platform.system() platform.release() platform.machine()` in Python's words (docs/wire.md#device-model).
 */
function kimiCliDeviceModel(device: Device): string {
  switch (device.platform) {
    case 'darwin':
      return join('macOS', device.macOSVersion || device.release, device.machine);
    case 'win32': {
      const build = Number(device.release.split('.')[2]);
      const release = device.release.startsWith('10.') ? (build >= 22_000 ? '11' : '10') : device.release;
      return join('Windows', release, WINDOWS_MACHINES[device.arch] ?? device.machine);
    }
    default:
      return join(device.type, device.release, device.machine);
  }
}

/** Node's words (docs/wire.md#device-model). */
function kimiCodeDeviceModel(device: Device): string {
  switch (device.platform) {
    case 'darwin':
      return join('macOS', device.macOSVersion || device.release, device.arch);
    case 'win32':
      return join('Windows', device.release, device.arch);
    default:
      return join(device.type, device.release, device.arch);
  }
}

/** `PROCESSOR_ARCHITECTURE`, which Python's `platform.machine()` reports on Windows. */
const WINDOWS_MACHINES: Readonly<Record<string, string>> = { x64: 'AMD64', arm64: 'ARM64', ia32: 'x86' };

function join(...parts: string[]): string {
  return parts.filter(part => part !== '').join(' ') || 'Unknown';
}

function invalid(argument: string, rule: string): KimiInvalidArgumentError {
  return new KimiInvalidArgumentError({ argument, message: `The setting "${argument}" ${rule}.` });
}
