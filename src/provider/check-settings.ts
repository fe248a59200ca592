import { KimiInvalidArgumentError } from '../errors/kimi-invalid-argument-error';
import { parseIdentity } from '../identity/identity';
import { checkHeaders } from '../transport/check-headers';
import type { KimiProviderSettings } from './kimi-provider-settings';

/**
 * Throws for settings that would fail deep inside the runtime, with an error that names none. At requests, never at
 * construction.
 * @throws KimiInvalidArgumentError
 */
export function checkSettings({ fetch, headers, identity }: KimiProviderSettings): void {
  if (fetch !== undefined && typeof fetch !== 'function') {
    const given = fetch === null ? 'null' : `a value of type ${typeof fetch}`;
    throw new KimiInvalidArgumentError({
      argument: 'fetch',
      message: `The setting "fetch" must be a function like the global fetch, not ${given}.`,
    });
  }
  checkHeaders(headers);
  if (identity !== undefined) {
    parseIdentity(identity);
  }
}
