import { execFileSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kimiCliCredentialStore } from '../../src/credentials/official/kimi-cli-credential-store';
import { apiKeyCredentials, CANARY, describeCredentialStore, oauthCredentials } from './contract';
import { withPython } from './with-python';

let share: string;
let file: string;
beforeEach(async () => {
  share = await mkdtemp(join(tmpdir(), 'kimi-cli-share-'));
  file = join(share, 'credentials', 'kimi-code.json');
});
afterEach(async () => {
  await rm(share, { recursive: true, force: true });
});

/** What `json.dumps` of the official client's record gives. */
const OFFICIAL_TEXT =
  '{"access_token": "access", "refresh_token": "refresh", "expires_at": 1800000000.25, ' +
  '"scope": "kimi-code", "token_type": "Bearer", "expires_in": 900.0}';
const official = oauthCredentials({ accessToken: 'access', refreshToken: 'refresh', expiresAt: 1_800_000_000.25 });

const record = { access_token: CANARY, refresh_token: CANARY, expires_at: 1, scope: '', token_type: '', expires_in: 1 };

// The lock of the official client exists on every system, but only Linux has the program that takes it: elsewhere see
// native-flock.
describe.skipIf(process.platform !== 'linux')('kimiCliCredentialStore on Linux', () => {
  describeCredentialStore('kimiCliCredentialStore', {
    records: ['oauth'],
    damage: {
      empty: { text: '', reason: 'corrupt' },
      'not JSON': { text: `${CANARY} {`, reason: 'corrupt' },
      truncated: { text: JSON.stringify(record).slice(0, -9), reason: 'corrupt' },
      'an empty object': { text: '{}', reason: 'corrupt' },
      'with a time that is a string': {
        text: JSON.stringify({ ...record, expires_at: '1800000000' }),
        reason: 'corrupt',
      },
      'with a time of NaN, as Python may write it': {
        text: JSON.stringify(record).replace('"expires_at":1', '"expires_at":NaN'),
        reason: 'corrupt',
      },
    },
    async create() {
      const shareDirectory = await mkdtemp(join(tmpdir(), 'kimi-cli-contract-'));
      const open = () => kimiCliCredentialStore({ shareDirectory });
      const store = open();
      return {
        store,
        reopen: open,
        corrupt: text => writeFile(store.location, text),
        dispose: () => rm(shareDirectory, { recursive: true, force: true }),
      };
    },
  });

  describe('the file', () => {
    test('is in KIMI_SHARE_DIR, else in ~/.kimi; an empty variable counts as unset', () => {
      expect(kimiCliCredentialStore({ environment: { KIMI_SHARE_DIR: share } }).location).toBe(file);
      expect(kimiCliCredentialStore({ environment: { KIMI_SHARE_DIR: '' } }).location).toBe(
        join(homedir(), '.kimi/credentials/kimi-code.json'),
      );
    });

    test('is read and written byte for byte as by the official client, and nothing else is left', async () => {
      await mkdir(join(share, 'credentials'));
      await chmod(join(share, 'credentials'), 0o755);
      await writeFile(file, OFFICIAL_TEXT, { mode: 0o644 });
      const store = kimiCliCredentialStore({ shareDirectory: share });
      expect(await store.load()).toEqual(official);
      expect(store.impliedIdentity).toBe('kimi-cli');
      await store.save(official);
      expect(await readFile(file, 'utf8')).toBe(OFFICIAL_TEXT);
      expect(await readdir(join(share, 'credentials'))).toEqual(['kimi-code.json']);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect((await stat(join(share, 'credentials'))).mode & 0o777).toBe(0o755);
    });

    test('of a rejected login has every key, no token and times of 0.0', async () => {
      await kimiCliCredentialStore({ shareDirectory: share }).save(oauthCredentials({ accessToken: '', expiresAt: 5 }));
      expect(await readFile(file, 'utf8')).toBe(
        '{"access_token": "", "refresh_token": "", "expires_at": 0.0, "scope": "kimi-code", "token_type": ' +
          '"Bearer", "expires_in": 0.0}',
      );
    });

    withPython('is what json.dumps makes of the same record', async () => {
      const accessToken = 'q"\\/\b\f\n\r\t\u0001\u007f\u2028 月 🌙';
      await kimiCliCredentialStore({ shareDirectory: share }).save({
        ...official,
        accessToken,
        expiresAt: 1_800_000_000.123456,
      });
      const program = 'import json,sys; print(json.dumps(json.load(sys.stdin), ensure_ascii=False), end="")';
      const dumped = execFileSync('python3', ['-c', program], {
        input: await readFile(file),
        env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
        timeout: 30_000,
      });
      expect(await readFile(file, 'utf8')).toBe(dumped.toString());
    });

    test('that is a symbolic link stays one', async () => {
      const target = join(await realpath(share), 'elsewhere.json');
      await writeFile(target, OFFICIAL_TEXT);
      await mkdir(join(share, 'credentials'));
      await symlink(target, file);
      const store = kimiCliCredentialStore({ shareDirectory: share });
      await store.save({ ...official, accessToken: 'new' });
      expect(await readlink(file)).toBe(target);
      expect(await readFile(target, 'utf8')).toContain('"new"');
    });

    test('takes no key', async () => {
      const error = await kimiCliCredentialStore({ shareDirectory: share })
        .save(apiKeyCredentials())
        .catch((error: unknown) => error);
      expect(error).toMatchObject({ reason: 'failed', operation: 'save', location: file });
      expect(String(error)).not.toContain(CANARY);
    });
  });

  describe('without a way to lock', () => {
    test('is read-only and says what to install', async () => {
      await mkdir(join(share, 'credentials'));
      await writeFile(file, OFFICIAL_TEXT);
      const store = kimiCliCredentialStore({ shareDirectory: share, environment: { PATH: '/nowhere' } });
      expect(await store.load()).toEqual(official);
      for (const [operation, attempt] of [
        ['save', () => store.save(official)],
        ['lock', () => store.withLock!(async () => 'entered')],
      ] as const) {
        const error = await attempt().catch((error: unknown) => error);
        expect(error).toMatchObject({ reason: 'read-only', operation, location: file });
        expect(String(error)).toMatch(/"flock" is not in PATH; install it/);
      }
      expect(await readFile(file, 'utf8')).toBe(OFFICIAL_TEXT);
    });
  });
});
