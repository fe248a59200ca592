/** What stands around a store (a log, a binding, a seed) hides nothing of it. */
import { expect, it } from 'vitest';
import { bindTo, boundStore } from '../../src/auth/session/bound-store';
import { createLocalLock } from '../../src/auth/session/local-lock';
import { loggedStore } from '../../src/auth/session/logged-store';
import { environmentCredentialStore, seededCredentialStore } from '../../src/credential-stores';
import { bindingOf } from '../../src/credentials/credential-binding';
import type { CredentialStore } from '../../src/credentials/credential-store';
import { createKimi } from '../../src/v4';
import { chatServerOfFile } from '../support/chat-server';

const server = await chatServerOfFile();
const issuedFor = bindingOf({ oauthHost: 'https://auth.example', apiBaseURL: 'https://api.example' });

const WRAPPERS: Record<string, (store: CredentialStore) => CredentialStore> = {
  'its log': store => loggedStore(store, () => undefined),
  'its binding': store => boundStore(store, { issuedFor, implied: undefined, claim: {}, localLock: createLocalLock() }),
  'a seed': store => seededCredentialStore(store, { environment: {} }),
};

it.each(Object.entries(WRAPPERS))(
  '%s keeps place, identity, hosts, proof and lock of a class with a getter',
  async (_, around) => {
    class Kept implements CredentialStore {
      readonly impliedIdentity = 'kimi-code';
      readonly impliedBinding = issuedFor;
      place = 'here';
      get location() {
        return this.place;
      }
      async load() {
        return bindTo(issuedFor, {
          type: 'api-key' as const,
          key: this.place,
          service: 'coding' as const,
          region: 'global' as const,
        });
      }
      async save() {}
      async clear() {}
      async prepareSave() {
        this.place = 'proved';
        return async () => {};
      }
      async withLock<T>(callback: (lock: { assertHeld(): void }) => Promise<T>): Promise<T> {
        this.place = 'locked';
        return callback({ assertHeld: () => undefined });
      }
    }
    const store = around(new Kept());
    expect(store).toMatchObject({ location: 'here', impliedIdentity: 'kimi-code', impliedBinding: issuedFor });
    await store.prepareSave?.(await new Kept().load());
    expect(store.location).toBe('proved');
    await store.withLock?.(async () => {});
    expect(store.location).toBe('locked');
    expect(await store.load()).toMatchObject({ key: 'locked' });
  },
);

it('the variable that a key is in now is named, not the one that it was in at the first call', async () => {
  const environment: Record<string, string> = {};
  const store = environmentCredentialStore({
    environment,
    issuedFor: bindingOf({ oauthHost: server.origin, apiBaseURL: server.baseURL }),
  });
  const kimi = createKimi({ baseURL: server.baseURL, oauthHost: server.origin, credentialStore: store });
  await expect(kimi.auth.getAccessToken()).rejects.toThrow('KIMI_ACCESS_TOKEN or KIMI_API_KEY, KIMI_CODER_API_KEY');
  environment.KIMI_API_KEY = 'sk-kimi-test';
  expect(await kimi.auth.status()).toMatchObject({ state: 'valid', source: 'environment variable KIMI_API_KEY' });
});
