import { mkdir } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { dirname, isAbsolute, join } from 'node:path';
import { KimiCredentialStoreError } from '../../errors/kimi-error';
import { OPENCODE_LOGIN, OPENCODE_PROVIDER } from '../../hosts/opencode/names';
import { serializeCredentials } from '../credential-record';
import type { CredentialStore, KimiCredentials } from '../credential-store';
import { homeDirectory, NO_HOME, noHomeDirectory } from '../data-directory';
import { withFileLock } from '../file-lock';
import { officialFileWriter, readOfficialFile } from '../official/official-file';
import { credentialsOf, entryOf, parseEntry, sharedLoginOf, type OpencodeAuthEntry } from './auth-entry';

/** A store, and the entry itself: of which kind it is decides where calls go. */
export type OpencodeCredentialStore = CredentialStore & {
  /** What opencode has for our provider, as it is now. @throws KimiCredentialStoreError */
  entry(): Promise<OpencodeAuthEntry | undefined>;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** One object for a file: sessions are told apart by it, and opencode makes the provider several times. */
const stores = new Map<string, OpencodeCredentialStore>();

/**
 * The login that opencode keeps for our provider in its own `auth.json` (docs/wire.md#opencode-auth-store), read anew
 * each time, because opencode, another opencode or another window may have changed it. Other providers' entries stay as
 * they are. Our lock is `auth.json.kimi.lock`; opencode takes none, and replaces the file in one write of its own.
 */
export function opencodeCredentialStore(environment: Environment = process.env): OpencodeCredentialStore {
  const location = authFile(environment);
  const known = stores.get(location);
  if (known !== undefined) {
    return known;
  }
  const store = openStore(location, environment);
  stores.set(location, store);
  return store;
}

/** As opencode finds it, on every platform: `$XDG_DATA_HOME/opencode`, else `~/.local/share/opencode`. */
function authFile({ XDG_DATA_HOME, HOME }: Environment): string {
  const home = HOME !== undefined && isAbsolute(HOME) ? HOME : homeDirectory();
  const data = XDG_DATA_HOME || (home === undefined ? undefined : join(home, '.local', 'share'));
  return data === undefined ? NO_HOME : join(data, 'opencode', 'auth.json');
}

function openStore(location: string, environment: Environment): OpencodeCredentialStore {
  const requirePlace = (operation: KimiCredentialStoreError['operation']): void => {
    if (location === NO_HOME) {
      throw noHomeDirectory(operation, 'XDG_DATA_HOME');
    }
  };
  const writer = officialFileWriter(location, {
    temporaryPath: target => `${target}.kimi-${randomBytes(8).toString('hex')}`,
    tightenDirectory: false,
  });
  const all = async (): Promise<Record<string, unknown>> => parseFile(await readOfficialFile(location));
  /** A workspace of opencode's gets a copy of the file in a variable, which counts until the file has more. */
  const entry = async (): Promise<OpencodeAuthEntry | undefined> => {
    requirePlace('load');
    const { [OPENCODE_PROVIDER]: kept = parseFile(environment.OPENCODE_AUTH_CONTENT)[OPENCODE_PROVIDER] } = await all();
    if (kept === undefined) {
      return undefined;
    }
    const parsed = parseEntry(kept);
    if (parsed === undefined) {
      throw damaged(location);
    }
    return parsed;
  };
  const textWith = async (credentials: KimiCredentials): Promise<string> => {
    // Refuses what is no credential, with the error of every store.
    serializeCredentials(credentials);
    return JSON.stringify({ ...(await all()), [OPENCODE_PROVIDER]: entryOf(credentials) }, null, 2);
  };

  return {
    location,
    signIn: OPENCODE_LOGIN,
    entry,
    async load() {
      const kept = await entry();
      return kept === undefined || sharedLoginOf(kept) !== undefined
        ? undefined
        : credentialsOf(kept, Date.now() / 1000);
    },
    async save(credentials) {
      requirePlace('save');
      await writer.replace(await textWith(credentials));
    },
    async prepareSave(credentials) {
      requirePlace('save');
      return writer.prepare(await textWith(credentials));
    },
    async clear() {
      requirePlace('clear');
      const { [OPENCODE_PROVIDER]: kept, ...others } = await all();
      if (kept !== undefined) {
        await writer.replace(JSON.stringify(others, null, 2));
      }
    },
    async withLock(callback, options) {
      requirePlace('lock');
      await mkdir(dirname(location), { recursive: true, mode: 0o700 }).catch(() => undefined);
      return withFileLock(callback, { ...options, lockPath: `${location}.kimi.lock`, location });
    },
  };
}

/** What is no JSON holds nothing for opencode, which writes over it. */
function parseFile(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

function damaged(location: string): KimiCredentialStoreError {
  return new KimiCredentialStoreError({
    location,
    operation: 'load',
    reason: 'corrupt',
    message:
      `The entry "${OPENCODE_PROVIDER}" in ${location} is none that opencode writes. ` +
      `Sign in again, which replaces it: ${OPENCODE_LOGIN}`,
  });
}
