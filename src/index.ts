import { kimiProvider } from './provider/kimi-provider';
import { kimiProviderV3 } from './provider/kimi-provider-v3';

/**
 * Makes a provider. Its models are LanguageModelV2, which AI SDK 5, 6 and 7 accept; `specificationVersion` chooses another.
 * For AI SDK 6 and 7 the entries `ai-sdk-provider-kimi/v3` and `/v4` are native.
 */
export const createKimi: typeof kimiProvider = kimiProvider;

/**
 * For opencode, which calls the alphabetically first export that starts with `create`, and loops forever on V2 models:
 * always LanguageModelV3, whatever the settings say. In your own code use `createKimi`.
 */
export const create: typeof kimiProviderV3 = kimiProviderV3;

/** The provider with default settings. */
export const kimi = /* @__PURE__ */ kimiProvider();

export { VERSION } from './version';
export type { KimiProviderV2 as KimiProvider } from './provider/kimi-provider-v2';
export type { KimiProviderSettings } from './provider/kimi-provider-settings';
export type { KimiModelId } from './models/kimi-model-id';
export type { KimiLanguageModelOptions } from './engine/kimi-language-model-options';
export type { HostIdentity, KimiIdentity } from './identity/identity';
export type { KimiRegion, KimiService } from './upstream';
export type {
  CredentialLock,
  CredentialLockOptions,
  CredentialStore,
  KimiApiKeyCredentials,
  KimiCredentials,
  KimiOAuthCredentials,
} from './credentials/credential-store';
export { KimiError } from './errors/kimi-error';
export { KimiCredentialStoreError } from './errors/kimi-credential-store-error';
export { KimiInvalidArgumentError } from './errors/kimi-invalid-argument-error';
export { KimiLoginRequiredError } from './errors/kimi-login-required-error';
export { KimiRedirectError } from './errors/kimi-redirect-error';
