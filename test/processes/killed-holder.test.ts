/**
 * The process that refreshes is killed, or stopped for longer than its lock lasts, at every step, while two others wait
 * for the lock (docs/decisions.md#20-what-cannot-be-saved, #21-our-locks). The server revokes the whole login when a
 * used refresh token comes back.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { startRedisServer, type RedisServer } from '../support/start-redis-server';
import { testServices } from '../support/test-services';
import { bundleProviderWorker, type WorkerBundle } from '../support/worker-bundle';
import { WorkerProcess } from '../support/worker-process';
import type { WorkerStep } from '../support/worker-protocol';
import { expiredLogin, openLoginPlace, type LoginPlace, type PlaceKind } from './login-place';
import { startTokenGate, type HeldRequest } from './token-gate';

/** A worker's own steps, and two that the network knows: on its way there, rotated and on its way back. */
type Step = Exclude<WorkerStep, 'ready'> | 'request' | 'answer';
type Outcome = 'nothing lost' | 'login lost' | 'recovered';

/** Time in which a server forgives a used refresh token. */
const LENIENT_MS = 3600_000;

const KILLED: readonly [Step, Outcome, number][] = [
  ['before-lock', 'nothing lost', 0],
  ['locked', 'nothing lost', 0],
  ['read', 'nothing lost', 0],
  ['sending', 'nothing lost', 0],
  ['request', 'login lost', 0],
  ['answer', 'login lost', 0],
  ['answered', 'login lost', 0],
  ['saving', 'login lost', 0],
  ['saved', 'nothing lost', 0],
];

const KILLED_RECOVERABLY: readonly [Step, Outcome, number][] = [
  ['request', 'recovered', LENIENT_MS],
  ['answer', 'recovered', LENIENT_MS],
  ['answered', 'recovered', LENIENT_MS],
  ['saving', 'recovered', LENIENT_MS],
];

const STOPPED: readonly [Step, Outcome, number][] = [
  ['before-lock', 'nothing lost', 0],
  ['locked', 'nothing lost', 0],
  ['read', 'nothing lost', 0],
  ['answer', 'login lost', 0],
  ['answered', 'login lost', 0],
  ['saved', 'nothing lost', 0],
];

const STOPPED_RECOVERABLY: readonly [Step, Outcome, number][] = [
  ['answer', 'recovered', LENIENT_MS],
  ['answered', 'recovered', LENIENT_MS],
];

// Five scenes of three processes run at once, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

let bundle: WorkerBundle;
let redis: RedisServer | undefined;
beforeAll(async () => {
  bundle = await bundleProviderWorker();
  redis = testServices.has('redis') ? await startRedisServer() : undefined;
});
afterAll(async () => {
  await bundle.dispose();
  await redis?.stop();
});

type Scene = {
  simulator: KimiSimulator;
  place: LoginPlace;
  holder: WorkerProcess;
  peers: WorkerProcess[];
  held: HeldRequest | undefined;
};

/** The holder is at `step`; the peers wait for its lock, if it has it. */
async function withHolderAt(
  kind: PlaceKind,
  step: Step,
  reuseGraceMs: number,
  callback: (scene: Scene) => Promise<void>,
): Promise<void> {
  await using simulator = await startKimiSimulator({ reuseGraceMs });
  const gate = await startTokenGate(simulator.oauthHost);
  const hosts = { baseURL: simulator.apiBaseURL, oauthHost: gate.url };
  const place = await openLoginPlace(kind, hosts, redis?.url);
  const startWorker = (name: string, pauseAt: readonly WorkerStep[]) =>
    new WorkerProcess(bundle.path, { ...hosts, store: place.settings, pauseAt }, place.environment, name);
  const isOnTheNetwork = step === 'request' || step === 'answer';
  const holder = startWorker(
    'holder',
    isOnTheNetwork ? ['locked'] : step === 'before-lock' ? [step] : ['locked', step],
  );
  const peers = [startWorker('first peer', []), startWorker('second peer', [])];
  try {
    await place.store.save(expiredLogin(simulator, gate.url));
    await Promise.all([holder, ...peers].map(worker => worker.at('ready')));
    holder.start(1);
    let held: HeldRequest | undefined;
    if (step === 'before-lock') {
      await holder.at(step);
    } else {
      await holder.at('locked');
    }
    peers.forEach(peer => peer.start(2));
    if (step !== 'before-lock') {
      await Promise.all(peers.map(peer => peer.at('before-lock')));
    }
    if (isOnTheNetwork) {
      held = gate.holdNext(step);
      holder.resume();
      await held.arrived;
    } else if (step !== 'before-lock' && step !== 'locked') {
      holder.resume();
      await holder.at(step);
    }
    await callback({ simulator, place, holder, peers, held });
  } finally {
    await Promise.all([holder, ...peers].map(worker => worker.kill()));
    await gate.close();
    await place.dispose();
  }
}

const TEXTS = [{ text: 'You said: request 0' }, { text: 'You said: request 1' }];
const REVOKED = {
  error: 'KimiLoginRequiredError',
  reason: 'revoked',
  message: expect.stringContaining('npx ai-sdk-provider-kimi login'),
};
const COUNTS: Record<Outcome, object> = {
  'nothing lost': { refreshes: 1, rotations: 1, reuses: 0, revoked: false },
  'login lost': { refreshes: 2, rotations: 1, reuses: 1, revoked: true },
  recovered: { refreshes: 2, rotations: 2, reuses: 0, revoked: false },
};

