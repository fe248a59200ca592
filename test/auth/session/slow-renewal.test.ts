/** A sign-in host that hangs stalls nobody whose token is usable (docs/decisions.md#52-slow-renewals). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuthSessionOptions } from '../../../src/auth/session/auth-session';
import { refreshTokens } from '../../../src/auth/token-endpoint';
import type { KimiOAuthCredentials } from '../../../src/credentials/credential-store';
import { startKimiSimulator, type KimiSimulator } from '../../../src/simulator/index';
import { failure } from '../../support/failure';
import { session, sharedStore, signedIn, type SharedStore } from './session-harness';

let simulator: KimiSimulator;
let store: SharedStore;
let first: KimiOAuthCredentials;

beforeEach(async () => {
  simulator = await startKimiSimulator();
  first = signedIn(simulator);
  store = sharedStore(first);
});

afterEach(() => simulator.close());

const minutes = (count: number) => simulator.clock.advance(count * 60_000);
const saved = () => store.record as KimiOAuthCredentials;

/** A session whose sign-in host answers when the test says so, and whose requests lose patience when it says so. */
function slowSession(options: Partial<AuthSessionOptions> = {}) {
  const [sent, answer, late] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  let patiences = 0;
  const own = session(simulator, store, {
    patience: () => {
      patiences++;
      return patiences === 1 ? late.promise : new Promise(() => {});
    },
    fetch: async (input, init) => {
      sent.resolve();
      await answer.promise;
      return fetch(input, init);
    },
    ...options,
  });
  return { own, sent: sent.promise, answer: answer.resolve, losePatience: late.resolve, patiences: () => patiences };
}

describe('a sign-in host that hangs', () => {
  it('lets requests leave with a token that is usable, and is heard in the background', async () => {
    minutes(8);
    const { own, sent, answer, losePatience, patiences } = slowSession();
    const asking = Promise.all(Array.from({ length: 20 }, () => own.getAccessToken()));
    await sent;
    losePatience();
    expect(new Set(await asking)).toEqual(new Set([first.accessToken]));
    // Those that come later do not wait at all, and start nothing.
    expect(await own.getAccessToken()).toBe(first.accessToken);
    expect([patiences(), store.record]).toEqual([1, first]);
    answer();
    await expect.poll(() => saved().accessToken).not.toBe(first.accessToken);
    expect(await own.getAccessToken()).toBe(saved().accessToken);
    expect([simulator.counts.refreshes, simulator.rotations]).toEqual([1, 1]);
  });

  it('goes on for those who leave by an abort, too, once one has gone on with the old token', async () => {
    minutes(8);
    const { own, sent, answer, losePatience } = slowSession();
    const asking = own.getAccessToken();
    await sent;
    losePatience();
    await asking;
    await failure(() => own.getAccessToken({ abortSignal: AbortSignal.abort(new Error('gone')) }));
    answer();
    await expect.poll(() => saved().accessToken).not.toBe(first.accessToken);
  });

  it.each(['ended', 'refused by the API'])('is waited for by a request whose token is %s', async how => {
    const { own, sent, answer, losePatience } = slowSession();
    await own.getAccessToken();
    minutes(how === 'ended' ? 16 : 0);
    const asking = how === 'ended' ? own.getCredential() : own.refresh({ rejectedToken: first.accessToken });
    await sent;
    losePatience();
    answer();
    expect((await asking).token).toBe(saved().accessToken);
    expect(saved().accessToken).not.toBe(first.accessToken);
  });

  it('that fails in the background leaves the token, and is asked again later', async () => {
    minutes(8);
    simulator.fault({ match: { path: '/token' }, times: 3, status: 503 });
    const { own, sent, answer, losePatience } = slowSession();
    const asking = own.getAccessToken();
    await sent;
    losePatience();
    await asking;
    answer();
    await expect.poll(() => simulator.counts.refreshes).toBe(3);
    expect(await own.getAccessToken()).toBe(first.accessToken);
    simulator.clock.advance(40_000);
    expect(await own.getAccessToken()).toBe(saved().accessToken);
  });
});

describe('a lock that others hold', () => {
  it('is not waited for with a usable token; nothing is sent for it, and nobody else waits for a while', async () => {
    minutes(8);
    const release = await store.holdLock();
    const { own, losePatience, answer, patiences } = slowSession();
    answer();
    const asking = own.getAccessToken();
    // The store is read before the lock is known to be taken.
    await new Promise(resolve => setImmediate(resolve));
    losePatience();
    expect(await asking).toBe(first.accessToken);
    expect(await own.getAccessToken()).toBe(first.accessToken);
    release();
    await store.withLock!(async () => undefined);
    expect([patiences(), simulator.counts.refreshes]).toEqual([1, 0]);
    simulator.clock.advance(31_000);
    expect(await own.getAccessToken()).not.toBe(first.accessToken);
  });
});

describe('processes whose token has ended', () => {
  it('get their turn when the time limit of the one before is over, and no advice about its lock', async () => {
    minutes(16);
    const hangs: typeof fetch = (_url, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    const hung = failure(() => session(simulator, store, { fetch: hangs, timeLimitMs: 80 }).getAccessToken());
    const next = session(simulator, store).getAccessToken();
    expect(await hung).toMatchObject({
      name: 'KimiTokenRefreshError',
      isRetryable: true,
      message: expect.stringMatching(/no answer within 0\.08 s.*is kept/),
    });
    expect(await next).toBe(saved().accessToken);
    expect([simulator.rotations, simulator.reuses]).toEqual([1, 0]);
  });
});

describe('all tries of one refresh', () => {
  const refresh = (options: object) =>
    refreshTokens(first, {
      fetch,
      oauthHost: simulator.oauthHost,
      monotonicNow: simulator.clock.now,
      sleep: async milliseconds => simulator.clock.advance(milliseconds),
      ...options,
    });

  it('have one time limit: what hangs is not asked again', async () => {
    let tries = 0;
    const hanging = (_url: unknown, init?: RequestInit) => {
      tries++;
      return new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    };
    expect(await refresh({ timeLimitMs: 80, fetch: hanging })).toMatchObject({
      outcome: 'unavailable',
      reason: 'no answer within 0.08 s',
      retryable: true,
    });
    expect(tries).toBe(1);
  });

  it('have no pause that ends after it', async () => {
    simulator.fault({ match: { path: '/token' }, times: 3, status: 503 });
    expect(await refresh({ timeLimitMs: 2500 })).toMatchObject({ outcome: 'unavailable', status: 503 });
    expect(simulator.counts.refreshes).toBe(2);
  });
});
