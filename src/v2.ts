import { kimiProviderV2, type KimiProviderV2 } from './provider/kimi-provider-v2';

export { kimiProviderV2 as createKimi } from './provider/kimi-provider-v2';

/** The provider with default settings. */
export const kimi: KimiProviderV2 = /* @__PURE__ */ kimiProviderV2();

export type { KimiProviderV2 as KimiProvider } from './provider/kimi-provider-v2';
export * from './common-exports';
