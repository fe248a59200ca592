import type { Environment } from '../endpoints';
import type { FetchFunction } from '../transport/fetch';
import { finalHeaders, setFinalHeaders, type FinalHeaders } from '../transport/headers';
import { IDENTITY_HEADERS } from '../upstream';
import { VERSION } from '../version';
import { derivedDeviceId, type DeviceReader } from './device';
import { identityHeaders, parseIdentity, type KimiIdentity } from './identity';

/**
 * `fetch` with the identity headers set last, for the hosts that are to know who asks; `headers` is asked at each
 * request. A request to any other host leaves as it came: device name and id are nobody else's business
 * (docs/decisions.md#26-redirects-and-headers).
 */
export function createIdentityFetch(
  fetch: FetchFunction,
  { isKnown, headers }: { isKnown: (url: string) => boolean; headers: () => Promise<FinalHeaders> },
): FetchFunction {
  return async (input, init) =>
    isKnown(input instanceof Request ? input.url : String(input))
      ? fetch(input, setFinalHeaders(init, await headers()))
      : fetch(input, init);
}

/**
 * The identity headers of a provider, read once and then answered from memory: device facts and id do not change while
 * a process lives. `undefined` as identity is the package's own User-Agent alone, which the platform service gets.
 *
 * @param account what the device id is derived from where no disk holds one; never random per process
 *   (docs/decisions.md#25-device-id)
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
}): () => Promise<FinalHeaders> {
  let headers: Promise<FinalHeaders> | undefined;
  return () => {
    headers ??= collect().catch((error: unknown) => {
      headers = undefined;
      throw error;
    });
    return headers;
  };

  async function collect(): Promise<FinalHeaders> {
    const { sender, deviceId } = parseIdentity(identity ?? 'package');
    if (sender === 'package') {
      return finalHeaders([[IDENTITY_HEADERS.userAgent, `ai-sdk-provider-kimi/${VERSION}`]]);
    }
    const { readDevice, readDeviceId } = await reader();
    const client = typeof sender === 'string' ? sender : 'host';
    const id = deviceId ?? (await readDeviceId(client, environment)) ?? (await derivedDeviceId(client, account));
    return finalHeaders(identityHeaders(sender, await readDevice(), id));
  }
}
