/**
 * One login, used in place by the real `@moonshot-ai/kimi-code` and by four processes of ours at the same time, through
 * many refreshes, against a server that revokes the login when a used refresh token comes back
 * (docs/decisions.md#12-which-store; docs/wire.md#lock-of-kimi-code).
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kimiCodeSlot } from '../../src/credentials/official/kimi-code-credential-store';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { KIMI_CODE } from '../../src/upstream';
import { startTokenGate, type TokenGate } from '../processes/token-gate';
import { bundleProviderWorker, type WorkerBundle } from '../support/worker-bundle';
import { WorkerProcess } from '../support/worker-process';
import type { WorkerSettings, WorkerStep } from '../support/worker-protocol';
import { onUserCode } from './device-login-steps';
import { installOfficialClient } from './install-official-client';
import { OfficialClientHome, type ClientRun } from './official-client-home';

const IDENTITY = [
  'user-agent',
  'x-msh-platform',
  'x-msh-version',
  'x-msh-device-name',
  'x-msh-device-model',
  'x-msh-os-version',
  'x-msh-device-id',
];
const TEXTS = [{ text: 'You said: request 0' }, { text: 'You said: request 1' }];

let simulator: KimiSimulator;
let gate: TokenGate;
let bundle: WorkerBundle;
let client: OfficialClientHome;
let home: string;
let slot: string;
/** Apps that run through all rounds, with a token in memory; the other two processes of a round are new. */
let longLived: WorkerProcess[];

beforeAll(async () => {
  bundle = await bundleProviderWorker();
  simulator = await startKimiSimulator({ autoApprove: true, reuseGraceMs: 0, deviceInterval: 1 });
  gate = await startTokenGate(simulator.oauthHost);
  client = new OfficialClientHome(installOfficialClient(), { ...simulator, oauthHost: gate.url });
  home = join(dirname(client.workFolder), 'kimi-code');
  slot = kimiCodeSlot({ oauthHost: gate.url, apiBaseURL: simulator.apiBaseURL });
  const login = await client.run(
    ['login'],
    onUserCode(() => undefined),
  );
  expect(login).toMatchObject({ code: 0, stderr: expect.stringContaining('Logged in') });
  longLived = [startWorker({ kind: 'environment' }), startWorker({ kind: 'environment' })];
  simulator.clearRequests();
});

afterAll(async () => {
  await Promise.all(longLived.map(worker => worker.kill()));
  client.remove();
  await gate.close();
  await simulator.close();
  await bundle.dispose();
});

function startWorker(store: WorkerSettings['store'], pauseAt: readonly WorkerStep[] = []): WorkerProcess {
  // One retry of the AI SDK's two: an app whose token in memory is older than that in the file gets two refusals when
  // both are dead.
  const settings: WorkerSettings = { baseURL: simulator.apiBaseURL, oauthHost: gate.url, store, pauseAt, retries: 1 };
  const owner = dirname(home);
  const environment = { HOME: owner, USERPROFILE: owner, KIMI_CODE_HOME: home, KIMI_CREDENTIAL_STORE: 'kimi-code' };
  return new WorkerProcess(bundle.path, settings, environment);
}

/** By the file, as after a night; or by the server alone, which then answers 401 to everybody. */
const EXPIRIES = {
  'on the disk': () => client.writeToken({ expires_at: Math.floor(Date.now() / 1000) - 60 }),
  'on the server': () => simulator.expireTokens(),
};

type Runs = { official: Promise<ClientRun> };

