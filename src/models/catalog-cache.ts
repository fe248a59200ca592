/**
 * Keeps the last good `/models` body for other processes. Never fails: what cannot be read or written is simply not
 * there.
 */
export type CatalogCache = {
  load(): Promise<{ fetchedAt: number; body: unknown } | undefined>;
  save(entry: { fetchedAt: number; body: unknown }): Promise<void>;
};

/** What `#platform` gives. @param name file-safe and different for each account and credential */
export type CatalogCacheOpener = {
  openCatalogCache(name: string, environment: Readonly<Record<string, string | undefined>>): CatalogCache;
};
