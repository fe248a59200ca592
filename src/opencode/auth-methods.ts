/** What `opencode auth login` offers for our provider. What comes of it is saved by opencode, in its own store. */
import { memoryCredentialStore } from '../credentials/memory-credential-store';
import { entryOf, sharedEntry } from '../credentials/opencode/auth-entry';
import { domainOf } from '../auth/oauth-host';
import { OPENCODE_LOGIN } from '../hosts/opencode/names';
import type { OpencodeAuthMethod, OpencodeAuthResult } from '../hosts/opencode/plugin-api';
import { kimiProviderV3 } from '../provider/kimi-provider-v3';
import type { KimiProviderSettings } from '../provider/kimi-provider-settings';
import { API_BASE_URLS, OAUTH_HOSTS, type KimiRegion, type KimiService } from '../upstream';

/** Settings of the plugin that a login needs as calls do, such as `identity` and `oauthHost`. */
export type LoginSettings = Omit<KimiProviderSettings, 'apiKey' | 'credentialStore'>;

const REGION_NAMES: Readonly<Record<KimiRegion, string>> = { 'mainland-cn': 'Mainland China', global: 'Global' };
const REGIONS = Object.keys(REGION_NAMES) as KimiRegion[];

const REGION_PROMPT = {
  type: 'select' as const,
  key: 'region',
  message: 'Where is your account?',
  options: REGIONS.map(region => ({ label: REGION_NAMES[region], value: region, hint: domainOf(OAUTH_HOSTS[region]) })),
};
const ACCOUNT_PROMPT = {
  type: 'text' as const,
  key: 'account',
  message: 'A name for it, if you have several (else leave it empty)',
  placeholder: 'default',
};

export function authMethods(settings: LoginSettings): OpencodeAuthMethod[] {
  return [
    {
      type: 'oauth',
      label: 'Kimi Code subscription',
      prompts: [REGION_PROMPT, ACCOUNT_PROMPT],
      authorize: inputs => startDeviceLogin({ ...settings, ...placeOf(inputs) }),
    },
    { type: 'api', label: 'API key', prompts: [keyPrompt()] },
    {
      type: 'oauth',
      label: 'Use the login of this machine',
      prompts: [REGION_PROMPT, ACCOUNT_PROMPT],
      authorize: inputs => shareLogin(settings, placeOf(inputs)),
    },
  ];
}

/** opencode keeps the answer as `metadata.place` of the key. */
function keyPrompt() {
  const services: Array<[KimiService, KimiRegion]> = [
    ['coding', 'mainland-cn'],
    ['coding', 'global'],
    ['platform', 'global'],
    ['platform', 'mainland-cn'],
  ];
  return {
    type: 'select' as const,
    key: 'place',
    message: 'Where is the key from?',
    options: services.map(([service, region]) => ({
      label: service === 'coding' ? `Kimi Code, ${REGION_NAMES[region]}` : `Moonshot platform, ${REGION_NAMES[region]}`,
      value: `${service} ${region}`,
      hint: new URL(API_BASE_URLS[service][region]).host,
    })),
  };
}

function placeOf({ region, account }: Record<string, string | undefined> = {}): {
  region: KimiRegion;
  account: string;
} {
  return { region: region === 'global' ? 'global' : 'mainland-cn', account: account?.trim() || 'default' };
}

/** Shows the first code only: opencode has no way to show a second one. */
async function startDeviceLogin(settings: LoginSettings) {
  const store = memoryCredentialStore();
  const { auth } = kimiProviderV3({ ...settings, credentialStore: store });
  type Shown = { url: string; instructions: string };
  let isShown = false;
  let login: Promise<void> = Promise.resolve();
  const shown = await new Promise<Shown>((resolve, reject) => {
    login = auth
      .login({
        onVerification({ userCode, verificationUri, verificationUriComplete }) {
          if (isShown) {
            throw new Error(`The code has expired before anybody confirmed it. Run again: ${OPENCODE_LOGIN}`);
          }
          isShown = true;
          const url = verificationUriComplete || verificationUri;
          resolve({ url, instructions: `Confirm there that the code is: ${userCode}` });
        },
      })
      .then(() => undefined);
    login.catch(reject);
  });
  return {
    ...shown,
    method: 'auto' as const,
    async callback(): Promise<OpencodeAuthResult> {
      await login;
      const credentials = await store.load();
      const entry = credentials === undefined ? undefined : entryOf(credentials);
      if (entry?.type !== 'oauth') {
        throw new Error(`The sign-in gave no login. Run again: ${OPENCODE_LOGIN}`);
      }
      const { refresh, access, expires, enterpriseUrl = '' } = entry;
      return { type: 'success', refresh, access, expires, enterpriseUrl };
    },
  };
}

/** opencode stores which login it is, never the login: what renews it is one store, under one lock. */
async function shareLogin(settings: LoginSettings, place: { region: KimiRegion; account: string }) {
  const { state, source } = await kimiProviderV3({ ...settings, ...place }).auth.status();
  if (state === 'missing') {
    const ofRegion = place.region === 'global' ? ' --region global' : '';
    const flags = `${ofRegion}${place.account === 'default' ? '' : ` --account ${JSON.stringify(place.account)}`}`;
    throw new Error(`There is no Kimi login on this machine yet. Make one: npx ai-sdk-provider-kimi login${flags}`);
  }
  const entry = sharedEntry(place);
  return {
    url: '',
    instructions: `opencode uses the login in ${source}, together with your other programs.`,
    method: 'auto' as const,
    callback: async (): Promise<OpencodeAuthResult> => ({
      type: 'success',
      key: entry.type === 'api' ? entry.key : '',
    }),
  };
}