/** Who comes first. The other ones are at the lock meanwhile. */
const ORDERS: Record<string, (fresh: WorkerProcess[]) => Promise<Runs>> = {
  async 'everybody at once'(fresh) {
    const official = client.run(['-p', 'hello']);
    [...longLived, ...fresh].forEach(worker => worker.start(2));
    return { official };
  },

  async 'the official client first'(fresh) {
    const held = gate.holdNext('request');
    const official = client.run(['-p', 'hello']);
    await held.arrived;
    [...longLived, ...fresh].forEach(worker => worker.start(2));
    await Promise.all(fresh.map(worker => worker.at('before-lock')));
    await held.release();
    return { official };
  },

  async 'ours first'([first, ...others]) {
    first!.start(2);
    await first!.at('sending');
    // The file that the client names its lock after: it makes it again when it comes to the lock
    // (docs/wire.md#lock-of-kimi-code).
    const sentinel = join(home, 'oauth', slot);
    rmSync(sentinel);
    const official = client.run(['-p', 'hello']);
    while (!existsSync(sentinel)) {
      await delay(20);
    }
    [...longLived, ...others].forEach(worker => worker.start(2));
    first!.resume();
    return { official };
  },
};

describe.each(Object.keys(EXPIRIES) as (keyof typeof EXPIRIES)[])('a token that is expired %s', expiry => {
  test.each(Object.keys(ORDERS).flatMap(order => [order, `${order}, again`]))('%s', async name => {
    const order = name.replace(', again', '');
    const store = { kind: 'kimi-code', home } as const;
    const fresh = [startWorker(store, order === 'ours first' ? ['sending'] : []), startWorker(store)];
    try {
      await Promise.all([...longLived, ...fresh].map(worker => worker.at('ready')));
      const rotations = simulator.rotations;
      const before = client.readToken();
      EXPIRIES[expiry]();

      const { official } = await ORDERS[order]!(fresh);
      const answers = await Promise.all([...longLived, ...fresh].map(worker => worker.answered()));
      expect(await official).toMatchObject({ code: 0, stdout: expect.stringContaining('You said: hello') });
      expect(answers).toEqual([TEXTS, TEXTS, TEXTS, TEXTS]);

      expect({
        rotations: simulator.rotations - rotations,
        reuses: simulator.reuses,
        revoked: simulator.chainRevoked,
      }).toEqual({
        rotations: 1,
        reuses: 0,
        revoked: false,
      });
      expect(client.readToken().refresh_token).not.toBe(before.refresh_token);
      expectOfficialFile();
    } finally {
      await Promise.all(fresh.map(worker => worker.kill()));
    }
  });
});

test('both are still signed in, and every request carried one identity, the official client’s', async () => {
  expect((await client.run(['-p', 'hello'])).stdout).toContain('You said: hello');
  const worker = startWorker({ kind: 'environment' });
  expect(await worker.ask(2)).toEqual(TEXTS);
  await worker.kill();
  expect(simulator.rotations).toBe(12);
  expect(simulator.counts.refreshes).toBe(12);
  const identities = new Set(
    simulator.requests.map(({ headers }) => JSON.stringify(IDENTITY.map(name => headers[name]))),
  );
  expect([...identities].map(identity => JSON.parse(identity) as string[])).toEqual([
    [
      `kimi-code-cli/${KIMI_CODE.version}`,
      'kimi_code_cli',
      KIMI_CODE.version,
      ...IDENTITY.slice(3).map(() => expect.stringMatching(/./)),
    ],
  ]);
  expect(simulator.requests.filter(({ status }) => status !== 200 && status !== 401)).toEqual([]);
});

/** As the client writes it (docs/wire.md#credential-file), whoever wrote it; and no lock or temporary file left. */
function expectOfficialFile(): void {
  const folder = join(home, 'credentials');
  expect(readdirSync(folder)).toEqual([`${slot}.json`]);
  const path = join(folder, `${slot}.json`);
  const text = readFileSync(path, 'utf8');
  const record = JSON.parse(text) as Record<string, unknown>;
  expect(Object.keys(record)).toEqual([
    'access_token',
    'refresh_token',
    'expires_at',
    'scope',
    'token_type',
    'expires_in',
  ]);
  expect(text).toBe(`${JSON.stringify(record, null, 2)}\n`);
  expect(record).toMatchObject({ expires_in: 900, token_type: 'Bearer', scope: 'kimi-code' });
  expect(Number.isInteger(record.expires_at)).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(home, 'oauth'))).toEqual([slot]);
}
