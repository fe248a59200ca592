/**
 * A sign-in host that takes a refresh and says nothing, while the tokens of all processes are still good
 * (docs/decisions.md#52-slow-renewals): nobody waits for it, nobody piles up, what it says at last is saved.
 */
import { readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { bundleProviderWorker, type WorkerBundle } from '../support/worker-bundle';
import { WorkerProcess } from '../support/worker-process';
import { expiredLogin, openLoginPlace, type LoginPlace } from './login-place';
import { startTokenGate, type HeldRequest, type TokenGate } from './token-gate';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let bundle: WorkerBundle;
let simulator: KimiSimulator;
let gate: TokenGate;
let place: LoginPlace;
let workers: WorkerProcess[];

beforeAll(async () => {
  bundle = await bundleProviderWorker();
});
afterAll(() => bundle.dispose());
beforeEach(async () => {
  simulator = await startKimiSimulator();
  gate = await startTokenGate(simulator.oauthHost);
  place = await openLoginPlace('file', { baseURL: simulator.apiBaseURL, oauthHost: gate.url });
  // Due for a renewal, and still good for 200 s.
  await place.store.save({ ...expiredLogin(simulator, gate.url), expiresAt: Math.floor(Date.now() / 1000) + 200 });
  workers = [];
});
afterEach(async () => {
  await Promise.all(workers.map(worker => worker.kill()));
  await gate.close();
  await simulator.close();
  await place.dispose();
});

function start(name: string, { endsByItself = true } = {}): WorkerProcess {
  const hosts = { baseURL: simulator.apiBaseURL, oauthHost: gate.url };
  const settings = { ...hosts, store: place.settings, endsByItself };
  const worker = new WorkerProcess(bundle.path, settings, place.environment, name);
  workers.push(worker);
  return worker;
}

/** Its refresh is on the way to a host that does not answer. */
async function withHungHolder(options = {}): Promise<{ holder: WorkerProcess; held: HeldRequest }> {
  const held = gate.holdNext('request');
  const holder = start('holder', options);
  holder.start(1);
  await held.arrived;
  return { holder, held };
}

const texts = (count: number) => Array.from({ length: count }, (_, index) => ({ text: `You said: request ${index}` }));

describe('a sign-in host that hangs', () => {
  test('stalls no request, of no process; its answer is saved, and the process that asked ends by itself', async () => {
    const before = await place.store.load();
    const { holder, held } = await withHungHolder();
    const peer = start('peer');
    // All of them with the old token: nobody has another one as long as the host hangs.
    expect(await holder.answered()).toEqual(texts(1));
    expect(await holder.ask(8)).toEqual(texts(8));
    expect(await peer.ask(8)).toEqual(texts(8));
    expect(simulator.counts.refreshes).toBe(0);
    // It waits for nobody's lock when it has nothing else to do.
    expect(await peer.ended()).toBe('0');
    const ended = holder.ended();
    await held.release();
    expect(await ended).toBe('0');
    expect(await place.store.load()).not.toEqual(before);
    expect(await start('next').ask(1)).toEqual(texts(1));
    expect({ ...simulator.counts, rotations: simulator.rotations, reuses: simulator.reuses }).toMatchObject({
      refreshes: 1,
      rotations: 1,
      reuses: 0,
    });
    expect(workers.map(worker => worker.output)).toEqual(['', '', '']);
  });

  test('does not hold up process.exit, which leaves nothing behind', async () => {
    const { holder } = await withHungHolder({ endsByItself: false });
    await holder.answered();
    expect(await holder.ended()).toBe('0');
    const left = readdirSync(dirname(place.store.location)).filter(name => name !== 'cache');
    expect(left).toEqual([basename(place.store.location)]);
    expect(await start('next').ask(1)).toEqual(texts(1));
    expect(simulator.counts.refreshes).toBe(1);
  });
});
