import type { LanguageModelV4, ProviderV4 } from '@ai-sdk/provider';
import { KimiLanguageModelV4 } from '../spec/v4';
import { callableProvider, type CallableProvider } from './callable-provider';
import { processVariables, type Variables } from './environment';
import type { KimiProviderSettings } from './kimi-provider-settings';

/** The provider in AI SDK 7's words. Callable: `kimi('kimi-for-coding')`. */
export interface KimiProviderV4
  extends CallableProvider<LanguageModelV4>, Omit<ProviderV4, keyof CallableProvider<LanguageModelV4>> {}

/** A provider whose models are LanguageModelV4. */
export function kimiProviderV4(settings: KimiProviderSettings = {}): KimiProviderV4 {
  return kimiProviderIn(processVariables, settings);
}

/** The same in another environment than the process's own: the command line, whose `--store` is one of its variables. */
export function kimiProviderIn(variables: Variables, settings: KimiProviderSettings): KimiProviderV4 {
  return Object.assign(callableProvider(settings, KimiLanguageModelV4, variables), {
    specificationVersion: 'v4' as const,
  });
}
