/**
 * What every credential store must do, in one place (docs/decisions.md#48-one-contract-for-all-stores). Run by the test
 * of each store:
 *
 *   describeCredentialStore('fileCredentialStore', { create: async () => ({ store, reopen, corrupt, dispose }) });
 */
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  CredentialStore,
  KimiApiKeyCredentials,
  KimiCredentials,
  KimiOAuthCredentials,
} from '../../src/credentials/credential-store';
import { KimiCredentialStoreError } from '../../src/errors/kimi-error';
import { describeBindings } from './binding-contract';

/** A fresh, empty place with one store on it. */
export type CredentialStoreFixture = {
  store: CredentialStore;
  /** Another instance on the same place, as another process would make. */
  reopen(): CredentialStore;
  /** Puts raw text where the store keeps its record. Left out where nobody but the store can write. */
  corrupt?: ((text: string) => Promise<void>) | undefined;
  dispose?: (() => Promise<void>) | undefined;
};

export type CredentialStoreContract = {
  create(): Promise<CredentialStoreFixture>;
  /** Whether the store has `withLock`. Default true; say false, so that a lock is never lost by accident. */
  locks?: boolean;
  /** The kinds of record that the store keeps. Default both. */
  records?: readonly KimiCredentials['type'][];
  /** Texts for `corrupt`, by name; `reason` is what the error must say. Default: damaged forms of our own record. */
  damage?: Readonly<Record<string, { text: string; reason: 'corrupt' | 'future' }>>;
  /** Time limit of one test in ms, for slow stores. */
  timeout?: number;
};

/** In every secret of the suite, so that a leak is found whatever the text around it. */
export const CANARY = 'canary-7f3a';

export function oauthCredentials(overrides: Partial<KimiOAuthCredentials> = {}): KimiOAuthCredentials {
  return {
    type: 'oauth',
    accessToken: `${CANARY}-access`,
    refreshToken: `${CANARY}-refresh`,
    expiresAt: 1_800_000_000,
    expiresIn: 900,
    scope: 'kimi-code',
    tokenType: 'Bearer',
    ...overrides,
  };
}

export function apiKeyCredentials(overrides: Partial<KimiApiKeyCredentials> = {}): KimiApiKeyCredentials {
  return { type: 'api-key', key: `sk-${CANARY}`, service: 'platform', region: 'global', ...overrides };
}

/** Damaged forms of the record that our own stores keep. Each holds the canary, which no error may show. */
export const DAMAGED_RECORDS: NonNullable<CredentialStoreContract['damage']> = {
  empty: { text: '', reason: 'corrupt' },
  'not JSON': { text: `${CANARY} is not JSON`, reason: 'corrupt' },
  truncated: { text: JSON.stringify({ version: 1, ...oauthCredentials() }).slice(0, -20), reason: 'corrupt' },
  null: { text: 'null', reason: 'corrupt' },
  'an array': { text: JSON.stringify([oauthCredentials()]), reason: 'corrupt' },
  'a string': { text: JSON.stringify(CANARY), reason: 'corrupt' },
  'an empty object': { text: '{}', reason: 'corrupt' },
  'without a version': { text: JSON.stringify(oauthCredentials()), reason: 'corrupt' },
  'of an unknown type': { text: JSON.stringify({ version: 1, type: CANARY }), reason: 'corrupt' },
  'with a token that is a number': {
    text: JSON.stringify({ version: 1, ...oauthCredentials(), refreshToken: 7 }),
    reason: 'corrupt',
  },
  'with a time that is a string': {
    text: JSON.stringify({ version: 1, ...oauthCredentials(), expiresAt: CANARY }),
    reason: 'corrupt',
  },
  'with an unknown region': {
    text: JSON.stringify({ version: 1, ...apiKeyCredentials(), region: CANARY }),
    reason: 'corrupt',
  },
  'from the future': { text: JSON.stringify({ version: 2, ...oauthCredentials() }), reason: 'future' },
};

