import { apiKeyCredentials } from '../auth/api-key-credentials';
import type { CredentialProvider } from '../auth/request-credential';
import type { Environment, KimiEndpoints } from '../endpoints';
import { KimiInvalidArgumentError } from '../errors/kimi-invalid-argument-error';
import { KimiLoginRequiredError } from '../errors/kimi-login-required-error';
import { KEY_CONSOLE_URLS, type KimiService } from '../upstream';
import type { KimiProviderSettings } from './kimi-provider-settings';

/** Variables that hold a key, per service, the first that is set wins (decisions.md 8). */
const KEY_VARIABLES: Readonly<Record<KimiService, readonly string[]>> = {
  coding: ['KIMI_API_KEY', 'KIMI_CODER_API_KEY'],
  platform: ['MOONSHOT_API_KEY'],
};

/**
 * Which credential a request gets (decisions.md 8), looked up at each request: the `apiKey` setting, else a key in the environment.
 * @throws KimiLoginRequiredError (`missing`) that names the places searched, the login command and the variables
 */
export function requestCredentials(settings: KimiProviderSettings, environment: Environment, endpoints: KimiEndpoints): CredentialProvider {
  const consoleURL = KEY_CONSOLE_URLS[endpoints.service][endpoints.region];
  if (settings.apiKey !== undefined) {
    const { apiKey } = settings;
    const source = 'the "apiKey" setting';
    return apiKeyCredentials({
      key: async () => usableKey(typeof apiKey === 'function' ? await apiKey() : apiKey, source),
      source,
      remedy: `Check that key, or make a new one at ${consoleURL}.`,
    });
  }
  const variable = KEY_VARIABLES[endpoints.service].find(name => environment[name] !== undefined);
  if (variable !== undefined) {
    const source = `the environment variable ${variable}`;
    return apiKeyCredentials({
      key: () => usableKey(environment[variable], source),
      source,
      remedy: `Check that key, or make a new one at ${consoleURL}.`,
    });
  }
  return {
    async getCredential() {
      throw missing(endpoints, consoleURL);
    },
  };
}

/** A key with a line break or a space cannot be a header value, and the runtime's own error would print it. */
function usableKey(key: unknown, source: string): string {
  const trimmed = typeof key === 'string' ? key.trim() : '';
  if (!/^[\x21-\x7e]+$/.test(trimmed)) {
    throw new KimiInvalidArgumentError({
      argument: source,
      message: `The key from ${source} ${trimmed === '' ? 'is empty' : 'holds characters that no key has'}. Set it to the key alone, without quotes or spaces.`,
    });
  }
  return trimmed;
}

function missing({ service }: KimiEndpoints, consoleURL: string): KimiLoginRequiredError {
  const variables = KEY_VARIABLES[service];
  return new KimiLoginRequiredError({
    reason: 'missing',
    source: `the "apiKey" setting, ${variables.join(', ')}`,
    message:
      service === 'coding'
        ? `Not signed in to Kimi Code. Run "npx ai-sdk-provider-kimi login", or set ${variables.join(' or ')} (or the "apiKey" setting) to a key from ${consoleURL}.`
        : `No key for the Moonshot platform. Set ${variables.join(' or ')} (or the "apiKey" setting) to a key from ${consoleURL}, or run "npx ai-sdk-provider-kimi login --api-key".`,
  });
}
