import { open, readdir, readlink, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { KimiCredentialStoreError } from '../errors/kimi-error';
import { parseCredentials, serializeCredentials } from './credential-record';
import type { CredentialStore } from './credential-store';
import { dataDirectory, makePrivateDirectory } from './data-directory';
import { withFileLock } from './file-lock';

export type FileCredentialStoreOptions = {
  /** The file. Default: `<slot>.json` in the data directory of the platform (`KIMI_PROVIDER_HOME` moves it). */
  path?: string | undefined;
  /** Which login, as `credentialSlot` names it; counts only without `path`. Default `default`. */
  slot?: string | undefined;
  /**
   * Use the file even though other users of this machine can read it, for example on a mount that has no modes. Default
   * false.
   */
  allowSharedRead?: boolean | undefined;
  /** Variables that say where the data directory is. Default `process.env`. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
};

/** A writer that was killed leaves its temporary file, with a token in it; one this old belongs to nobody. */
const ABANDONED_AFTER_MS = 60_000;

/**
 * Keeps the credential in a file with mode 0600, in a directory that is made with mode 0700
 * (docs/decisions.md#15-stores-and-places). A save is atomic and on the disk when it resolves; a symbolic link stays
 * one, and its target is replaced. The lock is the directory `<file>.lock` beside it. Protects against other users of
 * the machine, not against other programs of the same user.
 */
export function fileCredentialStore(options: FileCredentialStoreOptions = {}): CredentialStore {
  const { path, slot = 'default', allowSharedRead = false, environment = process.env } = options;
  const location = path === undefined ? join(dataDirectory({ environment }), `${slot}.json`) : resolve(path);
  return {
    location,
    async load() {
      const text = await readPrivately(location, allowSharedRead).catch((cause: unknown) =>
        Promise.reject(failed('load', location, cause)),
      );
      return text === undefined ? undefined : parseCredentials(text, { location });
    },
    async save(credentials) {
      const text = serializeCredentials(credentials);
      try {
        const target = await linkTarget(location);
        await makePrivateDirectory(dirname(target));
        await replaceFile(target, text);
        await removeAbandoned(target);
      } catch (cause) {
        throw failed('save', location, cause);
      }
    },
    async clear() {
      try {
        const target = await linkTarget(location);
        await rm(target, { force: true });
        await removeAbandoned(target);
      } catch (cause) {
        throw failed('clear', location, cause);
      }
    },
    async withLock(callback, lockOptions) {
      // Of the file itself, so that those who come by a link and those who do not exclude each other.
      return withFileLock(callback, { ...lockOptions, lockPath: `${await linkTarget(location)}.lock`, location });
    },
  };
}

/** The mode and the text of one open file, so that nobody can swap it between the check and the read. */
async function readPrivately(path: string, allowSharedRead: boolean): Promise<string | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  });
  try {
    const mode = (await file?.stat())?.mode ?? 0;
    // Windows has no such modes: Node reports 0666 for every file there.
    if (!allowSharedRead && process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new KimiCredentialStoreError({
        location: path,
        operation: 'load',
        reason: 'permissions',
        message:
          `Other users of this machine can use the credential in ${path} (mode ` +
          `${(mode & 0o777).toString(8).padStart(4, '0')}). ` +
          `Make it yours alone: chmod 600 "${path}". Where the disk has no modes, set allowSharedRead of ` +
          'fileCredentialStore.',
      });
    }
    return await file?.readFile('utf8');
  } finally {
    await file?.close();
  }
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

async function replaceFile(path: string, text: string): Promise<void> {
  // Loaded on first use: it hooks the process's exit when it is loaded.
  const { writeFile } = await import('atomically');
  // A stream, because of a string it writes what fits: on a full disk the truncated text would replace the login (ran,
  // atomically 2.1.1).
  await writeFile(path, Readable.from([Buffer.from(text)]), { mode: 0o600 });
  await syncDirectory(dirname(path));
}

/**
 * Without it a power cut could bring the old file back, with a refresh token that is spent. Not every system lets
 * directories be opened.
 */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined);
  await directory?.sync().catch(() => undefined);
  await directory?.close();
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

function failed(operation: 'load' | 'save' | 'clear', location: string, cause: unknown): KimiCredentialStoreError {
  if (KimiCredentialStoreError.isInstance(cause)) {
    return cause;
  }
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  const isForbidden = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  const verb = { load: 'read', save: 'written', clear: 'removed' }[operation];
  const fix = isForbidden
    ? 'Make it readable and writable for this user, or set KIMI_PROVIDER_HOME to a folder that is.'
    : code === 'ENOSPC' || code === 'EDQUOT'
      ? 'Free some disk space; what was stored before is unchanged.'
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
