import type { LanguageModelV4, ProviderV4 } from '@ai-sdk/provider';
import { KimiLanguageModelV4 } from '../spec/v4';
import { callableProvider, type CallableProvider } from './callable-provider';
import type { KimiProviderSettings } from './kimi-provider-settings';

/** The provider in AI SDK 7's words. Callable: `kimi('kimi-for-coding')`. */
export interface KimiProviderV4
  extends CallableProvider<LanguageModelV4>, Omit<ProviderV4, keyof CallableProvider<LanguageModelV4>> {}

/** A provider whose models are LanguageModelV4. */
export function kimiProviderV4(settings: KimiProviderSettings = {}): KimiProviderV4 {
  return Object.assign(callableProvider(settings, KimiLanguageModelV4), { specificationVersion: 'v4' as const });
}
