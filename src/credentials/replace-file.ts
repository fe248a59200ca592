/**
 * One file replaced as a whole, in two steps: room for the new text first, the text itself when it is known. What can
 * fail, fails in the first step, before anything depends on the second.
 */
import { unlinkSync, type Stats } from 'node:fs';
import { link, open, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sleep } from '../transport/wait';
import { atExit } from './at-exit';

/** Room for a new text of one file. The second step needs no further disk space and no further file descriptor. */
export type FileReplacement = {
  /** Where the new text will be: links are followed already. */
  readonly target: string;
  /** Replaces the file atomically; when it resolves the text is on the disk. Once. */
  commit(text: string): Promise<void>;
  /** Gives back what was set aside; nothing to do after `commit`. */
  release(): Promise<void>;
};

export type PrepareOptions = {
  /** Bytes of the longest text that there must be room for. */
  size: number;
  /** A name beside the target that nobody has, a new one at each call. Files of that name are not left behind. */
  temporaryPath: () => string;
};

/**
 * Sets room aside for a new text of `target`, whose folder is there, and proves that the file can be replaced. Does not
 * touch the file itself: who reads it meanwhile, or writes it without our lock, is not disturbed.
 * @throws the error of the file system; `EBUSY` where the file is a mount point, which nothing can replace
 */
export async function prepareReplacement(target: string, options: PrepareOptions): Promise<FileReplacement> {
  const temporary = options.temporaryPath();
  const file = await open(temporary, 'wx', 0o600);
  // A process that ends before the second step leaves nothing behind.
  const keepAtExit = atExit(() => {
    try {
      unlinkSync(temporary);
    } catch {
      // It is gone already, or its folder is.
    }
  });
  let directory: FileHandle | undefined;
  const release = async (): Promise<void> => {
    keepAtExit();
    // Each may have been closed or moved by the second step.
    await Promise.allSettled([file.close(), directory?.close()]);
    await unlink(temporary).catch(() => undefined);
  };
  try {
    directory = await openDirectory(dirname(target));
    // The umask took bits away from the mode above.
    await file.chmod(0o600);
    await keepOwner(file, target);
    await writeAll(file, Buffer.alloc(options.size, ' '));
    await file.sync();
    await assertReplaceable(target, options);
  } catch (error) {
    await release();
    throw error;
  }
  return {
    target,
    async commit(text) {
      try {
        const bytes = Buffer.from(text);
        await writeAll(file, bytes);
        await file.truncate(bytes.length);
        await file.sync();
        await file.close();
        await renameOver(temporary, target);
        await syncDirectory(directory);
      } finally {
        await release();
      }
    },
    release,
  };
}

/** Bytes to set aside for the record that follows this one: tokens of one server differ little in length. */
export function sizeOfNext(text: string): number {
  return 2 * Buffer.byteLength(text) + 4096;
}

/** From the start; a disk that is full takes a part and says so at the next write. */
async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += (await file.write(bytes, written, bytes.length - written, written)).bytesWritten;
  }
}

/** Root that saves for somebody leaves the file theirs. */
async function keepOwner(file: FileHandle, target: string): Promise<void> {
  const before = process.getuid?.() === 0 ? await stat(target).catch(isMissing) : undefined;
  if (before !== undefined && (before.uid !== 0 || before.gid !== 0)) {
    // A disk that does not let root do so (NFS) has files of nobody's anyway.
    await file.chown(before.uid, before.gid).catch(() => undefined);
  }
}

/** The codes of a file system that has no hard links; those of a user who may have none on this file are among them. */
const NO_LINKS = new Set(['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EMLINK', 'ENOENT']);

/**
 * A mount point cannot be replaced, though its folder can be written: a single file that was mounted into a container.
 * No name can be given to such a file in its folder either, which is how it is found without touching it.
 */
async function assertReplaceable(target: string, { temporaryPath }: PrepareOptions): Promise<void> {
  const name = temporaryPath();
  try {
    await link(target, name);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EXDEV') {
      throw Object.assign(new Error(`${target} is a mount point`), { code: 'EBUSY' });
    }
    if (!NO_LINKS.has(code)) {
      throw error;
    }
    if (code === 'EPERM') {
      await assertNotImmutable(target);
    }
    return;
  }
  await unlink(name);
}

/** `chattr +i`: EPERM for whoever opens it to write, while a file without write permission gives EACCES. */
async function assertNotImmutable(target: string): Promise<void> {
  try {
    const file = await open(target, 'r+');
    await file.close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') {
      throw error;
    }
  }
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

/** Not every system lets directories be opened. */
const NO_DIRECTORIES = new Set(['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP', 'EBADF']);

async function openDirectory(path: string): Promise<FileHandle | undefined> {
  return open(path, 'r').catch(unlessUnsupported);
}

/** Without it a power cut could bring the old file back, with a refresh token that is spent. */
async function syncDirectory(directory: FileHandle | undefined): Promise<void> {
  await directory?.sync().catch(unlessUnsupported);
}

function unlessUnsupported(error: NodeJS.ErrnoException): undefined {
  if (!NO_DIRECTORIES.has(error.code ?? '')) {
    throw error;
  }
}

function isMissing(error: NodeJS.ErrnoException): Stats | undefined {
  if (error.code !== 'ENOENT') {
    throw error;
  }
  return undefined;
}
