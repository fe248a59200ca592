/**
 * The plugin as opencode's server loads it (`exports["./server"]`; docs/wire.md#opencode-plugins): the provider with
 * the account's models, and its login. One default export and no other: opencode would take a second one for a plugin.
 */
import { OPENCODE_PROVIDER, PACKAGE_NAME } from '../hosts/opencode/names';
import type { OpencodeClient, OpencodeHooks } from '../hosts/opencode/plugin-api';
import type { KimiProviderSettings } from '../provider/kimi-provider-settings';
import { addProvider, servedProviders } from './add-provider';
import { authMethods } from './auth-methods';
import { knownModels } from './known-models';

/** A file of this copy, beside this one. */
const PROVIDER_MODULE = new URL('./provider.js', import.meta.url).href;

/**
 * @param options of the plugin (`"plugin": [["ai-sdk-provider-kimi", { … }]]`): settings of `createKimi` that JSON can
 *   hold, for example `identity`
 */
async function server(
  { client }: { client?: OpencodeClient },
  options: KimiProviderSettings = {},
): Promise<OpencodeHooks> {
  let served: string[] = [];
  return {
    async config(config) {
      const [id = OPENCODE_PROVIDER] = servedProviders(config, PROVIDER_MODULE);
      const { models, problem } = await knownModels(id, options);
      served = addProvider(config, { npm: PROVIDER_MODULE, models, options: { ...options } });
      if (problem !== undefined) {
        tell(client, `Kimi's list of models is not known, so that the usual ones are shown. ${problem}`);
      }
    },
    auth: { provider: OPENCODE_PROVIDER, methods: authMethods(options) },
    async 'chat.params'({ sessionID, model }, { options: call }) {
      if (served.includes(model.providerID)) {
        call.promptCacheKey ??= sessionID;
      }
    },
    async 'chat.headers'({ sessionID, model }, { headers }) {
      if (served.includes(model.providerID)) {
        headers['x-session-id'] ??= sessionID;
      }
    },
  };
}

/** In opencode's log, and on its screen where there is one. Nobody waits: opencode answers when it has started. */
function tell(client: OpencodeClient | undefined, message: string): void {
  const said = [
    client?.app?.log?.({ body: { service: PACKAGE_NAME, level: 'warn', message } }),
    client?.tui?.showToast?.({ body: { title: 'Kimi', message, variant: 'warning' } }),
  ];
  void Promise.allSettled(said);
}

export type { KimiProviderSettings, OpencodeClient, OpencodeHooks };
export default { id: PACKAGE_NAME, server };
