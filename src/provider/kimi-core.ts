import { generateId } from '@ai-sdk/provider-utils';
import { createAuthorizedFetch } from '../auth/authorized-fetch';
import { resolveEndpoints, type KimiEndpoints } from '../endpoints';
import { BODY_RULES } from '../engine/body-rules';
import { KimiChatLanguageModel } from '../engine/kimi-chat-language-model';
import { createIdentityFetch } from '../identity/identity-fetch';
import { identityHeadersSource } from '../identity/identity-headers-source';
import type { KimiIdentity } from '../identity/identity';
import { knownModel } from '../models/known-models';
import type { FetchFunction } from '../transport/fetch-function';
import { createSameOriginFetch } from '../transport/same-origin-fetch';
import { readEnvironment } from './environment';
import type { KimiProviderSettings } from './kimi-provider-settings';
import { requestCredentials } from './request-credentials';

/**
 * Settings to fetch chain and engine, for every specification alike. Nothing is read, asked or checked before the first request, and
 * environment and endpoints count at the time of each one.
 */
export class KimiCore {
  private readonly settings: KimiProviderSettings;
  private readonly identityHeaders: ReturnType<typeof identityHeadersSource>;

  constructor(settings: KimiProviderSettings) {
    this.settings = settings;
    this.identityHeaders = identityHeadersSource({
      identity: this.identity,
      account: settings.account ?? 'default',
      environment: readEnvironment(),
      reader: () => import('#node/device'),
    });
  }

  /** A new engine for `modelId`; the provider keeps one per id. */
  engine(modelId: string): KimiChatLanguageModel {
    const { settings } = this;
    const service = settings.service ?? 'coding';
    return new KimiChatLanguageModel(modelId, {
      name: settings.name ?? 'kimi',
      service,
      keepsReasoningByDefault: senderOf(this.identity) === 'kimi-code',
      apiBaseURL: () => this.endpoints().apiBaseURL,
      headers: () => settings.headers ?? {},
      fetch: this.authorizedFetch,
      model: id => knownModel(id, service),
      generateId: settings.generateId ?? generateId,
      rules: BODY_RULES,
    });
  }

  /** The chain: authorization, for the API only, around identity, for every host, around the user's fetch kept on one origin. */
  private readonly authorizedFetch: FetchFunction = (input, init) => {
    const endpoints = this.endpoints();
    const authorized = createAuthorizedFetch({
      fetch: this.identityFetch,
      apiBaseURL: endpoints.apiBaseURL,
      credentials: requestCredentials(this.settings, readEnvironment(), endpoints),
    });
    return authorized(input, init);
  };

  private readonly identityFetch: FetchFunction = createIdentityFetch({
    fetch: createSameOriginFetch((input, init) => (this.settings.fetch ?? globalThis.fetch)(input, init)),
    headers: () => this.identityHeaders(),
  });

  private endpoints(): KimiEndpoints {
    return resolveEndpoints(this.settings, readEnvironment());
  }

  /** The platform asks for no agent's identity and gets none, unless the user states one. */
  private get identity(): KimiIdentity | undefined {
    return this.settings.identity ?? (this.settings.service === 'platform' ? undefined : 'kimi-cli');
  }
}

function senderOf(identity: KimiIdentity | undefined): string | undefined {
  return typeof identity === 'object' && 'client' in identity ? identity.client : typeof identity === 'string' ? identity : undefined;
}
