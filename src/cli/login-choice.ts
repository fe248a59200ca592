/** Which login a command is about: the flags that say so, the provider that finds it, and the hosts it belongs to. */
import { Option } from 'commander';
import { foreignKey } from '../auth/credential-provider';
import { domainOf } from '../auth/oauth-host';
import { resolveEndpoints, type KimiEndpoints } from '../endpoints';
import { readRegionMarker } from '../platform/node';
import type { IdentityWord } from '../identity/identity';
import { keyVariable } from '../provider/configured-key';
import type { KimiProviderV4 } from '../provider/kimi-provider-v4';
import { KEY_CONSOLE_URLS, OAUTH_HOSTS, type KimiRegion, type KimiService } from '../upstream';
import { inFlags } from './refusal-words';
import { nonEmpty, oneOf, type CommandContext, type CommonOptions } from './command';

/** What is not given is decided as in an app: by the environment, else by default. */
export type LoginOptions = CommonOptions & {
  account?: string | undefined;
  region?: KimiRegion | undefined;
  service?: KimiService | undefined;
  /** Takes plain http to another machine, as the setting of that name. */
  allowInsecure?: boolean | undefined;
  /** As in `KIMI_CREDENTIAL_STORE`. */
  store?: string | undefined;
};

/** Stores that a login can be saved in, and those that can only be read from. */
const OWN_STORES = ['keychain', 'file'];
const ALL_STORES = [...OWN_STORES, 'environment', 'kimi-code', 'kimi-cli'];

/**
 * The flags of {@link LoginOptions}, in a group of their own below the command's own.
 * @param stores `own`: only where a login can be saved
 */
export function loginOptions(stores: 'own' | 'all'): Option[] {
  const names = stores === 'own' ? OWN_STORES : ALL_STORES;
  const regions = Object.keys(OAUTH_HOSTS) as KimiRegion[];
  const regionList = regions.map(region => `${region} (${domainOf(OAUTH_HOSTS[region])})`).join(' or ');
  return [
    new Option('--account <name>', 'one of several (default: KIMI_ACCOUNT)').argParser(nonEmpty),
    new Option('--region <region>', regionList).argParser(oneOf(regions)),
    new Option('--service <service>', 'coding (subscription) or platform (pay per token)').argParser(
      oneOf(['coding', 'platform']),
    ),
    new Option('--store <store>', `${names.join(', ')} (default: where it is)`).argParser(oneOf(names)),
    new Option('--allow-insecure', 'take http:// to another machine from KIMI_CODE_BASE_URL and the like'),
  ].map(option => option.helpGroup('Which login:'));
}

/**
 * The variables as the provider is to see them: `--store` is the variable of that meaning, for this command alone.
 * Empty ones count as unset.
 */
export function loginEnvironment(
  { environment }: Pick<CommandContext, 'environment'>,
  { store }: LoginOptions,
): Readonly<Record<string, string | undefined>> {
  const given = store === undefined ? environment : { ...environment, KIMI_CREDENTIAL_STORE: store };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value));
}

/** A new provider, which finds the login exactly as an app on this machine would. */
export async function openKimi(
  context: CommandContext,
  options: LoginOptions,
  identity?: IdentityWord,
): Promise<KimiProviderV4> {
  const { kimiProviderIn } = await import('../provider/kimi-provider-v4');
  const { account, region, service, allowInsecure } = options;
  const environment = loginEnvironment(context, options);
  return kimiProviderIn(() => environment, { account, region, service, allowInsecure, identity, now: context.now });
}

/** The flags that lead to the same login again, for hints: ` --account work --region global`. */
export function loginFlags({ account, region, service, allowInsecure }: LoginOptions): string {
  const values = Object.entries({ account, region, service })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` --${name} ${/^[\w.@-]+$/.test(value ?? '') ? value : JSON.stringify(value)}`);
  return [...values, ...(allowInsecure === true ? [' --allow-insecure'] : [])].join('');
}

/**
 * What a person does where Kimi does not accept the credential, a sentence: by the source that won
 * (docs/decisions.md#8-which-credential). Signing in helps nobody whose variable stands above what is saved.
 */
export function remedyOf(
  context: Pick<CommandContext, 'environment'>,
  options: LoginOptions,
  { service, region, kind }: { service: KimiService; region: KimiRegion; kind?: 'oauth' | 'api-key' | undefined },
): string {
  const environment = loginEnvironment(context, options);
  const variable = keyVariable(service, environment);
  if (variable !== undefined) {
    const other = foreignKey(environment[variable] ?? '', service);
    const unset = `Unset ${variable}, or set it to a key from ${KEY_CONSOLE_URLS[service][region]}`;
    return other === undefined ? unset : `${unset}. It holds ${inFlags(other)}.`;
  }
  const store = environment.KIMI_CREDENTIAL_STORE;
  if (store === 'kimi-code' || store === 'kimi-cli') {
    return `Sign in with the client it belongs to: ${store === 'kimi-code' ? 'kimi login' : 'kimi, then /login'}`;
  }
  if (store === 'environment') {
    return 'Set KIMI_ACCESS_TOKEN to a fresh token, or leave --store and KIMI_CREDENTIAL_STORE out.';
  }
  const isKey = kind === 'api-key' || service === 'platform';
  const command = `npx ai-sdk-provider-kimi login${isKey ? ' --api-key' : ''}${loginFlags(options)}`;
  return `${isKey ? 'Keep another key' : 'Sign in again'}: ${command}`;
}

/** Hosts and account as the provider has them, also where its store cannot be read. @throws KimiInvalidArgumentError */
export async function resolvePlace(
  { environment }: Pick<CommandContext, 'environment'>,
  { account, region, service, allowInsecure }: LoginOptions,
): Promise<KimiEndpoints & { account: string }> {
  const marked = region === undefined && service !== 'platform' ? await readRegionMarker(environment) : region;
  return {
    ...resolveEndpoints({ service, region: marked, allowInsecure }, environment),
    account: account ?? (environment.KIMI_ACCOUNT || 'default'),
  };
}
