import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider';
import { Face } from './face';
import { toV4CallOptions } from './to-v4-call-options';

/** The engine for AI SDK 7, in LanguageModelV4. */
export class KimiLanguageModelV4 extends Face implements LanguageModelV4 {
  readonly specificationVersion = 'v4' as const;

  async doGenerate(options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    return this.engine.doGenerate(toV4CallOptions(options));
  }

  async doStream(options: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    return this.engine.doStream(toV4CallOptions(options));
  }
}
