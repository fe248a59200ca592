/** A store without a lock, as a database that one process uses: what a person does and what a renewal does never cross. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { KimiOAuthCredentials } from '../../../src/credentials/credential-store';
import { unstorageCredentialStore } from '../../../src/credentials/unstorage-credential-store';
import { createLocalLock } from '../../../src/auth/session/local-lock';
import { startKimiSimulator, type KimiSimulator } from '../../../src/simulator/index';
import { session, signedIn } from './session-harness';

let simulator: KimiSimulator;
let items: Map<string, string>;
let first: KimiOAuthCredentials;

beforeEach(async () => {
  simulator = await startKimiSimulator();
  first = signedIn(simulator);
  items = new Map();
});

afterEach(() => simulator.close());

const turn = () => new Promise<void>(resolve => setImmediate(resolve));

/** Each operation takes its time, and shows what was there when it began. */
const store = unstorageCredentialStore({
  async getItem(key) {
    const value = items.get(key);
    await turn();
    return value ?? null;
  },
  async setItem(key, value) {
    await turn();
    items.set(key, value);
  },
  async removeItem(key) {
    await turn();
    items.delete(key);
  },
});

/** After so many turns of the loop a request is made whose token is due. */
const moments = Array.from({ length: 8 }, (_, index) => index);

async function requestAfter(turns: number, own: ReturnType<typeof session>): Promise<void> {
  for (let passed = 0; passed < turns; passed++) {
    await turn();
  }
  await own.getAccessToken().catch(() => undefined);
}

it.each(moments)('a logout is final, though a renewal begins %i turns later', async turns => {
  await store.save(first);
  const own = session(simulator, store);
  simulator.clock.advance(8 * 60_000);
  await Promise.all([own.logout(), requestAfter(turns, own)]);
  expect(await store.load()).toBeUndefined();
});

it.each(moments)('a login that is saved stays, though a renewal begins %i turns later', async turns => {
  await store.save(first);
  const own = session(simulator, store);
  simulator.clock.advance(8 * 60_000);
  const login = signedIn(simulator);
  await Promise.all([own.save(login), requestAfter(turns, own)]);
  expect(await store.load()).toEqual(login);
  expect(await own.getAccessToken()).toBe(login.accessToken);
});

it('lets one after the other in, also past one that failed or went away', async () => {
  const lock = createLocalLock();
  const order: string[] = [];
  const gone = new AbortController();
  const running = lock(async () => {
    await turn();
    order.push('first');
    throw new Error('failed');
  });
  const left = lock(async () => order.push('never'), { abortSignal: gone.signal });
  const third = lock(async () => order.push('third'));
  gone.abort(new Error('gone'));
  const outcomes = await Promise.allSettled([running, left, third]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(order).toEqual(['first', 'third']);
});
