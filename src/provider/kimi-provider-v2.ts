import type { LanguageModelV2, ProviderV2 } from 'provider-v2';
import { WORKFLOW_DESERIALIZE, WORKFLOW_SERIALIZE } from '@ai-sdk/provider-utils';
import { KimiLanguageModelV2 } from '../spec/v2';
import { callableProvider, engineOf, type CallableProvider } from './callable-provider';
import type { KimiProviderSettings } from './kimi-provider-settings';
import type { PortableModel } from './portable-model';

/** The provider in AI SDK 5's words. Callable: `kimi('kimi-for-coding')`. */
export interface KimiProviderV2
  extends CallableProvider<LanguageModelV2>, Omit<ProviderV2, keyof CallableProvider<LanguageModelV2>> {}

/** The model, with what lets it cross a step of a Workflow. */
class PortableKimiModelV2 extends KimiLanguageModelV2 {
  static [WORKFLOW_SERIALIZE](model: PortableKimiModelV2): unknown {
    return model.portable;
  }

  static [WORKFLOW_DESERIALIZE](portable: PortableModel): PortableKimiModelV2 {
    return new PortableKimiModelV2(engineOf(portable), portable);
  }
}

/** A provider whose models are LanguageModelV2: accepted by AI SDK 5, 6 and 7. */
export function kimiProviderV2(settings: KimiProviderSettings = {}): KimiProviderV2 {
  return callableProvider(settings, PortableKimiModelV2);
}
