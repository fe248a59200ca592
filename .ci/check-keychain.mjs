// The keychain of this machine, with each library that is installed: a login that is saved is read by another process,
// two processes do not rewrite it at once, and it is gone when it was cleared. For the systems that `.ci/run` is not:
// macOS Keychain and Windows Credential Manager. Touches one item, of a name that nothing else has.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';
import { keychainCredentialStore } from '../dist/credential-stores.js';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** As long as a login of Kimi's is: on Windows an item holds 2,560 bytes. */
const record = number => ({
  type: 'oauth',
  accessToken: `access-${number}-${'a'.repeat(3_000)}`,
  refreshToken: `refresh-${number}-${'r'.repeat(1_500)}`,
  expiresAt: 4_000_000_000,
  expiresIn: 900,
  scope: 'kimi-code',
  tokenType: 'Bearer',
});

const open = ({ name, slot, data }) =>
  keychainCredentialStore({
    slot,
    libraries: [{ name, path: require.resolve(name) }],
    environment: { ...process.env, KIMI_PROVIDER_HOME: data },
    timeoutMs: 60_000,
  });

function must(condition, what) {
  if (!condition) {
    throw new Error(what);
  }
}

/** What the other process does: adds one to the record's number, ten times, under the lock. */
async function count(store) {
  for (let times = 0; times < 10; times++) {
    await store.withLock(async () => {
      const { expiresIn, ...rest } = await store.load();
      await store.save({ ...rest, expiresIn: expiresIn + 1 });
    });
  }
}

async function check(name) {
  const data = mkdtempSync(join(tmpdir(), 'kimi-keychain-'));
  const place = { name, slot: `check-${randomUUID()}`, data };
  const store = open(place);
  const child = () => run(process.execPath, [fileURLToPath(import.meta.url), JSON.stringify(place)]);
  try {
    must((await store.load()) === undefined, 'an item is there that nobody saved');
    await store.save(record(1));
    must(isDeepStrictEqual(await open(place).load(), record(1)), 'what was saved was not read');
    const giveBack = await store.prepareSave(record(1));
    await giveBack();
    must(isDeepStrictEqual(await store.load(), record(1)), 'the proof that it can be written has changed it');
    await Promise.all([child(), child()]);
    const expected = { ...record(1), expiresIn: 920 };
    must(isDeepStrictEqual(await store.load(), expected), 'two processes wrote at once, or did not read each other');
    await store.clear();
    must((await store.load()) === undefined, 'it is there after it was cleared');
    await store.clear();
  } finally {
    await store.clear().catch(() => undefined);
    rmSync(data, { recursive: true, force: true });
  }
}

if (process.argv[2] !== undefined) {
  await count(open(JSON.parse(process.argv[2])));
} else {
  for (const name of ['@napi-rs/keyring', 'keytar']) {
    await check(name);
    console.log(`${process.platform}: ${name} saves, reads, locks and clears`);
  }
}
