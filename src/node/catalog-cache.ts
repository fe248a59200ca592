import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { CatalogCacheOpener } from '../models/catalog-cache';

/** Of the file's form. Another one, older or newer, counts as no file. */
const VERSION = 1;

/** `models-<name>.json` in the cache directory. Holds no secret: ids, capabilities and a time. */
export const openCatalogCache: CatalogCacheOpener['openCatalogCache'] = (name, environment) => {
  const file = path.join(cacheDirectory(environment), `models-${name}.json`);
  return {
    async load() {
      try {
        const entry = JSON.parse(await readFile(file, 'utf8')) as {
          version?: unknown;
          fetchedAt?: unknown;
          body?: unknown;
        } | null;
        return entry?.version === VERSION && typeof entry.fetchedAt === 'number'
          ? { fetchedAt: entry.fetchedAt, body: entry.body }
          : undefined;
      } catch {
        return undefined;
      }
    },
    async save({ fetchedAt, body }) {
      const temporary = `${file}.${randomUUID()}.tmp`;
      try {
        await mkdir(path.dirname(file), { recursive: true });
        await writeFile(temporary, JSON.stringify({ version: VERSION, fetchedAt, body }));
        await rename(temporary, file);
      } catch {
        // A read-only disk costs the next process one request.
        await rm(temporary, { force: true }).catch(() => {});
      }
    },
  };
};

function cacheDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  if (environment.KIMI_PROVIDER_HOME) {
    return path.resolve(environment.KIMI_PROVIDER_HOME, 'cache');
  }
  const base =
    process.platform === 'win32'
      ? environment.LOCALAPPDATA || path.join(os.homedir(), 'AppData', 'Local')
      : process.platform === 'darwin'
        ? path.join(os.homedir(), 'Library', 'Caches')
        : environment.XDG_CACHE_HOME && path.isAbsolute(environment.XDG_CACHE_HOME)
          ? environment.XDG_CACHE_HOME
          : path.join(os.homedir(), '.cache');
  return path.join(base, 'ai-sdk-provider-kimi', ...(process.platform === 'win32' ? ['Cache'] : []));
}
