import { KimiCredentialStoreError } from '../../errors/kimi-credential-store-error';
import type { KimiCredentials, KimiOAuthCredentials } from '../credential-store';

/** An official client's credential file has no place for a key. @throws KimiCredentialStoreError (`failed`) */
export function refuseApiKey(
  credentials: KimiCredentials,
  location: string,
): asserts credentials is KimiOAuthCredentials {
  if (credentials.type === 'api-key') {
    throw new KimiCredentialStoreError({
      location,
      operation: 'save',
      reason: 'failed',
      message:
        `${location} belongs to an official client and holds an OAuth login only; a key cannot be kept there. ` +
        'Keep it in a store of your own: npx ai-sdk-provider-kimi login --api-key --store keychain (or --store file)',
    });
  }
}
