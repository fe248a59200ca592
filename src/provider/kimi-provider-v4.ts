import type { LanguageModelV4, ProviderV4 } from '@ai-sdk/provider';
import { WORKFLOW_DESERIALIZE, WORKFLOW_SERIALIZE } from '@ai-sdk/provider-utils';
import { KimiLanguageModelV4 } from '../spec/v4';
import { callableProvider, engineOf, type CallableProvider } from './callable-provider';
import { processVariables, type Variables } from './environment';
import type { KimiProviderSettings } from './kimi-provider-settings';
import type { PortableModel } from './portable-model';

/** The provider in AI SDK 7's words. Callable: `kimi('kimi-for-coding')`. */
export interface KimiProviderV4
  extends CallableProvider<LanguageModelV4>, Omit<ProviderV4, keyof CallableProvider<LanguageModelV4>> {}

/** The model, with what lets it cross a step of a Workflow. */
class PortableKimiModelV4 extends KimiLanguageModelV4 {
  static [WORKFLOW_SERIALIZE](model: PortableKimiModelV4): unknown {
    return model.portable;
  }

  static [WORKFLOW_DESERIALIZE](portable: PortableModel): PortableKimiModelV4 {
    return new PortableKimiModelV4(engineOf(portable), portable);
  }
}

/** A provider whose models are LanguageModelV4. */
export function kimiProviderV4(settings: KimiProviderSettings = {}): KimiProviderV4 {
  return kimiProviderIn(processVariables, settings);
}

/** The same in another environment than the process's own: the command line, whose `--store` is one of its variables. */
export function kimiProviderIn(variables: Variables, settings: KimiProviderSettings): KimiProviderV4 {
  return Object.assign(callableProvider(settings, PortableKimiModelV4, variables), {
    specificationVersion: 'v4' as const,
  });
}
