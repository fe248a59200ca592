/**
 * Reading files and entering folders that are to be this user's alone (docs/decisions.md#55-files-and-folders). What
 * lies there may be anything: a named pipe, a device, a gigabyte, another user's trap. Nothing here waits for it.
 */
import { constants, type Stats } from 'node:fs';
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** How a file may be shared with other users of this machine. */
export type FileSharing = {
  /**
   * `nobody`: it holds a secret. `readers`: others may read it, as far as its owner lets them. `ignored`: its mode is
   * somebody else's affair, or its disk has none.
   */
  modes: 'nobody' | 'readers' | 'ignored';
  /** Use it even though it belongs to another user. Default false. */
  allowForeignOwner?: boolean | undefined;
};

/** Why a file or folder is not used. The message says what is there and what mends it; the path stands in both. */
export class PrivateFileError extends Error {
  /** `kind`: not a regular file. `size`: larger than anything of ours. `owner`, `mode`: others can use or change it. */
  readonly problem: 'kind' | 'size' | 'owner' | 'mode';

  constructor(problem: PrivateFileError['problem'], message: string) {
    super(message);
    this.name = 'PrivateFileError';
    this.problem = problem;
  }
}

/** Flags that Windows does not have; it has neither named pipes in folders nor terminals that a file opens. */
const WITHOUT_WAITING = (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * The text of a file, or `undefined` where there is none. Kind, owner, mode and size are those of the open file, so
 * that nobody can swap it between the check and the read.
 * @param options.limit in bytes
 * @throws PrivateFileError, and the error of the file system
 */
export async function readPrivateFile(
  path: string,
  { limit, ...sharing }: FileSharing & { limit: number },
): Promise<string | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | WITHOUT_WAITING);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw await whatIsInTheWay(path, error);
  }
  try {
    const stats = await file.stat();
    checkKind(path, stats);
    checkSharing(path, stats, sharing);
    return await readText(file, path, limit);
  } finally {
    await file.close();
  }
}

/**
 * Makes sure that an empty file is there to be locked, without touching what it holds.
 * @throws PrivateFileError, and the error of the file system
 */
export async function touchPrivateFile(path: string, sharing: FileSharing): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | WITHOUT_WAITING;
  const file = await open(path, flags, 0o600).catch(async (error: unknown) => {
    throw await whatIsInTheWay(path, error);
  });
  try {
    const stats = await file.stat();
    checkKind(path, stats);
    checkSharing(path, stats, sharing);
  } finally {
    await file.close();
  }
}

/**
 * Makes sure that nobody else can put a file of theirs in the place of `path`: that its folder, and the one that a link
 * leads to, belong to this user or to root, and that others cannot write there. A folder that is missing is none that
 * they could. Sticky folders (`/tmp`, the mounts of Kubernetes) protect each user's files, and a group with the user's
 * own number is the user's alone.
 * @throws PrivateFileError
 */
export async function checkFolderOf(path: string): Promise<void> {
  const behindLinks = await realpath(path).catch(() => path);
  for (const folder of new Set([dirname(path), dirname(behindLinks)])) {
    const stats = await stat(folder).catch(() => undefined);
    if (stats === undefined || !hasOwners()) {
      continue;
    }
    if (isForeign(stats)) {
      throw new PrivateFileError(
        'owner',
        `The folder ${folder} belongs to another user (uid ${stats.uid}), who can replace what is in it. ` +
          `Make it yours: chown ${process.geteuid?.()} "${folder}", or set KIMI_PROVIDER_HOME to a folder of your own.`,
      );
    }
    if (canOthersWrite(stats)) {
      throw new PrivateFileError(
        'mode',
        `Other users of this machine can replace what is in ${folder} (mode ${octal(stats.mode)}). ` +
          `Let only its owner write there: chmod go-w "${folder}". Where that is not for you to change, use a folder ` +
          'below it: a missing one is made for you alone.',
      );
    }
  }
}

function canOthersWrite({ mode, gid }: Stats): boolean {
  const isSticky = (mode & 0o1000) !== 0;
  // A user's private group, as most distributions make one; fsGroup of Kubernetes usually has the user's number, too.
  const isOwnGroup = gid === process.geteuid?.() && gid === process.getegid?.();
  return !isSticky && ((mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && !isOwnGroup));
}

function checkKind(path: string, stats: Stats): void {
  if (!stats.isFile()) {
    throw new PrivateFileError('kind', `${path} is ${kindOf(stats)}, not a file. Remove it.`);
  }
}

function checkSharing(path: string, stats: Stats, { modes, allowForeignOwner = false }: FileSharing): void {
  if (!hasOwners()) {
    return;
  }
  if (!allowForeignOwner && isForeign(stats)) {
    throw new PrivateFileError(
      'owner',
      `${path} belongs to another user (uid ${stats.uid}), who can change it. ` +
        `If it is yours, make it so: chown ${process.geteuid?.()} "${path}"`,
    );
  }
  // Who may read a file of root's is for whoever runs the machine to say: such are mounted secrets.
  const isOfTheMachine = stats.uid === 0 && process.geteuid?.() !== 0;
  const forbidden = modes === 'ignored' ? 0 : modes === 'readers' || isOfTheMachine ? 0o022 : 0o077;
  if ((stats.mode & forbidden) !== 0) {
    throw new PrivateFileError(
      'mode',
      `Other users of this machine can use ${path} (mode ${octal(stats.mode)}). ` +
        `Make it yours alone: chmod 600 "${path}"`,
    );
  }
}

/** Windows has access lists instead, which the folder of the profile sets; Node reports 0666 for every file there. */
function hasOwners(): boolean {
  return process.geteuid !== undefined;
}

function isForeign({ uid }: Stats): boolean {
  return uid !== 0 && uid !== process.geteuid?.();
}

/** At most `limit` bytes, also where the file grows meanwhile. */
async function readText(file: FileHandle, path: string, limit: number): Promise<string> {
  const { size } = await file.stat();
  const buffer = Buffer.alloc(Math.min(size, limit) + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) {
      break;
    }
    length += bytesRead;
  }
  if (size > limit || length > limit) {
    throw new PrivateFileError(
      'size',
      `${path} is too large to be what belongs there (${size} bytes; at most ${limit}). Remove it.`,
    );
  }
  return buffer.toString('utf8', 0, length);
}

/** Some kinds cannot even be opened: sockets, pipes that nobody reads, folders on Windows. */
async function whatIsInTheWay(path: string, error: unknown): Promise<unknown> {
  const stats = await stat(path).catch(() => undefined);
  return stats === undefined || stats.isFile()
    ? error
    : new PrivateFileError('kind', `${path} is ${kindOf(stats)}, not a file. Remove it.`);
}

function kindOf(stats: Stats): string {
  return stats.isDirectory()
    ? 'a folder'
    : stats.isFIFO()
      ? 'a named pipe'
      : stats.isSocket()
        ? 'a socket'
        : stats.isCharacterDevice() || stats.isBlockDevice()
          ? 'a device'
          : 'something else';
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
