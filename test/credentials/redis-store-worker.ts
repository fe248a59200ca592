/** One process of redis-credential-store.test.ts: argv is URL, mode, number of rounds, lifetime of the lock in ms. */
import { createClient } from 'redis';
import type { KimiOAuthCredentials } from '../../src/credentials/credential-store';
import { redisCredentialStore } from '../../src/redis';

const [, , url = '', mode, rounds, lockTtlMs] = process.argv;
const client = createClient({ url });
await client.connect();
const store = redisCredentialStore({ client, encryption: 'none', lockTtlMs: Number(lockTtlMs) });

if (mode === 'count') {
  for (let round = 0; round < Number(rounds); round += 1) {
    await store.withLock!(async ({ assertHeld }) => {
      const credentials = (await store.load()) as KimiOAuthCredentials;
      await assertHeld();
      await store.save({ ...credentials, expiresAt: credentials.expiresAt + 1 });
    });
  }
} else {
  await store.withLock!(async ({ assertHeld }) => {
    const credentials = (await store.load()) as KimiOAuthCredentials;
    const asked = new Promise<void>(resolve => process.on('SIGUSR2', () => resolve()));
    console.log('held');
    await asked;
    const check = await Promise.resolve(assertHeld()).then(
      () => 'held',
      (error: { reason: string }) => error.reason,
    );
    const save = await store.save({ ...credentials, accessToken: 'from the sleeper' }).then(
      () => 'saved',
      (error: { reason: string; operation: string }) => `${error.operation} ${error.reason}`,
    );
    console.log(`${check}, ${save}`);
  });
}
client.destroy();
