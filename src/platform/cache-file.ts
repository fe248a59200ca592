/** Files in the cache directory: what can be asked for again, for the next process. They hold no secret. */
import { randomUUID } from 'node:crypto';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory, makePrivateDirectory } from '../credentials/data-directory';
import { readPrivateFile } from '../credentials/private-file';

/** In bytes; a model list as long as the API may give fits. */
const LARGEST_FILE = 8 * 1024 * 1024;

export type CacheFile = {
  /** The value that was saved; `undefined` where there is none. */
  load(): Promise<Record<string, unknown> | undefined>;
  save(value: Readonly<Record<string, unknown>>): Promise<void>;
};

/**
 * `<name>.json` in the cache directory, 0600 in a folder that is made with 0700: what an account has is nobody else's
 * affair. A file that others can write, or that is none, counts as not there and is left alone: no request fails for
 * want of a cache (docs/decisions.md#55-files-and-folders).
 * @param version of the file's form; another one, older or newer, counts as no file
 */
export function cacheFile(
  name: string,
  version: number,
  environment: Readonly<Record<string, string | undefined>>,
): CacheFile {
  const directory = cacheDirectory({ environment });
  if (directory === undefined) {
    return { load: async () => undefined, save: async () => {} };
  }
  const file = path.join(directory, `${name}.json`);
  return {
    async load() {
      try {
        const text = await readPrivateFile(file, { modes: 'readers', limit: LARGEST_FILE });
        const value = JSON.parse(text ?? 'null') as { version?: unknown } | null;
        return value?.version === version ? value : undefined;
      } catch {
        return undefined;
      }
    },
    async save(value) {
      const temporary = `${file}.${randomUUID()}.tmp`;
      try {
        await makePrivateDirectory(directory);
        if (await isInTheWay(file)) {
          return;
        }
        await writeFile(temporary, JSON.stringify({ version, ...value }), { mode: 0o600, flag: 'wx' });
        await rename(temporary, file);
      } catch {
        // A read-only disk costs the next process one request.
        await rm(temporary, { force: true }).catch(() => {});
      }
    },
  };
}

/** What is no file is somebody's, and stays. */
async function isInTheWay(file: string): Promise<boolean> {
  const stats = await stat(file).catch(() => undefined);
  return stats !== undefined && !stats.isFile();
}
