/** Nothing is spent that could not be kept, and nothing that was is lost without a word (docs/decisions.md#39-save-before-spend). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CredentialStore, KimiOAuthCredentials } from '../../../src/credentials/credential-store';
import { seededCredentialStore } from '../../../src/credentials/environment-credential-store';
import { KimiCredentialStoreError, KimiLoginRequiredError } from '../../../src/errors/kimi-error';
import { startKimiSimulator, type KimiSimulator } from '../../../src/simulator/index';
import { failure } from '../../support/failure';
import { createSessionRegistry } from '../../../src/auth/session/session-registry';
import { session, sharedStore, signedIn, type SharedStore } from './session-harness';

let simulator: KimiSimulator;
let store: SharedStore;
let first: KimiOAuthCredentials;
let warnings: string[];

beforeEach(async () => {
  simulator = await startKimiSimulator();
  first = signedIn(simulator);
  store = sharedStore(first);
  warnings = [];
});

afterEach(() => simulator.close());

const minutes = (count: number) => simulator.clock.advance(count * 60_000);
const saved = () => store.record as KimiOAuthCredentials;
const opened = (kept: CredentialStore = store) =>
  session(simulator, kept, { warn: message => warnings.push(message), remedy: 'Run "sign-in-here".' });
const full = () => Object.assign(new Error('no space left'), { code: 'ENOSPC' });

/** A store of a user's own, who knows of nothing but load, save and clear. */
function plainStore(): SharedStore {
  const plain = sharedStore(first);
  delete plain.prepareSave;
  return plain;
}

describe('a store that cannot be written', () => {
  it('costs nothing: the refresh is not sent, the error says so, and the login works once it is mended', async () => {
    minutes(16);
    store.failNext.prepareSave = full();
    const error = (await failure(() => opened().getAccessToken())) as KimiCredentialStoreError;
    expect(KimiCredentialStoreError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ operation: 'save', location: 'shared test store' });
    expect(error.message).toMatch(/no space left.*Nothing was sent: the saved login still works/);
    expect(simulator.counts.refreshes).toBe(0);
    expect(store.record).toEqual(first);
    expect(await opened().getAccessToken()).toBe(saved().accessToken);
    expect([simulator.rotations, simulator.reuses]).toEqual([1, 0]);
  });

  it('still serves a token that is valid, with a warning, and is left alone for a while', async () => {
    minutes(8);
    store.failNext.prepareSave = full();
    const own = opened();
    expect(await own.getAccessToken()).toBe(first.accessToken);
    expect(await own.getAccessToken()).toBe(first.accessToken);
    expect(warnings).toEqual([expect.stringMatching(/shared test store.*no space left.*still valid/)]);
    expect(simulator.counts.refreshes).toBe(0);
    simulator.clock.advance(31_000);
    expect(await own.getAccessToken()).toBe(saved().accessToken);
    expect(saved().accessToken).not.toBe(first.accessToken);
  });

  it('is found by saving the current record again, where it has no proof of its own', async () => {
    const plain = plainStore();
    const { save } = plain;
    const kept: unknown[] = [];
    plain.save = async credentials => {
      kept.push([structuredClone(credentials), simulator.counts.refreshes]);
      await save(credentials);
    };
    minutes(16);
    plain.failNext.save = full();
    expect(await failure(() => opened(plain).getAccessToken())).toMatchObject({
      operation: 'save',
      message: expect.stringContaining('Nothing was sent'),
    });
    expect(simulator.counts.refreshes).toBe(0);
    kept.length = 0;
    await opened(plain).getAccessToken();
    expect(kept).toEqual([
      [first, 0],
      [plain.record, 1],
    ]);
  });

  it('is asked under the lock, and not at all once the lock is lost', async () => {
    minutes(8);
    const plain = plainStore();
    const peers = signedIn(simulator);
    const { load } = plain;
    plain.load = async () => {
      const record = await load();
      if (plain.log.length === 2) {
        plain.loseLock();
        plain.record = peers;
      }
      return record;
    };
    expect(await opened(plain).getAccessToken()).toBe(peers.accessToken);
    expect(plain.record).toEqual(peers);
    expect(plain.log).not.toContain('save');
  });

  it('gives back what it set aside, whatever came of the refresh', async () => {
    let held = 0;
    store.prepareSave = async () => {
      held++;
      return async () => {
        held--;
      };
    };
    minutes(8);
    simulator.fault({ match: { path: '/token' }, times: 3, status: 503 });
    const own = opened();
    expect(await own.getAccessToken()).toBe(first.accessToken);
    expect(held).toBe(0);
    simulator.clock.advance(31_000);
    store.failNext.save = full();
    await failure(() => own.getAccessToken());
    expect([held, simulator.rotations]).toEqual([0, 1]);
  });

  it('says so before a person goes to the browser', async () => {
    store.record = undefined;
    store.failNext.prepareSave = full();
    const onVerification = () => expect.unreachable('no code may be shown');
    expect(await failure(() => opened().login({ onVerification }))).toMatchObject({ operation: 'save' });
    expect(simulator.counts.deviceAuthorizations).toBe(0);
  });
});

