import type { DefaultCredentialStore, DefaultCredentialStoreOptions } from './default-credential-store';

/**
 * What `#platform` gives: `undefined` on runtimes that have no place of their own to keep a login.
 */
export type DefaultCredentialStoreResolver = {
  defaultCredentialStore(
    options: Omit<DefaultCredentialStoreOptions, 'notify'> & { forLogin?: boolean },
  ): Promise<DefaultCredentialStore | undefined>;
};
