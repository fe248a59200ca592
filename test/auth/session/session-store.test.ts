import { describe, expect, it } from 'vitest';
import { loadRecord } from '../../../src/auth/session/session-store';
import type { CredentialStore } from '../../../src/credentials/credential-store';

/** A store that a user wrote without types. */
function storeWith(record: unknown): CredentialStore {
  const store = { location: 'the users table', load: async () => record, save: async () => {}, clear: async () => {} };
  return store as unknown as CredentialStore;
}

describe('loadRecord', () => {
  it.each([
    [{ foo: 1 }],
    ['text'],
    [[]],
    [{ type: 'oauth', accessToken: 'canary-token' }],
    [{ type: 'api-key', key: 5 }],
  ])('says that %j is damaged, and where, without what is in it', async record => {
    const error = await loadRecord(storeWith(record)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: 'KimiCredentialStoreError',
      reason: 'corrupt',
      operation: 'load',
      location: 'the users table',
    });
    expect((error as Error).message).toContain('npx ai-sdk-provider-kimi login');
    expect((error as Error).message).not.toContain('canary');
  });

  it('takes the null of a database for never stored', async () => {
    expect(await loadRecord(storeWith(null))).toBeUndefined();
  });

  it('takes a tombstone as it is', async () => {
    const tombstone = {
      type: 'oauth',
      accessToken: '',
      refreshToken: '',
      expiresAt: 0,
      expiresIn: 0,
      scope: '',
      tokenType: '',
    };
    expect(await loadRecord(storeWith(tombstone))).toBe(tombstone);
  });
});
