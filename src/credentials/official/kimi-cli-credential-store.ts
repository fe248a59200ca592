import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { KimiCredentialStoreError } from '../../errors/kimi-error';
import type { Sleep } from '../../transport/wait';
import { API_BASE_URLS, OAUTH_HOSTS } from '../../upstream';
import { bindingOf } from '../credential-binding';
import type { CredentialStore } from '../credential-store';
import { findFlockMechanism, type FlockMechanism } from './flock';
import { withKimiCliLock } from './kimi-cli-lock';
import { officialFolder, storeWithoutHome } from './official-folder';
import { readOfficialFile, removeOfficialFile, officialFileWriter } from './official-file';
import { formatKimiCliRecord, parseOfficialRecord, refuseApiKey } from './official-record';

/**
 * The only login that client has: its OAuth key is `oauth/kimi-code` and it knows no regions
 * (docs/wire.md#login-of-kimi-cli).
 */
const SLOT = 'kimi-code';

/** Settings of {@link kimiCliCredentialStore}. */
export type KimiCliCredentialStoreOptions = {
  /** The client's folder. Default: `KIMI_SHARE_DIR`, else `~/.kimi`. */
  shareDirectory?: string | undefined;
  /** Where `KIMI_SHARE_DIR` and `PATH` (for the program `flock`) are looked up. Default `process.env`. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * OAuth host that the client was signed in to. Its file does not say it, and no variable is asked: one that is set
   * today may not have been set then. Default `https://auth.kimi.com`.
   */
  oauthHost?: string | undefined;
  /** API base that the client was used with. Default `https://api.kimi.com/coding/v1`. */
  apiBaseURL?: string | undefined;
  /** How long to wait for the client's lock, in ms. Default 60 s. */
  lockWaitMs?: number | undefined;
  /** Waits so many ms, or rejects when the signal aborts. For tests. */
  sleep?: Sleep | undefined;
};

/**
 * The login of the official Python client (kimi-cli), used in place: the same file, the same form, the same lock, so
 * that the client and this package share one chain of refresh tokens. Nothing is copied. It counts as a login of
 * `auth.kimi.com` for `api.kimi.com`, and goes nowhere else (docs/wire.md#login-of-kimi-cli), unless `oauthHost` and
 * `apiBaseURL` say where that client was signed in.
 *
 * - File: `<share>/credentials/kimi-code.json` (docs/wire.md#credential-file). A symbolic link is kept.
 * - Lock: `flock(2)` on `<share>/credentials/kimi-code.lock`, on Linux through the program `flock` (util-linux),
 *   elsewhere through the
 *   optional dependency `fs-native-extensions`. Where neither is there the store is **read-only**: `load` works, `save`
 *   and `withLock`
 *   raise `read-only` with the fix, because a refresh without the lock can log the client out.
 * - A tombstone is written with all keys, empty tokens and times of `0.0`; the client then asks for `/login` (see
 *   `formatKimiCliRecord`).
 * - `clear()` deletes the credential file, as the client's logout does; its `config.toml` is not touched.
 * - A key (`type: 'api-key'`) cannot be saved here.
 */
export function kimiCliCredentialStore(options: KimiCliCredentialStoreOptions = {}): CredentialStore {
  const {
    environment = process.env,
    oauthHost = OAUTH_HOSTS['mainland-cn'],
    apiBaseURL = API_BASE_URLS.coding['mainland-cn'],
    lockWaitMs = 60_000,
    sleep,
  } = options;
  const implied = { impliedIdentity: 'kimi-cli', impliedBinding: bindingOf({ oauthHost, apiBaseURL }) } as const;
  const share = officialFolder(options.shareDirectory ?? environment.KIMI_SHARE_DIR, '.kimi');
  if (share === undefined) {
    return storeWithoutHome('KIMI_SHARE_DIR', implied);
  }
  const directory = join(share, 'credentials');
  const location = join(directory, `${SLOT}.json`);
  const writer = officialFileWriter(location, {
    // The shape of Python's `mkstemp(dir=…, suffix=".tmp")`.
    temporaryPath: target => join(dirname(target), `tmp${randomBytes(4).toString('hex')}.tmp`),
    tightenDirectory: false,
  });

  const requireMechanism = async (operation: 'save' | 'lock'): Promise<FlockMechanism> => {
    const mechanism = await findFlockMechanism({ environment });
    if (mechanism === undefined) {
      throw readOnly(location, operation);
    }
    return mechanism;
  };

  return {
    location,
    ...implied,

    async load() {
      const text = await readOfficialFile(location);
      return text === undefined ? undefined : parseOfficialRecord(text, { location, signIn: 'kimi, then /login' });
    },

    async save(credentials) {
      refuseApiKey(credentials, location);
      await requireMechanism('save');
      await writer.replace(formatKimiCliRecord(credentials));
    },

    async prepareSave(credentials) {
      refuseApiKey(credentials, location);
      await requireMechanism('save');
      return writer.prepare(formatKimiCliRecord(credentials));
    },

    async clear() {
      await removeOfficialFile(location);
    },

    async withLock(callback, { abortSignal } = {}) {
      abortSignal?.throwIfAborted();
      const mechanism = await requireMechanism('lock');
      const lockPath = join(directory, `${SLOT}.lock`);
      return withKimiCliLock(callback, {
        lockPath,
        location,
        mechanism,
        environment,
        waitMs: lockWaitMs,
        sleep,
        abortSignal,
      });
    },
  };
}

function readOnly(location: string, operation: 'save' | 'lock'): KimiCredentialStoreError {
  const need =
    process.platform === 'linux'
      ? 'the program "flock" is not in PATH; install it (Debian: apt-get install util-linux)'
      : 'the optional dependency "fs-native-extensions" cannot be loaded; install it (npm install ' +
        'fs-native-extensions)';
  return new KimiCredentialStoreError({
    location,
    operation,
    reason: 'read-only',
    message:
      `The kimi-cli login in ${location} can only be read here, because its lock cannot be taken: ${need}. ` +
      'Or sign in with a login of your own: npx ai-sdk-provider-kimi login',
  });
}
