import { describe, expect, it } from 'vitest';
import type { SessionContext } from '../../src/auth/session-context';
import { loadRecord } from '../../src/auth/session-store';

/** A store that a user wrote without types. */
function contextOf(record: unknown): SessionContext {
  return {
    store: { location: 'the users table', load: async () => record, save: async () => {}, clear: async () => {} },
  } as unknown as SessionContext;
}

describe('loadRecord', () => {
  it.each([
    [{ foo: 1 }],
    ['text'],
    [[]],
    [{ type: 'oauth', accessToken: 'canary-token' }],
    [{ type: 'api-key', key: 5 }],
  ])('says that %j is damaged, and where, without what is in it', async record => {
    const error = await loadRecord(contextOf(record)).catch((thrown: unknown) => thrown);
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
    expect(await loadRecord(contextOf(null))).toBeUndefined();
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
    expect(await loadRecord(contextOf(tombstone))).toBe(tombstone);
  });
});
