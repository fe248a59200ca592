import { createAuthSession, type AuthSession } from '../auth/auth-session';
import type { CredentialProvider } from '../auth/request-credential';
import type { SessionStatus } from '../auth/session-status';
import type { CredentialStore, KimiCredentials } from '../credentials/credential-store';
import { credentialSlot } from '../credentials/credential-slot';
import { resolveEndpoints, type Environment, type KimiEndpoints } from '../endpoints';
import { KimiCredentialStoreError } from '../errors/kimi-credential-store-error';
import { KimiInvalidArgumentError } from '../errors/kimi-invalid-argument-error';
import { KimiLoginRequiredError } from '../errors/kimi-login-required-error';
import type { OfficialClient } from '../identity/identity';
import type { FetchFunction } from '../transport/fetch-function';
import { OAUTH_HOSTS, type KimiRegion } from '../upstream';
import { checkSettings } from './check-settings';
import { configuredKey, loginRemedy, noStoreMessage, storeRemedy } from './configured-key';
import { readEnvironment } from './environment';
import type { KimiProviderSettings } from './kimi-provider-settings';

/** What one request is made with. */
export type Access = {
  endpoints: KimiEndpoints;
  account: string;
  credentials: CredentialProvider;
  /** The identity that goes with the store of the login, where it is an official client's (decisions.md 23). */
  impliedIdentity: OfficialClient | undefined;
};

type StoredSession = { session: AuthSession; store: CredentialStore; isOwn: boolean; isEmpty: boolean };

/**
 * Which credential a request gets (decisions.md 8), looked up at each request: `apiKey`, an explicit `credentialStore`,
 * a key in the environment, then what is saved where no setting says: a key or a login.
 */
export class CredentialAccess {
  private readonly settings: KimiProviderSettings;
  private readonly identityFetch: (implied: OfficialClient | undefined) => FetchFunction;
  private readonly listeners = new Set<(credentials: KimiCredentials) => void | Promise<void>>();

  private marker: Promise<KimiRegion | undefined> | undefined;
  private markedRegion: KimiRegion | undefined;

  /** By OAuth host, API base and account: all three may change between two requests. */
  private readonly sessions = new Map<string, Promise<StoredSession | undefined>>();

  constructor(settings: KimiProviderSettings, identityFetch: (implied: OfficialClient | undefined) => FetchFunction) {
    this.settings = settings;
    this.identityFetch = identityFetch;
  }

  /**
   * The region that the official installer noted counts where nothing else says one, for the service it installs. Read
   * once.
   */
  private async readMarker(): Promise<void> {
    this.marker ??= import('#node/region-marker').then(({ readRegionMarker }) => readRegionMarker(readEnvironment()));
    this.markedRegion = await this.marker;
  }

  /**
   * Hosts and account at this moment. @throws KimiInvalidArgumentError for a setting that no request can be made with
   */
  place(): { endpoints: KimiEndpoints; account: string; environment: Environment } {
    checkSettings(this.settings);
    const environment = readEnvironment();
    return {
      endpoints: resolveEndpoints(
        {
          ...this.settings,
          region: this.settings.region ?? (this.settings.service === 'platform' ? undefined : this.markedRegion),
        },
        environment,
      ),
      account: this.settings.account ?? environment.KIMI_ACCOUNT ?? 'default',
      environment,
    };
  }

  async forRequest(): Promise<Access> {
    await this.readMarker();
    const { endpoints, account, environment } = this.place();
    const key = configuredKey(this.settings, environment, endpoints);
    if (key !== undefined) {
      return { endpoints, account, credentials: key.credentials, impliedIdentity: undefined };
    }
    const stored = await this.stored();
    return {
      endpoints,
      account,
      credentials:
        stored === undefined
          ? { getCredential: () => Promise.reject(noStore(endpoints)) }
          : this.choosingAgain(stored.session, sessionKey(endpoints, account)),
      impliedIdentity: stored?.store.impliedIdentity,
    };
  }

  /**
   * Who is told to sign in does so in this package's own place, while the login that has ended may have been an
   * official client's.
   */
  private choosingAgain(session: AuthSession, key: string): CredentialProvider {
    const chooseAgain = (error: unknown): never => {
      if (KimiLoginRequiredError.isInstance(error)) {
        this.sessions.delete(key);
      }
      throw error;
    };
    return {
      ...session,
      getCredential: options => session.getCredential(options).catch(chooseAgain),
      refresh: options => session.refresh(options).catch(chooseAgain),
    };
  }

  /** What requests would use now. Sends nothing. */
  async status(): Promise<SessionStatus> {
    await this.readMarker();
    const { endpoints, environment } = this.place();
    const key = configuredKey(this.settings, environment, endpoints);
    if (key !== undefined) {
      return { state: 'valid', kind: 'api-key', source: key.source };
    }
    return (await this.stored())?.session.status() ?? { state: 'missing', source: 'no place on this runtime' };
  }

