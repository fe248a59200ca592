import { credentialSlot } from '../credentials/credential-slot';
import { ModelCatalog, type ModelList } from '../models/model-catalog';
import type { ModelInfo } from '../models/model-info';
import { resolveModel, usableModel, type ModelResolution } from '../models/resolve-model';
import type { FetchFunction } from '../transport/fetch-function';
import type { CredentialAccess } from './credential-access';
import { readEnvironment } from './environment';

/** A list younger than this is not asked for again because of an id that it lacks. */
const FRESH_MS = 60_000;

/**
 * Which models the account of the next request has, and what an id means for it. One catalog per place and credential.
 */
export class ModelAccess {
  private readonly access: CredentialAccess;
  private readonly fetch: FetchFunction;
  private readonly now: () => number;
  private readonly catalogs = new Map<string, Promise<ModelCatalog>>();
  private readonly fingerprint = rememberingLast(fingerprint);

  constructor({ access, fetch, now }: { access: CredentialAccess; fetch: FetchFunction; now: () => number }) {
    this.access = access;
    this.fetch = fetch;
    this.now = now;
    // At login, and in the background after each renewal (issue 5): what an account may use changes with its plan.
    access.onCredentials(
      () =>
        void this.catalog().then(
          catalog => catalog.refreshInBackground(),
          () => undefined,
        ),
    );
  }

  /**
   * The server's list, in its order; the last good one when the server cannot be reached. @throws when there is none
   */
  async list(): Promise<readonly ModelInfo[]> {
    const catalog = await this.catalog();
    try {
      return (await catalog.refresh()).models;
    } catch (error) {
      const known = await catalog.current();
      if (known === undefined) {
        throw error;
      }
      return known.models;
    }
  }

  /** What `id` means now, for people and for `model`. Waits at most 2 s for a first list. */
  async explain(id: string): Promise<ModelResolution> {
    const { service } = this.access.place().endpoints;
    const catalog = await this.catalog();
    const list = await catalog.current();
    const resolution = resolveModel(id, list, service);
    if (resolution.outcome === 'resolved' || list === undefined || !this.isOld(list)) {
      return resolution;
    }
    return resolveModel(id, await catalog.refresh().catch(() => list), service);
  }

  /** Capabilities and slug of `id`. @throws KimiNoSuchModelError, KimiUnsupportedProtocolError */
  async model(id: string): Promise<ModelInfo> {
    return usableModel(await this.explain(id));
  }

  /**
   * After the server refused `slug`: asks for the list once, and gives what `id` means by it, if that is another slug.
   */
  async modelAfterRefusal(id: string, slug: string): Promise<ModelInfo | undefined> {
    const { service } = this.access.place().endpoints;
    const list = await (await this.catalog()).refresh().catch(() => undefined);
    const model = list === undefined ? undefined : usableModel(resolveModel(id, list, service));
    return model?.id === slug ? undefined : model;
  }

  private isOld({ source, fetchedAt }: ModelList): boolean {
    return source === 'cache' || Math.abs(this.now() - fetchedAt) > FRESH_MS;
  }

  private async catalog(): Promise<ModelCatalog> {
    const { endpoints, account, credentials } = await this.access.forRequest();
    const slot = await credentialSlot({ ...endpoints, account });
    // A key may belong to anybody; a login is known by its slot.
    const name =
      credentials.refresh === undefined
        ? `${slot}-${await this.fingerprint((await credentials.getCredential()).token)}`
        : slot;
    let catalog = this.catalogs.get(name);
    if (catalog === undefined) {
      catalog = import('#node/catalog-cache').then(
        ({ openCatalogCache }) =>
          new ModelCatalog({
            fetch: this.fetch,
            apiBaseURL: endpoints.apiBaseURL,
            service: endpoints.service,
            cache: openCatalogCache(name, readEnvironment()),
            now: this.now,
          }),
      );
      this.catalogs.set(name, catalog);
    }
    return catalog;
  }
}

/** Tells keys apart without holding one: 32 bits of its SHA-256. */
async function fingerprint(key: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key)));
  return Array.from(digest.subarray(0, 4), byte => byte.toString(16).padStart(2, '0')).join('');
}

/** In a closure, because a key must not show where a provider is inspected. */
function rememberingLast<T>(make: (key: string) => Promise<T>): (key: string) => Promise<T> {
  let last: { key: string; made: Promise<T> } | undefined;
  return key => (last?.key === key ? last : (last = { key, made: make(key) })).made;
}
