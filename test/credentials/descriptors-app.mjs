/**
 * An app that has no file descriptor left, and then has some again: what its credential stores say in either case.
 * argv: a folder of its own. Run it with a low limit of open files.
 */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import {
  fileCredentialStore,
  keychainCredentialStore,
  kimiCliCredentialStore,
  kimiCodeCredentialStore,
} from 'ai-sdk-provider-kimi/credential-stores';
import { createKimi } from 'ai-sdk-provider-kimi/v3';

const folder = process.argv[2];
const hosts = { oauthHost: 'https://auth.kimi.com', apiBaseURL: 'https://api.kimi.com/coding/v1' };
const environment = { ...process.env, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent', HOME: folder };
const credentials = {
  type: 'oauth',
  accessToken: 'access',
  refreshToken: 'refresh',
  expiresAt: 1,
  expiresIn: 900,
  scope: '',
  tokenType: 'Bearer',
};
const stores = {
  file: fileCredentialStore({ path: join(folder, 'file', 'login.json') }),
  keychain: keychainCredentialStore({ environment: { ...environment, KIMI_PROVIDER_HOME: folder } }),
  'kimi-code': kimiCodeCredentialStore({ home: join(folder, 'kimi-code'), ...hosts }),
  'kimi-cli': kimiCliCredentialStore({ shareDirectory: join(folder, 'kimi-cli'), ...hosts }),
};

// Not one module of it has been loaded but its entry. A login in memory: what fails is loading the code for it.
const kimi = createKimi({
  credentialStore: { location: 'the app', load: async () => undefined, save: async () => {} },
});

async function outcomes() {
  const all = {};
  all.provider = await kimi.auth.getAccessToken().then(
    () => 'done',
    error => `${error.name}: ${error.message}`,
  );
  for (const [name, store] of Object.entries(stores)) {
    const operations = {
      load: () => store.load(),
      save: () => store.save(credentials),
      lock: () => store.withLock(async lock => lock.assertHeld()),
    };
    for (const [operation, act] of Object.entries(operations)) {
      all[`${name} ${operation}`] = await act().then(
        () => 'done',
        error => `${error.name}: ${error.message}`,
      );
    }
  }
  return all;
}

const taken = [];
try {
  for (;;) {
    taken.push(openSync('/dev/null'));
  }
} catch (error) {
  if (error.code !== 'EMFILE') {
    throw error;
  }
}
const without = await outcomes();
taken.forEach(file => closeSync(file));
process.stdout.write(JSON.stringify({ without, again: await outcomes() }));
