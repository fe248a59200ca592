import { printableText } from '../errors/printable-text';
import { tellNotice } from './notices';
import type { Platform } from './platform';

/** Who serves it keeps it new. */
export const refuseOldRuntime: Platform['refuseOldRuntime'] = () => {};

/**
 * No operating system to ask: the identity says `unknown`, and the device id comes from the settings or the account.
 */
export const readDevice: Platform['readDevice'] = async () => ({
  platform: 'edge',
  type: '',
  release: '',
  version: '',
  arch: '',
  machine: '',
  hostname: '',
  macOSVersion: '',
});

export const readDeviceId: Platform['readDeviceId'] = async () => undefined;

/** No disk: the list lives in memory only. */
export const openCatalogCache: Platform['openCatalogCache'] = () => ({
  load: async () => undefined,
  save: async () => {},
});

/** The same. */
export const openFileCache: Platform['openFileCache'] = () => ({ load: async () => undefined, save: async () => {} });

export { openBytes, openPath, openStream, openURL, streamingInit } from './edge-upload-source';

/** No keychain and no files: a login needs the `credentialStore` setting here. */
export const defaultCredentialStore: Platform['defaultCredentialStore'] = async () => undefined;

/** The console is what an edge runtime has for it. */
// oxlint-disable-next-line no-console -- asked for by KIMI_DEBUG
export const printDebug: Platform['printDebug'] = line => console.error(line);

/** No official installer, no marker. */
export const readRegionMarker: Platform['readRegionMarker'] = async () => undefined;

export { showNoticesIn } from './notices';

const told = new Set<string>();

export const notify: Platform['notify'] = message => {
  if (!told.has(message)) {
    told.add(message);
    tellNotice(printableText(message), text =>
      // oxlint-disable-next-line no-console -- there is no other place where an operator looks
      console.warn(`KimiNotice [KIMI_CREDENTIAL_STORE]: ${text}`),
    );
  }
};
