import type { LanguageModelV3, ProviderV3 } from 'provider-v3';
import { KimiLanguageModelV3 } from '../spec/v3';
import { callableProvider, type CallableProvider } from './callable-provider';
import type { KimiProviderSettings } from './kimi-provider-settings';

/** The provider in AI SDK 6's words. Callable: `kimi('kimi-for-coding')`. */
export interface KimiProviderV3
  extends CallableProvider<LanguageModelV3>, Omit<ProviderV3, keyof CallableProvider<LanguageModelV3>> {}

/** A provider whose models are LanguageModelV3. */
export function kimiProviderV3(settings: KimiProviderSettings = {}): KimiProviderV3 {
  return Object.assign(callableProvider(settings, KimiLanguageModelV3), { specificationVersion: 'v3' as const });
}
