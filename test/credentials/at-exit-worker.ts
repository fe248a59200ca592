/** A process with many logins, which ends while all are about to be saved, or after it has given all back. */
import { readdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { fileCredentialStore } from '../../src/credentials/file-credential-store';
import { oauthCredentials } from './contract';

const [, , directory = '', mode] = process.argv;
const stores = Array.from({ length: 30 }, (_, index) => fileCredentialStore({ path: `${directory}/${index}.json` }));
const releases = await Promise.all(stores.map(store => store.prepareSave!(oauthCredentials())));
process.stdout.write(`${readdirSync(directory).length} files\n`);
if (mode === 'release') {
  await Promise.all(releases.map(release => release()));
}
// A warning comes a turn later.
await turn();
process.exit(0);
