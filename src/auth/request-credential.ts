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
