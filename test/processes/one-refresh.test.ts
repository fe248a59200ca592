/**
 * 16 processes with 8 requests each begin with one expired login, against a server that revokes the whole login when a
 * used refresh token comes back: it sees one refresh, and every request succeeds. Then it refuses the new token, too,
 * in all processes at once.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startKimiSimulator } from '../../src/simulator/index';
import { startRedisServer, type RedisServer } from '../support/start-redis-server';
import { testServices } from '../support/test-services';
import { bundleProviderWorker, type WorkerBundle } from '../support/worker-bundle';
import { WorkerProcess } from '../support/worker-process';
import { expiredLogin, openLoginPlace, type PlaceKind } from './login-place';

const PROCESSES = 16;
const REQUESTS = 8;

let bundle: WorkerBundle;
beforeAll(async () => {
  bundle = await bundleProviderWorker();
});
afterAll(async () => {
  await bundle.dispose();
});

async function proveOneRefresh(kind: PlaceKind, redisUrl?: string): Promise<void> {
  await using simulator = await startKimiSimulator({ reuseGraceMs: 0 });
  const hosts = { baseURL: simulator.apiBaseURL, oauthHost: simulator.oauthHost };
  const place = await openLoginPlace(kind, hosts, redisUrl);
  const workers: WorkerProcess[] = [];
  try {
    await place.store.save(expiredLogin(simulator));
    // As users have it where that is possible: the place comes from the environment.
    const isDefault = kind === 'file' || kind === 'keychain';
    const environment = { ...place.environment, ...(isDefault ? { KIMI_CREDENTIAL_STORE: kind } : {}) };
    const store = isDefault ? ({ kind: 'environment' } as const) : place.settings;
    for (let index = 1; index <= PROCESSES; index++) {
      workers.push(new WorkerProcess(bundle.path, { ...hosts, store, providers: 2 }, environment, `worker ${index}`));
    }
    await Promise.all(workers.map(worker => worker.at('ready')));
    const askAll = async () => (await Promise.all(workers.map(worker => worker.ask(REQUESTS)))).flat();
    const expected = Array.from({ length: PROCESSES * REQUESTS }, (_, index) => ({
      text: `You said: request ${index % REQUESTS}`,
    }));
    const seen = () => ({ ...simulator.counts, rotations: simulator.rotations, reuses: simulator.reuses });

    expect(await askAll()).toEqual(expected);
    expect(seen()).toMatchObject({ refreshes: 1, rotations: 1, reuses: 0, chats: 128 });

    simulator.expireTokens();
    expect(await askAll()).toEqual(expected);
    expect(seen()).toMatchObject({ refreshes: 2, rotations: 2, reuses: 0 });
    const chats = simulator.requests
      .filter(({ path }) => path.endsWith('/chat/completions'))
      .slice(PROCESSES * REQUESTS);
    expect(chats.filter(({ status }) => status === 200)).toHaveLength(PROCESSES * REQUESTS);
    // How many were refused first depends on who was first, but no request was refused twice.
    const refused = chats.filter(({ status }) => status === 401).length;
    expect(refused).toBe(chats.length - PROCESSES * REQUESTS);
    expect(refused).toBeLessThanOrEqual(PROCESSES * REQUESTS);

    expect(simulator.chainRevoked).toBe(false);
    expect(await place.store.load()).toMatchObject({ refreshToken: expect.stringMatching(/^ey/) });
    expect(workers.map(worker => worker.output)).toEqual(workers.map(() => ''));
  } finally {
    await Promise.all(workers.map(worker => worker.kill()));
    await place.dispose();
  }
}

test('on one file', { timeout: 60_000 }, () => proveOneRefresh('file'));

test("on the official client's file", { timeout: 60_000 }, () => proveOneRefresh('kimi-code'));

describe.skipIf(!testServices.has('secret-service'))('a keychain (needs secret-service)', () => {
  test('on one keychain', { timeout: 60_000 }, () => proveOneRefresh('keychain'));
});

describe.skipIf(!testServices.has('redis'))('a Redis (needs redis)', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(async () => {
    await server.stop();
  });

  test('on one Redis', { timeout: 60_000 }, () => proveOneRefresh('redis', server.url));
});
