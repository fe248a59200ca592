import { generateId } from '@ai-sdk/provider-utils';
import { createAuthorizedFetch } from '../auth/authorized-fetch';
import { BODY_RULES } from '../engine/body-rules';
import { KimiChatLanguageModel } from '../engine/kimi-chat-language-model';
import { createIdentityFetch } from '../identity/identity-fetch';
import { identityHeadersSource } from '../identity/identity-headers-source';
import type { KimiIdentity, OfficialClient } from '../identity/identity';
import type { FetchFunction } from '../transport/fetch-function';
import { createSameOriginFetch } from '../transport/same-origin-fetch';
import { untilAborted } from '../transport/wait';
import { CredentialAccess } from './credential-access';
import { readEnvironment } from './environment';
import { kimiAuth, type KimiAuth } from './kimi-auth';
import type { KimiProviderSettings } from './kimi-provider-settings';
import { memoizeById } from './memoize-by-id';
import { ModelAccess } from './model-access';

/**
 * Settings to fetch chain and engine, for every specification alike. Nothing is read, asked or checked before the first
 * request, and environment and endpoints count at the time of each one.
 */
export class KimiCore {
  readonly auth: KimiAuth;
  readonly models: ModelAccess;
  private readonly settings: KimiProviderSettings;
  private readonly access: CredentialAccess;

  constructor(settings: KimiProviderSettings) {
    this.settings = settings;
    this.access = new CredentialAccess(settings, implied => this.identityFetch(implied ?? 'none'));
    this.auth = kimiAuth(this.access, this.authorizedFetch);
    this.models = new ModelAccess({ access: this.access, fetch: this.authorizedFetch, now: settings.now ?? Date.now });
  }

  /** A new engine for `modelId`; the provider keeps one per id. */
  engine(modelId: string): KimiChatLanguageModel {
    const { settings } = this;
    const service = settings.service ?? 'coding';
    return new KimiChatLanguageModel(modelId, {
      name: settings.name ?? 'kimi',
      service,
      keepsReasoningByDefault: async () =>
        senderOf(this.identity((await this.access.forRequest()).impliedIdentity)) === 'kimi-code',
      apiBaseURL: () => this.access.place().endpoints.apiBaseURL,
      headers: () => settings.headers ?? {},
      fetch: this.authorizedFetch,
      model: id => this.models.model(id),
      modelAfterRefusal: (id, slug) => this.models.modelAfterRefusal(id, slug),
      generateId: settings.generateId ?? generateId,
      rules: BODY_RULES,
    });
  }

  /**
   * The chain: authorization, for the API only, around identity, for every host, around the user's fetch kept on one
   * origin.
   */
  private readonly authorizedFetch: FetchFunction = (input, init) =>
    // Whatever it waits for, a callback of the user's included: one that never settles must not outlive the call.
    untilAborted(
      this.authorizeAndFetch(input, init),
      init?.signal ?? (input instanceof Request ? input.signal : undefined),
    );

  private readonly authorizeAndFetch: FetchFunction = async (input, init) => {
    const { endpoints, credentials, impliedIdentity } = await this.access.forRequest();
    const fetch = this.identityFetch(impliedIdentity ?? 'none');
    return createAuthorizedFetch({ fetch, apiBaseURL: endpoints.apiBaseURL, credentials })(input, init);
  };

  /** One per identity that a store may imply. */
  private readonly identityFetch = memoizeById((implied: OfficialClient | 'none'): FetchFunction => {
    const environment = readEnvironment();
    return createIdentityFetch({
      fetch: createSameOriginFetch((input, init) => (this.settings.fetch ?? globalThis.fetch)(input, init)),
      headers: identityHeadersSource({
        identity: this.identity(implied === 'none' ? undefined : implied),
        account: this.access.place().account,
        environment,
        reader: () => import('#node/device'),
      }),
    });
  });

  /**
   * An official client's login comes with that client's headers, so that the two sets never mix; only a host's own name
   * stands above it. The platform asks for no agent's identity and gets none, unless the user states one.
   */
  private identity(implied: OfficialClient | undefined): KimiIdentity | undefined {
    const { identity, service } = this.settings;
    const stated = identity === undefined && service !== 'platform' ? 'kimi-cli' : identity;
    return implied === undefined ||
      (typeof stated === 'object' && !('client' in stated)) ||
      senderOf(stated) === implied
      ? stated
      : implied;
  }
}

function senderOf(identity: KimiIdentity | undefined): string | undefined {
  return typeof identity === 'object' && 'client' in identity
    ? identity.client
    : typeof identity === 'string'
      ? identity
      : undefined;
}
