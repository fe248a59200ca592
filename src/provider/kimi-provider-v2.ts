import type { LanguageModelV2, ProviderV2 } from 'provider-v2';
import { KimiLanguageModelV2 } from '../spec/v2';
import { callableProvider, type CallableProvider } from './callable-provider';
import type { KimiProviderSettings } from './kimi-provider-settings';

/** The provider in AI SDK 5's words. Callable: `kimi('kimi-for-coding')`. */
export interface KimiProviderV2
  extends CallableProvider<LanguageModelV2>, Omit<ProviderV2, keyof CallableProvider<LanguageModelV2>> {}

/** A provider whose models are LanguageModelV2: accepted by AI SDK 5, 6 and 7. */
export function kimiProviderV2(settings: KimiProviderSettings = {}): KimiProviderV2 {
  return callableProvider(settings, KimiLanguageModelV2);
}
