import { createAuthorizedFetch } from '../auth/authorized-fetch';
import type { CredentialProvider, RequestCredential } from '../auth/credential-provider';
import { createIdentityFetch, identityHeadersSource } from '../identity/identity-fetch';
import { identityName, identityOfVariable, type KimiIdentity, type OfficialClient } from '../identity/identity';
import { type FetchFunction, createSameOriginFetch } from '../transport/fetch';
import type { Log } from '../log/log';
import { createLoggedFetch } from '../log/logged-fetch';
import { untilAborted } from '../transport/wait';
import { CredentialAccess } from './credential-access';
import { knownHosts, type Environment } from '../endpoints';
import { readEnvironment, type Variables } from './environment';
import type { KimiProviderSettings } from './kimi-provider-settings';
import { loadPlatform } from './load-platform';
import { ProviderLog } from './provider-log';
import { PlaceResolver, type Place } from './resolve-place';

/** What a call reaches the API with, resolved once and handed down (docs/decisions.md#41-a-call-is-resolved-once). */
export type Access = Readonly<{
  place: Place;
  /** Asked once; after a 401 the session is asked again. */
  credentials: CredentialProvider;
  /** Where the credential came from that was sent last, for messages; `undefined` before one was. */
  credentialSource: () => string | undefined;
  /** The credentials that were sent, so that no error shows them. */
  secrets: () => Iterable<string>;
  /** Who requests say they come from, for messages. */
  identity: string;
  /** Whether the identity is one that keeps all reasoning (docs/decisions.md#30-keeping-all-reasoning). */
  keepsReasoning: boolean;
  /** Where the call tells of itself; absent where nobody listens. */
  log: Log | undefined;
  /**
   * Authorization, for the API only, around identity, for Kimi's hosts and those that the settings name, around the
   * user's fetch kept on one origin. Ends with its signal, whatever it waits for: a callback of the user's that never
   * settles must not outlive the call.
   */
  fetch: FetchFunction;
}>;

/** Settings and environment to what a call is made with. Nothing is read before the first call. */
export class CallResolver {
  readonly places: PlaceResolver;
  readonly credentials: CredentialAccess;
  /** All variables as they are now: for what is opened once, a store or a cache. */
  readonly environment: () => Environment;
  private readonly settings: KimiProviderSettings;
  private readonly log: ProviderLog;
  private readonly identities = new Map<string, Parameters<typeof createIdentityFetch>[1]>();

  constructor(settings: KimiProviderSettings, variables: Variables) {
    this.settings = settings;
    this.environment = () => readEnvironment(variables);
    this.log = new ProviderLog(settings, variables);
    this.places = new PlaceResolver(settings, variables);
    this.credentials = new CredentialAccess(settings, this.environment, {
      fetch: (place, implied) => async (input, init) => {
        // KIMI_IDENTITY may say something else since the login was opened.
        const current = await this.places.resolve();
        const ofPlace = current.id === place.id ? current : place;
        return this.identityFetch(ofPlace, implied, this.log.shared)(input, init);
      },
      log: this.log.shared,
    });
  }

  /** What the next call is made with. @throws KimiInvalidArgumentError, KimiCredentialStoreError */
  async access(): Promise<Access> {
    const place = await this.places.resolve();
    const { credentials, impliedIdentity } = await this.credentials.forCall(place);
    const secrets = new Set<string>();
    const log = this.log.forCall(place.environment.KIMI_DEBUG, secrets);
    const { asked, source } = askedOnce(credentials, secrets, log);
    const identity = this.nameOf(place, impliedIdentity);
    const authorized = createAuthorizedFetch({
      fetch: this.identityFetch(place, impliedIdentity, () => log),
      apiOrigin: place.apiOrigin,
      credentials: asked,
      log,
    });
    return {
      place,
      credentials: asked,
      credentialSource: source,
      secrets: () => secrets,
      identity,
      keepsReasoning: identity === 'kimi-code',
      log,
      fetch: (input, init) => untilAborted(authorized(input, init), signalOf(input, init)),
    };
  }

  /** Who calls of this place say they come from. @throws as `access` */
  async identityIn(place: Place): Promise<string> {
    return this.nameOf(place, (await this.credentials.forCall(place)).impliedIdentity);
  }

  /** A call of its own for each request: for endpoints that are no chat. */
  readonly fetch: FetchFunction = (input, init) =>
    untilAborted(
      this.access().then(access => access.fetch(input, init)),
      signalOf(input, init),
    );

  /** Around the user's `fetch`, which is told of: one origin, and the identity, whose device facts are read once. */
  private identityFetch(place: Place, implied: OfficialClient | undefined, log: () => Log | undefined): FetchFunction {
    const { account, endpoints, id } = place;
    const key = `${implied ?? ''} ${place.environment.KIMI_IDENTITY ?? ''} ${id}`;
    let identity = this.identities.get(key);
    if (identity === undefined) {
      const headers = identityHeadersSource({
        identity: this.identity(place, implied),
        account,
        environment: this.environment(),
        reader: loadPlatform,
      });
      identity = { isKnown: knownHosts(endpoints), headers };
      this.identities.set(key, identity);
    }
    const fetch: FetchFunction = (input, init) => (this.settings.fetch ?? globalThis.fetch)(input, init);
    return createIdentityFetch(createSameOriginFetch(createLoggedFetch(fetch, log)), identity);
  }

  private nameOf(place: Place, implied: OfficialClient | undefined): string {
    return identityName(this.identity(place, implied) ?? 'package');
  }

  /**
   * An official client's login comes with that client's headers, so that the two sets never mix; only a name that is
   * nobody else's stands above it. The platform asks for no agent's identity and gets none, unless the setting states
   * one.
   */
  private identity({ environment }: Place, implied: OfficialClient | undefined): KimiIdentity | undefined {
    const { service } = this.settings;
    const stated =
      this.settings.identity ??
      (service === 'platform' ? undefined : (identityOfVariable(environment.KIMI_IDENTITY) ?? 'kimi-cli'));
    const name = stated === undefined ? undefined : identityName(stated);
    const isOfficial = name === 'kimi-cli' || name === 'kimi-code' || name === undefined;
    return implied === undefined || !isOfficial || name === implied ? stated : implied;
  }
}

/**
 * The same credentials for one call: a key that a function gives is asked for once, so that catalog and request meet
 * the same one.
 */
function askedOnce(
  credentials: CredentialProvider,
  secrets: Set<string>,
  log: Log | undefined,
): { asked: CredentialProvider; source: () => string | undefined } {
  let first: Promise<RequestCredential> | undefined;
  let source: string | undefined;
  const sent = (credential: RequestCredential): RequestCredential => {
    ({ source } = credential);
    secrets.add(credential.token);
    log?.debug('credential', { source, kind: credential.kind });
    return credential;
  };
  const { refresh } = credentials;
  return {
    source: () => source,
    asked: {
      ...credentials,
      getCredential(options) {
        // A login has one place that is asked, and each request a time limit of its own: the list's must not end the
        // chat's wait for a renewal.
        if (refresh !== undefined) {
          return credentials.getCredential(options).then(sent);
        }
        first ??= credentials.getCredential(options).then(sent, (error: unknown) => {
          first = undefined;
          throw error;
        });
        return first;
      },
      ...(refresh === undefined
        ? {}
        : {
            refresh: async options => sent(await refresh(options)),
          }),
    },
  };
}

function signalOf(input: RequestInfo | URL, init: RequestInit | undefined): AbortSignal | undefined {
  return init?.signal ?? (input instanceof Request ? input.signal : undefined);
}
