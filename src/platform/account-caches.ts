import { cacheFile } from './cache-file';
import type { Platform } from './platform';

/** `models-<name>.json`: the last good model list of an account. */
export const openCatalogCache: Platform['openCatalogCache'] = (name, environment) => {
  const file = cacheFile(`models-${name}`, 1, environment);
  return {
    async load() {
      const { fetchedAt, body } = (await file.load()) ?? {};
      return typeof fetchedAt === 'number' ? { fetchedAt, body } : undefined;
    },
    save: ({ fetchedAt, body }) => file.save({ fetchedAt, body }),
  };
};

/** `files-<name>.json`: which contents an account has uploaded, and the ids that they have. */
export const openFileCache: Platform['openFileCache'] = (name, environment) => {
  const file = cacheFile(`files-${name}`, 1, environment);
  return {
    load: async () => (await file.load())?.files,
    save: files => file.save({ files }),
  };
};
