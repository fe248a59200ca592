/** Whatever stands where a login or a list is kept: it is read, or a typed error without a word of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCredentials } from '../../src/credentials/credential-record';
import type { CredentialStore } from '../../src/credentials/credential-store';
import { fileCredentialStore } from '../../src/credentials/file-credential-store';
import { readItem, writeItem } from '../../src/credentials/keychain/keychain-item';
import { KimiCredentialStoreError } from '../../src/errors/kimi-error';
import { redisCredentialStore } from '../../src/redis';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { createKimi } from '../../src/v4';
import { LeakDetector } from '../support/leak-detector';
import { startRedisServer, type RedisServer } from '../support/start-redis-server';
import { testServices } from '../support/test-services';
import { check } from './fuzz';
import { CANARY, mutated } from './hostile-json';

const RECORD = {
  version: 1,
  type: 'oauth',
  accessToken: `eyJ${CANARY}.access`,
  refreshToken: `eyJ${CANARY}.refresh`,
  expiresAt: 2_000_000_000,
  expiresIn: 900,
  scope: 'kimi-code',
  tokenType: 'Bearer',
  binding: { apiBaseURL: 'https://api.kimi.com/coding/v1', oauthHost: 'https://auth.kimi.com', account: CANARY },
};

const detector = new LeakDetector();
detector.plant('token', RECORD.accessToken);
detector.plant('canary', CANARY);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'kimi-fuzz-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function expectReadOrRefused(load: () => Promise<unknown>): Promise<void> {
  const error: unknown = await load().then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (error !== undefined) {
    expect(KimiCredentialStoreError.isInstance(error), String(error)).toBe(true);
    expect(detector.find(error)).toEqual([]);
  }
}

describe('a record', () => {
  it('in a file', async () => {
    const file = path.join(folder, 'login.json');
    const store = fileCredentialStore({ path: file });
    const property = fc.asyncProperty(mutated(RECORD), async text => {
      await writeFile(file, text, { mode: 0o600 });
      await expectReadOrRefused(() => store.load());
    });
    await check(property, 300);
  }, 60_000);

  it('in a keychain, in parts', async () => {
    const item = { slot: 'default', location: 'the keychain', maxLength: 200, canDiffer: false };
    const property = fc.asyncProperty(
      mutated(RECORD),
      fc.constantFrom('whole', 'in parts'),
      fc.array(fc.tuple(fc.nat(9), mutated({ chunks: 2, generation: 'a', length: 20 })), { maxLength: 2 }),
      async (text, form, changes) => {
        const kept = new Map<string, string>();
        const run: Parameters<typeof readItem>[1] = async steps =>
          steps.map(step => {
            if (step.op === 'set') {
              kept.set(step.account, step.value);
            } else if (step.op === 'delete') {
              kept.delete(step.account);
            }
            return kept.get(step.account) ?? null;
          });
        await writeItem({ ...item, maxLength: form === 'whole' ? Number.POSITIVE_INFINITY : 200 }, run, text).catch(
          () => undefined,
        );
        for (const [index, change] of changes) {
          const account = [...kept.keys()][index % Math.max(1, kept.size)] ?? item.slot;
          kept.set(account, change);
        }
        await expectReadOrRefused(async () =>
          parseCredentials((await readItem(item, run)) ?? '', { location: item.location }),
        );
      },
    );
    await check(property, 300);
  }, 60_000);

  describe.skipIf(!testServices.has('redis'))('on a real server (needs redis)', () => {
    let server: RedisServer;
    let client: Redis;
    let store: CredentialStore;
    beforeAll(async () => {
      server = await startRedisServer();
      client = new Redis(server.url);
      store = redisCredentialStore({ client, encryption: 'none' });
      await store.load();
    });
    afterAll(async () => {
      client.disconnect();
      await server.stop();
    });

    it('in Redis', async () => {
      const property = fc.asyncProperty(mutated(RECORD), async text => {
        await client.hset('ai-sdk-provider-kimi:{default}', 'value', text);
        await expectReadOrRefused(() => store.load());
      });
      await check(property, 300);
    }, 60_000);
  });
});

describe('a list of models that another process kept', () => {
  let simulator: KimiSimulator;
  beforeAll(async () => {
    simulator = await startKimiSimulator();
  });
  afterAll(() => simulator.close());

  it('is used or asked for again', async () => {
    const before = process.env.KIMI_PROVIDER_HOME;
    process.env.KIMI_PROVIDER_HOME = path.join(folder, 'home');
    const ask = () =>
      createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' })('k3').doGenerate({
        prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
      });
    try {
      await ask();
      const cache = path.join(folder, 'home', 'cache');
      await mkdir(cache, { recursive: true });
      const [name = ''] = await readdir(cache);
      const file = path.join(cache, name);
      const entry = {
        version: 1,
        fetchedAt: Date.now(),
        body: { object: 'list', data: [{ id: 'k3', context_length: 1 }] },
      };
      const property = fc.asyncProperty(mutated(entry), async text => {
        await writeFile(file, text, { mode: 0o600 });
        const answer = await ask();
        expect(answer.content).toContainEqual(expect.objectContaining({ type: 'text' }));
      });
      await check(property, 60);
    } finally {
      if (before === undefined) {
        delete process.env.KIMI_PROVIDER_HOME;
      } else {
        process.env.KIMI_PROVIDER_HOME = before;
      }
    }
  }, 60_000);
});
