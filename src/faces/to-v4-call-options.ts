import type { LanguageModelV2CallOptions } from 'provider-v2';
import type { LanguageModelV3CallOptions } from 'provider-v3';
import type { LanguageModelV4CallOptions, LanguageModelV4Message } from '@ai-sdk/provider';
import { toV4FileData } from './to-v4-file-data';
import { toV4ToolResultOutput } from './to-v4-tool-result-output';

/**
 * Call options of any AI SDK major to V4's. A face cannot know which dialect it gets: ai@6 hands V3 prompts to V2
 * models and ai@7 V4 prompts to V2 and V3 models, both unconverted (aisdk.md 2.2), so every part is recognised by its
 * own shape.
 */
export function toV4CallOptions(
  options: LanguageModelV2CallOptions | LanguageModelV3CallOptions | LanguageModelV4CallOptions,
): LanguageModelV4CallOptions {
  const { prompt, tools, ...rest } = options as LanguageModelV4CallOptions;
  return {
    ...rest,
    prompt: (prompt as AnyMessage[]).map(toV4Message),
    ...(tools === undefined
      ? {}
      : {
          tools: tools.map(
            tool =>
              ((tool.type as string) === 'provider-defined' ? { ...tool, type: 'provider' } : tool) as typeof tool,
          ),
        }),
  };
}

type AnyPart = { type: string; data?: unknown; mediaType?: string; output?: unknown; [field: string]: unknown };
type AnyMessage = { role: string; content: string | AnyPart[] };

function toV4Message(message: AnyMessage): LanguageModelV4Message {
  const { content } = message;
  return (
    typeof content === 'string' ? message : { ...message, content: content.map(toV4Part) }
  ) as LanguageModelV4Message;
}

function toV4Part(part: AnyPart): AnyPart {
  switch (part.type) {
    case 'file':
    case 'reasoning-file':
      return { ...part, data: toV4FileData(part.data) };
    case 'tool-result':
      return { ...part, output: toV4ToolResultOutput(part.output) };
    default:
      return part;
  }
}
