import { randomBytes } from 'node:crypto';
import { access, constants, realpath } from 'node:fs/promises';
import type { CredentialStore, KimiOAuthCredentials } from '../credential-store';
import { withFileLock } from '../file-lock';
import { officialFileError, officialFileWriter, readOfficialFile } from '../official/official-file';
import { loginIn, parsePiAuthFile, refuseKey, toPiLogin, type PiAuthFile } from './pi-record';

/**
 * Some readers of pi take over a lock that was not touched for 10 s, others after 30 s, and a holder touches its own
 * every 15 s (docs/wire.md#pi-logins). Ours is touched three times as often as the former.
 */
const TOUCH_MS = 3_000;
const DEAD_AFTER_MS = 30_000;

export type PiCredentialStoreOptions = {
  /** pi's `auth.json`. */
  path: string;
  /** Name of the entry. */
  providerId: string;
};

/**
 * The login that pi keeps for one provider, used in place: the same file, the same form, the same lock (the empty
 * directory `auth.json.lock`), so that pi and this package renew one chain of refresh tokens between them. Entries of
 * other providers are handed on as they are. A key is no record of this store: pi hands its keys out itself.
 */
export function piCredentialStore({ path: location, providerId }: PiCredentialStoreOptions): CredentialStore {
  const writer = officialFileWriter(location, {
    temporaryPath: target => `${target}.tmp.${process.pid}.${randomBytes(4).toString('hex')}`,
    // The folder is pi's.
    tightenDirectory: false,
  });

  const readAll = async (): Promise<PiAuthFile> => {
    const text = await readOfficialFile(location);
    return text === undefined ? {} : parsePiAuthFile(text, location);
  };
  const textWith = async (credentials: KimiOAuthCredentials): Promise<string> =>
    format({ ...(await readAll()), [providerId]: toPiLogin(credentials) });

  return {
    location,

    async load() {
      return loginIn(await readAll(), providerId, location);
    },

    async save(credentials) {
      refuseKey(credentials, location);
      await writer.replace(await textWith(credentials));
    },

    async prepareSave(credentials) {
      refuseKey(credentials, location);
      // pi writes the file in place, we put another one there: both must be possible.
      await access(location, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') {
          throw officialFileError(location, 'save', error);
        }
      });
      return writer.prepare(await textWith(credentials));
    },

    async clear() {
      const { [providerId]: own, ...others } = await readAll();
      if (own !== undefined) {
        await writer.replace(format(others));
      }
    },

    async withLock(callback, { abortSignal } = {}) {
      abortSignal?.throwIfAborted();
      // As pi does it: of the file itself, so that those who come by a link exclude each other, too.
      const target = await realpath(location).catch(() => location);
      return withFileLock(callback, {
        lockPath: `${target}.lock`,
        location,
        touchMs: TOUCH_MS,
        deadAfterMs: DEAD_AFTER_MS,
        abortSignal,
      });
    },
  };
}

/** As pi writes it. */
function format(file: PiAuthFile): string {
  return JSON.stringify(file, null, 2);
}
