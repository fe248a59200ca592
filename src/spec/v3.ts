import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3GenerateResult,
  LanguageModelV3StreamResult,
} from 'provider-v3';
import { toV4CallOptions } from './to-v4-call-options';
import { SpecLanguageModel } from './v4';

/**
 * The engine for AI SDK 6, and 7 without warnings, in LanguageModelV3. What V3 gives out is a subset of V4's words, and
 * the engine uses no word beyond it (docs/wire.md#v3-on-ai-sdk-7), so only the prompt is translated.
 */
export class KimiLanguageModelV3 extends SpecLanguageModel implements LanguageModelV3 {
  readonly specificationVersion = 'v3' as const;

  async doGenerate(options: LanguageModelV3CallOptions): Promise<LanguageModelV3GenerateResult> {
    return this.engine.doGenerate(toV4CallOptions(options)) as Promise<LanguageModelV3GenerateResult>;
  }

  async doStream(options: LanguageModelV3CallOptions): Promise<LanguageModelV3StreamResult> {
    return this.engine.doStream(toV4CallOptions(options)) as Promise<LanguageModelV3StreamResult>;
  }
}
