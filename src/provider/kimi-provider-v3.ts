import type { LanguageModelV3, ProviderV3 } from 'provider-v3';
import { WORKFLOW_DESERIALIZE, WORKFLOW_SERIALIZE } from '@ai-sdk/provider-utils';
import { KimiLanguageModelV3 } from '../spec/v3';
import { callableProvider, engineOf, type CallableProvider } from './callable-provider';
import type { KimiProviderSettings } from './kimi-provider-settings';
import type { PortableModel } from './portable-model';

/** The provider in AI SDK 6's words. Callable: `kimi('kimi-for-coding')`. */
export interface KimiProviderV3
  extends CallableProvider<LanguageModelV3>, Omit<ProviderV3, keyof CallableProvider<LanguageModelV3>> {}

/** The model, with what lets it cross a step of a Workflow. */
class PortableKimiModelV3 extends KimiLanguageModelV3 {
  static [WORKFLOW_SERIALIZE](model: PortableKimiModelV3): unknown {
    return model.portable;
  }

  static [WORKFLOW_DESERIALIZE](portable: PortableModel): PortableKimiModelV3 {
    return new PortableKimiModelV3(engineOf(portable), portable);
  }
}

/** A provider whose models are LanguageModelV3. */
export function kimiProviderV3(settings: KimiProviderSettings = {}): KimiProviderV3 {
  return Object.assign(callableProvider(settings, PortableKimiModelV3), { specificationVersion: 'v3' as const });
}
