import { kimiProviderV4, type KimiProviderV4 } from './provider/kimi-provider-v4';

export { kimiProviderV4 as createKimi } from './provider/kimi-provider-v4';

/** The provider with default settings. */
export const kimi: KimiProviderV4 = /* @__PURE__ */ kimiProviderV4();

export type { KimiProviderV4 as KimiProvider } from './provider/kimi-provider-v4';
export * from './common-exports';
