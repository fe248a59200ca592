import { API_BASE_URLS, type KimiService } from '../upstream';

/** What one request is authorised with. */
export type RequestCredential = {
  /** `oauth`: an access token of a login, which can be refreshed. `api-key`: a key, which never is. */
  kind: 'oauth' | 'api-key';
  /** The secret itself. Never in a message, a log or an error. */
  token: string;
  /**
   * Where it came from, for messages: `the environment variable KIMI_API_KEY`, the `location` of a store. Never a
   * secret.
   */
  source: string;
  /** What a person does when the API refuses it, as a sentence: `Sign in again: npx ai-sdk-provider-kimi login`. */
  remedy: string;
};

/**
 * Where requests get their credential. A setting, a variable, a saved key and a login are all one of these, so the
 * authorised fetch has one way to ask. Asked at each request, because an access token lives for 15 minutes
 * (docs/wire.md#token-lifetime).
 */
export interface CredentialProvider {
  /**
   * The credential for the next request.
   * @param options.abortSignal ends this caller's wait; work that others wait for goes on
   * @throws KimiLoginRequiredError when there is none, KimiTokenRefreshError when it cannot be refreshed now,
   *   KimiCredentialStoreError when the place cannot be read, or the abort reason
   */
  getCredential(options?: { abortSignal?: AbortSignal | undefined }): Promise<RequestCredential>;

  /**
   * The credential to use instead of one that the API refused. Called by many requests at once, it refreshes once;
   * called with a token that was replaced meanwhile, it gives the current one. Absent where nothing can be refreshed.
   * @throws like `getCredential`
   */
  refresh?(options: { rejectedToken: string; abortSignal?: AbortSignal | undefined }): Promise<RequestCredential>;

  /** Says that the API took the token: whatever it answered, it was not a 401. Costs nothing. */
  markAccepted?(token: string): void;

  /**
   * Says that the API refused the replacement, too, or a saved key. Nothing is sent for it. A token is not given out
   * again; a key is read anew for the next request, because a person may have replaced it meanwhile.
   * @returns whether a later request may still fare better: the replacement was another process's token, not a fresh
   *   one
   */
  markRejected?(token: string): boolean;
}

/**
 * A key from a setting or a variable: asked for at each request, never refreshed. `describe` says where it came from,
 * and of what kind it is.
 */
export function apiKeyCredentials({
  key,
  describe,
  remedy,
}: {
  key: () => string | Promise<string>;
  describe: (key: string) => string;
  remedy: string;
}): CredentialProvider {
  return {
    async getCredential() {
      const token = await key();
      return { kind: 'api-key', token, source: describe(token), remedy };
    },
  };
}

/**
 * What a key is that does not belong to `service`: `a Kimi Code key for api.kimi.com or api.kimi.ai (service:
 * 'coding')`. Keys of the plan begin with `sk-kimi-`; neither kind works on the other's hosts
 * (docs/wire.md#keys-belong-to-hosts).
 * @returns `undefined` for a key that may belong to `service`
 */
export function foreignKey(key: string, service: KimiService): string | undefined {
  const isPlanKey = key.startsWith('sk-kimi-');
  if (service === 'platform' && isPlanKey) {
    return `a Kimi Code key for ${hostsOf('coding')} (service: 'coding')`;
  }
  return service === 'coding' && !isPlanKey && key.startsWith('sk-')
    ? `a pay-per-token key for ${hostsOf('platform')} (service: 'platform')`
    : undefined;
}

function hostsOf(service: KimiService): string {
  return Object.values(API_BASE_URLS[service])
    .map(url => new URL(url).host)
    .join(' or ');
}