export function describeCredentialStore(name: string, contract: CredentialStoreContract): void {
  const { create, locks = true, records = ['oauth', 'api-key'], damage = DAMAGED_RECORDS, timeout = 20_000 } = contract;
  const keepsApiKeys = records.includes('api-key');

  describe(`${name} keeps the contract`, { timeout }, () => {
    let fixture: CredentialStoreFixture;
    let store: CredentialStore;
    beforeEach(async () => {
      fixture = await create();
      store = fixture.store;
    });
    afterEach(async () => {
      await fixture.dispose?.();
    });

    test('gives undefined when nothing was ever saved', async () => {
      expect(await store.load()).toBeUndefined();
    });

    test.each([
      ['a login', oauthCredentials()],
      ['a tombstone', oauthCredentials({ accessToken: '', refreshToken: '', expiresAt: 0, expiresIn: 0 })],
      [
        'text of every kind',
        oauthCredentials({ accessToken: `月之暗面 🌙 "quotes" \\ \n\t\u0001 ${CANARY}`, scope: 'ключ é' }),
      ],
      ['tokens of 4 kB', oauthCredentials({ accessToken: longToken(4096), refreshToken: longToken(4096) })],
      ['tokens of 64 kB', oauthCredentials({ accessToken: longToken(65_536), refreshToken: longToken(65_536) })],
      ...(keepsApiKeys ? [['a key', apiKeyCredentials()] as const] : []),
    ] as const)('gives back %s', async (_, credentials) => {
      await store.save(credentials);
      expect(await store.load()).toEqual(credentials);
      expect(await fixture.reopen().load()).toEqual(credentials);
    });

    test('gives back the last of several saves, a shorter one too', async () => {
      const last = keepsApiKeys ? apiKeyCredentials({ key: 'k' }) : oauthCredentials({ accessToken: 'k' });
      await store.save(oauthCredentials({ accessToken: longToken(4096) }));
      await store.save(oauthCredentials({ refreshToken: 'second' }));
      await store.save(last);
      expect(await fixture.reopen().load()).toEqual(last);
    });

    test('does not change with the object that was saved or loaded', async () => {
      const credentials = oauthCredentials();
      await store.save(credentials);
      credentials.accessToken = 'changed';
      const loaded = await store.load();
      expect(loaded).toEqual(oauthCredentials());
      (loaded as KimiOAuthCredentials).accessToken = 'changed';
      expect(await store.load()).toEqual(oauthCredentials());
    });

    test('forgets what was cleared, and clears twice', async () => {
      await store.save(oauthCredentials());
      await store.clear();
      expect(await store.load()).toBeUndefined();
      await store.clear();
      expect(await fixture.reopen().load()).toBeUndefined();
      await store.save(oauthCredentials({ accessToken: 'again' }));
      expect(await fixture.reopen().load()).toEqual(oauthCredentials({ accessToken: 'again' }));
    });

    test('clears what was never saved', async () => {
      await store.clear();
      expect(await store.load()).toBeUndefined();
    });

    test('proves that it can be saved without changing what is saved', async () => {
      const { prepareSave } = store;
      expect(prepareSave, 'a store of our own proves without a second save').toBeTypeOf('function');
      const release = await store.prepareSave!(oauthCredentials());
      expect(await fixture.reopen().load()).toBeUndefined();
      await release();
      await store.save(oauthCredentials());
      // Longer and shorter than what was prepared for.
      for (const accessToken of [longToken(8192), 'k']) {
        const releaseAgain = await store.prepareSave!(oauthCredentials());
        const before = await fixture.reopen().load();
        const next = oauthCredentials({ accessToken, refreshToken: 'next' });
        expect(before).not.toEqual(next);
        await store.save(next);
        await releaseAgain();
        await releaseAgain();
        expect(await fixture.reopen().load()).toEqual(next);
      }
      const unused = await store.prepareSave!(oauthCredentials());
      await unused();
      await store.clear();
      expect(await fixture.reopen().load()).toBeUndefined();
    });

    test('shows no secret when it is printed', async () => {
      await store.save(oauthCredentials());
      await store.load();
      expect(
        `${inspect(store, { depth: 9, showHidden: true })} ${JSON.stringify(store)} ${store.location}`,
      ).not.toContain(CANARY);
      expect(store.location).not.toBe('');
    });

    test('never gives a mixture of two saves', async () => {
      const versions = [1, 2, 3, 4].map(number =>
        oauthCredentials({
          accessToken: `${number}`.repeat(3000),
          refreshToken: `${number}`.repeat(3000),
          expiresAt: number,
        }),
      );
      await store.save(versions[0]!);
      const other = fixture.reopen();
      const loads = await Promise.all([
        ...versions.map(async (credentials, index) => {
          await (index % 2 === 0 ? store : other).save(credentials);
          return credentials as KimiCredentials | undefined;
        }),
        ...[store, other, store, other].map(reader => reader.load()),
      ]);
      for (const seen of [...loads, await store.load(), await other.load()]) {
        expect(versions).toContainEqual(seen);
      }
      expect(await store.load()).toEqual(await other.load());
    });

    for (const [what, { text, reason }] of Object.entries(damage)) {
      test(`reports a record that is ${what}, and replaces it`, async context => {
        if (fixture.corrupt === undefined) {
          context.skip('only the store itself can write there');
        }
        // A saved record first, so that a store with its own layout has something to be damaged.
        await store.save(oauthCredentials());
        await fixture.corrupt!(text);
        for (const reader of [store, fixture.reopen()]) {
          const error = await reader.load().catch((error: unknown) => error);
          expect(error).toSatisfy(KimiCredentialStoreError.isInstance);
          expect(error).toMatchObject({
            reason,
            operation: 'load',
            location: store.location,
            code: 'KIMI_CREDENTIAL_STORE',
          });
          expect((error as Error).message).toContain(store.location);
          expect((error as Error).message).toMatch(
            /npx ai-sdk-provider-kimi login|\/login kimi-coder|opencode auth login|npm install ai-sdk-provider-kimi@latest/,
          );
          expect(inspect(error, { depth: 9 })).not.toContain(CANARY);
        }
        await store.save(oauthCredentials({ accessToken: 'new' }));
        expect(await fixture.reopen().load()).toEqual(oauthCredentials({ accessToken: 'new' }));
      });
    }

    test(locks ? 'has a lock' : 'has no lock', () => {
      expect(store.withLock === undefined).toBe(!locks);
    });
    if (locks) {
      describeLock(() => fixture);
    }
    if (keepsApiKeys) {
      // The files of official clients have no place for it; what they are of stands in their names.
      describeBindings(() => fixture);
    }
  });
}

