/** What every entry exports besides its provider. */
export { VERSION } from './version';
export type { KimiProviderSettings } from './provider/kimi-provider-settings';
export type { KimiTokenCount, KimiTokenCountOptions } from './engine/token-count';
export type { KimiModelId } from './models/model-info';
export type { KimiProtocol, ModelInfo } from './models/model-info';
export { kimiModelCatalog, type KimiModelEntry } from './models/kimi-model-catalog';
export {
  estimateCost,
  type EstimateCostOptions,
  type KimiCost,
  type KimiPrices,
  type KimiTokenUsage,
} from './models/estimate-cost';
export type { ModelResolution } from './models/resolve-model';
export type { KimiLanguageModelOptions } from './engine/options';
export type { KimiMessageOptions } from './engine/options';
export type { KimiProviderMetadata } from './engine/metadata';
export type { KimiBalance } from './account/balance';
export type { KimiBoosterWallet } from './account/booster-wallet';
export type { KimiMembership } from './account/current-user';
export type { KimiAddOnPacks } from './account/plan-usage';
export type { KimiOtherUsageWindow, KimiUsageStatement, KimiUsageWindow } from './account/usage-windows';
export type { KimiUsage } from './provider/account-usage';
export type { KimiRateLimit, KimiRateLimits } from './api/rate-limits';
export type { KimiUsageReport } from './engine/usage-report';
export type { HostIdentity, KimiIdentity } from './identity/identity';
export type { KimiLogDetails, KimiLogger, KimiLogLevel } from './log/log';
export type { KimiRegion, KimiService } from './upstream';
export type {
  CredentialLock,
  CredentialLockOptions,
  CredentialStore,
  KimiApiKeyCredentials,
  KimiCredentialBinding,
  KimiCredentials,
  KimiOAuthCredentials,
} from './credentials/credential-store';
export type { KimiAuth, KimiAuthStatus } from './provider/kimi-auth';
export type { KimiFile, KimiFiles, KimiUploadOptions, KimiUploadProgress } from './files/kimi-file';
export type { KimiWeb } from './provider/kimi-web';
export type { WebPage, WebPageOptions } from './web/web-page';
export type { WebSearchOptions, WebSearchResult } from './web/web-search';
export type { DeviceLoginState } from './auth/device-login';
export { KimiAPIError, type KimiAPIErrorCode } from './errors/kimi-api-error';
export { KimiError } from './errors/kimi-error';
export { KimiCredentialStoreError } from './errors/kimi-error';
export { KimiDeviceLoginError } from './errors/kimi-error';
export { KimiDownloadError } from './errors/kimi-error';
export { KimiInvalidArgumentError } from './errors/kimi-error';
export { KimiLoginRequiredError } from './errors/kimi-error';
export { KimiNoSuchModelError } from './errors/kimi-error';
export { KimiRedirectError } from './errors/kimi-error';
export { KimiTokenRefreshError } from './errors/kimi-token-refresh-error';
export { KimiUnsupportedProtocolError } from './errors/kimi-error';