  /** The session that a login or logout acts on: never an official client's login that is only shared. */
  async ownSession(): Promise<AuthSession> {
    await this.readMarker();
    const { endpoints, account } = this.place();
    // A damaged record is what a login replaces and a logout removes.
    const stored = await this.stored().catch((error: unknown) => {
      if (KimiCredentialStoreError.isInstance(error) && error.reason === 'corrupt') {
        return undefined;
      }
      throw error;
    });
    if (stored?.isOwn) {
      return stored.session;
    }
    const own = await this.open({ forLogin: true });
    if (own === undefined) {
      throw noStore(endpoints);
    }
    // Requests go over to the own login as soon as there is one.
    this.sessions.delete(sessionKey(endpoints, account));
    return own.session;
  }

  /** @returns how to stop listening */
  onCredentials(listener: (credentials: KimiCredentials) => void | Promise<void>): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private stored(): Promise<StoredSession | undefined> {
    const { endpoints, account } = this.place();
    const key = sessionKey(endpoints, account);
    let stored = this.sessions.get(key);
    if (stored === undefined) {
      stored = this.open({ forLogin: false });
      this.sessions.set(key, stored);
      const forget = () => {
        if (this.sessions.get(key) === stored) {
          this.sessions.delete(key);
        }
      };
      // Where nothing is saved yet, a login made meanwhile, here or in another program, must be found by the next
      // request.
      stored.then(found => found?.isEmpty !== false && forget(), forget);
    }
    return stored;
  }

  private async open({ forLogin }: { forLogin: boolean }): Promise<StoredSession | undefined> {
    const { endpoints, account, environment } = this.place();
    const { apiBaseURL, oauthHost, service } = endpoints;
    const slot = await credentialSlot({ apiBaseURL, oauthHost, account });
    const explicit = this.settings.credentialStore;
    const chosen =
      explicit === undefined
        ? await (
            await import('#node/default-credential-store')
          ).defaultCredentialStore({
            slot,
            account,
            service,
            oauthHost,
            apiBaseURL:
              this.settings.baseURL ??
              (service === 'coding' ? environment.KIMI_CODE_BASE_URL : undefined) ??
              apiBaseURL,
            environment,
            forLogin,
          })
        : { store: explicit, isOwn: true, isEmpty: false };
    if (chosen === undefined) {
      return undefined;
    }
    const { store, isOwn, isEmpty } = chosen;
    refuseForeignLogin(store, endpoints, explicit === undefined ? 'KIMI_CREDENTIAL_STORE' : 'credentialStore');
    const session = createAuthSession({
      store,
      // Two objects for one default place are one login; a store of the user's own is told apart by the object.
      shareAs: explicit === undefined ? `${slot} ${store.location}` : undefined,
      fetch: this.identityFetch(store.impliedIdentity),
      oauthHost,
      remedy: explicit === undefined ? loginRemedy(endpoints, account) : storeRemedy(endpoints, explicit),
      now: this.settings.now,
      onCredentials: async credentials => {
        for (const listener of this.listeners) {
          await listener(credentials);
        }
      },
    });
    return { session, store, isOwn, isEmpty };
  }
}

/**
 * An official client's login is for that client's hosts. Elsewhere its token would leave them, and a refresh that the
 * other host rejects would end it for the client, too. Both call the file of the mainland's login `kimi-code.json`;
 * kimi-cli has no other (wire.md 4).
 * @throws KimiInvalidArgumentError
 */
function refuseForeignLogin(
  { impliedIdentity, location }: CredentialStore,
  { service, oauthHost, apiBaseURL }: KimiEndpoints,
  argument: string,
): void {
  const isForeign =
    service === 'platform' || (oauthHost === OAUTH_HOSTS.global && /[\\/]kimi-code\.json$/.test(location));
  if (impliedIdentity === undefined || !isForeign) {
    return;
  }
  const [home, fix] =
    service === 'platform'
      ? ['the coding service', 'Set MOONSHOT_API_KEY, or the "apiKey" setting, to a key of the platform.']
      : [
          OAUTH_HOSTS['mainland-cn'],
          `Set "region" to 'mainland-cn', or leave "${argument}" out and sign in with a login of your own: ` +
            'npx ai-sdk-provider-kimi login --region global',
        ];
  throw new KimiInvalidArgumentError({
    argument,
    message:
      `"${argument}" names the login of ${impliedIdentity} in ${location}, which is for ${home} and not for ` +
      `${new URL(apiBaseURL).host}. ${fix}`,
  });
}

function sessionKey({ oauthHost, apiBaseURL }: KimiEndpoints, account: string): string {
  return JSON.stringify([oauthHost, apiBaseURL, account]);
}

function noStore(endpoints: KimiEndpoints): KimiLoginRequiredError {
  return new KimiLoginRequiredError({ reason: 'missing', source: 'the settings', message: noStoreMessage(endpoints) });
}
