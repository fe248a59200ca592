import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider';
import { toV4CallOptions } from './to-v4-call-options';

/** What a model of any specification needs of the engine behind it. The engine itself speaks V4. */
export type V4Engine = Pick<LanguageModelV4, 'provider' | 'modelId' | 'supportedUrls' | 'doGenerate' | 'doStream'>;

/**
 * What the models of all specifications share. TypeScript-private fields only: ai@7 wraps models in a Proxy, which
 * breaks `#private` (docs/wire.md#models-in-a-proxy).
 */
export abstract class SpecLanguageModel {
  readonly provider: string;
  readonly modelId: string;
  readonly supportedUrls: V4Engine['supportedUrls'];

  protected readonly engine: V4Engine;

  /** What a Workflow carries of the model from one step to the next: plain JSON. */
  protected readonly portable: unknown;

  constructor(engine: V4Engine, portable?: unknown) {
    this.engine = engine;
    this.portable = portable;
    this.provider = engine.provider;
    this.modelId = engine.modelId;
    this.supportedUrls = engine.supportedUrls;
  }
}

/** The engine for AI SDK 7, in LanguageModelV4. */
export class KimiLanguageModelV4 extends SpecLanguageModel implements LanguageModelV4 {
  readonly specificationVersion = 'v4' as const;

  async doGenerate(options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    return this.engine.doGenerate(toV4CallOptions(options));
  }

  async doStream(options: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    return this.engine.doStream(toV4CallOptions(options));
  }
}
