import type { Platform } from './platform';

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

/** No keychain and no files: a login needs the `credentialStore` setting here. */
export const defaultCredentialStore: Platform['defaultCredentialStore'] = async () => undefined;

/** The console is what an edge runtime has for it. */
// oxlint-disable-next-line no-console -- asked for by KIMI_DEBUG
export const printDebug: Platform['printDebug'] = line => console.error(line);

/** No official installer, no marker. */
export const readRegionMarker: Platform['readRegionMarker'] = async () => undefined;

/** Only some of these runtimes have a place for warnings; who needs to know catches errors of the store's own. */
export const notify: Platform['notify'] = message => {
  const { process } = globalThis as {
    process?: { emitWarning?: (message: string, options: { type: string; code: string }) => void };
  };
  process?.emitWarning?.(message, { type: 'KimiNotice', code: 'KIMI_CREDENTIAL_STORE' });
};
