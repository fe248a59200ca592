export {
  environmentCredentialStore,
  type EnvironmentCredentialStoreOptions,
} from './credentials/environment-credential-store';
export { fileCredentialStore, type FileCredentialStoreOptions } from './credentials/file-credential-store';
export {
  keychainCredentialStore,
  type KeychainCredentialStoreOptions,
} from './credentials/keychain/keychain-credential-store';
export { memoryCredentialStore } from './credentials/memory-credential-store';
export {
  kimiCliCredentialStore,
  type KimiCliCredentialStoreOptions,
} from './credentials/official/kimi-cli-credential-store';
export {
  kimiCodeCredentialStore,
  type KimiCodeCredentialStoreOptions,
} from './credentials/official/kimi-code-credential-store';
export { seededCredentialStore } from './credentials/environment-credential-store';
export { unstorageCredentialStore } from './credentials/unstorage-credential-store';
export type {
  CredentialLock,
  CredentialLockOptions,
  CredentialStore,
  KimiApiKeyCredentials,
  KimiCredentialBinding,
  KimiCredentials,
  KimiOAuthCredentials,
} from './credentials/credential-store';
export { KimiCredentialStoreError } from './errors/kimi-error';
export type { KimiRegion, KimiService } from './upstream';
