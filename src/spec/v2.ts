import type {
  LanguageModelV2,
  LanguageModelV2CallOptions,
  LanguageModelV2CallWarning,
  LanguageModelV2FinishReason,
  LanguageModelV2StreamPart,
  LanguageModelV2Usage,
} from 'provider-v2';
import type {
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
  SharedV4Warning,
} from '@ai-sdk/provider';
import { toV4CallOptions } from './to-v4-call-options';
import { SpecLanguageModel } from './v4';

type GenerateResult = Awaited<ReturnType<LanguageModelV2['doGenerate']>>;
type StreamResult = Awaited<ReturnType<LanguageModelV2['doStream']>>;

/** The engine for AI SDK 5, in LanguageModelV2. */
export class KimiLanguageModelV2 extends SpecLanguageModel implements LanguageModelV2 {
  readonly specificationVersion = 'v2' as const;

  async doGenerate(options: LanguageModelV2CallOptions): Promise<GenerateResult> {
    const { finishReason, usage, warnings, ...result } = await this.engine.doGenerate(toV4CallOptions(options));
    return {
      ...(result as Pick<GenerateResult, 'content' | 'request' | 'response' | 'providerMetadata'>),
      finishReason: toV2FinishReason(finishReason),
      usage: toV2Usage(usage),
      warnings: warnings.map(toV2Warning),
    };
  }

  async doStream(options: LanguageModelV2CallOptions): Promise<StreamResult> {
    const { stream, ...result } = await this.engine.doStream(toV4CallOptions(options));
    const reader = stream.getReader();
    return {
      ...(result as Omit<StreamResult, 'stream'>),
      // Pull-based and without a buffer of its own: a TransformStream costs 28 % more wall time per part, this 17 %
      // (docs/wire.md#cost-of-a-stream-hop).
      stream: new ReadableStream<LanguageModelV2StreamPart>(
        {
          async pull(controller) {
            const { done, value } = await reader.read();
            if (done) {
              controller.close();
            } else {
              controller.enqueue(toV2StreamPart(value));
            }
          },
          cancel: reason => reader.cancel(reason),
        },
        { highWaterMark: 0 },
      ),
    };
  }
}

/** V4's finish reason to V2's word. V2 says `unknown` where the server gave none. */
function toV2FinishReason({ unified, raw }: LanguageModelV4FinishReason): LanguageModelV2FinishReason {
  if (unified === 'interrupted') {
    return 'other';
  }
  return unified === 'other' && raw === undefined ? 'unknown' : unified;
}

/** V4's nested usage to V2's flat one. */
function toV2Usage({ inputTokens, outputTokens, raw }: LanguageModelV4Usage): LanguageModelV2Usage {
  const reported = (raw as { total_tokens?: unknown } | undefined)?.total_tokens;
  const counted =
    inputTokens.total === undefined && outputTokens.total === undefined
      ? undefined
      : (inputTokens.total ?? 0) + (outputTokens.total ?? 0);
  return {
    inputTokens: inputTokens.total,
    outputTokens: outputTokens.total,
    totalTokens: typeof reported === 'number' ? reported : counted,
    reasoningTokens: outputTokens.reasoning,
    cachedInputTokens: inputTokens.cacheRead,
  };
}

/** V4's warning to V2's. `setting` is V2's word for a feature. */
function toV2Warning(warning: SharedV4Warning): LanguageModelV2CallWarning {
  switch (warning.type) {
    case 'unsupported':
    case 'compatibility':
      return {
        type: 'unsupported-setting',
        setting: warning.feature as never,
        ...(warning.details === undefined ? {} : { details: warning.details }),
      };
    case 'deprecated':
      return { type: 'other', message: `${warning.setting} is deprecated: ${warning.message}` };
    case 'other':
      return warning;
  }
}

/** Only the first and the last part of a stream differ; deltas are the same objects. */
function toV2StreamPart(part: LanguageModelV4StreamPart): LanguageModelV2StreamPart {
  switch (part.type) {
    case 'stream-start':
      return { type: 'stream-start', warnings: part.warnings.map(toV2Warning) };
    case 'finish':
      return {
        ...part,
        usage: toV2Usage(part.usage),
        finishReason: toV2FinishReason(part.finishReason),
      } as LanguageModelV2StreamPart;
    default:
      return part as LanguageModelV2StreamPart;
  }
}
