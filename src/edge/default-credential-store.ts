import type { DefaultCredentialStoreResolver } from '../credentials/default-credential-store-resolver';

/** No keychain and no files: a login needs the `credentialStore` setting here. */
export const defaultCredentialStore: DefaultCredentialStoreResolver['defaultCredentialStore'] = async () => undefined;
