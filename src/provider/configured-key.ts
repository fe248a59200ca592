import { apiKeyCredentials, foreignKey, type CredentialProvider } from '../auth/credential-provider';
import { KEY_VARIABLES, type CredentialStore } from '../credentials/credential-store';
import type { Environment, KimiEndpoints } from '../endpoints';
import { KimiCredentialStoreError, KimiError, KimiInvalidArgumentError } from '../errors/kimi-error';
import { KEY_CONSOLE_URLS, type KimiService } from '../upstream';
import type { KimiProviderSettings } from './kimi-provider-settings';

/** A key, and where it is set, for messages. */
export type ConfiguredKey = { source: string; credentials: CredentialProvider };

/** The key that settings or environment give, if any: `apiKey`, else, where no `credentialStore` is set, a variable. */
export function configuredKey(
  settings: KimiProviderSettings,
  environment: Environment,
  endpoints: KimiEndpoints,
): ConfiguredKey | undefined {
  const remedy = `Check that key, or make a new one at ${consoleURL(endpoints)}.`;
  const { apiKey } = settings;
  if (apiKey !== undefined) {
    const source = 'the "apiKey" setting';
    const key = async () => usableKey(typeof apiKey === 'function' ? await askFor(apiKey, source) : apiKey, source);
    return {
      source,
      credentials: apiKeyCredentials({
        key,
        describe: given => withKind(source, foreignKey(given, endpoints.service)),
        remedy,
      }),
    };
  }
  const variable = settings.credentialStore === undefined ? keyVariable(endpoints.service, environment) : undefined;
  if (variable === undefined) {
    return undefined;
  }
  const source = `the environment variable ${variable}`;
  const unset = `Unset ${variable} to use what is saved, or set it to a key from ${consoleURL(endpoints)}.`;
  const key = () => usableKey(environment[variable], source);
  return {
    source,
    credentials: apiKeyCredentials({
      key,
      describe: given => withKind(source, foreignKey(given, endpoints.service)),
      remedy: unset,
    }),
  };
}

/** The variable that a key is in, which stands above what is saved (docs/decisions.md#8-which-credential). */
export function keyVariable(service: KimiService, environment: Environment): string | undefined {
  return KEY_VARIABLES[service].find(name => environment[name]);
}

/** A key that is set for the other service, which nobody looks at. */
export function otherService(service: KimiService, environment: Environment): string | undefined {
  const other = service === 'coding' ? 'platform' : 'coding';
  const variable = keyVariable(other, environment);
  return variable === undefined ? undefined : `${variable} is set: it is for service: '${other}'.`;
}

/** What a person does who is not signed in: the command, or the variables. */
export function loginRemedy(endpoints: KimiEndpoints, account: string, environment: Environment): string {
  const variables = KEY_VARIABLES[endpoints.service].join(' or ');
  const forAccount =
    account === 'default' ? '' : ` --account ${/^[\w.@-]+$/.test(account) ? account : JSON.stringify(account)}`;
  const other = otherService(endpoints.service, environment);
  const noticed = other === undefined ? '' : ` ${other}`;
  return endpoints.service === 'coding'
    ? `Run "npx ai-sdk-provider-kimi login${forAccount}", or set ${variables} (or the "apiKey" setting) to a key ` +
        `from ${consoleURL(endpoints)}.${noticed}`
    : `Set ${variables} (or the "apiKey" setting) to a key from ${consoleURL(endpoints)}, or run "npx ` +
        `ai-sdk-provider-kimi login --api-key --service platform${forAccount}".${noticed}`;
}

/**
 * The same where a `credentialStore` is set: the command line signs in to its own places, and no variable is looked at
 * (docs/decisions.md#8-which-credential). A `credentialStore` that is an official client's file belongs to that client.
 */
export function storeRemedy(endpoints: KimiEndpoints, { impliedIdentity, signIn }: CredentialStore): string {
  if (signIn !== undefined) {
    return `Sign in: ${signIn}`;
  }
  const how =
    impliedIdentity === 'kimi-code'
      ? 'Sign in with the client it belongs to: kimi login'
      : impliedIdentity === 'kimi-cli'
        ? 'Sign in with the client it belongs to: kimi, then /login'
        : endpoints.service === 'coding'
          ? 'Sign in there: call auth.login() of a provider with this "credentialStore"'
          : 'Save a key there: call auth.save() of a provider with this "credentialStore"';
  return (
    `${how}. Or leave "credentialStore" out, to use what "npx ai-sdk-provider-kimi login" has saved on this ` +
    'machine.'
  );
}

/** For runtimes that have no place of their own to keep a login. */
export function noStoreMessage(endpoints: KimiEndpoints): string {
  return (
    'No credential for Kimi: this runtime has no keychain and no files. Set ' +
    `${KEY_VARIABLES[endpoints.service].join(' or ')} (or the "apiKey" setting) to a key from ` +
    `${consoleURL(endpoints)}, or pass a "credentialStore", for example redisCredentialStore of ` +
    'ai-sdk-provider-kimi/redis.'
  );
}

function withKind(source: string, foreign: string | undefined): string {
  return foreign === undefined ? source : `${source}, which holds ${foreign}`;
}

/**
 * The user's error may quote a secret, so it is the cause, and no part of the message. The place of the key cannot be
 * read: as with a store.
 */
async function askFor(apiKey: () => string | Promise<string>, source: string): Promise<unknown> {
  try {
    return await apiKey();
  } catch (cause) {
    if (KimiError.isInstance(cause)) {
      throw cause;
    }
    throw new KimiCredentialStoreError({
      location: source,
      operation: 'load',
      reason: 'failed',
      message:
        `The function in ${source} failed, so that there is no key for the request. Its error is the "cause" of ` +
        'this one.',
      cause,
    });
  }
}

/** A key with a line break or a space cannot be a header value, and the runtime's own error would print it. */
function usableKey(key: unknown, source: string): string {
  if (typeof key !== 'string') {
    const type = key === undefined || key === null ? String(key) : `of type ${typeof key}`;
    throw new KimiInvalidArgumentError({
      argument: source,
      message: `The key from ${source} is ${type}, not a string. Set it to the key, or to a function that gives it.`,
    });
  }
  const trimmed = key.trim();
  if (!/^[\x21-\x7e]+$/.test(trimmed)) {
    throw new KimiInvalidArgumentError({
      argument: source,
      message:
        `The key from ${source} ${trimmed === '' ? 'is empty' : 'holds characters that no key has'}. Set it to ` +
        'the key alone, without quotes or spaces.',
    });
  }
  return trimmed;
}

function consoleURL({ service, region }: KimiEndpoints): string {
  return KEY_CONSOLE_URLS[service][region];
}
