import fs, { type BigIntStats } from 'node:fs';
import { open } from 'node:fs/promises';

type Callback = (error: NodeJS.ErrnoException | null) => void;

/** What proper-lockfile is given in place of `fs`, for one lock, and what this package asks of the same lock. */
export type LockFileSystem = {
  fs: {
    mkdir(path: string, callback: Callback): void;
    stat(path: string, callback: (error: NodeJS.ErrnoException | null, stats?: { mtime: Date }) => void): void;
    utimes(path: string, atime: Date, mtime: Date, callback: Callback): void;
    rmdir(path: string, callback: Callback): void;
    rmdirSync(path: string): void;
  };
  /** Whether the lock directory is the one that was made here. */
  owns(stats: BigIntStats | undefined): boolean;
  /** Changes the lock, so that whoever watches it sees that its holder lives. */
  touch(path: string): Promise<void>;
};

/**
 * File functions that know the lock directory they made again: by its number and birth, and by the modification times
 * they set. Whoever takes a lock over makes another directory and sets a time of their own. So a lock that somebody
 * else took over is never removed, not even when the process exits.
 */
export function lockFileSystem(): LockFileSystem {
  let identity: DirectoryIdentity | undefined;
  // The last two: a touch may have reached the disk before its callback reached us.
  let claims: number[] = [];
  /** What proper-lockfile believes that it set last. */
  let known = new Date(0);

  const hasOurTime = ({ mtimeNs }: BigIntStats) =>
    // 2 ms: `utimes` takes seconds as a double, which may round a millisecond away. Some file systems keep whole
    // seconds only.
    claims.some(claim => Math.abs(claim - Number(mtimeNs) / 1e6) < 2 || isWholeSecondOf(claim, mtimeNs));
  const owns = (stats: BigIntStats | undefined): boolean => {
    if (stats === undefined) {
      return false;
    }
    const found = identityOf(stats);
    if (identity !== undefined && identity.directory !== found.directory) {
      return false;
    }
    // A holder that wakes up may touch a lock that is no longer its own. Who has it knows it by its birth all the same.
    const isSameBirth = found.born !== 0n && found.born === identity?.born;
    const isUncertain = found.isUncertain && (identity?.isUncertain ?? true);
    if (!isSameBirth && !((identity === undefined || isUncertain) && hasOurTime(stats))) {
      return false;
    }
    identity = found;
    return true;
  };
  const claim = (time: number) => {
    claims = [...claims.slice(-1), time];
  };

  return {
    owns,
    async touch(path) {
      const time = new Date();
      claim(time.getTime());
      await fs.promises.utimes(path, time, time);
    },
    fs: {
      mkdir(path, callback) {
        fs.mkdir(path, error => {
          // Under this name it is not taken for EEXIST, after which proper-lockfile would remove a stale lock in its
          // own way, by the clock.
          callback(error?.code === 'EEXIST' ? Object.assign(error, { code: 'ELOCKED' }) : error);
        });
      },
      stat(path, callback) {
        fs.stat(path, { bigint: true }, (error, stats) => {
          if (error !== null) {
            callback(error);
          } else {
            // It compares with the time that it set itself, and knows nothing of `touch`.
            callback(null, { mtime: owns(stats) ? known : stats.mtime });
          }
        });
      },
      utimes(path, atime, mtime, callback) {
        known = mtime;
        claim(mtime.getTime());
        fs.utimes(path, atime, mtime, callback);
      },
      rmdir(path, callback) {
        fs.stat(path, { bigint: true }, (error, stats) => {
          if (error !== null || !owns(stats)) {
            callback(error);
          } else {
            fs.rmdir(path, callback);
          }
        });
      },
      rmdirSync(path) {
        if (owns(fs.statSync(path, { bigint: true }))) {
          fs.rmdirSync(path);
        }
      },
    },
  };
}

function isWholeSecondOf(claim: number, mtimeNs: bigint): boolean {
  return mtimeNs % 1_000_000_000n === 0n && BigInt(Math.floor(claim / 1000)) === mtimeNs / 1_000_000_000n;
}

type DirectoryIdentity = {
  directory: string;
  born: bigint;
  /** Some systems know no birth and give 0 or the time of the last change. In a directory just made both are one. */
  isUncertain: boolean;
};

function identityOf({ dev, ino, birthtimeNs, ctimeNs }: BigIntStats): DirectoryIdentity {
  const isUncertain = birthtimeNs === 0n || birthtimeNs === ctimeNs;
  return { directory: `${dev}:${ino}`, born: birthtimeNs, isUncertain };
}

/** All that changes when a holder touches the lock, or another one has it. Compared for equality only. */
export function stateOf({ ino, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino}:${mtimeNs}:${ctimeNs}`;
}

/**
 * What the directory is now. It is opened for that: an NFS client answers a mere `stat` from memory for up to a
 * minute, while opening makes it ask the server (nfs(5), "Close-to-open cache consistency").
 */
export async function lookAt(path: string): Promise<BigIntStats | undefined> {
  const flags = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0) | (fs.constants.O_DIRECTORY ?? 0);
  const directory = await open(path, flags).catch(() => undefined);
  try {
    // Not every system opens directories, and what is there may be none.
    return await (directory === undefined
      ? fs.promises.lstat(path, { bigint: true })
      : directory.stat({ bigint: true }));
  } catch {
    return undefined;
  } finally {
    await directory?.close();
  }
}
