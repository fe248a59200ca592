/** The plugin's hand in opencode's configuration, in memory alone: no file is written. */
import { isOwnPackage, OPENCODE_PROVIDER } from '../hosts/opencode/names';
import type { OpencodeConfig, OpencodeModelConfig, OpencodeProviderConfig } from '../hosts/opencode/plugin-api';
import { API_BASE_URLS } from '../upstream';

export type BroughtProvider = {
  /** URL of the module that opencode is to load. */
  npm: string;
  /** By id, in the server's order. */
  models: Readonly<Record<string, OpencodeModelConfig>>;
  /** Options of the plugin, which are the provider's. */
  options: Readonly<Record<string, unknown>>;
};

/**
 * The providers that the plugin serves: those that the user has written with this package as `npm`, and ours; ours is
 * not added beside one of theirs, so that nobody gets every model twice.
 */
export function servedProviders({ provider: written = {} }: OpencodeConfig, npm: string): string[] {
  return Object.entries(written)
    .filter(([id, { npm: loaded }]) => id === OPENCODE_PROVIDER || isOwnPackage(loaded) || loaded === npm)
    .map(([id]) => id);
}

/**
 * Adds our provider to the configuration, or completes what the user has written of it: what they wrote counts, but for
 * the module that is loaded, which is this copy, and a base URL of Kimi's own, which belongs to the login.
 * @returns ids of the providers that are served
 */
export function addProvider(config: OpencodeConfig, brought: BroughtProvider): string[] {
  const written = servedProviders(config, brought.npm);
  const ids = written.length === 0 ? [OPENCODE_PROVIDER] : written;
  config.provider ??= {};
  for (const id of ids) {
    config.provider[id] = completed(config.provider[id] ?? {}, brought);
  }
  return ids;
}

function completed(
  { name = 'Kimi', options = {}, models = {}, ...rest }: OpencodeProviderConfig,
  brought: BroughtProvider,
): OpencodeProviderConfig {
  const { baseURL, ...others } = options;
  const ids = new Set([...Object.keys(brought.models), ...Object.keys(models)]);
  return {
    ...rest,
    name,
    npm: brought.npm,
    options: { ...brought.options, ...others, ...(isOwnURL(baseURL) ? {} : { baseURL }) },
    models: Object.fromEntries([...ids].map(id => [id, completedModel(brought.models[id] ?? {}, models[id] ?? {})])),
  };
}

function completedModel(known: OpencodeModelConfig, written: OpencodeModelConfig): OpencodeModelConfig {
  const variants = { ...known.variants, ...written.variants };
  return { ...known, ...written, ...(Object.keys(variants).length === 0 ? {} : { variants }) };
}

function isOwnURL(baseURL: unknown): boolean {
  return baseURL === undefined || Object.values(API_BASE_URLS.coding).some(url => url === baseURL);
}
