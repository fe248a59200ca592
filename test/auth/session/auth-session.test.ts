import { inspect } from 'node:util';
import { APICallError } from '@ai-sdk/provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuthSession } from '../../../src/auth/session/auth-session';
import { createAuthorizedFetch } from '../../../src/auth/authorized-fetch';
import { createSessionRegistry, processSessionRegistry } from '../../../src/auth/session/session-registry';
import { bindingOf } from '../../../src/credentials/credential-binding';
import type { KimiOAuthCredentials } from '../../../src/credentials/credential-store';
import { memoryCredentialStore } from '../../../src/credentials/memory-credential-store';
import { KimiCredentialStoreError, KimiLoginRequiredError } from '../../../src/errors/kimi-error';
import { KimiTokenRefreshError } from '../../../src/errors/kimi-token-refresh-error';
import { startKimiSimulator, type KimiSimulator } from '../../../src/simulator/index';
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

const TOKEN = '/api/oauth/token';
const minutes = (count: number) => simulator.clock.advance(count * 60_000);
const saved = () => store.record as KimiOAuthCredentials;
const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable('no error'),
    (error: unknown) => error,
  );
const api = (credentials: ReturnType<typeof session>) => {
  const authorized = createAuthorizedFetch({ fetch, apiOrigin: new URL(simulator.apiBaseURL).origin, credentials });
  return () => authorized(`${simulator.apiBaseURL}/models`);
};

describe('while the token is fresh', () => {
  it('reads the store once and sends nothing', async () => {
    const own = session(simulator, store);
    for (let count = 0; count < 3; count++) {
      expect(await own.getAccessToken()).toBe(first.accessToken);
    }
    minutes(7);
    expect(await own.getAccessToken()).toBe(first.accessToken);
    expect(store.log).toEqual(['load']);
    expect(simulator.counts.requests).toBe(0);
  });

  it('does nothing at construction', () => {
    session(simulator, store);
    expect(store.log).toEqual([]);
  });

  it('is one session for two providers that share a store or a key', async () => {
    const registry = createSessionRegistry();
    await Promise.all(
      [session(simulator, store, { registry }), session(simulator, store, { registry })].map(one =>
        one.getAccessToken(),
      ),
    );
    expect(store.log).toEqual(['load']);
    const twin = { ...store };
    await Promise.all(
      [session(simulator, store, { registry, shareAs: 'x' }), session(simulator, twin, { registry, shareAs: 'x' })].map(
        one => one.getAccessToken(),
      ),
    );
    expect(store.log).toEqual(['load', 'load']);
  });

  it('never mixes two people whose stores have the same location', async () => {
    const registry = createSessionRegistry();
    const other = signedIn(simulator);
    const mine = session(simulator, memoryCredentialStore(first), { registry });
    const theirs = session(simulator, memoryCredentialStore(other), { registry });
    expect(await Promise.all([mine.getAccessToken(), theirs.getAccessToken()])).toEqual([
      first.accessToken,
      other.accessToken,
    ]);
  });
});

