import { KimiCredentialStoreError } from '../errors/kimi-error';
import type { FetchFunction } from '../transport/fetch';
import type { KimiService } from '../upstream';
import type { ModelInfo } from './model-info';
import { parseModelList, requestModelList } from './model-list';

/** How long a first request waits for the list before it goes out with the bundled capabilities. */
const FIRST_WAIT_MS = 2_000;

/** The official client's interval (docs/wire.md#model-refresh-interval). */
const MAX_AGE_MS = 6 * 3_600_000;

/** After a failure nobody waits for the list again so soon: offline, every first request would be 2 s slower. */
const HOLD_OFF_MS = 60_000;

/** A list the server gave, and when. */
export type ModelList = { models: readonly ModelInfo[]; fetchedAt: number; source: 'server' | 'cache' };

/** Who asks: the call that needs the list lends its way to the API. */
export type ModelListAsker = {
  /** Authorised, for the API origin. */
  fetch: FetchFunction;
  /** Where the credential came from that was sent, for messages. */
  credentialSource?: (() => string | undefined) | undefined;
  /** The credentials that were sent, so that no error shows them. */
  secrets?: (() => Iterable<string>) | undefined;
};

export type ModelCatalogOptions = {
  /** With the version segment, without trailing slash. */
  apiBaseURL: string;
  service: KimiService;
  /** Keeps the list for other processes. */
  cache: CatalogCache;
  /** Milliseconds since the epoch. */
  now: () => number;
  firstWaitMs?: number | undefined;
  /** Told of a credential store that failed while nobody waited for the list. */
  warn: (message: string) => void;
};

/**
 * A list that did not come is no reason for a call to fail, but a store that failed on the way is one: a login may have
 * been spent that could not be saved, which no later request would say.
 * @throws KimiCredentialStoreError
 */
export function unlessOfStore(error: unknown): undefined {
  if (KimiCredentialStoreError.isInstance(error)) {
    throw error;
  }
}

/**
 * The models of one account: memory, cache, server, in that order. One request in flight; a failure keeps the last good
 * list. No timer stays behind.
 */
export class ModelCatalog {
  private readonly options: ModelCatalogOptions;
  private held: ModelList | undefined;
  private cached: Promise<void> | undefined;
  private flight: Promise<ModelList> | undefined;
  private failedAt: number | undefined;
  /** What the last request failed with; `undefined` after one that did not. */
  lastFailure: unknown;

  constructor(options: ModelCatalogOptions) {
    this.options = options;
  }

  /**
   * What is known. Where nothing is, waits for the server, but not long; `undefined` when it did not answer in time.
   * @throws KimiCredentialStoreError of the login that asks for it, because the next request may not meet it again
   */
  async current(asker: ModelListAsker): Promise<ModelList | undefined> {
    await this.readCache();
    if (this.held === undefined) {
      return this.isHeldOff() ? undefined : this.firstList(asker);
    }
    if (this.isOld(this.held) && !this.isHeldOff()) {
      this.refreshInBackground(asker);
    }
    return this.held;
  }

  /**
   * The server's list, now. Callers share one request. @throws as `requestModelList`
   */
  refresh(asker: ModelListAsker): Promise<ModelList> {
    this.flight ??= this.ask(asker).finally(() => {
      this.flight = undefined;
    });
    return this.flight;
  }

  refreshInBackground(asker: ModelListAsker): void {
    // The last good list stays; the next look says how old it is.
    this.refresh(asker).catch((error: unknown) => {
      if (KimiCredentialStoreError.isInstance(error)) {
        this.options.warn(error.message);
      }
    });
  }

  private async firstList(asker: ModelListAsker): Promise<ModelList | undefined> {
    const { firstWaitMs = FIRST_WAIT_MS } = this.options;
    const late = new Promise<undefined>(resolve => {
      // This clock does not keep a process alive.
      AbortSignal.timeout(firstWaitMs).addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const list = this.refresh(asker).catch(unlessOfStore);
    const inTime = await Promise.race([list.then(value => ({ value })), late]);
    if (inTime === undefined) {
      list.catch((error: Error) => this.options.warn(error.message));
    }
    return inTime?.value;
  }

  private async ask(asker: ModelListAsker): Promise<ModelList> {
    const { apiBaseURL, service, cache, now } = this.options;
    try {
      const { models, body } = await requestModelList({ ...asker, apiBaseURL, service });
      this.failedAt = undefined;
      this.lastFailure = undefined;
      this.held = { models, fetchedAt: now(), source: 'server' };
      await cache.save({ fetchedAt: this.held.fetchedAt, body });
      return this.held;
    } catch (error) {
      this.failedAt = now();
      this.lastFailure = error;
      throw error;
    }
  }

  private readCache(): Promise<void> {
    this.cached ??= this.options.cache.load().then(entry => {
      const models = entry === undefined ? undefined : parseModelList(entry.body, this.options.service);
      if (entry !== undefined && models !== undefined && models.length > 0 && this.held === undefined) {
        this.held = { models, fetchedAt: entry.fetchedAt, source: 'cache' };
      }
    });
    return this.cached;
  }

  /** A list from the future was saved by a clock that is wrong now or was then: used, and asked for again. */
  private isOld({ fetchedAt }: ModelList): boolean {
    const age = this.options.now() - fetchedAt;
    return age > MAX_AGE_MS || age < 0;
  }

  private isHeldOff(): boolean {
    const since = this.failedAt === undefined ? undefined : this.options.now() - this.failedAt;
    return since !== undefined && since >= 0 && since < HOLD_OFF_MS;
  }
}

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
