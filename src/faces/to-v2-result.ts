import type {
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

/** V4's finish reason to V2's word. V2 says `unknown` where the server gave none. */
export function toV2FinishReason({ unified, raw }: LanguageModelV4FinishReason): LanguageModelV2FinishReason {
  if (unified === 'interrupted') {
    return 'other';
  }
  return unified === 'other' && raw === undefined ? 'unknown' : unified;
}

/** V4's nested usage to V2's flat one. */
export function toV2Usage({ inputTokens, outputTokens, raw }: LanguageModelV4Usage): LanguageModelV2Usage {
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
export function toV2Warning(warning: SharedV4Warning): LanguageModelV2CallWarning {
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
export function toV2StreamPart(part: LanguageModelV4StreamPart): LanguageModelV2StreamPart {
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
