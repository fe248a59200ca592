/** Which login a call of opencode's is made with: its own entry for our provider says. */
import { bindingOf } from '../credentials/credential-binding';
import { KEY_VARIABLES } from '../credentials/credential-store';
import { credentialsOf, sharedLoginOf, type OpencodeAuthEntry } from '../credentials/opencode/auth-entry';
import { opencodeCredentialStore } from '../credentials/opencode/opencode-credential-store';
import { OPENCODE_PROVIDER } from '../hosts/opencode/names';
import type { KimiProviderSettings } from '../provider/kimi-provider-settings';
import { OAUTH_HOSTS, type KimiRegion } from '../upstream';

type Environment = Readonly<Record<string, string | undefined>>;

export type ChosenLogin = {
  entry: OpencodeAuthEntry | undefined;
  /** What `createKimi` is to be called with for it. */
  settings: Pick<KimiProviderSettings, 'service' | 'region' | 'account' | 'credentialStore'>;
};

/**
 * The login that opencode has for our provider, as it is now; that of the machine where opencode was told to share it;
 * a key of the environment where opencode has none. A provider of another id, which a user has written with our name as
 * `npm`, finds the login of the machine by itself, as it does without the plugin.
 * @throws KimiCredentialStoreError
 */
export async function chosenLogin(providerID: string, environment: Environment): Promise<ChosenLogin> {
  const store = opencodeCredentialStore(environment);
  const entry = await store.entry();
  if (entry === undefined) {
    const isSelfMade = providerID !== OPENCODE_PROVIDER || KEY_VARIABLES.coding.some(name => environment[name]);
    return { entry, settings: isSelfMade ? {} : { credentialStore: store } };
  }
  const shared = sharedLoginOf(entry);
  if (shared !== undefined) {
    return { entry, settings: shared };
  }
  const credentials = credentialsOf(entry, Date.now() / 1000);
  const { account } = credentials.issuedFor ?? {};
  const place =
    credentials.type === 'api-key'
      ? { service: credentials.service, region: credentials.region }
      : { region: regionOf(credentials.issuedFor?.oauthHost) };
  return { entry, settings: { ...place, ...(account === undefined ? {} : { account }), credentialStore: store } };
}

/** `undefined` for a host that the variables name. */
function regionOf(oauthHost: string | undefined): KimiRegion | undefined {
  const own = (region: KimiRegion): string =>
    bindingOf({ oauthHost: OAUTH_HOSTS[region], apiBaseURL: OAUTH_HOSTS[region] }).oauthHost;
  return (Object.keys(OAUTH_HOSTS) as KimiRegion[]).find(region => own(region) === oauthHost);
}
