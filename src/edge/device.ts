import type { DeviceReader } from '../identity/device';

/**
 * Runtimes without an operating system to ask: the identity then says `unknown`, and the device id comes from the
 * settings or the account.
 */
export const readDevice: DeviceReader['readDevice'] = async () => ({
  platform: 'edge',
  type: '',
  release: '',
  version: '',
  arch: '',
  machine: '',
  hostname: '',
  macOSVersion: '',
});

export const readDeviceId: DeviceReader['readDeviceId'] = async () => undefined;
