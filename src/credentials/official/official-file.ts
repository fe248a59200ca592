/** Reading, replacing and removing the one file an official client keeps a login in. Knows nothing of what is in it. */
import { chmod, mkdir, open, realpath, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KimiCredentialStoreError } from '../../errors/kimi-error';
import { sleep } from '../../transport/wait';
import { checkFolderOf, PrivateFileError, readPrivateFile } from '../private-file';

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
 * Unlike them it keeps a symbolic link and writes where it points to. Not `atomically`: that library handles the host
 * application's signals from the moment it is imported.
 * @throws KimiCredentialStoreError
 */
export async function replaceOfficialFile(
  path: string,
  text: string,
  { temporaryPath, tightenDirectory }: ReplaceOptions,
): Promise<void> {
  try {
    const directory = dirname(path);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if (tightenDirectory) {
      // Best effort, as in the client: a file system without modes refuses.
      await chmod(directory, 0o700).catch(() => undefined);
    }
    const target = await resolveLink(path);
    const temporary = temporaryPath(target);
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(text, 'utf8');
        await file.chmod(0o600);
        await file.sync();
      } finally {
        await file.close();
      }
      await renameOver(temporary, target);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
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
    : code === 'ENOSPC'
      ? 'The disk is full.'
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

/** On Windows a rename fails while another process has the target open; that passes within milliseconds. */
async function renameOver(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (process.platform !== 'win32' || attempt === 20 || !['EPERM', 'EACCES', 'EBUSY'].includes(code)) {
        throw error;
      }
      await sleep(50);
    }
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
