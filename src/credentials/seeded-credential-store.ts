import { accessTokenLifetime } from './access-token-lifetime';
import type { CredentialStore } from './credential-store';

/**
 * A persistent store that starts from `KIMI_REFRESH_TOKEN` (and `KIMI_ACCESS_TOKEN`, if set) while it has no login of
 * its own: for servers and CI that get their first login as a secret (decisions.md 11).
 *
 * The seed itself is not written: when it is due, the session refreshes it under the store's lock and saves what
 * follows. From then on the store has a login, or a tombstone, and the variables are ignored. So two processes that
 * start together cannot write the spent seed over its successor. To use a new seed, clear the store.
 */
export function seededCredentialStore(
  store: CredentialStore,
  { environment = process.env }: { environment?: Readonly<Record<string, string | undefined>> | undefined } = {},
): CredentialStore {
  return {
    location: store.location,
    ...(store.impliedIdentity === undefined ? {} : { impliedIdentity: store.impliedIdentity }),
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
      };
    },
    save: credentials => store.save(credentials),
    clear: () => store.clear(),
    ...(store.withLock === undefined ? {} : { withLock: store.withLock.bind(store) }),
  };
}
