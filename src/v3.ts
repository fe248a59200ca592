import { kimiProviderV3, type KimiProviderV3 } from './provider/kimi-provider-v3';

export { kimiProviderV3 as createKimi } from './provider/kimi-provider-v3';

/** The provider with default settings. */
export const kimi: KimiProviderV3 = /* @__PURE__ */ kimiProviderV3();

export type { KimiProviderV3 as KimiProvider } from './provider/kimi-provider-v3';
export * from './common-exports';
