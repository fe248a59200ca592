/** The place of a login, as an app opens it. */
import type { CredentialStore } from 'ai-sdk-provider-kimi';
import { keychainCredentialStore } from 'ai-sdk-provider-kimi/credential-stores';
import { redisCredentialStore } from 'ai-sdk-provider-kimi/redis';
import { createClient } from 'redis';
import { REDIS_LOCK_MS, type Login, type WorkerSettings } from './protocol.ts';

let client: ReturnType<typeof createClient> | undefined;

/** `undefined`: the default place, which `KIMI_CREDENTIAL_STORE` says is a file. */
export async function openStore(login: Login, redis: WorkerSettings['redis']): Promise<CredentialStore | undefined> {
  switch (login.store) {
    case 'file':
      return undefined;
    case 'keychain':
      return keychainCredentialStore({ slot: login.id });
    case 'redis': {
      const { url, encryptionKey } = redis!;
      client ??= await connect(url);
      return redisCredentialStore({ client, key: `chaos:{${login.id}}`, encryptionKey, lockTtlMs: REDIS_LOCK_MS });
    }
  }
}

/** It connects in the background, and again whenever it has lost its server, as an app of some care has it. */
async function connect(url: string): Promise<ReturnType<typeof createClient>> {
  const opened = createClient({ url, socket: { reconnectStrategy: tries => Math.min(50 * tries, 500) } });
  // Without a listener the client's error would end the process.
  opened.on('error', () => undefined);
  void opened.connect().catch(() => undefined);
  return opened as ReturnType<typeof createClient>;
}

/** Leaves Redis, for who does not end its process. */
export function closeStores(): void {
  client?.destroy();
  client = undefined;
}
