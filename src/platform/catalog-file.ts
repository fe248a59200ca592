/** The last good model list of an account, for the next process. Holds no secret: ids, capabilities and a time. */
import { randomUUID } from 'node:crypto';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory, makePrivateDirectory } from '../credentials/data-directory';
import { readPrivateFile } from '../credentials/private-file';
import type { Platform } from './platform';

/** Of the file's form. Another one, older or newer, counts as no file. */
const CATALOG_VERSION = 1;

/** In bytes; a list as long as the API may give fits. */
const LARGEST_FILE = 8 * 1024 * 1024;

/**
 * `models-<name>.json` in the cache directory, 0600 in a folder that is made with 0700: which models an account may use
 * is nobody else's affair. A file that others can write, or that is none, counts as not there and is left alone: no
 * request fails for want of a cache (docs/decisions.md#55-files-and-folders).
 */
export const openCatalogCache: Platform['openCatalogCache'] = (name, environment) => {
  const directory = cacheDirectory({ environment });
  if (directory === undefined) {
    return { load: async () => undefined, save: async () => {} };
  }
  const file = path.join(directory, `models-${name}.json`);
  return {
    async load() {
      try {
        const text = await readPrivateFile(file, { modes: 'readers', limit: LARGEST_FILE });
        const entry = JSON.parse(text ?? 'null') as { version?: unknown; fetchedAt?: unknown; body?: unknown } | null;
        return entry?.version === CATALOG_VERSION && typeof entry.fetchedAt === 'number'
          ? { fetchedAt: entry.fetchedAt, body: entry.body }
          : undefined;
      } catch {
        return undefined;
      }
    },
    async save({ fetchedAt, body }) {
      const temporary = `${file}.${randomUUID()}.tmp`;
      try {
        await makePrivateDirectory(directory);
        if (await isInTheWay(file)) {
          return;
        }
        const text = JSON.stringify({ version: CATALOG_VERSION, fetchedAt, body });
        await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
        await rename(temporary, file);
      } catch {
        // A read-only disk costs the next process one request.
        await rm(temporary, { force: true }).catch(() => {});
      }
    },
  };
};

/** What is no file is somebody's, and stays. */
async function isInTheWay(file: string): Promise<boolean> {
  const stats = await stat(file).catch(() => undefined);
  return stats !== undefined && !stats.isFile();
}
