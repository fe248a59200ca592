/**
 * What opencode loads as `npm` of the provider that the plugin brings: a file of the plugin's own copy, so that both
 * are of one version and share one session.
 */
import type { LanguageModelV3 } from 'provider-v3';
import { OPENCODE_PROVIDER } from '../hosts/opencode/names';
import { kimiProviderV3, type KimiProviderV3 } from '../provider/kimi-provider-v3';
import type { KimiProviderSettings } from '../provider/kimi-provider-settings';
import { chosenLogin } from './chosen-login';

type OpencodeProvider = { specificationVersion: 'v3'; languageModel(modelId: string): LanguageModelV3 };

/**
 * Called by opencode with the provider's id as `name`, what its configuration has as `options`, and a `fetch` with
 * opencode's time limits. Reads nothing before the first call; which login is used is looked up at each one, so that
 * one that was made meanwhile, here or in another window, counts at once.
 */
export function create(options: KimiProviderSettings = {}): OpencodeProvider {
  const providers = new Map<string, KimiProviderV3>();
  const { name = OPENCODE_PROVIDER } = options;

  const current = async (): Promise<KimiProviderV3> => {
    const { entry, settings } = await chosenLogin(name, process.env);
    const { service, region, account, credentialStore } = settings;
    // opencode hands over what its own store has as a key, also where that stands for something else.
    const { apiKey, ...given } = options;
    const isStored = entry?.type === 'api' && apiKey === entry.key;
    const id = JSON.stringify([service, region, account, credentialStore === undefined, isStored]);
    let provider = providers.get(id);
    if (provider === undefined) {
      const all = { ...settings, ...given, ...(isStored || apiKey === undefined ? {} : { apiKey }) };
      provider = kimiProviderV3(all);
      providers.set(id, provider);
    }
    return provider;
  };

  const { languageModel } = kimiProviderV3(options);
  return {
    specificationVersion: 'v3',
    languageModel(modelId) {
      const { provider, supportedUrls } = languageModel(modelId);
      return {
        specificationVersion: 'v3',
        modelId,
        provider,
        supportedUrls,
        doGenerate: async call => (await current()).languageModel(modelId).doGenerate(call),
        doStream: async call => (await current()).languageModel(modelId).doStream(call),
      };
    },
  };
}
