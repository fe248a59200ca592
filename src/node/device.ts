import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Device, DeviceReader } from '../identity/device';
import { dataDirectory } from '../credentials/data-directory';

let device: Promise<Device> | undefined;

/** Read once per process: none of it changes while a process lives. */
export const readDevice: DeviceReader['readDevice'] = () => (device ??= collectDevice());

async function collectDevice(): Promise<Device> {
  return {
    platform: process.platform,
    type: os.type(),
    release: os.release(),
    version: os.version(),
    arch: process.arch,
    machine: os.machine(),
    hostname: os.hostname(),
    macOSVersion: process.platform === 'darwin' ? await readMacOSVersion() : '',
  };
}

/** The official client reads the same file since 2.1.0, instead of spawning `sw_vers` (wire.md 1.2). */
async function readMacOSVersion(): Promise<string> {
  try {
    const plist = await readFile('/System/Library/CoreServices/SystemVersion.plist', 'utf8');
    return /<key>ProductVersion<\/key>\s*<string>([^<]*)<\/string>/.exec(plist)?.[1] ?? '';
  } catch {
    return '';
  }
}

export const readDeviceId: DeviceReader['readDeviceId'] = async (sender, environment) => {
  const file = path.join(deviceIdDirectory(sender, environment), 'device_id');
  const existing = await readIdFile(file);
  if (existing !== undefined) {
    return existing;
  }
  // kimi-cli writes 32 hex digits, kimi-code the dashed form (wire.md 1.3).
  const minted = sender === 'kimi-cli' ? randomUUID().replaceAll('-', '') : randomUUID();
  return (await createIdFile(file, minted)) ? ((await readIdFile(file)) ?? minted) : undefined;
};

function deviceIdDirectory(
  sender: 'kimi-cli' | 'kimi-code' | 'host',
  environment: Readonly<Record<string, string | undefined>>,
): string {
  switch (sender) {
    case 'kimi-cli':
      return environment.KIMI_SHARE_DIR || path.join(os.homedir(), '.kimi');
    case 'kimi-code':
      return environment.KIMI_CODE_HOME || path.join(os.homedir(), '.kimi-code');
    case 'host':
      return dataDirectory({ environment });
  }
}

async function readIdFile(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all, and never over a peer's: two processes that start together end up with one id. */
async function createIdFile(file: string, content: string): Promise<boolean> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(temporary, content, { mode: 0o600, flag: 'wx' });
    try {
      await link(temporary, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw error;
      }
      if ((await readIdFile(file)) === undefined) {
        await rm(file, { force: true });
        await link(temporary, file);
      }
    }
    return true;
  } catch {
    return false;
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
}
