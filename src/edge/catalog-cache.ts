import type { CatalogCacheOpener } from '../models/catalog-cache';

/** No disk: the list lives in memory only. */
export const openCatalogCache: CatalogCacheOpener['openCatalogCache'] = () => ({
  load: async () => undefined,
  save: async () => {},
});