function counts({ counts: { refreshes }, rotations, reuses, chainRevoked }: KimiSimulator) {
  return { refreshes, rotations, reuses, revoked: chainRevoked };
}

/** What both requests of each peer have got, and get when they are made again: the same, without another refresh. */
async function expectOutcome(outcome: Outcome, { simulator, place, peers }: Scene): Promise<void> {
  const expected = outcome === 'login lost' ? [REVOKED, REVOKED] : TEXTS;
  expect(await Promise.all(peers.map(peer => peer.answered()))).toEqual([expected, expected]);
  expect(counts(simulator)).toEqual(COUNTS[outcome]);
  expect(await Promise.all(peers.map(peer => peer.ask(2)))).toEqual([expected, expected]);
  expect(counts(simulator)).toEqual(COUNTS[outcome]);
  const record =
    outcome === 'login lost' ? { accessToken: '', refreshToken: '' } : { accessToken: expect.stringMatching(/^ey/) };
  expect(await place.store.load()).toMatchObject(record);
  if (outcome === 'login lost') {
    expect(simulator.counts.chats).toBe(0);
  }
}

/** Only a lock of the holder's: before it has one, a peer may hold it, and rightly. */
async function expireLockOf(step: Step, { place }: Scene): Promise<void> {
  if (step !== 'before-lock') {
    await place.expireLock();
  }
}

/** `onLenientServer`: whether a server forgives has nothing to do with the place, so one place is enough for that. */
function prove(kind: PlaceKind, { onLenientServer = false } = {}): void {
  const killed = onLenientServer ? [...KILLED, ...KILLED_RECOVERABLY] : KILLED;
  test.concurrent.each(killed)('killed at "%s": %s (forgiven for %d ms)', async (step, outcome, reuseGraceMs) => {
    await withHolderAt(kind, step, reuseGraceMs, async scene => {
      await scene.holder.kill();
      // The request was on its way: nobody can call it back.
      await scene.held?.release();
      await expireLockOf(step, scene);
      await expectOutcome(outcome, scene);
    });
  });

  const stopped = onLenientServer ? [...STOPPED, ...STOPPED_RECOVERABLY] : STOPPED;
  test.concurrent.each(stopped)(
    'stopped at "%s": %s, nothing overwritten (forgiven for %d ms)',
    async (step, outcome, reuseGraceMs) => {
      await withHolderAt(kind, step, reuseGraceMs, async scene => {
        const { holder, held, place, simulator } = scene;
        holder.stop();
        await expireLockOf(step, scene);
        await expectOutcome(outcome, scene);
        const newest = await place.store.load();
        holder.continue();
        holder.resume();
        await held?.release();
        const expected = outcome === 'login lost' ? REVOKED : TEXTS[0];
        expect(await holder.answered()).toEqual([expected]);
        expect(await holder.ask(1)).toEqual([expected]);
        expect(await place.store.load()).toEqual(newest);
        expect(counts(simulator)).toEqual(COUNTS[outcome]);
      });
    },
  );

  test.concurrent("stopped, and its request arrives after a peer's: one error each, no loop", async () => {
    await withHolderAt(kind, 'request', 0, async ({ holder, held, peers, place, simulator }) => {
      holder.stop();
      await place.expireLock();
      expect(await Promise.all(peers.map(peer => peer.answered()))).toEqual([TEXTS, TEXTS]);
      await held?.release();
      expect(counts(simulator)).toEqual({ refreshes: 2, rotations: 1, reuses: 1, revoked: true });
      holder.continue();
      expect(await holder.answered()).toEqual([REVOKED]);
      expect(await Promise.all(peers.map(peer => peer.ask(2)))).toEqual([
        [REVOKED, REVOKED],
        [REVOKED, REVOKED],
      ]);
      expect(await holder.ask(1)).toEqual([REVOKED]);
      // The sleeper tries the peer's login once, which is dead, too.
      expect(counts(simulator)).toEqual({ refreshes: 3, rotations: 1, reuses: 1, revoked: true });
    });
  });
}

describe('a file', () => prove('file', { onLenientServer: true }));

describe("the official client's file", () => {
  prove('kimi-code');

  test.concurrent('a lock whose holder was killed is free after five seconds by itself', async () => {
    await withHolderAt('kimi-code', 'locked', 0, async scene => {
      await scene.holder.kill();
      await expectOutcome('nothing lost', scene);
    });
  });
});

describe.skipIf(!testServices.has('secret-service'))('a keychain (needs secret-service)', () => prove('keychain'));

describe.skipIf(!testServices.has('redis'))('a Redis (needs redis)', () => {
  prove('redis');

  test.concurrent('stopped after the last check, at the save itself: Redis refuses it', async () => {
    await withHolderAt('redis', 'saving', LENIENT_MS, async scene => {
      const { holder, place } = scene;
      holder.stop();
      await place.expireLock();
      await expectOutcome('recovered', scene);
      const newest = await place.store.load();
      holder.continue();
      holder.resume();
      expect(await holder.answered()).toEqual([TEXTS[0]]);
      expect(await place.store.load()).toEqual(newest);
    });
  });
});
