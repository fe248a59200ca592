import { expect, test } from 'vitest';
import { memoryCredentialStore } from '../../src/credentials/memory-credential-store';
import { describeCredentialStore, oauthCredentials } from './contract';

describeCredentialStore('memoryCredentialStore', {
  locks: false,
  damage: {},
  create: async () => {
    const store = memoryCredentialStore();
    return { store, reopen: () => store };
  },
});

test('memoryCredentialStore starts with what it is given, and keeps its own copy', async () => {
  const initial = oauthCredentials();
  const store = memoryCredentialStore(initial);
  initial.accessToken = 'changed';
  expect(await store.load()).toEqual(oauthCredentials());
  expect(await memoryCredentialStore().load()).toBeUndefined();
});
