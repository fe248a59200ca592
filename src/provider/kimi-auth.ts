import type { AuthSession, SessionStatus } from '../auth/session/auth-session';
import type { KimiCredentials } from '../credentials/credential-store';
import type { KimiEndpoints } from '../endpoints';
import type { FetchFunction } from '../transport/fetch';
import { untilAborted } from '../transport/wait';
import type { CallResolver } from './resolve-call';

/** Who is signed in, where, and from which source. Never a secret. */
export type KimiAuthStatus = SessionStatus &
  KimiEndpoints & {
    account: string;
    /** Who requests say they come from: a word of the setting `identity`, or the product of a host. */
    identity: string;
  };

/** Sign-in of a provider. Nothing here needs the CLI, and the CLI is made of it. */
export type KimiAuth = {
  /**
   * The device login, from the code to the saved record. `onVerification` shows the address and the code.
   * @throws KimiDeviceLoginError, KimiCredentialStoreError, the abort reason
   */
  login: AuthSession['login'];
  /**
   * First step of a login in a web app; the answer is plain JSON for a cookie or a database. @throws
   * KimiDeviceLoginError
   */
  startDeviceLogin: AuthSession['startDeviceLogin'];
  /**
   * Further steps of it, at most one each `state.interval` seconds; at `done` the login is saved. @throws
   * KimiDeviceLoginError
   */
  pollDeviceLogin: AuthSession['pollDeviceLogin'];
  /** Saves a login or a key that came from elsewhere. */
  save: AuthSession['save'];
  /** Removes the saved login of this package. An official client's login that is only shared is left alone. */
  logout: AuthSession['logout'];
  /** What requests would use now. Sends nothing. */
  status(): Promise<KimiAuthStatus>;
  /**
   * What requests carry as their bearer: the key, or an access token with at least half its life left; less where the
   * sign-in host takes longer than 1 s to renew it, or the store cannot be written.
   * @throws KimiLoginRequiredError, KimiTokenRefreshError
   */
  getAccessToken(options?: { abortSignal?: AbortSignal | undefined }): Promise<string>;
  /**
   * The `fetch` that the models use, for other endpoints of the API: identified, authorised for the API's origin only,
   * and a 401 about the token renews the login and sends once more. @throws KimiLoginRequiredError,
   * KimiTokenRefreshError, KimiRedirectError
   */
  fetch: FetchFunction;
  /**
   * Calls `listener` with each new credential, after it was saved and before it is used, until the returned function is
   * called. It holds secrets.
   */
  onCredentials(listener: (credentials: KimiCredentials) => void | Promise<void>): () => void;
};

export function kimiAuth(calls: CallResolver): KimiAuth {
  const ownSession = async () => calls.credentials.ownSession(await calls.places.resolve());
  return {
    login: async options => (await ownSession()).login(options),
    startDeviceLogin: async options => (await ownSession()).startDeviceLogin(options),
    pollDeviceLogin: async (state, options) => (await ownSession()).pollDeviceLogin(state, options),
    save: async credentials => (await ownSession()).save(credentials),
    logout: async () => (await ownSession()).logout(),
    async status() {
      const place = await calls.places.resolve();
      const [status, identity] = [await calls.credentials.status(place), await calls.identityIn(place)];
      return { ...status, ...place.endpoints, account: place.account, identity };
    },
    async getAccessToken(options) {
      const credential = calls.access().then(({ credentials }) => credentials.getCredential(options));
      return (await untilAborted(credential, options?.abortSignal)).token;
    },
    fetch: calls.fetch,
    onCredentials: listener => calls.credentials.onCredentials(listener),
  };
}
