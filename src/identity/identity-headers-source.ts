import type { Environment } from '../endpoints';
import { IDENTITY_HEADERS } from '../upstream';
import { VERSION } from '../version';
import type { DeviceReader } from './device';
import { derivedDeviceId } from './derived-device-id';
import { identityHeaders, parseIdentity, type KimiIdentity } from './identity';

type HeaderList = ReadonlyArray<readonly [string, string]>;

/**
 * The identity headers of a provider, read once and then answered from memory: device facts and id do not change while
 * a process lives. `undefined` as identity is the package's own User-Agent alone, which the platform service gets.
 *
 * @param account what the device id is derived from where no disk holds one; never random per process (decisions.md 25)
 */
export function identityHeadersSource({
  identity,
  account,
  environment,
  reader,
}: {
  identity: KimiIdentity | undefined;
  account: string;
  environment: Environment;
  reader: () => Promise<DeviceReader>;
}): () => Promise<HeaderList> {
  let headers: Promise<HeaderList> | undefined;
  return () => {
    headers ??= collect().catch((error: unknown) => {
      headers = undefined;
      throw error;
    });
    return headers;
  };

  async function collect(): Promise<HeaderList> {
    if (identity === undefined) {
      return [[IDENTITY_HEADERS.userAgent, `ai-sdk-provider-kimi/${VERSION}`]];
    }
    const { sender, deviceId } = parseIdentity(identity);
    const { readDevice, readDeviceId } = await reader();
    const client = typeof sender === 'string' ? sender : 'host';
    const id = deviceId ?? (await readDeviceId(client, environment)) ?? (await derivedDeviceId(client, account));
    return identityHeaders(sender, await readDevice(), id);
  }
}
