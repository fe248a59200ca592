/** One process of the tests of the official clients' stores: argv is store, home, mode, number of rounds. */
import { kimiCliCredentialStore } from '../../src/credentials/official/kimi-cli-credential-store';
import { kimiCodeCredentialStore } from '../../src/credentials/official/kimi-code-credential-store';
import type { KimiOAuthCredentials } from '../../src/credentials/credential-store';

const [, , name, home = '', mode, rounds] = process.argv;
const store =
  name === 'kimi-cli'
    ? kimiCliCredentialStore({ shareDirectory: home })
    : kimiCodeCredentialStore({ home, environment: {} });

if (mode === 'count') {
  for (let round = 0; round < Number(rounds); round += 1) {
    await store.withLock!(async ({ assertHeld }) => {
      const credentials = (await store.load()) as KimiOAuthCredentials;
      await assertHeld();
      await store.save({ ...credentials, expiresAt: credentials.expiresAt + 1 });
    });
  }
} else if (mode === 'write') {
  for (let round = 0; round < Number(rounds); round += 1) {
    const accessToken = String(round % 10).repeat(20_000);
    await store.save({
      type: 'oauth',
      accessToken,
      refreshToken: 'r',
      expiresAt: 1,
      expiresIn: 1,
      scope: '',
      tokenType: '',
    });
  }
} else {
  await store.withLock!(async ({ assertHeld }) => {
    const alive = setInterval(() => undefined, 60_000);
    const asked = new Promise<void>(resolve => process.on('SIGUSR2', () => resolve()));
    console.log('held');
    await asked;
    clearInterval(alive);
    await assertHeld();
    console.log('still held');
  }).catch((error: { reason: string }) => console.log(error.reason));
}
