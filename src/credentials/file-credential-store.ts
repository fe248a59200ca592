import { randomBytes } from 'node:crypto';
import { readdir, readlink, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { KimiCredentialStoreError } from '../errors/kimi-error';
import { parseCredentials, serializeCredentials } from './credential-record';
import type { CredentialStore } from './credential-store';
import { dataDirectory, makePrivateDirectory, NO_HOME, noHomeDirectory } from './data-directory';
import { withFileLock } from './file-lock';
import { checkFolderOf, PrivateFileError, readPrivateFile } from './private-file';
import { prepareReplacement, sizeOfNext, type FileReplacement } from './replace-file';

/** Settings of {@link fileCredentialStore}. */
export type FileCredentialStoreOptions = {
  /** The file. Default: `<slot>.json` in the data directory of the platform (`KIMI_PROVIDER_HOME` moves it). */
  path?: string | undefined;
  /** Which login, as `credentialSlot` names it; counts only without `path`. Default `default`. */
  slot?: string | undefined;
  /**
   * Use the file even though other users of this machine can read or change it, for example on a mount that has no
   * modes or owners, or one that several users share on purpose. Default false.
   */
  allowSharedRead?: boolean | undefined;
  /** Variables that say where the data directory is. Default `process.env`. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
};

/** A writer that was killed leaves its temporary file, with a token in it; one this old belongs to nobody. */
const ABANDONED_AFTER_MS = 60_000;

/** No record comes near it, in bytes. */
const LARGEST_FILE = 1024 * 1024;

/**
 * Keeps the credential in a file with mode 0600, in a directory that is made with mode 0700
 * (docs/decisions.md#15-stores-and-places). A save is atomic and on the disk when it resolves; a symbolic link stays
 * one, and its target is replaced. The lock is the directory `<file>.lock` beside it. Protects against other users of
 * the machine, not against other programs of the same user: what they can read, change or replace is refused
 * (docs/decisions.md#55-files-and-folders).
 */
export function fileCredentialStore(options: FileCredentialStoreOptions = {}): CredentialStore {
  const { path, slot = 'default', allowSharedRead = false, environment = process.env } = options;
  const directory = dataDirectory({ environment });
  const file = path !== undefined ? resolve(path) : directory && join(directory, `${slot}.json`);
  const location = file ?? NO_HOME;
  const requirePlace = (operation: KimiCredentialStoreError['operation']): void => {
    if (file === undefined) {
      throw noHomeDirectory(operation);
    }
  };
  const checkFolder = async (): Promise<void> => (allowSharedRead ? undefined : checkFolderOf(location));
  /** Set aside for the next save. */
  let room: FileReplacement | undefined;
  return {
    location,
    async load() {
      requirePlace('load');
      const text = await readPrivately(location, allowSharedRead).catch((cause: unknown) =>
        Promise.reject(failed('load', location, cause)),
      );
      return text === undefined ? undefined : parseCredentials(text, { location });
    },
    async save(credentials) {
      requirePlace('save');
      const text = serializeCredentials(credentials);
      const prepared = room;
      room = undefined;
      try {
        const replacement = prepared ?? (await makeRoom(location, Buffer.byteLength(text), checkFolder));
        await replacement.commit(text);
      } catch (cause) {
        throw failed('save', location, cause);
      }
    },
    async prepareSave(credentials) {
      requirePlace('save');
      const size = sizeOfNext(serializeCredentials(credentials));
      const made = await makeRoom(location, size, checkFolder).catch((cause: unknown) =>
        Promise.reject(failed('save', location, cause)),
      );
      room = made;
      return async () => {
        room = room === made ? undefined : room;
        await made.release();
      };
    },
    async clear() {
      requirePlace('clear');
      try {
        const target = await linkTarget(location);
        await rm(target, { force: true });
        await removeAbandoned(target);
      } catch (cause) {
        throw failed('clear', location, cause);
      }
    },
    async withLock(callback, lockOptions) {
      requirePlace('lock');
      // The first thing that a login needs: nobody is sent to the browser for one that cannot be kept.
      await checkFolder().catch((cause: unknown) => Promise.reject(failed('lock', location, cause)));
      // Of the file itself, so that those who come by a link and those who do not exclude each other.
      const lockPath = `${await linkTarget(location)}.lock`;
      return withFileLock(callback, { ...lockOptions, lockPath, location, isShared: allowSharedRead });
    },
  };
}

async function readPrivately(path: string, allowSharedRead: boolean): Promise<string | undefined> {
  const sharing = allowSharedRead
    ? ({ modes: 'ignored', allowForeignOwner: true } as const)
    : ({ modes: 'nobody' } as const);
  const text = await readPrivateFile(path, { ...sharing, limit: LARGEST_FILE });
  if (text !== undefined && !allowSharedRead) {
    await checkFolderOf(path);
  }
  return text;
}

/** Follows symbolic links also where the last one points to nothing yet, so that a save keeps them all. */
async function linkTarget(path: string, depth = 0): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const next = depth < 40 ? await readlink(path).catch(() => undefined) : undefined;
    return next === undefined ? path : linkTarget(resolve(dirname(path), next), depth + 1);
  }
}

