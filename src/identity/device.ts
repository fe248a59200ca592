/** What a runtime can say about the machine it runs on. Empty strings where it cannot. */
export type Device = {
  /** Node's `process.platform`. */
  platform: string;
  /** `os.type()`, for example `Linux`. */
  type: string;
  /** `os.release()`. */
  release: string;
  /** `os.version()`, the kernel's build string. */
  version: string;
  /** Node's word for the processor: `x64`, `arm64`. */
  arch: string;
  /** `os.machine()`, which is Python's `platform.machine()` on Linux and macOS: `x86_64`, `aarch64`, `arm64`. */
  machine: string;
  hostname: string;
  /** macOS product version, for example `15.1`. */
  macOSVersion: string;
};

/**
 * What the identity needs from the runtime; `#platform` gives the real one, on edge it says that nothing is known.
 */
export type DeviceReader = {
  readDevice(): Promise<Device>;
  /**
   * The device id file of `sender`: an official client's own one, or this package's. Existing content is used verbatim;
   * a missing or blank file is created in that client's form. `undefined` where there is no disk or it cannot be
   * written (docs/decisions.md#25-device-id).
   */
  readDeviceId(
    sender: 'kimi-cli' | 'kimi-code' | 'host',
    environment: Readonly<Record<string, string | undefined>>,
  ): Promise<string | undefined>;
};

/**
 * A device id without a disk: the same for the same account in every process, in the form the client uses (32 hex for
 * kimi-cli, else dashed).
 */
export async function derivedDeviceId(client: 'kimi-cli' | 'kimi-code' | 'host', account: string): Promise<string> {
  const digest = new Uint8Array(
    await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`ai-sdk-provider-kimi device ${account}`)),
  );
  const bytes = digest.slice(0, 16);
  // Version 4, variant 1: both clients write UUIDv4 (docs/wire.md#device-id).
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
  return client === 'kimi-cli' ? hex : hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
