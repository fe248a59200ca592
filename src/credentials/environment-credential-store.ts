/** Logins and keys that come in environment variables: used as they are, or as the seed of a store that can save. */
import { KimiCredentialStoreError } from '../errors/kimi-error';
import { DEFAULT_REGIONS, type KimiRegion, type KimiService } from '../upstream';
import {
  KEY_VARIABLES,
  storeAround,
  type CredentialStore,
  type KimiCredentialBinding,
  type KimiCredentials,
} from './credential-store';

/** Settings of {@link environmentCredentialStore}. */
export type EnvironmentCredentialStoreOptions = {
  /** Default `process.env`, read at every load. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Region of a key. Default: the service's default region. */
  region?: KimiRegion | undefined;
  /**
   * Reads the variables of this service only, because no credential of one is for the other's host. Default: those of
   * both.
   */
  service?: KimiService | undefined;
  /** What the credential is for, where that is another host than Kimi's own (docs/decisions.md#38-bound-credentials). */
  issuedFor?: KimiCredentialBinding | undefined;
};

/** What each key variable is for. */
const SERVICE_OF_VARIABLE = new Map(
  (Object.entries(KEY_VARIABLES) as [KimiService, readonly string[]][]).flatMap(([service, names]) =>
    names.map(name => [name, service] as const),
  ),
);
const TOKEN_VARIABLE = 'KIMI_ACCESS_TOKEN';
const REFRESH_VARIABLE = 'KIMI_REFRESH_TOKEN';

/**
 * Reads an access token (`KIMI_ACCESS_TOKEN`) or a key (`KIMI_API_KEY`, `KIMI_CODER_API_KEY`, `MOONSHOT_API_KEY`) from
 * the environment; empty variables count as unset. It never saves. The record of an access token has an empty
 * `refreshToken`: it cannot be renewed. A refresh token works once and a variable cannot be written back, so
 * `KIMI_REFRESH_TOKEN` alone is an error that names `seededCredentialStore`
 * (docs/decisions.md#11-credentials-in-the-environment).
 */
export function environmentCredentialStore(options: EnvironmentCredentialStoreOptions = {}): CredentialStore {
  const { environment = process.env, region, service: only, issuedFor } = options;
  const keyVariables = [...SERVICE_OF_VARIABLE.keys()].filter(
    name => only === undefined || SERVICE_OF_VARIABLE.get(name) === only,
  );
  // Access tokens come from a login, and logins are of the coding service.
  const variables = only === 'platform' ? keyVariables : [TOKEN_VARIABLE, ...keyVariables];
  const names = only === 'platform' ? keyVariables.join(', ') : `${TOKEN_VARIABLE} or ${keyVariables.join(', ')}`;
  const read = (name: string) => environment[name]?.trim() || undefined;
  const used = () => variables.find(name => read(name) !== undefined);
  const location = () => `environment variable ${used() ?? names}`;

  const readOnly = (operation: 'load' | 'save' | 'clear', message: string) =>
    new KimiCredentialStoreError({ location: location(), operation, reason: 'read-only', message });

  return {
    get location() {
      return location();
    },
    ...(issuedFor === undefined ? {} : { impliedBinding: issuedFor }),
    async load() {
      const variable = used();
      if (variable === undefined) {
        if (only !== 'platform' && read(REFRESH_VARIABLE) !== undefined) {
          throw readOnly(
            'load',
            `${REFRESH_VARIABLE} is set, but a refresh token works only once, so the one that follows it must ` +
              'be kept somewhere. ' +
              'Name the place in code: credentialStore: seededCredentialStore(fileCredentialStore()). Or set a ' +
              'key: KIMI_API_KEY.',
          );
        }
        return undefined;
      }
      return toCredentials(read(variable) ?? '', SERVICE_OF_VARIABLE.get(variable), region);
    },
    async save() {
      throw readOnly(
        'save',
        `A program cannot keep a credential in an ${location()}. Choose a store that can: ` +
          'KIMI_CREDENTIAL_STORE=keychain or file.',
      );
    },
    async clear() {
      const variable = used();
      if (variable !== undefined) {
        throw readOnly(
          'clear',
          `The credential comes from the ${location()}, which only its owner can remove: unset ${variable}`,
        );
      }
    },
  };
}

/** A key of `service`, or an access token where it is of none. */
function toCredentials(
  value: string,
  service: KimiService | undefined,
  region: KimiRegion | undefined,
): KimiCredentials {
  if (service !== undefined) {
    return { type: 'api-key', key: value, service, region: region ?? DEFAULT_REGIONS[service] };
  }
  return {
    type: 'oauth',
    accessToken: value,
    refreshToken: '',
    ...accessTokenLifetime(value),
    scope: '',
    tokenType: 'Bearer',
  };
}

/**
 * A persistent store that starts from `KIMI_REFRESH_TOKEN` (and `KIMI_ACCESS_TOKEN`, if set) while it has no login of
 * its own: for servers and CI that get their first login as a secret
 * (docs/decisions.md#11-credentials-in-the-environment).
 *
 * The seed itself is not written, but as the proof that a store without `prepareSave` can be: when it is due, the
 * session refreshes it under the store's lock and saves what follows. From then on the store has a login, or a
 * tombstone, and the variables are ignored. So two processes that start together cannot write the spent seed over its
 * successor. To use a new seed, clear the store. A seed of another host than Kimi's own needs `issuedFor`: no other
 * host gets one that does not say where it is from.
 */
export function seededCredentialStore(
  store: CredentialStore,
  {
    environment = process.env,
    issuedFor,
  }: {
    environment?: Readonly<Record<string, string | undefined>> | undefined;
    issuedFor?: KimiCredentialBinding | undefined;
  } = {},
): CredentialStore {
  return storeAround(store, {
    async load() {
      const saved = await store.load();
      const refreshToken = environment.KIMI_REFRESH_TOKEN?.trim();
      if (saved !== undefined || !refreshToken) {
        return saved;
      }
      const accessToken = environment.KIMI_ACCESS_TOKEN?.trim() ?? '';
      const { expiresAt, expiresIn } = accessTokenLifetime(accessToken);
      // An access token of unknown age is not worth a request that may fail: due at once.
      const isKnown = expiresIn !== Number.MAX_SAFE_INTEGER;
      return {
        type: 'oauth',
        accessToken: isKnown ? accessToken : '',
        refreshToken,
        expiresAt: isKnown ? expiresAt : 0,
        expiresIn: isKnown ? expiresIn : 0,
        scope: '',
        tokenType: 'Bearer',
        ...(issuedFor === undefined ? {} : { issuedFor }),
      };
    },
  });
}

/** For a token whose end nobody tells: it is never due, and the API's answer says when it is over. */
const UNKNOWN = { expiresAt: Number.MAX_SAFE_INTEGER, expiresIn: Number.MAX_SAFE_INTEGER };

/**
 * When an access token ends (`expiresAt`, unix seconds) and how long it lives (`expiresIn`, seconds), read from its
 * claims where it is a JWT with both. Nothing is verified: it only decides when to ask for a new one.
 */
function accessTokenLifetime(accessToken: string): { expiresAt: number; expiresIn: number } {
  try {
    const base64 = (accessToken.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const { exp, iat } = JSON.parse(atob(base64)) as { exp?: unknown; iat?: unknown };
    const isKnown = typeof exp === 'number' && typeof iat === 'number' && iat >= 0 && iat < exp;
    return isKnown ? { expiresAt: exp, expiresIn: exp - iat } : UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}