/** Everything that may fail in a save, without the text. */
async function makeRoom(location: string, size: number, checkFolder: () => Promise<void>): Promise<FileReplacement> {
  const target = await linkTarget(location);
  await makePrivateDirectory(dirname(target));
  await checkFolder();
  await removeAbandoned(target);
  return prepareReplacement(target, {
    size,
    temporaryPath: () => `${target}.tmp-${randomBytes(8).toString('hex')}`,
  });
}

async function removeAbandoned(path: string): Promise<void> {
  const prefix = `${basename(path)}.tmp-`;
  for (const name of await readdir(dirname(path)).catch(() => [])) {
    const file = join(dirname(path), name);
    const modified = name.startsWith(prefix) ? (await stat(file).catch(() => undefined))?.mtimeMs : undefined;
    if (modified !== undefined && Date.now() - modified > ABANDONED_AFTER_MS) {
      await rm(file, { force: true });
    }
  }
}

function failed(
  operation: KimiCredentialStoreError['operation'],
  location: string,
  cause: unknown,
): KimiCredentialStoreError {
  if (KimiCredentialStoreError.isInstance(cause)) {
    return cause;
  }
  if (cause instanceof PrivateFileError) {
    return unsafe(operation, location, cause);
  }
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  const isForbidden = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  const verb = { load: 'read', save: 'written', clear: 'removed', lock: 'locked' }[operation];
  const fix = isForbidden
    ? 'Make it readable and writable for this user, or set KIMI_PROVIDER_HOME to a folder that is.'
    : code === 'ENOSPC' || code === 'EDQUOT'
      ? 'Free some disk space.'
      : code === 'EBUSY'
        ? 'It is mounted as a single file, which cannot be replaced: mount its folder instead.'
        : code === 'EMFILE' || code === 'ENFILE'
          ? 'Too many files are open: close some, or raise the limit (ulimit -n).'
          : 'Check the path, or set KIMI_PROVIDER_HOME to another folder.';
  const message = `The credential file ${location} cannot be ${verb} (${code}). ${fix}`;
  return new KimiCredentialStoreError({
    location,
    operation,
    reason: isForbidden ? 'permissions' : 'failed',
    message,
    cause,
  });
}

function unsafe(
  operation: KimiCredentialStoreError['operation'],
  location: string,
  { problem, message }: PrivateFileError,
): KimiCredentialStoreError {
  const isSharing = problem === 'owner' || problem === 'mode';
  return new KimiCredentialStoreError({
    location,
    operation,
    reason: isSharing ? 'permissions' : 'failed',
    message:
      `The credential file ${location} is not used: ${message}` +
      (isSharing ? ' Where the disk has no modes, set allowSharedRead of fileCredentialStore.' : ''),
  });
}
