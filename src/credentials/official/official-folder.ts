/** Where an official client keeps what is its own, and what becomes of its store where there is no such place. */
import { join } from 'node:path';
import type { CredentialStore } from '../credential-store';
import { homeDirectory, NO_HOME, noHomeDirectory } from '../data-directory';

/**
 * The client's folder: the one that a setting or variable names, else the one in the home directory.
 * `undefined` where there is none (docs/decisions.md#54-no-home).
 */
export function officialFolder(named: string | undefined, inHome: string): string | undefined {
  const home = homeDirectory();
  return named || (home === undefined ? undefined : join(home, inHome));
}

/** Nobody has signed in to the client here, and nobody can. @param variable the client's own, which moves its folder */
export function storeWithoutHome(
  variable: string,
  implied: Pick<CredentialStore, 'impliedIdentity' | 'impliedBinding'>,
): CredentialStore {
  return {
    ...implied,
    location: NO_HOME,
    load: async () => undefined,
    async save() {
      throw noHomeDirectory('save', variable);
    },
    async clear() {},
    async withLock() {
      throw noHomeDirectory('lock', variable);
    },
  };
}
