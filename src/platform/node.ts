import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Device } from '../identity/device';
import { dataDirectory } from '../credentials/data-directory';
import { printableText } from '../errors/printable-text';
import type { Platform } from './platform';

let device: Promise<Device> | undefined;

/** Read once per process: none of it changes while a process lives. */
export const readDevice: Platform['readDevice'] = () => (device ??= collectDevice());

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

/** The official client reads the same file since 2.1.0, instead of spawning `sw_vers` (docs/wire.md#macos-version). */
async function readMacOSVersion(): Promise<string> {
  try {
    const plist = await readFile('/System/Library/CoreServices/SystemVersion.plist', 'utf8');
    return /<key>ProductVersion<\/key>\s*<string>([^<]*)<\/string>/.exec(plist)?.[1] ?? '';
  } catch {
    return '';
  }
}

export const readDeviceId: Platform['readDeviceId'] = async (sender, environment) => {
  const file = path.join(deviceIdDirectory(sender, environment), 'device_id');
  const existing = await readIdFile(file);
  if (existing !== undefined) {
    return existing;
  }
  // kimi-cli writes 32 hex digits, kimi-code the dashed form (docs/wire.md#device-id).
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

/** Of the file's form. Another one, older or newer, counts as no file. */
const CATALOG_VERSION = 1;

/** `models-<name>.json` in the cache directory. Holds no secret: ids, capabilities and a time. */
export const openCatalogCache: Platform['openCatalogCache'] = (name, environment) => {
  const file = path.join(cacheDirectory(environment), `models-${name}.json`);
  return {
    async load() {
      try {
        const entry = JSON.parse(await readFile(file, 'utf8')) as {
          version?: unknown;
          fetchedAt?: unknown;
          body?: unknown;
        } | null;
        return entry?.version === CATALOG_VERSION && typeof entry.fetchedAt === 'number'
          ? { fetchedAt: entry.fetchedAt, body: entry.body }
          : undefined;
      } catch {
        return undefined;
      }
    },
    async save({ fetchedAt, body }) {
      const temporary = `${file}.${randomUUID()}.tmp`;
      try {
        await mkdir(path.dirname(file), { recursive: true });
        await writeFile(temporary, JSON.stringify({ version: CATALOG_VERSION, fetchedAt, body }));
        await rename(temporary, file);
      } catch {
        // A read-only disk costs the next process one request.
        await rm(temporary, { force: true }).catch(() => {});
      }
    },
  };
};

function cacheDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  if (environment.KIMI_PROVIDER_HOME) {
    return path.resolve(environment.KIMI_PROVIDER_HOME, 'cache');
  }
  const base =
    process.platform === 'win32'
      ? environment.LOCALAPPDATA || path.join(os.homedir(), 'AppData', 'Local')
      : process.platform === 'darwin'
        ? path.join(os.homedir(), 'Library', 'Caches')
        : environment.XDG_CACHE_HOME && path.isAbsolute(environment.XDG_CACHE_HOME)
          ? environment.XDG_CACHE_HOME
          : path.join(os.homedir(), '.cache');
  return path.join(base, 'ai-sdk-provider-kimi', ...(process.platform === 'win32' ? ['Cache'] : []));
}

const told = new Set<string>();

/**
 * Notices go where Node's own warnings go, each once per process; `node --disable-warning=KIMI_CREDENTIAL_STORE`
 * silences them.
 */
function notify(message: string): void {
  if (!told.has(message)) {
    told.add(message);
    process.emitWarning(printableText(message), { type: 'KimiNotice', code: 'KIMI_CREDENTIAL_STORE' });
  }
}

export const defaultCredentialStore: Platform['defaultCredentialStore'] = async options => {
  // Loaded when a login is looked for: a request with a key needs none of it.
  const { defaultCredentialStore: choose } = await import('../credentials/default-credential-store');
  return choose({ ...options, notify });
};

/** One line, written by the official installers (docs/wire.md#region-marker). */
export const readRegionMarker: Platform['readRegionMarker'] = async environment => {
  if (environment.KIMI_CODE_REGION_MARKER === 'off') {
    return undefined;
  }
  const home = environment.KIMI_CODE_HOME || path.join(os.homedir(), '.kimi-code');
  const text = await readFile(path.join(home, 'region'), 'utf8').catch(() => '');
  const region = text.trim();
  return region === 'mainland-cn' || region === 'global' ? region : undefined;
};