function describeLock(current: () => CredentialStoreFixture): void {
  test('lets one in at a time, over two instances', async () => {
    const stores = [current().store, current().reopen()];
    let inside = 0;
    let count = 0;
    await Promise.all(
      [0, 1, 2, 3, 4, 5].map(index =>
        stores[index % 2]!.withLock!(async lock => {
          inside += 1;
          expect(inside).toBe(1);
          const before = count;
          await lock.assertHeld();
          await new Promise(resolve => setImmediate(resolve));
          count = before + 1;
          inside -= 1;
        }),
      ),
    );
    expect(count).toBe(6);
  });

  test('can load and save while it is held, and gives the result of the callback', async () => {
    const { store, reopen } = current();
    const result = await store.withLock!(async lock => {
      expect(await store.load()).toBeUndefined();
      await lock.assertHeld();
      await store.save(oauthCredentials());
      return 'done';
    });
    expect(result).toBe('done');
    expect(await reopen().load()).toEqual(oauthCredentials());
  });

  test('is released when the callback throws', async () => {
    const { store, reopen } = current();
    const failure = new Error('thrown inside');
    await expect(store.withLock!(() => Promise.reject(failure))).rejects.toBe(failure);
    expect(await reopen().withLock!(async () => 'free')).toBe('free');
  });

  test('gives up the wait when it is aborted, and does not run the callback', async () => {
    const { store, reopen } = current();
    const reason = new Error('the user left');
    const abort = new AbortController();
    let ran = false;
    await store.withLock!(async () => {
      const waiting = reopen().withLock!(
        async () => {
          ran = true;
        },
        { abortSignal: abort.signal },
      );
      abort.abort(reason);
      await expect(waiting).rejects.toBe(reason);
    });
    expect(ran).toBe(false);
    expect(await store.withLock!(async () => 'free')).toBe('free');
  });

  test('is not taken for a signal that is aborted already', async () => {
    const reason = new Error('too late');
    const { store } = current();
    await expect(store.withLock!(async () => 'ran', { abortSignal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await store.withLock!(async () => 'free')).toBe('free');
  });
}

function longToken(length: number): string {
  const word = `${CANARY}.eyJhbGciOiJSUzI1NiJ9_`;
  return word.repeat(Math.ceil(length / word.length)).slice(0, length);
}
