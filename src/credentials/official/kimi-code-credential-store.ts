import { withoutTrailingSlashes } from '../../transport/trailing-slashes';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KimiCredentialStoreError } from '../../errors/kimi-error';
import type { Sleep } from '../../transport/wait';
import { API_BASE_URLS, OAUTH_HOSTS } from '../../upstream';
import { bindingOf } from '../credential-binding';
import type { CredentialStore } from '../credential-store';
import { withFileLock } from '../file-lock';
import { checkFolderOf, PrivateFileError, touchPrivateFile } from '../private-file';
import { officialFolder, storeWithoutHome } from './official-folder';
import { officialFileError, readOfficialFile, removeOfficialFile, officialFileWriter } from './official-file';
import { formatKimiCodeRecord, parseOfficialRecord, refuseApiKey } from './official-record';

/**
 * That client takes over a lock that was not touched for 5 s by its clock, and touches its own every 2.5 s
 * (docs/wire.md#lock-of-kimi-code). So ours is touched three times as often as the former, and one of its own is dead
 * after three times the latter.
 */
const TOUCH_MS = 5_000 / 3;
const DEAD_AFTER_MS = 7_500;

/** Of the mainland's login; every other pair of hosts has a name of its own. */
const MAINLAND_SLOT = 'kimi-code';

/** Settings of {@link kimiCodeCredentialStore}. */
export type KimiCodeCredentialStoreOptions = {
  /** The client's folder. Default: `KIMI_CODE_HOME`, else `~/.kimi-code`. */
  home?: string | undefined;
  /**
   * Where `KIMI_CODE_HOME`, `KIMI_CODE_OAUTH_HOST`, `KIMI_OAUTH_HOST` and `KIMI_CODE_BASE_URL` are looked up. Default
   * `process.env`.
   */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** OAuth host of the login. Default: the variables, else `https://auth.kimi.com`. Part of the file's name. */
  oauthHost?: string | undefined;
  /** API base of the login. Default: the variable, else `https://api.kimi.com/coding/v1`. Part of the file's name. */
  apiBaseURL?: string | undefined;
  /** How long to wait for the client's lock, in ms. Default 60 s, as that client does. */
  lockWaitMs?: number | undefined;
  /** Waits so many ms, or rejects when the signal aborts. For tests. */
  sleep?: Sleep | undefined;
};

/**
 * The login of the official TypeScript client (`kimi` of `@moonshot-ai/kimi-code`), used in place: the same file, the
 * same form, the same lock, so that the client and this package share one chain of refresh tokens and neither is logged
 * out. Nothing is copied.
 *
 * - File: `<home>/credentials/<slot>.json` (docs/wire.md#credential-file). A symbolic link is kept.
 * - Lock: the empty directory `<home>/oauth/<slot>.lock` (docs/wire.md#lock-of-kimi-code). With
 *   `KIMI_DISABLE_OAUTH_LOCK=1` and on Windows the client takes none; we take it all the same, which keeps our own
 *   processes apart and does not disturb the client.
 * - `clear()` deletes the credential file, as the client's logout does; `config.toml` and its provider entries are not
 *   touched.
 * - A key (`type: 'api-key'`) cannot be saved here: the client keeps keys in `config.toml`.
 */
export function kimiCodeCredentialStore(options: KimiCodeCredentialStoreOptions = {}): CredentialStore {
  const { environment = process.env, lockWaitMs, sleep } = options;
  const home = officialFolder(options.home ?? environment.KIMI_CODE_HOME, '.kimi-code');
  const hosts = {
    oauthHost:
      options.oauthHost ??
      (environment.KIMI_CODE_OAUTH_HOST || environment.KIMI_OAUTH_HOST || OAUTH_HOSTS['mainland-cn']),
    apiBaseURL: options.apiBaseURL ?? (environment.KIMI_CODE_BASE_URL || API_BASE_URLS.coding['mainland-cn']),
  };
  const slot = kimiCodeSlot(hosts);
  // The name of the file says it, whatever the hosts: the client makes it of both URLs.
  const implied = { impliedIdentity: 'kimi-code', impliedBinding: bindingOf(hosts) } as const;
  if (home === undefined) {
    return storeWithoutHome('KIMI_CODE_HOME', implied);
  }
  const location = join(home, 'credentials', `${slot}.json`);
  const sentinel = join(home, 'oauth', slot);
  const writer = officialFileWriter(location, {
    temporaryPath: target => `${target}.tmp.${process.pid}.${randomBytes(4).toString('hex')}`,
    tightenDirectory: true,
  });

  return {
    location,
    ...implied,

    async load() {
      const text = await readOfficialFile(location);
      return text === undefined ? undefined : parseOfficialRecord(text, { location, signIn: 'kimi login' });
    },

    async save(credentials) {
      refuseApiKey(credentials, location);
      await writer.replace(formatKimiCodeRecord(credentials));
    },

    async prepareSave(credentials) {
      refuseApiKey(credentials, location);
      return writer.prepare(formatKimiCodeRecord(credentials));
    },

    async clear() {
      await removeOfficialFile(location);
    },

    async withLock(callback, { abortSignal } = {}) {
      abortSignal?.throwIfAborted();
      await makeSentinel(sentinel, location);
      const lockPath = `${sentinel}.lock`;
      return withFileLock(callback, {
        lockPath,
        location,
        touchMs: TOUCH_MS,
        deadAfterMs: DEAD_AFTER_MS,
        abortSignal,
        ...(lockWaitMs === undefined ? {} : { waitMs: lockWaitMs }),
        ...(sleep === undefined ? {} : { sleep }),
      });
    },
  };
}

/** The file that the client names its lock after (docs/wire.md#lock-of-kimi-code): empty, appended to by nobody. */
async function makeSentinel(sentinel: string, location: string): Promise<void> {
  try {
    await mkdir(dirname(sentinel), { recursive: true, mode: 0o700 });
    await touchPrivateFile(sentinel, { modes: 'ignored' });
    await checkFolderOf(sentinel);
  } catch (cause) {
    if (cause instanceof PrivateFileError) {
      throw officialFileError(sentinel, 'lock', cause);
    }
    const { reason } = officialFileError(sentinel, 'lock', cause);
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    const message =
      `The lock of the login in ${location} cannot be made (${code}): ${sentinel}.lock. ` +
      `Make the folder ${dirname(sentinel)} writable for the user this program runs as.`;
    throw new KimiCredentialStoreError({ location, operation: 'lock', reason, message, cause });
  }
}

/**
 * The name under which the official TypeScript client keeps a login: `kimi-code` for the mainland pair of hosts, else
 * `kimi-code-env-` and 16 hex digits of a digest of both (docs/wire.md#credential-slots). So logins of different hosts
 * never mix. The URLs count as written, but for white space around the host and slashes at the end.
 */
export function kimiCodeSlot({ oauthHost, apiBaseURL }: { oauthHost: string; apiBaseURL: string }): string {
  const host = withoutTrailingSlashes(oauthHost.trim());
  const baseUrl = withoutTrailingSlashes(apiBaseURL);
  if (host === OAUTH_HOSTS['mainland-cn'] && baseUrl === API_BASE_URLS.coding['mainland-cn']) {
    return MAINLAND_SLOT;
  }
  const digest = createHash('sha256')
    .update(JSON.stringify({ oauthHost: host, baseUrl }))
    .digest('hex');
  return `kimi-code-env-${digest.slice(0, 16)}`;
}
