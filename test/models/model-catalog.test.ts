import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KimiAPIError } from '../../src/errors/kimi-api-error';
import { KimiCredentialStoreError } from '../../src/errors/kimi-error';
import { ModelCatalog } from '../../src/models/model-catalog';
import { openCatalogCache } from '../../src/platform/node';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';

let simulator: KimiSimulator;
let home: string;
let clock: number;
let warnings: string[];
beforeEach(async () => {
  simulator = await startKimiSimulator();
  home = mkdtempSync(path.join(tmpdir(), 'kimi-catalog-'));
  clock = 1_000_000_000_000;
  warnings = [];
});
afterEach(() => simulator.close());

const file = () => path.join(home, 'cache', 'models-slot.json');
function catalog(changes: Partial<ConstructorParameters<typeof ModelCatalog>[0]> = {}) {
  const models = new ModelCatalog({
    apiBaseURL: simulator.apiBaseURL,
    service: 'coding',
    cache: openCatalogCache('slot', { KIMI_PROVIDER_HOME: home }),
    now: () => clock,
    warn: message => warnings.push(message),
    ...changes,
  });
  const authorized: typeof fetch = (input, init) =>
    fetch(input, {
      ...init,
      headers: { ...(init?.headers as Record<string, string>), authorization: 'Bearer sk-kimi-simulator' },
    });
  return {
    current: () => models.current({ fetch: authorized }),
    refresh: () => models.refresh({ fetch: authorized }),
  };
}
const ids = (list: { models: readonly { id: string }[] } | undefined) => list?.models.map(({ id }) => id);
const ALL = ['kimi-for-coding', 'kimi-for-coding-highspeed', 'k3.1-pro', 'k3.1-pro-highspeed', 'k3', 'k3-256k'];
const asked = () => simulator.counts.models;

