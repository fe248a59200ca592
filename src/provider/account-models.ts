import { ModelCatalog, unlessOfStore, type ModelList } from '../models/model-catalog';
import type { KimiProtocol, ModelInfo } from '../models/model-info';
import { KimiCredentialStoreError } from '../errors/kimi-error';
import { resolveModel, usableModel, type ModelResolution } from '../models/resolve-model';
import type { KimiService } from '../upstream';
import { accountNames, KeptByAccount } from './account-name';
import { loadPlatform } from './load-platform';
import type { Access, CallResolver } from './resolve-call';

/** A list younger than this is not asked for again because of an id that it lacks. */
const FRESH_MS = 60_000;

/** Which models an account has, and what an id means for it. One catalog per place and credential. */
export class AccountModels {
  private readonly calls: CallResolver;
  private readonly now: () => number;
  private readonly catalogs = new KeptByAccount<ModelCatalog>();
  private readonly resolved = new Map<string, { list: ModelList | undefined; resolution: ModelResolution }>();
  private readonly nameOf = accountNames();

  constructor(calls: CallResolver, now: () => number) {
    this.calls = calls;
    this.now = now;
    // At login, and in the background after each renewal (docs/decisions.md#46-when-models-are-asked-for): what an
    // account may use changes with its plan.
    calls.credentials.onCredentials(() => void this.refreshInBackground());
  }

  /**
   * The server's list, in its order; the last good one when the server cannot be reached. @throws when there is none
   */
  async list(): Promise<readonly ModelInfo[]> {
    const access = await this.calls.access();
    const catalog = await this.catalogOf(access);
    try {
      return (await catalog.refresh(access)).models;
    } catch (error) {
      unlessOfStore(error);
      const known = await catalog.current(access);
      if (known === undefined) {
        throw error;
      }
      return known.models;
    }
  }

  /**
   * The list as it is known now, for whoever cannot wait: the kept one at once; the server's within 2 s.
   * @throws what the server, the network or the login said, when there is none; an Error when it takes longer
   */
  async known(): Promise<readonly ModelInfo[]> {
    const access = await this.calls.access();
    const catalog = await this.catalogOf(access);
    const list = await catalog.current(access);
    if (list !== undefined) {
      return list.models;
    }
    throw catalog.lastFailure ?? new Error(`${access.place.endpoints.apiBaseURL} did not list its models in time.`);
  }

  /** What `id` means now, for people. Waits at most 2 s for a first list. */
  async explain(id: string): Promise<ModelResolution> {
    return this.resolve(id, await this.calls.access());
  }

  /** Capabilities and slug of `id` for one call. @throws KimiNoSuchModelError, KimiUnsupportedProtocolError */
  async model(id: string, access: Access, protocol: KimiProtocol): Promise<ModelInfo> {
    return usableModel(await this.resolve(id, access), protocol);
  }

  /**
   * After the server refused `slug`: asks for the list once, and gives what `id` means by it, if that is another slug.
   */
  async modelAfterRefusal(
    id: string,
    slug: string,
    access: Access,
    protocol: KimiProtocol,
  ): Promise<ModelInfo | undefined> {
    const list = await (await this.catalogOf(access)).refresh(access).catch(unlessOfStore);
    const model =
      list === undefined ? undefined : usableModel(resolveModel(id, list, access.place.endpoints.service), protocol);
    return model?.id === slug ? undefined : model;
  }

  private async resolve(id: string, access: Access): Promise<ModelResolution> {
    const { service } = access.place.endpoints;
    const catalog = await this.catalogOf(access);
    const list = await catalog.current(access);
    const resolution = this.resolution(id, list, service);
    if (resolution.outcome === 'resolved' || list === undefined || !this.isOld(list)) {
      return resolution;
    }
    return resolveModel(id, (await catalog.refresh(access).catch(unlessOfStore)) ?? list, service);
  }

  /** The last answer for an id is the next one, for as long as the list is the same. */
  private resolution(id: string, list: ModelList | undefined, service: KimiService): ModelResolution {
    const known = this.resolved.get(id);
    if (known !== undefined && known.list === list) {
      return known.resolution;
    }
    const resolution = resolveModel(id, list, service);
    this.resolved.set(id, { list, resolution });
    return resolution;
  }

  private async refreshInBackground(): Promise<void> {
    try {
      const access = await this.calls.access();
      (await this.catalogOf(access)).refreshInBackground(access);
    } catch (error) {
      // The next call meets it, too. Only what it would not say is told here.
      if (KimiCredentialStoreError.isInstance(error)) {
        (await import('#platform')).notify(error.message);
      }
    }
  }

  private isOld({ source, fetchedAt }: ModelList): boolean {
    return source === 'cache' || Math.abs(this.now() - fetchedAt) > FRESH_MS;
  }

  private async catalogOf(access: Access): Promise<ModelCatalog> {
    const name = await this.nameOf(access);
    return this.catalogs.of(name, async () => {
      const { openCatalogCache, notify } = await loadPlatform();
      const { apiBaseURL, service } = access.place.endpoints;
      const cache = openCatalogCache(name, this.calls.environment());
      return new ModelCatalog({ warn: notify, apiBaseURL, service, cache, now: this.now });
    });
  }
}
