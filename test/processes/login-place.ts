import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { bindingOf } from '../../src/credentials/credential-binding';
import { credentialSlot } from '../../src/credentials/credential-slot';
import type { CredentialStore, KimiOAuthCredentials } from '../../src/credentials/credential-store';
import { fileCredentialStore, keychainCredentialStore, kimiCodeCredentialStore } from '../../src/credential-stores';
import { redisCredentialStore } from '../../src/redis';
import type { KimiSimulator } from '../../src/simulator/index';
import type { WorkerSettings } from '../support/worker-protocol';

export type PlaceKind = 'file' | 'keychain' | 'redis' | 'kimi-code';

/** Where the login of one test is kept, as the test's own process and its workers see it. */
export type LoginPlace = {
  store: CredentialStore;
  settings: WorkerSettings['store'];
  /** For the workers: a home of their own. */
  environment: Record<string, string>;
  /** Takes the lock from its holder, as a waiter does who has watched it for long enough. */
  expireLock(): Promise<void>;
  dispose(): Promise<void>;
};

/**
 * @param redisUrl of the server, for `redis`
 * @param hosts part of the names of slots
 */
export async function openLoginPlace(
  kind: PlaceKind,
  hosts: { baseURL: string; oauthHost: string },
  redisUrl = '',
): Promise<LoginPlace> {
  const home = mkdtempSync(join(tmpdir(), 'kimi-place-'));
  const environment = {
    HOME: home,
    USERPROFILE: home,
    KIMI_PROVIDER_HOME: join(home, 'data'),
    KIMI_CODE_HOME: join(home, 'kimi-code'),
  };
  const expireLock = async () => removeLockDirectories(home);
  const dispose = async () => rmSync(home, { recursive: true, force: true });
  const slot = await credentialSlot({ apiBaseURL: hosts.baseURL, oauthHost: hosts.oauthHost, account: 'default' });
  switch (kind) {
    case 'file': {
      const path = join(environment.KIMI_PROVIDER_HOME, `${slot}.json`);
      return { store: fileCredentialStore({ path }), settings: { kind, path }, environment, expireLock, dispose };
    }
    case 'kimi-code': {
      const store = kimiCodeCredentialStore({
        home: environment.KIMI_CODE_HOME,
        oauthHost: hosts.oauthHost,
        apiBaseURL: hosts.baseURL,
      });
      return { store, settings: { kind, home: environment.KIMI_CODE_HOME }, environment, expireLock, dispose };
    }
    case 'keychain': {
      const store = keychainCredentialStore({ slot, environment: { ...process.env, ...environment } });
      const remove = async () => {
        await store.clear();
        await dispose();
      };
      return { store, settings: { kind, slot }, environment, expireLock, dispose: remove };
    }
    case 'redis': {
      const client = createClient({ url: redisUrl });
      await client.connect();
      const encryptionKey = Buffer.alloc(32, 7).toString('base64');
      const key = `test:{${randomUUID()}}`;
      return {
        store: redisCredentialStore({ client, encryptionKey, key }),
        settings: { kind, url: redisUrl, key, encryptionKey },
        environment,
        expireLock: async () => void (await client.hDel(key, 'holder')),
        async dispose() {
          client.destroy();
          await dispose();
        },
      };
    }
  }
}

/** A login of the simulator, dated so that it is expired; `oauthHost` where that is reached by another address. */
export function expiredLogin(simulator: KimiSimulator, oauthHost = simulator.oauthHost): KimiOAuthCredentials {
  const { access_token, refresh_token, expires_in, scope, token_type } = simulator.signIn();
  return {
    type: 'oauth',
    accessToken: access_token,
    refreshToken: refresh_token,
    expiresAt: Math.floor(Date.now() / 1000) - 60,
    expiresIn: expires_in,
    scope,
    tokenType: token_type,
    issuedFor: bindingOf({ apiBaseURL: simulator.apiBaseURL, oauthHost }),
  };
}

function removeLockDirectories(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory() && entry.name.endsWith('.lock')) {
      rmdirSync(join(entry.parentPath, entry.name));
    }
  }
}