it('a seed in a variable is proved with the store around which it stands', async () => {
  store.record = undefined;
  const seed = { environment: { KIMI_REFRESH_TOKEN: first.refreshToken }, issuedFor: first.issuedFor };
  store.failNext.prepareSave = full();
  await failure(() => opened(seededCredentialStore(store, seed)).getAccessToken());
  expect(simulator.counts.refreshes).toBe(0);
  await opened(seededCredentialStore(store, seed)).getAccessToken();
  expect([simulator.rotations, store.log.filter(entry => entry === 'save').length]).toEqual([1, 1]);
});

describe('a save that fails after all', () => {
  it('says that the login is lost unless this process goes on, and what to run', async () => {
    minutes(16);
    store.failNext.save = full();
    const own = opened();
    const error = (await failure(() => own.getAccessToken())) as KimiCredentialStoreError;
    expect(error).toMatchObject({ operation: 'save', code: 'KIMI_CREDENTIAL_STORE' });
    expect(error.message).toMatch(
      /could not be saved: .*no space left.* no longer works\. This process goes on .* the login is lost\. .*Run "sign-in-here"\./,
    );
    expect(error.message).not.toMatch(/unchanged|Nothing was sent/);
    // Also where the one who asked does not listen.
    expect(warnings).toEqual([error.message]);
    expect(await own.getAccessToken()).toBe(saved().accessToken);
    expect([simulator.rotations, simulator.reuses]).toEqual([1, 0]);
  });

  it('warns as long as it lasts, while this process goes on', async () => {
    minutes(16);
    const { save } = store;
    store.save = async () => {
      throw full();
    };
    const own = opened();
    await failure(() => own.getAccessToken());
    const token = await own.getAccessToken();
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toMatch(/no space left.*the login is lost/);
    store.save = save;
    simulator.clock.advance(31_000);
    expect(await own.getAccessToken()).toBe(token);
    expect(saved().accessToken).toBe(token);
  });

  it('because the lock is lost again and again: the person is told what is at stake', async () => {
    minutes(8);
    const own = session(simulator, store, {
      warn: message => warnings.push(message),
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        store.withLock = async callback => {
          await callback({
            assertHeld: () => {
              throw new Error('taken over');
            },
          });
          throw new Error('unreachable');
        };
        store.loseLock();
        return answer;
      },
    });
    const error = (await failure(() => own.getAccessToken())) as KimiCredentialStoreError;
    expect(error).toMatchObject({ operation: 'save', reason: 'lock-lost' });
    expect(await own.getAccessToken()).not.toBe(first.accessToken);
    expect(store.record).toEqual(first);
    expect(warnings[0]).toBe(error.message);
    expect(warnings.slice(0, 1)).toEqual([expect.stringMatching(/the lock was lost.*the login is lost/)]);
    expect(warnings[0]).not.toContain('Nothing was sent');
  });

  it('of a tombstone, too, is told', async () => {
    minutes(16);
    simulator.revoke();
    store.failNext.save = full();
    expect(KimiLoginRequiredError.isInstance(await failure(() => opened().getAccessToken()))).toBe(true);
    expect(warnings).toEqual([expect.stringMatching(/could not be noted there: .*no space left/)]);
  });

  it('of a login that a person has just made says where it works', async () => {
    const own = opened();
    store.failNext.save = full();
    const login = signedIn(simulator);
    expect(await failure(() => own.save(login))).toMatchObject({
      operation: 'save',
      message: expect.stringMatching(/no space left.*in this process only/),
    });
    expect(await own.getAccessToken()).toBe(login.accessToken);
  });

  it('goes on with a login that a person has just made, and saves it when it can', async () => {
    for (const before of [first, undefined]) {
      store.record = before;
      const own = opened();
      const login = signedIn(simulator);
      store.failNext.save = full();
      await failure(() => own.save(login));
      simulator.clock.advance(31_000);
      expect(await own.getAccessToken()).toBe(login.accessToken);
      expect(saved()).toEqual(login);
      minutes(16);
      await own.getAccessToken();
      expect(await opened().getAccessToken()).toBe(saved().accessToken);
    }
    expect([simulator.rotations, simulator.reuses]).toEqual([2, 0]);
  });

  it('ends an unsaved login that the host rejects for itself, and leaves the one in the store alone', async () => {
    const own = opened();
    const rejected = { ...signedIn(simulator), refreshToken: 'never issued' };
    const { save } = store;
    store.save = async credentials => {
      if ((credentials as KimiOAuthCredentials).refreshToken === rejected.refreshToken) {
        throw full();
      }
      await save(credentials);
    };
    await failure(() => own.save(rejected));
    minutes(8);
    expect(await own.getAccessToken()).toBe(saved().accessToken);
    expect(saved().refreshToken).not.toBe('');
  });

  it('costs no login though the process renews many others meanwhile', async () => {
    const registry = createSessionRegistry();
    const own = session(simulator, store, { registry });
    minutes(16);
    store.failNext.save = full();
    await failure(() => own.getAccessToken());
    const token = await own.getAccessToken();
    for (let other = 0; other < 70; other++) {
      const theirs = signedIn(simulator);
      await session(simulator, sharedStore({ ...theirs, expiresAt: 1 }), { registry }).getAccessToken();
    }
    store.failNext.save = full();
    simulator.clock.advance(31_000);
    expect(await own.getAccessToken()).toBe(token);
    simulator.clock.advance(31_000);
    expect(await own.getAccessToken()).toBe(token);
    expect([saved().accessToken, simulator.reuses]).toEqual([token, 0]);
  });
});

describe('a store that is out of reach while the token lives', () => {
  it('is told once; peers that are busy are not', async () => {
    const own = opened();
    await own.getAccessToken();
    minutes(8);
    const { withLock } = store;
    const failing = (reason: 'locked' | 'permissions') => async () => {
      throw new KimiCredentialStoreError({ location: 'there', operation: 'lock', reason, message: `It is ${reason}.` });
    };
    store.withLock = failing('locked');
    expect(await own.getAccessToken()).toBe(first.accessToken);
    expect(warnings).toEqual([]);
    simulator.clock.advance(31_000);
    store.withLock = failing('permissions');
    expect(await own.getAccessToken()).toBe(first.accessToken);
    expect(warnings).toEqual([expect.stringMatching(/^It is permissions\. .*still valid/)]);
    store.withLock = withLock!;
    simulator.clock.advance(31_000);
    expect(await own.getAccessToken()).toBe(saved().accessToken);
  });
});