describe('when it is due', () => {
  it('refreshes once for all who ask, saves before use, and says so', async () => {
    minutes(8);
    const seen: unknown[] = [];
    const own = session(simulator, store, {
      onCredentials: credentials => {
        expect(store.record).toEqual(credentials);
        seen.push(credentials);
      },
    });
    const tokens = await Promise.all(Array.from({ length: 50 }, () => own.getAccessToken()));
    expect(new Set(tokens)).toEqual(new Set([saved().accessToken]));
    expect(saved().accessToken).not.toBe(first.accessToken);
    expect(seen).toEqual([store.record]);
    expect(simulator.counts.refreshes).toBe(1);
    expect(store.log).toEqual(['load', 'load', 'save']);
  });

  it.each([
    ['logs out', (own: AuthSession) => own.logout(), () => undefined],
    ['saves another login', (own: AuthSession) => own.save(first), () => first],
  ])('a listener that %s does not wait for the renewal that waits for it', async (_, act, expected) => {
    minutes(8);
    let isTold = false;
    const own: AuthSession = session(simulator, store, {
      onCredentials: async () => {
        if (!isTold) {
          isTold = true;
          await act(own);
        }
      },
    });
    await own.getAccessToken();
    expect(isTold).toBe(true);
    expect(store.record).toEqual(expected());
  });

  it('tells of a login once it is saved, and not before', async () => {
    minutes(8);
    const heard: unknown[] = [];
    const own = session(simulator, store, { onCredentials: credentials => void heard.push(credentials) });
    store.failNext.save = new Error('disk full');
    await expect(own.getAccessToken()).rejects.toThrow('disk full');
    expect(heard).toEqual([]);
    await own.getAccessToken();
    expect(heard).toEqual([store.record]);
    store.failNext.save = new Error('disk full');
    await expect(own.save(signedIn(simulator))).rejects.toThrow('disk full');
    expect(heard).toHaveLength(1);
  });

  it('does not hand out a new token before it is saved', async () => {
    minutes(8);
    const own = session(simulator, store);
    const save = store.save;
    const early: string[] = [];
    store.save = async credentials => {
      void own.getAccessToken().then(token => early.push(token));
      await new Promise(resolve => setTimeout(resolve, 20));
      expect(early).toEqual([]);
      await save(credentials);
    };
    expect(await own.getAccessToken()).toBe(saved().accessToken);
    await expect.poll(() => early).toEqual([saved().accessToken]);
  });

  it("takes a peer's rotation instead of its own", async () => {
    const peer = session(simulator, store);
    const own = session(simulator, store);
    await Promise.all([peer.getAccessToken(), own.getAccessToken()]);
    minutes(8);
    const [one, two] = await Promise.all([peer.getAccessToken(), own.getAccessToken()]);
    expect(one).toBe(two);
    expect(simulator.counts.refreshes).toBe(1);
  });

  it('sends one refresh token once, though two stores of the process hold a copy', async () => {
    minutes(8);
    const registry = createSessionRegistry();
    const stores = [memoryCredentialStore(first), memoryCredentialStore(first)];
    const sessions = stores.map(own => session(simulator, own, { registry }));
    const [one, two] = await Promise.all(sessions.map(own => own.getAccessToken()));
    expect(one).toBe(two);
    expect(simulator.counts.refreshes).toBe(1);
    expect(await stores[0]?.load()).toEqual(await stores[1]?.load());
    // A third copy that turns up later is told what came of it.
    expect(await session(simulator, memoryCredentialStore(first), { registry }).getAccessToken()).toBe(one);
    expect(simulator.counts.refreshes).toBe(1);
  });

  it('keeps the refresh token if the answer has none, and survives odd answers', async () => {
    minutes(8);
    simulator.fault({
      match: { path: TOKEN },
      status: 200,
      body: { access_token: 'new', expires_in: '900', id_token: 'not a jwt', refresh_token: null },
    });
    const now = () => Math.floor(simulator.clock.now() / 1000);
    const before = now();
    expect(await session(simulator, store).getAccessToken()).toBe('new');
    const { expiresAt, ...rest } = saved() as KimiOAuthCredentials;
    const { expiresAt: _, ...firstRest } = first;
    expect(rest).toEqual({ ...firstRest, accessToken: 'new', tokenType: 'Bearer' });
    // The clock goes on: a second may have passed since it was asked for.
    expect(expiresAt).toBeGreaterThanOrEqual(before + 900);
    expect(expiresAt).toBeLessThanOrEqual(now() + 900);
  });

  it('is not fooled by clocks that are wrong by hours', async () => {
    for (const hours of [-5, 5]) {
      store.record = signedIn(simulator);
      const before = simulator.counts.refreshes;
      const own = session(simulator, store, { now: () => simulator.clock.now() + hours * 3_600_000 });
      for (let count = 0; count < 5; count++) {
        await own.getAccessToken();
        minutes(1);
      }
      expect(simulator.counts.refreshes - before).toBe(1);
    }
  });
});

