/** Reading, replacing and removing the one file an official client keeps a login in. Knows nothing of what is in it. */
import { chmod, mkdir, realpath, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KimiCredentialStoreError } from '../../errors/kimi-error';
import { checkFolderOf, PrivateFileError, readPrivateFile } from '../private-file';
import { prepareReplacement, sizeOfNext, type FileReplacement } from '../replace-file';

/** No login comes near it, in bytes. */
const LARGEST_FILE = 1024 * 1024;

/**
 * The text of the file, or `undefined` when there is none. Who may read it is the client's affair; what others can
 * change or replace is refused (docs/decisions.md#55-files-and-folders).
 * @throws KimiCredentialStoreError
 */
export async function readOfficialFile(path: string): Promise<string | undefined> {
  try {
    const text = await readPrivateFile(path, { modes: 'readers', limit: LARGEST_FILE });
    if (text !== undefined) {
      await checkFolderOf(path);
    }
    return text;
  } catch (error) {
    throw officialFileError(path, 'load', error);
  }
}

export type ReplaceOptions = {
  /** Name of the temporary file beside `target`: each client's own pattern, so that its users recognise a leftover. */
  temporaryPath: (target: string) => string;
  /**
   * The TypeScript client sets its folder to 0700 on every save, the Python client leaves an existing folder alone
   * (docs/wire.md#credential-file-writes).
   */
  tightenDirectory: boolean;
};

/**
 * Replaces the file as both clients do: temporary file 0600, fsync, rename (docs/wire.md#credential-file-writes).
 * Unlike them it keeps a symbolic link and writes where it points to. `prepare` does all but the text
 * (docs/decisions.md#39-save-before-spend), and leaves the file itself alone: a client that writes without the lock is
 * not disturbed.
 */
export function officialFileWriter(path: string, options: ReplaceOptions) {
  /** Set aside for the next save. */
  let room: FileReplacement | undefined;
  return {
    /** @returns gives back what no `replace` has used. @throws KimiCredentialStoreError */
    async prepare(text: string): Promise<() => Promise<void>> {
      const made = await makeRoom(path, sizeOfNext(text), options);
      room = made;
      return async () => {
        room = room === made ? undefined : room;
        await made.release();
      };
    },
    /** @throws KimiCredentialStoreError */
    async replace(text: string): Promise<void> {
      const prepared = room;
      room = undefined;
      const replacement = prepared ?? (await makeRoom(path, Buffer.byteLength(text), options));
      await replacement.commit(text).catch((error: unknown) => Promise.reject(officialFileError(path, 'save', error)));
    },
  };
}

async function makeRoom(
  path: string,
  size: number,
  { temporaryPath, tightenDirectory }: ReplaceOptions,
): Promise<FileReplacement> {
  try {
    const directory = dirname(path);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if (tightenDirectory) {
      // Best effort, as in the client: a file system without modes refuses.
      await chmod(directory, 0o700).catch(() => undefined);
    }
    const target = await resolveLink(path);
    return await prepareReplacement(target, { size, temporaryPath: () => temporaryPath(target) });
  } catch (error) {
    throw officialFileError(path, 'save', error);
  }
}

/**
 * Deletes the file, and behind a symbolic link also the file it points to, because that one holds the tokens.
 * @throws KimiCredentialStoreError
 */
export async function removeOfficialFile(path: string): Promise<void> {
  for (const victim of new Set([await resolveLink(path), path])) {
    try {
      await unlink(victim);
    } catch (error) {
      if (!isMissing(error)) {
        throw officialFileError(path, 'clear', error);
      }
    }
  }
}

/** A file system error as the person who has to mend it needs it. */
export function officialFileError(
  path: string,
  operation: 'load' | 'save' | 'clear' | 'lock',
  cause: unknown,
): KimiCredentialStoreError {
  if (cause instanceof PrivateFileError) {
    const reason = cause.problem === 'owner' || cause.problem === 'mode' ? 'permissions' : 'failed';
    const message = `The login in ${path} is not used: ${cause.message}`;
    return new KimiCredentialStoreError({ location: path, operation, reason, message });
  }
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  const verb = { load: 'read', save: 'written', clear: 'deleted', lock: 'locked' }[operation];
  const isForbidden = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  const fix = isForbidden
    ? operation === 'load'
      ? 'Make it readable for the user this program runs as.'
      : 'Make its folder writable for the user this program runs as.'
    : code === 'ENOSPC' || code === 'EDQUOT'
      ? 'The disk is full.'
      : code === 'EBUSY'
        ? 'It is mounted as a single file, which cannot be replaced: mount its folder instead.'
        : code === 'EMFILE' || code === 'ENFILE'
          ? 'Too many files are open: close some, or raise the limit (ulimit -n).'
          : 'Look at what is at that path.';
  return new KimiCredentialStoreError({
    location: path,
    operation,
    reason: isForbidden ? 'permissions' : 'failed',
    message: `The login in ${path} cannot be ${verb} (${code}). ${fix}`,
    cause,
  });
}

/** The file behind a link; the path itself when nothing is there yet. */
async function resolveLink(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
