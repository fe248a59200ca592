import fs, { type Stats } from 'node:fs';

type Callback = (error: NodeJS.ErrnoException | null) => void;

/**
 * What proper-lockfile is given in place of `fs`, for one lock; `owns` tells whether a lock directory is the one it
 * made.
 */
export type LockFileSystem = {
  fs: {
    mkdir(path: string, callback: Callback): void;
    stat: typeof fs.stat;
    utimes(path: string, atime: Date, mtime: Date, callback: Callback): void;
    rmdir(path: string, callback: Callback): void;
    rmdirSync(path: string): void;
  };
  owns(stats: Stats | undefined): boolean;
};

/**
 * File functions that remember the modification times they set. Whoever takes a lock over sets a time that is later by
 * the stale time, so the time says whose lock it is. With that, a lock that somebody else took over is never removed,
 * not even when the process exits.
 */
export function lockFileSystem(): LockFileSystem {
  // The last two: a touch may have reached the disk before its callback reached us.
  let claims: number[] = [];
  // 2 ms: `utimes` takes seconds as a double, which may round a millisecond away. Some file systems keep whole seconds
  // only.
  const owns = (stats: Stats | undefined) =>
    stats !== undefined &&
    claims.some(claim => Math.abs(claim - stats.mtimeMs) < 2 || Math.floor(claim / 1000) * 1000 === stats.mtimeMs);
  return {
    owns,
    fs: {
      mkdir(path, callback) {
        fs.mkdir(path, error => {
          // Under this name it is not taken for EEXIST, after which proper-lockfile would remove a stale lock in its
          // own, unsafe way.
          callback(error?.code === 'EEXIST' ? Object.assign(error, { code: 'ELOCKED' }) : error);
        });
      },
      stat: fs.stat,
      utimes(path, atime, mtime, callback) {
        claims = [...claims.slice(-1), mtime.getTime()];
        fs.utimes(path, atime, mtime, callback);
      },
      rmdir(path, callback) {
        fs.stat(path, (error, stats) => {
          if (error !== null || !owns(stats)) {
            callback(error);
          } else {
            fs.rmdir(path, callback);
          }
        });
      },
      rmdirSync(path) {
        if (owns(fs.statSync(path))) {
          fs.rmdirSync(path);
        }
      },
    },
  };
}
