import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Device } from '../identity/device';
import { homeDirectory } from '../credentials/data-directory';
import { loadModule } from '../credentials/load-module';
import { PrivateFileError, readPrivateFile } from '../credentials/private-file';
import { KimiInvalidArgumentError } from '../errors/kimi-error';
import { printableText } from '../errors/printable-text';
import { oldRuntimeMessage } from './node-version';
import { tellNotice } from './notices';
import { tellOnceAMachine } from './told-notices';
import type { Platform } from './platform';

export const refuseOldRuntime: Platform['refuseOldRuntime'] = (versions = process.versions) => {
  const message = oldRuntimeMessage(versions);
  if (message !== undefined) {
    throw new KimiInvalidArgumentError({ argument: 'Node', message });
  }
};

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
    return /<key>ProductVersion<\/key>\s*<string>([^<]*)<\/string>/.exec(plist.slice(0, 4096))?.[1] ?? '';
  } catch {
    return '';
  }
}

export { readDeviceId } from './device-id-file';
export { openCatalogCache, openFileCache } from './account-caches';
export { openBytes, openPath, openStream, openURL, streamingInit } from './upload-source';

export { showNoticesIn } from './notices';

const told = new Set<string>();

/**
 * Notices go where Node's own warnings go, each once per process; `node --disable-warning=KIMI_CREDENTIAL_STORE`
 * silences them.
 */
export const notify: Platform['notify'] = message => {
  if (!told.has(message)) {
    told.add(message);
    tellNotice(printableText(message), text =>
      process.emitWarning(text, { type: 'KimiNotice', code: 'KIMI_CREDENTIAL_STORE' }),
    );
  }
};

export const defaultCredentialStore: Platform['defaultCredentialStore'] = async options => {
  // Loaded when a login is looked for: a request with a key needs none of it.
  const load = () => import('../credentials/default-credential-store');
  const { defaultCredentialStore: choose } = await loadModule(load, 'the saved login');
  return choose({ ...options, notify: message => tellOnceAMachine(message, options.environment, notify) });
};

/** One line, written by the official installers (docs/wire.md#region-marker). */
export const readRegionMarker: Platform['readRegionMarker'] = async environment => {
  const home = environment.KIMI_CODE_HOME || joinHome('.kimi-code');
  if (environment.KIMI_CODE_REGION_MARKER === 'off' || home === undefined) {
    return undefined;
  }
  const file = path.join(home, 'region');
  const text = await readPrivateFile(file, { modes: 'readers', limit: 1024 }).catch((error: unknown) => {
    if (error instanceof PrivateFileError) {
      const message =
        `The region that the official installer noted cannot be read: ${error.message} ` +
        'Or set KIMI_CODE_REGION_MARKER=off, and the region by "region".';
      throw new KimiInvalidArgumentError({ argument: 'region', message });
    }
    // A home that this user may not look into has no note for them.
    return undefined;
  });
  const region = text?.trim();
  return region === 'mainland-cn' || region === 'global' ? region : undefined;
};

/** Lines that are on their way: one listener for all, because Node warns of many. */
let printing = 0;

/** Not the console, which a host may have made its own. As there, nobody who reads it (`2>&1 | head`) is no failure. */
export const printDebug: Platform['printDebug'] = line => {
  const { stderr } = process;
  if (printing++ === 0) {
    stderr.on('error', ignore);
  }
  stderr.write(`${line}\n`, () =>
    setImmediate(() => {
      if (--printing === 0) {
        stderr.off('error', ignore);
      }
    }),
  );
};

function ignore(): void {}

function joinHome(folder: string): string | undefined {
  const home = homeDirectory();
  return home === undefined ? undefined : path.join(home, folder);
}