describe('ModelCatalog', () => {
  it('asks once for a thousand first callers, and not again', async () => {
    const shared = catalog();
    const lists = await Promise.all(Array.from({ length: 1000 }, () => shared.current()));
    expect(lists.every(list => list === lists[0])).toBe(true);
    expect(ids(lists[0])).toEqual(ALL);
    await shared.current();
    expect(asked()).toBe(1);
  });

  it('spares the next process the request', async () => {
    await catalog().current();
    const next = await catalog().current();
    expect(ids(next)).toEqual(ALL);
    expect(next?.source).toBe('cache');
    expect(asked()).toBe(1);
  });

  it('asks again in the background after six hours, and goes on with what it has', async () => {
    const one = catalog();
    await one.current();
    clock += 6 * 3_600_000;
    await one.current();
    expect(asked()).toBe(1);
    clock += 1;
    simulator.models.coding = [{ id: 'k4', context_length: 5 }];
    expect(ids(await one.current())).toEqual(ALL);
    await expect.poll(async () => ids(await one.current())).toEqual(['k4']);
    expect(asked()).toBe(2);
  });

  it('goes on without a list when the server is slow, and has it later', async () => {
    simulator.fault({ match: { path: '/models' }, delayMs: 150 });
    const one = catalog({ firstWaitMs: 20 });
    expect(await one.current()).toBeUndefined();
    expect(ids(await one.refresh())).toEqual(ALL);
    expect(asked()).toBe(1);
  });

  it('does not ask again at once after a failure, and keeps the last good list', async () => {
    simulator.fault({ match: { path: '/models' }, status: 500, times: 1 });
    const one = catalog();
    expect(await one.current()).toBeUndefined();
    expect(await one.current()).toBeUndefined();
    expect(simulator.requests).toHaveLength(1);
    clock += 60_000;
    expect(ids(await one.current())).toEqual(ALL);
    simulator.fault({ match: { path: '/models' }, destroySocket: true });
    await expect(one.refresh()).rejects.toThrow();
    expect(ids(await one.current())).toEqual(ALL);
  });

  it.each([
    ['HTML', 200, '<html>'],
    ['no list', 200, { models: [] }],
    ['a refusal', 401, { error: { message: 'no' } }],
  ])('takes %s for a failure', async (_, status, body) => {
    simulator.fault({ match: { path: '/models' }, status, body });
    const error: unknown = await catalog()
      .refresh()
      .catch((reason: unknown) => reason);
    expect(KimiAPIError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ url: `${simulator.apiBaseURL}/models`, statusCode: status });
  });

  describe('with a cache', () => {
    const entry = (changes: object) =>
      JSON.stringify({
        version: 1,
        fetchedAt: clock,
        body: { data: [{ id: 'cached', context_length: 1 }] },
        ...changes,
      });
    const write = (text: string) => {
      mkdirSync(path.dirname(file()), { recursive: true });
      writeFileSync(file(), text);
    };

    it.each([
      ['cut', '{"version":1,"fetch'],
      ['empty', ''],
      ['not an object', 'null'],
      ['of a later form', '{"version":2,"fetchedAt":1,"body":{"data":[{"id":"x"}]}}'],
      ['with a wrong time', '{"version":1,"fetchedAt":"now","body":{"data":[{"id":"x"}]}}'],
      ['without models', '{"version":1,"fetchedAt":1,"body":{"data":[]}}'],
    ])('that is %s, asks the server and replaces it', async (_, text) => {
      write(text);
      expect(ids(await catalog().current())).toEqual(ALL);
      expect((JSON.parse(readFileSync(file(), 'utf8')) as { version: number }).version).toBe(1);
    });

    it('uses one from the future, and asks again', async () => {
      write(entry({ fetchedAt: clock + 86_400_000 }));
      const one = catalog();
      expect(ids(await one.current())).toEqual(['cached']);
      await expect.poll(async () => ids(await one.current())).toEqual(ALL);
    });

    it('uses an old one while the server cannot be reached', async () => {
      write(entry({ fetchedAt: clock - 30 * 86_400_000 }));
      const one = catalog({ apiBaseURL: 'http://127.0.0.1:9/v1' });
      expect(ids(await one.current())).toEqual(['cached']);
      await expect(one.refresh()).rejects.toThrow();
      expect(ids(await one.current())).toEqual(['cached']);
    });

    it('works on a disk that cannot be written, and leaves no half file', async () => {
      writeFileSync(path.join(home, 'cache'), 'a file where the directory should be');
      expect(ids(await catalog().current())).toEqual(ALL);
      chmodSync(home, 0o700);
      expect(readdirSync(home)).toEqual(['cache']);
    });
  });
});

describe('a credential store that fails on the way', () => {
  const failed = new KimiCredentialStoreError({
    location: 'there',
    operation: 'save',
    reason: 'failed',
    message: 'The login could not be saved.',
  });
  const asker = (fails: boolean) => ({
    fetch: (async () => (fails ? Promise.reject(failed) : Response.json({ data: [{ id: 'k3' }] }))) as typeof fetch,
  });
  const open = (changes = {}) =>
    new ModelCatalog({
      apiBaseURL: simulator.apiBaseURL,
      service: 'coding',
      cache: openCatalogCache('slot', { KIMI_PROVIDER_HOME: home }),
      now: () => clock,
      warn: message => warnings.push(message),
      ...changes,
    });

  it('fails the request that waits for a first list', async () => {
    await expect(open().current(asker(true))).rejects.toBe(failed);
    expect(warnings).toEqual([]);
  });

  it('is told where nobody waits: in the background, and after the wait', async () => {
    const models = open();
    await models.refresh(asker(false));
    clock += 7 * 3_600_000;
    expect(await models.current(asker(true))).toMatchObject({ source: 'server' });
    await expect.poll(() => warnings).toEqual([failed.message]);

    const failing = Promise.withResolvers<Response>();
    const first = open({ cache: { load: async () => undefined, save: async () => {} }, firstWaitMs: 1 });
    expect(await first.current({ fetch: (() => failing.promise) as typeof fetch })).toBeUndefined();
    failing.reject(failed);
    await expect.poll(() => warnings).toEqual([failed.message, failed.message]);
  });
});
