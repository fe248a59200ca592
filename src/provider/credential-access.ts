import type { AuthSession, SessionStatus } from '../auth/session/auth-session';
import type { CredentialProvider } from '../auth/credential-provider';
import { bindingOf, describeBinding, isSameBinding } from '../credentials/credential-binding';
import type { CredentialStore, KimiCredentialBinding, KimiCredentials } from '../credentials/credential-store';
import { loadModule } from '../credentials/load-module';
import type { Environment } from '../endpoints';
import { KimiCredentialStoreError, KimiInvalidArgumentError, KimiLoginRequiredError } from '../errors/kimi-error';
import type { Log } from '../log/log';
import type { OfficialClient } from '../identity/identity';
import type { FetchFunction } from '../transport/fetch';
import { API_BASE_URLS, OAUTH_HOSTS } from '../upstream';
import { configuredKey, loginRemedy, noStoreMessage, storeRemedy } from './configured-key';
import type { KimiProviderSettings } from './kimi-provider-settings';
import { loadPlatform } from './load-platform';
import type { Place } from './resolve-place';

/** Which credential a call gets, and what comes with it. */
export type ChosenCredential = {
  credentials: CredentialProvider;
  /**
   * The identity that goes with the store of the login, where it is an official client's
   * (docs/decisions.md#23-identity).
   */
  impliedIdentity: OfficialClient | undefined;
};

/** What a login is given: how it reaches its host, and where it tells of that. */
type Ways = {
  fetch: (place: Place, implied: OfficialClient | undefined) => FetchFunction;
  log: () => Log | undefined;
};

type StoredSession = { session: AuthSession; store: CredentialStore; isOwn: boolean; isEmpty: boolean };

/**
 * Which credential a call gets (docs/decisions.md#8-which-credential), looked up at each one: `apiKey`, an explicit
 * `credentialStore`, a key in the environment, then what is saved where no setting says: a key or a login.
 */
export class CredentialAccess {
  private readonly settings: KimiProviderSettings;
  private readonly environment: () => Environment;
  private readonly ways: Ways;
  private readonly listeners = new Set<(credentials: KimiCredentials) => void | Promise<void>>();

  /** By place. */
  private readonly sessions = new Map<string, Promise<StoredSession | undefined>>();

  constructor(settings: KimiProviderSettings, environment: () => Environment, ways: Ways) {
    this.settings = settings;
    this.environment = environment;
    this.ways = ways;
  }

  async forCall(place: Place): Promise<ChosenCredential> {
    const key = configuredKey(this.settings, place.environment, place.endpoints);
    if (key !== undefined) {
      return { credentials: key.credentials, impliedIdentity: undefined };
    }
    const stored = await this.stored(place);
    if (stored === undefined) {
      return { credentials: { getCredential: () => Promise.reject(noStore(place)) }, impliedIdentity: undefined };
    }
    return {
      credentials: this.choosingAgain(stored.session, place),
      impliedIdentity: stored.store.impliedIdentity,
    };
  }

  /**
   * Who is told to sign in does so in this package's own place, while the login that has ended may have been an
   * official client's.
   */
  private choosingAgain(session: AuthSession, place: Place): CredentialProvider {
    const chooseAgain = (error: unknown): never => {
      if (KimiLoginRequiredError.isInstance(error)) {
        this.sessions.delete(place.id);
      }
      throw error;
    };
    return {
      ...session,
      getCredential: options => session.getCredential(options).catch(chooseAgain),
      refresh: options => session.refresh(options).catch(chooseAgain),
    };
  }

  /** What calls would use now. Sends nothing. */
  async status(place: Place): Promise<SessionStatus> {
    const key = configuredKey(this.settings, place.environment, place.endpoints);
    if (key !== undefined) {
      return { state: 'valid', kind: 'api-key', source: key.source };
    }
    const stored = await this.stored(place);
    return stored === undefined ? { state: 'missing', source: 'no place on this runtime' } : stored.session.status();
  }

  /** The session that a login or logout acts on: never an official client's login that is only shared. */
  async ownSession(place: Place): Promise<AuthSession> {
    // A damaged record is what a login replaces and a logout removes.
    const stored = await this.stored(place).catch((error: unknown) => {
      if (KimiCredentialStoreError.isInstance(error) && error.reason === 'corrupt') {
        return undefined;
      }
      throw error;
    });
    if (stored?.isOwn) {
      return stored.session;
    }
    const own = await this.open(place, { forLogin: true });
    if (own === undefined) {
      throw noStore(place);
    }
    // Calls go over to the own login as soon as there is one.
    this.sessions.delete(place.id);
    return own.session;
  }

