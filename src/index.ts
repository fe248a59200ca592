import { kimiProvider } from './provider/kimi-provider';
import type { KimiProviderV2 } from './provider/kimi-provider-v2';

export { kimiProvider as createKimi } from './provider/kimi-provider';

// For opencode, which calls the alphabetically first export that starts with `create` and loops for ever on V2 models (aisdk.md 2.5):
// always LanguageModelV3, whatever the settings say. No other export of this entry may start with `create`.
export { kimiProviderV3 as create } from './provider/kimi-provider-v3';

/** The provider with default settings. */
export const kimi: KimiProviderV2 = /* @__PURE__ */ kimiProvider();

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
export type { KimiAuth, KimiAuthStatus } from './provider/kimi-auth';
export type { DeviceLoginState } from './auth/device-login-steps';
export { KimiError } from './errors/kimi-error';
export { KimiCredentialStoreError } from './errors/kimi-credential-store-error';
export { KimiDeviceLoginError } from './errors/kimi-device-login-error';
export { KimiInvalidArgumentError } from './errors/kimi-invalid-argument-error';
export { KimiLoginRequiredError } from './errors/kimi-login-required-error';
export { KimiRedirectError } from './errors/kimi-redirect-error';
export { KimiTokenRefreshError } from './errors/kimi-token-refresh-error';