describe('a clock that is set back while the process runs', () => {
  it('does not lengthen the life of a token that is known to be old', async () => {
    let setBack = 0;
    const own = session(simulator, store, { now: () => simulator.clock.now() - setBack });
    await own.getAccessToken();
    minutes(8);
    setBack = 8 * 60_000;
    expect(await own.getAccessToken()).not.toBe(first.accessToken);
    expect(simulator.counts.refreshes).toBe(1);
    await own.getAccessToken();
    expect(simulator.counts.refreshes).toBe(1);
  });
});

describe('a refresh that does not come about', () => {
  const outage = (times: number, fault = {}) =>
    simulator.fault({ match: { path: TOKEN }, times, status: 503, body: 'down', ...fault });

  it.each([
    ['503', { status: 503 }],
    ['429', { status: 429, body: { error: 'rate_limited' } }],
    ['a closed socket', { destroySocket: true }],
    ['an HTML error page', { status: 502, body: '<html>Bad gateway</html>' }],
  ])('is tried three times, 1 s and 2 s apart: %s', async (_name, fault) => {
    minutes(8);
    outage(2, fault);
    const own = session(simulator, store);
    expect(await own.getAccessToken()).toBe(saved().accessToken);
    expect(own.slept).toEqual([1000, 2000]);
    expect(simulator.rotations).toBe(1);
  });

  it.each([
    ['401, a page of a proxy', { status: 401, body: '<html><title>Proxy login</title></html>' }],
    ['403, a page of a firewall', { status: 403, body: '<html><title>Blocked</title></html>' }],
    ['401 without a body', { status: 401, body: '' }],
    ['403, JSON that is no OAuth error', { status: 403, body: { message: 'forbidden by policy' } }],
    ['401, JSON whose error is no code', { status: 401, body: { error: { message: 'who are you' } } }],
  ])('keeps the login: %s', async (_name, fault) => {
    minutes(16);
    outage(3, fault);
    const error = await caught(session(simulator, store).getAccessToken());
    expect(KimiTokenRefreshError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ isRetryable: true, statusCode: fault.status });
    expect(store.record).toEqual(first);
    expect(await session(simulator, store, { registry: createSessionRegistry() }).getAccessToken()).toBe(
      saved().accessToken,
    );
    expect(simulator.rotations).toBe(1);
  });

  it('waits as long as Retry-After says', async () => {
    minutes(8);
    outage(1, { retryAfter: 7 });
    const own = session(simulator, store);
    await own.getAccessToken();
    expect(own.slept).toEqual([7000]);
  });

  it('keeps using a token that lives, and leaves the host alone for a while', async () => {
    minutes(8);
    outage(3);
    const own = session(simulator, store);
    expect(await own.getAccessToken()).toBe(first.accessToken);
    expect(await own.getAccessToken()).toBe(first.accessToken);
    expect(simulator.counts.refreshes).toBe(3);
    simulator.clock.advance(31_000);
    expect(await own.getAccessToken()).not.toBe(first.accessToken);
    expect(simulator.counts.refreshes).toBe(4);
    expect(store.record).not.toEqual(first);
  });

  it('is a retryable error once the token is dead; the sign-in is kept', async () => {
    minutes(16);
    outage(3);
    const own = session(simulator, store);
    const error = (await caught(own.getAccessToken())) as KimiTokenRefreshError;
    expect(KimiTokenRefreshError.isInstance(error)).toBe(true);
    expect(APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({
      isRetryable: true,
      statusCode: 503,
      requestBodyValues: {},
      code: 'KIMI_TOKEN_REFRESH',
      name: 'KimiTokenRefreshError',
    });
    expect(error.message).toMatch(/HTTP 503.*sign-in in shared test store is kept/);
    expect(inspect(error, { depth: null })).not.toContain(first.refreshToken);
    expect(store.record).toEqual(first);
    // And the next one works.
    expect(await own.getAccessToken()).toBe(saved().accessToken);
  });

  it('gives a long Retry-After to the caller and sends nothing until then', async () => {
    minutes(16);
    outage(1, { retryAfter: 120 });
    const own = session(simulator, store);
    const error = (await caught(own.getAccessToken())) as KimiTokenRefreshError;
    expect(error.responseHeaders).toEqual({ 'retry-after': '120' });
    await caught(own.getAccessToken());
    expect(simulator.counts.refreshes).toBe(1);
    minutes(2.1);
    await own.getAccessToken();
    expect(simulator.counts.refreshes).toBe(2);
  });

  it('that brings a token which cannot be sent replaces no login, and says what may be spent', async () => {
    const unusable = () =>
      simulator.fault({
        match: { path: TOKEN },
        status: 200,
        body: { access_token: 'two\nlines', refresh_token: 'n\u00ebxt', expires_in: 900 },
      });
    const warnings: string[] = [];
    const own = session(simulator, store, { warn: message => void warnings.push(message) });
    minutes(14);
    unusable();
    expect(await own.getAccessToken()).toBe(first.accessToken);
    expect(warnings).toEqual([expect.stringMatching(/holds was not changed.*may be spent.*sign in again/)]);
    minutes(2);
    unusable();
    const error = (await caught(own.getAccessToken())) as KimiTokenRefreshError;
    expect(error).toMatchObject({ code: 'KIMI_TOKEN_REFRESH', isRetryable: false });
    expect(error.message).toMatch(/\(a token with characters that no token has\).*may be spent/);
    expect(store.record).toEqual(first);
    expect(inspect([error, warnings], { depth: null })).not.toMatch(/two|xt'|is kept/);
  });

  it('is not repeated where it would fail again, and is no logout', async () => {
    minutes(16);
    outage(1, { status: 400, body: { error: 'invalid_request' } });
    const error = (await caught(session(simulator, store).getAccessToken())) as KimiTokenRefreshError;
    expect(error).toMatchObject({ isRetryable: false, statusCode: 400 });
    expect(error.message).toContain('invalid_request');
    expect(store.record).toEqual(first);
    expect(simulator.counts.refreshes).toBe(1);
  });

  it('ends at the time limit', async () => {
    minutes(16);
    simulator.fault({ match: { path: TOKEN }, times: 3, delayMs: 60_000 });
    const error = (await caught(
      session(simulator, store, { timeLimitMs: 50 }).getAccessToken(),
    )) as KimiTokenRefreshError;
    expect(error.message).toContain('no answer within 0.05 s');
  });

  it('never sends a login over plain http to another machine', async () => {
    minutes(16);
    const oauthHost = 'http://auth.example.org';
    store.record = { ...first, issuedFor: bindingOf({ ...simulator, oauthHost }) };
    const error = (await caught(session(simulator, store, { oauthHost }).getAccessToken())) as KimiTokenRefreshError;
    expect(error.message).toContain('https');
    expect(error.isRetryable).toBe(false);
  });

  it('sends it there where the settings allow that', async () => {
    minutes(16);
    const asked: string[] = [];
    const oauthHost = 'http://auth.example.org';
    store.record = { ...first, issuedFor: bindingOf({ ...simulator, oauthHost }) };
    const own = session(simulator, store, {
      oauthHost,
      allowInsecure: true,
      fetch: (input, init) => {
        asked.push(String(input));
        return fetch(`${simulator.oauthHost}${new URL(String(input)).pathname}`, init);
      },
    });
    expect(await own.getAccessToken()).toBe(saved().accessToken);
    expect(asked).toEqual([`http://auth.example.org${TOKEN}`]);
  });
});

describe('a rejected refresh', () => {
  it.each([400, 401, 403, 500])(
    'with status %i is the end of the login, said once and remembered by everybody',
    async status => {
      minutes(8);
      simulator.fault({ match: { path: TOKEN }, status, body: { error: 'invalid_grant' } });
      const own = session(simulator, store);
      const error = (await caught(own.getAccessToken())) as KimiLoginRequiredError;
      expect(KimiLoginRequiredError.isInstance(error)).toBe(true);
      expect(error).toMatchObject({ reason: 'revoked', source: 'shared test store' });
      expect(error.message).toContain('npx ai-sdk-provider-kimi login');
      expect(store.record).toEqual({ ...first, accessToken: '', refreshToken: '', expiresAt: 0, expiresIn: 0 });
      expect(own.slept).toEqual([100]);

      await caught(own.getAccessToken());
      expect(await caught(session(simulator, store).getAccessToken())).toMatchObject({ reason: 'revoked' });
      expect(simulator.counts.refreshes).toBe(1);
      expect(await own.status()).toEqual({ state: 'revoked', kind: 'oauth', source: 'shared test store' });

      // Somebody signs in elsewhere.
      store.record = signedIn(simulator);
      expect(await own.getAccessToken()).toBe(saved().accessToken);
    },
  );

  it('takes the rotation of a peer that does not know our lock, also where the store has none', async () => {
    minutes(8);
    const lockless = sharedStore(first);
    delete lockless.withLock;
    const peers = signedIn(simulator);
    simulator.fault({ match: { path: TOKEN }, status: 400, body: { error: 'invalid_grant' } });
    const own = session(simulator, lockless, {
      sleep: async () => {
        lockless.record = peers;
      },
    });
    expect(await own.getAccessToken()).toBe(peers.accessToken);
    expect(lockless.record).toEqual(peers);
  });

  it('says missing, and where, if nothing was ever stored', async () => {
    store.record = undefined;
    const error = (await caught(session(simulator, store).getAccessToken())) as KimiLoginRequiredError;
    expect(error).toMatchObject({ reason: 'missing', source: 'shared test store' });
    expect(error.message).toBe(
      'Not signed in to Kimi: nothing is stored in shared test store. Sign in: npx ai-sdk-provider-kimi login',
    );
  });
});

describe('401 from the API', () => {
  it('costs a burst of 50 one refresh, and all succeed', async () => {
    const own = session(simulator, store);
    const request = api(own);
    await request();
    simulator.expireTokens();
    const statuses = await Promise.all(Array.from({ length: 50 }, async () => (await request()).status));
    expect(statuses).toEqual(Array.from({ length: 50 }, () => 200));
    expect(simulator.counts.refreshes).toBe(1);
  });

  it('costs two processes with 50 each one refresh', async () => {
    const requests = [api(session(simulator, store)), api(session(simulator, store))];
    await Promise.all(requests.map(request => request()));
    simulator.expireTokens();
    const answers = await Promise.all(requests.flatMap(request => Array.from({ length: 50 }, request)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(simulator.counts.refreshes).toBe(1);
  });

  it('does not use the refused token again if the refresh fails', async () => {
    const own = session(simulator, store);
    const request = api(own);
    await request();
    simulator.expireTokens();
    simulator.fault({ match: { path: TOKEN }, times: 3, status: 503 });
    expect(KimiTokenRefreshError.isInstance(await caught(request()))).toBe(true);
    const before = simulator.counts.models;
    expect((await request()).status).toBe(200);
    expect(simulator.counts.models - before).toBe(1);
  });

  it('the second time is an error that says what to run; then the host is left alone for a while', async () => {
    const own = session(simulator, store);
    const request = api(own);
    simulator.fault({
      match: { path: '/models' },
      times: 2,
      status: 401,
      body: { error: { message: 'Invalid Authentication' } },
    });
    const error = (await caught(request())) as KimiLoginRequiredError;
    expect(error).toMatchObject({ reason: 'rejected', source: 'shared test store' });
    expect(error.message).toContain('npx ai-sdk-provider-kimi login');
    expect(await caught(request())).toMatchObject({ reason: 'rejected' });
    expect(simulator.counts.refreshes).toBe(1);
    simulator.clock.advance(31_000);
    expect((await request()).status).toBe(200);
    expect(simulator.counts.refreshes).toBe(2);
  });

  it("is retryable if it was a peer's token that was refused", async () => {
    const own = session(simulator, store);
    const request = api(own);
    await request();
    store.record = signedIn(simulator);
    simulator.expireTokens();
    const error = (await caught(request())) as KimiTokenRefreshError;
    expect(KimiTokenRefreshError.isInstance(error) && error.isRetryable).toBe(true);
    expect((await request()).status).toBe(200);
  });
});

describe('aborting', () => {
  it('stops the wait of the one who aborts, not the refresh of the others', async () => {
    minutes(8);
    simulator.fault({ match: { path: TOKEN }, delayMs: 100 });
    const own = session(simulator, store);
    const controller = new AbortController();
    const aborted = caught(own.getAccessToken({ abortSignal: controller.signal }));
    const other = own.getAccessToken();
    controller.abort(new Error('enough'));
    expect(await aborted).toMatchObject({ message: 'enough' });
    expect(await other).toBe(saved().accessToken);
    expect(simulator.counts.refreshes).toBe(1);
  });

  it('of the last one ends the wait for the lock; nothing is sent', async () => {
    minutes(8);
    const release = await store.holdLock();
    const own = session(simulator, store);
    const controller = new AbortController();
    const aborted = caught(own.getAccessToken({ abortSignal: controller.signal }));
    await new Promise(resolve => setImmediate(resolve));
    controller.abort(new Error('enough'));
    expect(await aborted).toMatchObject({ message: 'enough' });
    release();
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(simulator.counts.refreshes).toBe(0);
    expect(await own.getAccessToken()).toBe(saved().accessToken);
    expect(simulator.counts.refreshes).toBe(1);
  });

  it('after the refresh token has gone out still saves the new login', async () => {
    minutes(8);
    const controller = new AbortController();
    const own = session(simulator, store, {
      fetch: (input, init) => {
        const answer = fetch(input, init);
        controller.abort(new Error('enough'));
        return answer;
      },
    });
    await caught(own.getAccessToken({ abortSignal: controller.signal }));
    await expect.poll(() => saved().refreshToken).not.toBe(first.refreshToken);
    expect(await own.getAccessToken()).toBe(saved().accessToken);
    expect(simulator.counts.refreshes).toBe(1);
  });
});

describe('a lock that is lost', () => {
  it('before sending: nothing is sent for it, and the next try sees what happened meanwhile', async () => {
    minutes(8);
    const peers = signedIn(simulator);
    const load = store.load;
    store.load = async () => {
      const record = await load();
      if (store.log.length === 2) {
        // This process was stopped after it had read under the lock; a peer took over and rotated.
        store.loseLock();
        store.record = peers;
      }
      return record;
    };
    expect(await session(simulator, store).getAccessToken()).toBe(peers.accessToken);
    expect(simulator.counts.refreshes).toBe(0);
  });

  it('before saving: the rotated login is saved under a new lock', async () => {
    minutes(8);
    const own = session(simulator, store, {
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        store.loseLock();
        return answer;
      },
    });
    expect(await own.getAccessToken()).toBe(saved().accessToken);
    expect(saved().refreshToken).not.toBe(first.refreshToken);
    expect(simulator.counts.refreshes).toBe(1);
  });

  it('before saving: what a peer has saved meanwhile is not overwritten', async () => {
    minutes(8);
    const peers = signedIn(simulator);
    const own = session(simulator, store, {
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        store.loseLock();
        store.record = peers;
        return answer;
      },
    });
    expect(await own.getAccessToken()).toBe(peers.accessToken);
    expect(store.record).toEqual(peers);
  });
});

describe('a store that fails', () => {
  it('after the rotation: says so, keeps the login in this process, and saves it at the next use', async () => {
    minutes(8);
    store.failNext.save = Object.assign(new Error(`disk full while writing ${'x'.repeat(3)}`), { code: 'ENOSPC' });
    const own = session(simulator, store);
    const error = (await caught(own.getAccessToken())) as KimiCredentialStoreError;
    expect(error).toMatchObject({ operation: 'save', location: 'shared test store' });
    expect(error.message).toContain('disk full');
    expect(store.record).toEqual(first);
    const token = await own.getAccessToken();
    expect(saved().accessToken).toBe(token);
    expect(simulator.counts.refreshes).toBe(1);
    expect(simulator.reuses).toBe(0);
  });

  it('for longer: the login goes on in this process and never sends a spent token', async () => {
    minutes(8);
    const own = session(simulator, store);
    const save = store.save;
    store.save = async () => {
      throw new Error('read-only file system');
    };
    await caught(own.getAccessToken());
    const token = await own.getAccessToken();
    expect((await api(own)()).status).toBe(200);
    minutes(8);
    await caught(own.getAccessToken());
    expect(await own.getAccessToken()).not.toBe(token);
    expect(simulator.reuses).toBe(0);
    store.save = save;
    minutes(1);
    expect(await own.getAccessToken()).toBe(saved().accessToken);
    expect(simulator.counts.refreshes).toBe(2);
  });

  it('while the token lives: the token is used', async () => {
    const own = session(simulator, store);
    await own.getAccessToken();
    minutes(8);
    store.failNext.load = new Error('locked keyring');
    expect(await own.getAccessToken()).toBe(first.accessToken);
    expect(simulator.counts.refreshes).toBe(0);
  });

  it('at the first read: never looks like signed out, and hides what it quotes', async () => {
    store.failNext.load = new Error('connection refused');
    expect(KimiCredentialStoreError.isInstance(await caught(session(simulator, store).getAccessToken()))).toBe(true);
    store.failNext.save = new Error(`could not insert ${first.refreshToken}`);
    const error = await caught(session(simulator, store).save(first));
    expect(inspect(error, { depth: null })).not.toContain(first.refreshToken);
    expect(String(error)).toContain('could not insert [secret]');
  });
});

describe('other records', () => {
  it('a saved key is used as it is and never refreshed', async () => {
    const { issuedFor } = first;
    store.record = { type: 'api-key', key: 'sk-kimi-simulator', service: 'coding', region: 'mainland-cn', issuedFor };
    const own = session(simulator, store);
    expect(await own.getCredential()).toMatchObject({
      kind: 'api-key',
      token: 'sk-kimi-simulator',
      source: 'shared test store',
    });
    simulator.fault({ match: { path: '/models' }, status: 401, body: '' });
    expect((await api(own)()).status).toBe(401);
    expect(simulator.counts.models).toBe(1);
    expect(await own.status()).toEqual({ state: 'valid', kind: 'api-key', source: 'shared test store' });
  });

  it('an access token alone is used until it is refused', async () => {
    store.record = { ...first, refreshToken: '', expiresAt: 0, expiresIn: 0 };
    const request = api(session(simulator, store));
    expect((await request()).status).toBe(200);
    simulator.expireTokens();
    expect(await caught(request())).toMatchObject({ reason: 'rejected' });
    expect(await caught(request())).toMatchObject({ reason: 'rejected' });
    expect(simulator.counts).toMatchObject({ refreshes: 0, models: 2 });
  });

  it('a refresh token alone is a seed', async () => {
    store.record = { ...first, accessToken: '', expiresAt: 0, expiresIn: 0 };
    expect(await session(simulator, store).getAccessToken()).toBe(saved().accessToken);
  });
});

it('shows no token in inspect or JSON, of the session or of what the process shares', async () => {
  const own = session(simulator, store, { registry: processSessionRegistry() });
  await own.getAccessToken();
  const shared = (globalThis as { [key: symbol]: unknown })[Symbol.for('ai-sdk-provider-kimi.sessions')];
  for (const value of [own, shared]) {
    expect(inspect(value, { depth: null, showHidden: true })).not.toContain(first.accessToken);
    expect(JSON.stringify(value)).not.toContain(first.accessToken);
  }
});
