import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4GenerateResult, LanguageModelV4StreamResult } from '@ai-sdk/provider';
import { toV4CallOptions } from './to-v4-call-options';
import type { V4Engine } from './v4-engine';

/** The engine for AI SDK 7, in LanguageModelV4. */
export class KimiLanguageModelV4 implements LanguageModelV4 {
  readonly specificationVersion = 'v4' as const;
  readonly provider: string;
  readonly modelId: string;
  readonly supportedUrls: V4Engine['supportedUrls'];

  private readonly engine: V4Engine;

  constructor(engine: V4Engine) {
    this.engine = engine;
    this.provider = engine.provider;
    this.modelId = engine.modelId;
    this.supportedUrls = engine.supportedUrls;
  }

  async doGenerate(options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    return this.engine.doGenerate(toV4CallOptions(options));
  }

  async doStream(options: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    return this.engine.doStream(toV4CallOptions(options));
  }
}