  /** @returns how to stop listening */
  onCredentials(listener: (credentials: KimiCredentials) => void | Promise<void>): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private stored(place: Place): Promise<StoredSession | undefined> {
    let stored = this.sessions.get(place.id);
    if (stored === undefined) {
      stored = this.open(place, { forLogin: false });
      this.sessions.set(place.id, stored);
      const forget = () => {
        if (this.sessions.get(place.id) === stored) {
          this.sessions.delete(place.id);
        }
      };
      // Where nothing is saved yet, a login made meanwhile, here or in another program, must be found by the next call.
      stored.then(found => found?.isEmpty !== false && forget(), forget);
    }
    return stored;
  }

  private async open(place: Place, { forLogin }: { forLogin: boolean }): Promise<StoredSession | undefined> {
    const { endpoints, account } = place;
    const { apiBaseURL, oauthHost, service } = endpoints;
    const environment = this.environment();
    const slot = await place.slot;
    const explicit = this.settings.credentialStore;
    const chosen =
      explicit === undefined
        ? await (
            await loadPlatform()
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
    const isOfficial = store.impliedIdentity !== undefined;
    if (isOfficial) {
      refuseForeignLogin(store, place, explicit === undefined ? 'KIMI_CREDENTIAL_STORE' : 'credentialStore');
    }
    // Loaded when a login is used: a call with a key needs none of it.
    const { createAuthSession } = await loadModule(() => import('../auth/session/auth-session'), store.location);
    const { notify } = await loadPlatform();
    const session = createAuthSession({
      store,
      warn: message => {
        notify(message);
        this.ways.log()?.warn('notice', { message });
      },
      // Two objects for one default place are one login; a store of the user's own is told apart by the object.
      shareAs: explicit === undefined ? `${slot} ${store.location}` : undefined,
      fetch: this.ways.fetch(place, store.impliedIdentity),
      log: this.ways.log,
      oauthHost,
      apiOrigin: place.apiOrigin,
      account,
      // A slot is named after hosts and account, and what is in the process's own variables is for its own settings.
      impliedBinding: explicit === undefined && !isOfficial ? place.binding : impliedBindingOf(store),
      allowInsecure: this.settings.allowInsecure,
      remedy: explicit === undefined ? loginRemedy(endpoints, account, environment) : storeRemedy(endpoints, explicit),
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

/** kimi-cli's login is of the mainland, whatever a store around its own forgets to say. */
function impliedBindingOf({ impliedIdentity, impliedBinding }: CredentialStore): KimiCredentialBinding | undefined {
  const mainland = { oauthHost: OAUTH_HOSTS['mainland-cn'], apiBaseURL: API_BASE_URLS.coding['mainland-cn'] };
  return impliedBinding ?? (impliedIdentity === 'kimi-cli' ? bindingOf(mainland) : undefined);
}

/**
 * An official client's login is for that client's hosts, and of the one account that it has. Elsewhere its token would
 * leave them, and a refresh that the other host rejects would end it for the client, too
 * (docs/decisions.md#38-bound-credentials).
 * @throws KimiInvalidArgumentError
 */
function refuseForeignLogin(store: CredentialStore, { endpoints, binding }: Place, argument: string): void {
  const { service, region, apiBaseURL } = endpoints;
  const home = impliedBindingOf(store);
  if (service !== 'platform' && (home === undefined || isSameBinding(home, binding))) {
    return;
  }
  const [owner, seeker, fix] =
    service === 'platform'
      ? [
          'the coding service',
          new URL(apiBaseURL).host,
          'Set MOONSHOT_API_KEY, or the "apiKey" setting, to a key of the platform.',
        ]
      : [
          home === undefined ? 'other hosts' : describeBinding(home),
          describeBinding(binding),
          'Set "region", "baseURL", "oauthHost" and "account", and the variables of that meaning, as they were for ' +
            `that client; or leave "${argument}" out and sign in with a login of your own: ` +
            `npx ai-sdk-provider-kimi login${region === 'global' ? ' --region global' : ''}`,
        ];
  throw new KimiInvalidArgumentError({
    argument,
    message:
      `"${argument}" names the login of ${store.impliedIdentity} in ${store.location}, which is for ${owner} and not ` +
      `for ${seeker}. ${fix}`,
  });
}

function noStore({ endpoints }: Place): KimiLoginRequiredError {
  return new KimiLoginRequiredError({ reason: 'missing', source: 'the settings', message: noStoreMessage(endpoints) });
}
