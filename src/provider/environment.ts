import type { Environment } from '../endpoints';
import { KEY_VARIABLES } from '../credentials/credential-store';
import { BASE_URL_VARIABLES } from '../transport/base-url-variables';
import type { KimiProviderSettings } from './kimi-provider-settings';

/**
 * What a call looks at, where its settings leave it open: reading the environment is slow, and every call does it.
 * Everything else is looked at when a store, an identity or a cache is opened.
 */
export function callVariables(settings: KimiProviderSettings): readonly string[] {
  const { service = 'coding', account, apiKey, credentialStore, baseURL, oauthHost, identity } = settings;
  const isPlatform = service === 'platform';
  const hasKey = apiKey !== undefined || credentialStore !== undefined;
  return [
    'KIMI_DEBUG',
    ...(account === undefined ? ['KIMI_ACCOUNT'] : []),
    ...(hasKey ? [] : (KEY_VARIABLES[service] ?? [])),
    ...(baseURL ? [] : [BASE_URL_VARIABLES[service]].filter(name => name !== undefined)),
    ...(oauthHost ? [] : ['KIMI_CODE_OAUTH_HOST', 'KIMI_OAUTH_HOST']),
    ...(identity !== undefined || isPlatform ? [] : ['KIMI_IDENTITY']),
  ];
}

/** Where the variables are, asked at each call: of the process, or what the command line hands down. */
export type Variables = () => Environment;

/** Without `node:`: edge runtimes have no `process`, or one without `env`. */
export const processVariables: Variables = () => (globalThis as { process?: { env?: Environment } }).process?.env ?? {};

/** The values of these variables as they are now; an empty one is as good as none. */
export function readVariables(variables: Variables, names: readonly string[]): string[] {
  const all = variables();
  return names.map(name => all[name] ?? '');
}

/** The whole environment as it is now. Empty variables count as unset. */
export function readEnvironment(variables: Variables): Environment {
  return Object.fromEntries(Object.entries(variables()).filter(([, value]) => value !== ''));
}
