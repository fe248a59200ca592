/**
 * The keychain store against a real Secret Service with both libraries: unlocked, locked, hung, missing, crashing and
 * killed. `.ci/with-keyring` gives the service and says so in TEST_SERVICES.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { KimiOAuthCredentials } from '../../src/credentials/credential-store';
import {
  keychainCredentialStore,
  type KeychainCredentialStoreOptions,
} from '../../src/credentials/keychain/keychain-credential-store';
import { KimiCredentialStoreError } from '../../src/errors/kimi-error';
import { withLockedKeyring } from '../support/with-locked-keyring';
import { secretTool } from '../support/secret-tool';
import { testServices } from '../support/test-services';
import { CANARY, oauthCredentials } from './contract';

const require = createRequire(import.meta.url);
const keytar = { name: 'keytar', path: require.resolve('keytar') } as const;
const napi = { name: '@napi-rs/keyring', path: require.resolve('@napi-rs/keyring') } as const;

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'kimi-keychain-'));
});
afterAll(() => rm(data, { recursive: true }));

const environment = (more: Record<string, string | undefined> = {}) => ({
  ...process.env,
  KIMI_PROVIDER_HOME: data,
  ...more,
});
const newSlot = () => `test-${randomUUID()}`;
const open = (options: KeychainCredentialStoreOptions) =>
  keychainCredentialStore({ environment: environment(), ...options });
const failure = async (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error as KimiCredentialStoreError,
  );
const items = (slot: string, attribute = 'username') => {
  try {
    return secretTool(['lookup', 'service', 'ai-sdk-provider-kimi', attribute, slot]);
  } catch {
    return undefined;
  }
};
const token = (letter: string, length: number) => oauthCredentials({ accessToken: letter.repeat(length) });
const put = (slot: string, attribute: string, text: string) =>
  secretTool(['store', '--label=test', 'service', 'ai-sdk-provider-kimi', attribute, slot], { input: text });

describe.skipIf(!testServices.has('secret-service'))(
  'keychainCredentialStore on a Secret Service (needs TEST_SERVICES=secret-service)',
  () => {
    describe.each([
      ['keytar', [keytar], 'account'],
      ['@napi-rs/keyring', [napi], 'username'],
    ] as const)('with %s', (_, libraries, attribute) => {
      test('keeps one item of our service under the slot, readable as JSON', async () => {
        const slot = newSlot();
        await open({ slot, libraries }).save(oauthCredentials({ scope: 'é' }));
        expect(JSON.parse(items(slot, attribute)!)).toEqual({ version: 1, ...oauthCredentials({ scope: 'é' }) });
        await open({ slot, libraries }).clear();
        expect(items(slot, attribute)).toBeUndefined();
      });

      test('reports a locked keyring in every operation, whether something is stored or not', async () => {
        await withLockedKeyring(async keyring => {
          const locked = environment(keyring.environment);
          const store = open({ slot: 'one', libraries, environment: locked });
          const never = open({ slot: 'two', libraries, environment: locked });
          await store.save(oauthCredentials());
          keyring.lock();
          const operations = [store, never].flatMap(one => [
            () => one.load(),
            () => one.save(oauthCredentials()),
            () => one.clear(),
          ]);
          for (const operation of operations) {
            const error = await failure(operation());
            expect(error).toMatchObject({ reason: 'locked', code: 'KIMI_CREDENTIAL_STORE' });
            expect(error.message).toMatch(/locked.*Unlock it.*KIMI_CREDENTIAL_STORE=file/);
          }
          keyring.unlock();
          expect(await store.load()).toEqual(oauthCredentials());
          expect(await never.load()).toBeUndefined();
        });
      });

      test('asks again where the service ends in the middle of a request', async () => {
        await withLockedKeyring(async keyring => {
          const store = open({ slot: 'one', libraries, environment: environment(keyring.environment) });
          await store.save(oauthCredentials());
          const pid = keyring.pid();
          process.kill(pid, 'SIGSTOP');
          const called = await nextCallOfService(keyring.environment);
          const loading = store.load();
          await Promise.race([called(), loading]);
          process.kill(pid, 'SIGKILL');
          expect(await loading).toEqual(oauthCredentials());
          expect(keyring.pid()).not.toBe(pid);
        });
      });

      test('finds a locked keyring without any D-Bus tool, by a write', async () => {
        await withLockedKeyring(async keyring => {
          const bare = environment({ ...keyring.environment, PATH: '/nonexistent' });
          const store = open({ slot: 'one', libraries, environment: bare });
          expect(await store.load()).toBeUndefined();
          keyring.lock();
          expect(await failure(store.load())).toMatchObject({ reason: 'locked' });
        });
      });

      test('ends at the limit when the bus never answers, and the event loop is free meanwhile', async () => {
        const sockets = new Set<{ destroy(): void }>();
        const server = createServer(socket => sockets.add(socket));
        const path = join(data, `${randomUUID()}.sock`);
        await new Promise<void>(resolve => server.listen(path, resolve));
        let ticks = 0;
        const ticking = setInterval(() => (ticks += 1), 20);
        try {
          const hung = open({
            libraries,
            timeoutMs: 1000,
            environment: environment({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` }),
          });
          const start = performance.now();
          const error = await failure(hung.load());
          expect(performance.now() - start).toBeLessThan(2500);
          expect(error).toMatchObject({ reason: 'timeout', operation: 'load' });
          expect(error.message).toMatch(/did not answer within 1 s.*KIMI_CREDENTIAL_STORE=file/);
          expect(ticks).toBeGreaterThan(20);
          expect(await failure(hung.save(oauthCredentials()))).toMatchObject({ reason: 'timeout', operation: 'save' });
        } finally {
          clearInterval(ticking);
          sockets.forEach(socket => socket.destroy());
          server.close();
        }
      });

      test.each(['unix:path=/nonexistent', 'disabled:'])('reports that there is no bus at %s', async address => {
        const error = await failure(
          open({ libraries, environment: environment({ DBUS_SESSION_BUS_ADDRESS: address }) }).load(),
        );
        expect(error).toMatchObject({ reason: 'unavailable' });
        expect(error.message).toContain('KIMI_CREDENTIAL_STORE=file');
      });
    });

    test('keytar finds what is there when the keyring is unlocked between its look and its doubt', async () => {
      await withLockedKeyring(async keyring => {
        const tools = await mkdtemp(join(data, 'tools-'));
        const store = open({
          slot: 'one',
          libraries: [keytar],
          environment: environment({ ...keyring.environment, PATH: `${tools}:${process.env.PATH}` }),
        });
        await store.save(oauthCredentials());
        keyring.lock();
        const gdbus = execFileSync('bash', ['-c', 'command -v gdbus'], { encoding: 'utf8' }).trim();
        const unlocking = `#!/bin/sh\nkill -KILL ${keyring.pid()} 2>/dev/null\nexec ${gdbus} "$@"\n`;
        await writeFile(join(tools, 'gdbus'), unlocking, { mode: 0o700 });
        expect(await store.load()).toEqual(oauthCredentials());
      });
    });

    describe('when another library wrote the item', () => {
      test.each([
        ['keytar', '@napi-rs/keyring', keytar, napi],
        ['@napi-rs/keyring', 'keytar', napi, keytar],
      ] as const)('%s reads what %s wrote, and moves it with the next save', async (_, __, own, other) => {
        const slot = newSlot();
        await open({ slot, libraries: [other] }).save(oauthCredentials());
        const store = open({ slot, libraries: [own, other] });
        expect(await store.load()).toEqual(oauthCredentials());
        await store.save(oauthCredentials({ accessToken: 'new' }));
        expect(await open({ slot, libraries: [own] }).load()).toEqual(oauthCredentials({ accessToken: 'new' }));
        expect(await open({ slot, libraries: [other] }).load()).toEqual(oauthCredentials({ accessToken: 'new' }));
        expect(items(slot, own === keytar ? 'username' : 'account')).toBeUndefined();
        await store.clear();
        expect([items(slot, 'username'), items(slot, 'account')]).toEqual([undefined, undefined]);
      });

      test.each([
        ['keytar', keytar, napi, 'username'],
        ['@napi-rs/keyring', napi, keytar, 'account'],
      ] as const)('%s alone does the same with secret-tool', async (_, own, other, attribute) => {
        const slot = newSlot();
        await open({ slot, libraries: [other] }).save(oauthCredentials());
        const store = open({ slot, libraries: [own] });
        expect(await store.load()).toEqual(oauthCredentials());
        await store.save(oauthCredentials());
        expect(items(slot, attribute)).toBeUndefined();
        expect(await store.load()).toEqual(oauthCredentials());
        await open({ slot, libraries: [other] }).clear();
      });

      test('one that only the other can read is named, with the ways to it, and a new login replaces it', async () => {
        const slot = newSlot();
        const bin = await mkdtemp(join(tmpdir(), 'kimi-bin-'));
        execFileSync('ln', [
          '-s',
          execFileSync('bash', ['-c', 'command -v gdbus'], { encoding: 'utf8' }).trim(),
          join(bin, 'gdbus'),
        ]);
        await open({ slot, libraries: [keytar] }).save(oauthCredentials());
        const store = open({ slot, libraries: [napi], environment: environment({ PATH: bin }) });
        const error = await failure(store.load());
        expect(error).toMatchObject({ reason: 'unavailable', operation: 'load' });
        for (const part of ['npm install keytar', 'libsecret-tools', `service ai-sdk-provider-kimi, account ${slot}`]) {
          expect(error.message).toContain(part);
        }
        await store.save(oauthCredentials({ accessToken: 'new' }));
        expect(await store.load()).toEqual(oauthCredentials({ accessToken: 'new' }));
        await open({ slot, libraries: [napi, keytar] }).clear();
        await rm(bin, { recursive: true });
      });
    });

    describe('with values that are split', () => {
      test('no item is longer than the limit, in units and in bytes', async () => {
        const slot = newSlot();
        const store = open({ slot, libraries: [napi], maxValueLength: 200 });
        await store.save(oauthCredentials({ accessToken: '月'.repeat(500) }));
        const head = JSON.parse(items(slot)!) as { generation: string; chunks: number };
        expect(head).toMatchObject({ generation: 'a', chunks: expect.any(Number) });
        for (let index = 0; index < head.chunks; index += 1) {
          expect(Buffer.byteLength(items(`${slot}.a${index}`)!)).toBeLessThanOrEqual(200);
        }
        expect(items(`${slot}.a${head.chunks}`)).toBeUndefined();
        await store.clear();
        expect([items(slot), items(`${slot}.a0`), items(`${slot}.a9`)]).toEqual([undefined, undefined, undefined]);
      });

      test('a part that is missing or from another write is a damaged record', async () => {
        const slot = newSlot();
        const store = open({ slot, libraries: [napi], maxValueLength: 200 });
        await store.save(token('x', 500));
        put(`${slot}.a1`, 'username', 'deadbeef:foreign');
        expect(await failure(store.load())).toMatchObject({
          reason: 'corrupt',
          message: expect.stringContaining('a part of it is missing'),
        });
        await store.save(token('y', 900));
        expect(await store.load()).toEqual(token('y', 900));
        await store.clear();
      });

      test('the limit has a floor', () => {
        expect(() => keychainCredentialStore({ maxValueLength: 79 })).toThrow(/at least 80/);
      });

      // A wrapper of the real library that ends its process without a trace before its n-th write.
      test(
        'a writer that is killed before any of its writes leaves the old or the new credential, and the next ' +
          'save cleans up',
        async () => {
          const dying = join(data, 'dying.cjs');
          const counter = join(data, 'writes');
          await writeFile(
            dying,
            `const fs = require('node:fs');
        const native = require(${JSON.stringify(napi.path)});
        const count = () => {
          const left = Number(fs.readFileSync(${JSON.stringify(counter)}, 'utf8')) - 1;
          fs.writeFileSync(${JSON.stringify(counter)}, String(left));
          if (left < 0) process.kill(process.pid, 'SIGKILL');
        };
        exports.Entry = class {
          constructor(...parameters) { this.entry = new native.Entry(...parameters); }
          getPassword() { return this.entry.getPassword(); }
          setPassword(value) { count(); this.entry.setPassword(value); }
          deletePassword() { count(); return this.entry.deletePassword(); }
        };`,
          );
          const seen = new Set<string>();
          let step = 0;
          for (let isDone = false; !isDone; step += 1) {
            const slot = newSlot();
            const healthy = open({ slot, libraries: [napi], maxValueLength: 250 });
            await healthy.save(token('o', 500));
            await writeFile(counter, String(step));
            const killed = await open({
              slot,
              libraries: [{ name: '@napi-rs/keyring', path: dying }],
              maxValueLength: 250,
            })
              .save(token('n', 250))
              .then(
                () => undefined,
                (error: unknown) => error,
              );
            isDone = Number(await readFile(counter, 'utf8')) >= 0;
            const left = (await healthy.load()) as KimiOAuthCredentials;
            expect([token('o', 500), token('n', 250)]).toContainEqual(left);
            if (killed === undefined) {
              expect(left).toEqual(token('n', 250));
            } else {
              expect(killed).toMatchObject({ reason: 'failed', message: expect.stringContaining('crashed (SIGKILL)') });
            }
            seen.add(`${left.accessToken[0]} ${killed === undefined ? 'saved' : 'failed'}`);
            await healthy.save(oauthCredentials({ accessToken: 's' }));
            expect(await healthy.load()).toEqual(oauthCredentials({ accessToken: 's' }));
            expect(allAccounts().filter(account => account.startsWith(slot))).toEqual([slot]);
          }
          expect(step).toBeGreaterThan(5);
          // Killed before the head was flipped, and after that, while cleaning up.
          expect([...seen].toSorted()).toEqual(['n saved', 'o failed']);
        },
        180_000,
      );
    });

    test('a crash of the library is an error, not the end', async () => {
      const path = join(data, 'segfault.cjs');
      await writeFile(path, "exports.getPassword = () => process.kill(process.pid, 'SIGSEGV');");
      const error = await failure(open({ libraries: [{ name: 'keytar', path }] }).load());
      expect(error).toMatchObject({
        reason: 'failed',
        operation: 'load',
        message: expect.stringContaining('crashed (SIGSEGV)'),
      });
    });

    test('a library that does not load is passed over', async () => {
      const path = join(data, 'broken.cjs');
      await writeFile(path, "throw new Error('Cannot find module ../build/Release/keytar.node');");
      const slot = newSlot();
      const store = open({ slot, libraries: [{ name: 'keytar', path }, napi] });
      await store.save(oauthCredentials());
      expect(items(slot)).toContain(CANARY);
      await store.clear();
      const error = await failure(open({ libraries: [{ name: 'keytar', path }] }).load());
      expect(error).toMatchObject({
        reason: 'unavailable',
        message: expect.stringContaining('npm install @napi-rs/keyring'),
      });
    });

    test('secrets are in no argument and no environment of the child, and in no error', async () => {
      const path = join(data, 'spy.cjs');
      const seen = join(data, 'seen');
      await writeFile(
        path,
        `exports.getPassword = async () => null;
      exports.setPassword = async () => {
        const fs = require('node:fs');
        const own = (name) => fs.readFileSync('/proc/self/' + name, 'utf8');
        fs.writeFileSync(${JSON.stringify(seen)}, own('cmdline') + own('environ'));
        throw new Error('no');
      };`,
      );
      const error = await failure(open({ libraries: [{ name: 'keytar', path }] }).save(oauthCredentials()));
      expect(error).toMatchObject({ reason: 'failed', operation: 'save' });
      expect(await readFile(seen, 'utf8')).toContain('AI_SDK_PROVIDER_KIMI_KEYCHAIN_CHILD=1');
      expect(inspect(error, { depth: 9 }) + (await readFile(seen, 'utf8'))).not.toContain(CANARY);
    });
  },
);

describe('keychainCredentialStore without a service', () => {
  const none = { DBUS_SESSION_BUS_ADDRESS: undefined, DISPLAY: undefined, XDG_RUNTIME_DIR: '/nonexistent' };

  test.skipIf(process.platform !== 'linux')('says at once that there is no session bus', async () => {
    const store = open({ environment: environment(none) });
    const start = performance.now();
    const errors = await Promise.all([
      failure(store.load()),
      failure(store.save(oauthCredentials())),
      failure(store.clear()),
    ]);
    // Asking a bus takes up to 10 s; a second leaves room for a machine that is busy.
    expect(performance.now() - start).toBeLessThan(1000);
    for (const error of errors) {
      expect(error).toSatisfy(KimiCredentialStoreError.isInstance);
      expect(error).toMatchObject({ reason: 'unavailable', location: 'keychain item ai-sdk-provider-kimi/default' });
      expect(error.message).toMatch(/DBUS_SESSION_BUS_ADDRESS is not set.*KIMI_CREDENTIAL_STORE=file/);
      expect(inspect(error)).not.toContain(CANARY);
    }
  });

  test('says which library to install when there is none', async () => {
    const error = await failure(
      open({ libraries: [], environment: environment({ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' }) }).load(),
    );
    expect(error).toMatchObject({
      reason: 'unavailable',
      message: expect.stringContaining('npm install @napi-rs/keyring'),
    });
  });

  test('does not start a host that is itself such a child', async () => {
    const child = environment({
      DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
      AI_SDK_PROVIDER_KIMI_KEYCHAIN_CHILD: '1',
    });
    expect(await failure(open({ environment: child }).load())).toMatchObject({
      reason: 'unavailable',
      message: expect.stringContaining('KIMI_CREDENTIAL_STORE=file'),
    });
  });
});

/** Listens on a bus from now on. @returns what resolves once a method of the Secret Service was called there */
async function nextCallOfService(env: Record<string, string | undefined>): Promise<() => Promise<void>> {
  const path = '/org/freedesktop/secrets';
  const options = ['--session', `type='method_call',path='${path}'`];
  const monitor = spawn('dbus-monitor', options, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void monitor.kill('SIGKILL'));
  let heard = '';
  monitor.stdout.setEncoding('utf8').on('data', (text: string) => (heard += text));
  await once(monitor.stdout, 'data');
  return async () => {
    while (!heard.includes(`path=${path}`)) {
      await once(monitor.stdout, 'data');
    }
  };
}

/** The accounts of all our items; secret-tool prints the attributes on stderr. */
function allAccounts(): string[] {
  const output = execFileSync('bash', ['-c', 'secret-tool search --all service ai-sdk-provider-kimi 2>&1'], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return [...output.matchAll(/^attribute\.(?:username|account) = (.*)$/gm)].map(match => match[1]!);
}

afterEach(() => {
  expect(process.listenerCount('exit')).toBeLessThan(10);
});
