import { defaultCredentialStore as choose } from '../credentials/default-credential-store';
import type { DefaultCredentialStoreResolver } from '../credentials/default-credential-store-resolver';

const told = new Set<string>();

/**
 * Notices go where Node's own warnings go, each once per process; `node --disable-warning=KIMI_CREDENTIAL_STORE`
 * silences them.
 */
function notify(message: string): void {
  if (!told.has(message)) {
    told.add(message);
    process.emitWarning(message, { type: 'KimiNotice', code: 'KIMI_CREDENTIAL_STORE' });
  }
}

export const defaultCredentialStore: DefaultCredentialStoreResolver['defaultCredentialStore'] = options =>
  choose({ ...options, notify });
