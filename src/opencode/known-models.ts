/** The models that the login of opencode has, as far as they are known at the start. */
import { chargedPrice, kimiModelCatalog } from '../models/kimi-model-catalog';
import { knownModel } from '../models/known-models';
import { modelConfig } from '../hosts/opencode/model-config';
import type { OpencodeModelConfig } from '../hosts/opencode/plugin-api';
import { processVariables } from '../provider/environment';
import { KimiCore } from '../provider/kimi-core';
import type { KimiProviderSettings } from '../provider/kimi-provider-settings';
import { KimiLoginRequiredError } from '../errors/kimi-error';
import { chosenLogin } from './chosen-login';

export type KnownModels = {
  models: Record<string, OpencodeModelConfig>;
  /** What is wrong, where the list is not the account's; absent where nobody is signed in. */
  problem?: string;
};

/**
 * The account's list: the one that was kept, at once; else the server's, for which opencode's start waits two seconds
 * at most; else what this package knows without asking.
 */
export async function knownModels(providerID: string, options: KimiProviderSettings): Promise<KnownModels> {
  let service = options.service ?? 'coding';
  try {
    const { settings } = await chosenLogin(providerID, process.env);
    service = options.service ?? settings.service ?? 'coding';
    const list = await new KimiCore({ ...settings, ...options }, processVariables).models.known();
    return {
      models: Object.fromEntries(list.map(model => [model.id, modelConfig(model, chargedPrice(model.id, service))])),
    };
  } catch (error) {
    const ids = Object.keys(kimiModelCatalog[service]);
    return {
      models: Object.fromEntries(ids.map(id => [id, modelConfig(knownModel(id, service), chargedPrice(id, service))])),
      ...(KimiLoginRequiredError.isInstance(error) && error.reason === 'missing'
        ? {}
        : { problem: error instanceof Error ? error.message : String(error) }),
    };
  }
}
