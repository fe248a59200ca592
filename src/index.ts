import { kimiProvider } from './provider/kimi-provider';
import type { KimiProviderV2 } from './provider/kimi-provider-v2';

export { kimiProvider as createKimi } from './provider/kimi-provider';

// For opencode, which calls the alphabetically first export that starts with `create` and loops for ever on V2 models
// (docs/wire.md#opencode-and-v2-models): always LanguageModelV3, whatever the settings say. No other export of this
// entry may start with `create`.
export { kimiProviderV3 as create } from './provider/kimi-provider-v3';

/** The provider with default settings. */
export const kimi: KimiProviderV2 = /* @__PURE__ */ kimiProvider();

export type { KimiProviderV2 as KimiProvider } from './provider/kimi-provider-v2';
export * from './common-exports';
