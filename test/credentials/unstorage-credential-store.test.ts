import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { createStorage } from 'unstorage';
import fsLiteDriver from 'unstorage/drivers/fs-lite';
import { describe, expect, test } from 'vitest';
import type { CredentialStore } from '../../src/credentials/credential-store';
import { credentialCipher } from '../../src/credentials/credential-cipher';
import { unstorageCredentialStore, type UnstorageStorage } from '../../src/credentials/unstorage-credential-store';
import { CANARY, DAMAGED_RECORDS, describeCredentialStore, oauthCredentials } from './contract';

const KEY = 'ai-sdk-provider-kimi:default';
const encryptionKey = new Uint8Array(32).fill(1);

// unstorage gives null for the text "null" as for nothing at all.
const { null: _null, ...damage } = DAMAGED_RECORDS;

describeCredentialStore('unstorageCredentialStore', {
  locks: false,
  damage,
  async create() {
    const storage = createStorage();
    const open = () => unstorageCredentialStore(storage);
    return { store: open(), reopen: open, corrupt: text => storage.setItem(KEY, text) };
  },
});

describeCredentialStore('unstorageCredentialStore with encryption and a lock of the user', {
  async create() {
    const storage = createStorage();
    const withLock = oneAtATime();
    const open = () => unstorageCredentialStore(storage, { encryptionKey, withLock });
    const cipher = credentialCipher(encryptionKey, { location: 'test', name: KEY });
    return { store: open(), reopen: open, corrupt: async text => storage.setItem(KEY, await cipher.seal(text)) };
  },
});

describe('unstorageCredentialStore', () => {
  test('works over a driver that writes files, and leaves nothing readable when it encrypts', async () => {
    const base = await mkdtemp(join(tmpdir(), 'kimi-unstorage-'));
    try {
      const storage = createStorage({ driver: fsLiteDriver({ base }) });
      await unstorageCredentialStore(storage, { key: 'app:kimi', encryptionKey }).save(oauthCredentials());
      const raw = await readFile(join(base, 'app', 'kimi'), 'utf8');
      expect(raw).toMatch(/^aes-256-gcm\.v1\./);
      expect(raw).not.toContain(CANARY);
      const again = createStorage({ driver: fsLiteDriver({ base }) });
      expect(await unstorageCredentialStore(again, { key: 'app:kimi', encryptionKey }).load()).toEqual(
        oauthCredentials(),
      );
      expect(await unstorageCredentialStore(again, { encryptionKey }).load()).toBeUndefined();
    } finally {
      await rm(base, { recursive: true, force: true });
    }
  });

  test('asks for the key when the value is encrypted', async () => {
    const storage = createStorage();
    await unstorageCredentialStore(storage, { encryptionKey }).save(oauthCredentials());
    await expect(unstorageCredentialStore(storage).load()).rejects.toMatchObject({ reason: 'failed' });
  });

  test('reports a driver that fails, without what was to be saved', async () => {
    const storage: UnstorageStorage = { getItem: fail, setItem: fail, removeItem: fail };
    const store = unstorageCredentialStore(storage);
    for (const [operation, attempt] of [
      ['load', () => store.load()],
      ['save', () => store.save(oauthCredentials())],
      ['clear', () => store.clear()],
    ] as const) {
      const error = await attempt().catch((error: unknown) => error);
      expect(error).toMatchObject({ reason: 'unavailable', operation, location: store.location });
      expect(String(error)).toContain('no route to host');
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(CANARY);
    }
  });
});

async function fail(_key: string, value?: string): Promise<never> {
  throw Object.assign(new Error('no route to host'), { command: { args: [value ?? ''] } });
}

/** A lock as a user may write it, over one process. */
function oneAtATime(): NonNullable<CredentialStore['withLock']> {
  let last: Promise<unknown> = Promise.resolve();
  return async (callback, { abortSignal } = {}) => {
    abortSignal?.throwIfAborted();
    const before = last;
    const run = async () => {
      await before;
      abortSignal?.throwIfAborted();
      return callback({ assertHeld: () => undefined });
    };
    const turn = run();
    last = turn.catch(() => undefined);
    const aborted = new Promise<never>((_, reject) => {
      abortSignal?.addEventListener('abort', () => reject(abortSignal.reason as Error), { once: true });
    });
    return Promise.race([turn, aborted]);
  };
}
