/** A worker whose store has a lock that keeps nobody out. */
import { fileCredentialStore } from 'ai-sdk-provider-kimi/credential-stores';
import { runWorker } from '../../chaos/worker.ts';

await runWorker({
  async store(kimi) {
    const { source } = await kimi.auth.status();
    const store = fileCredentialStore({ path: source });
    return { ...store, withLock: async callback => callback({ assertHeld: async () => undefined }) };
  },
});
