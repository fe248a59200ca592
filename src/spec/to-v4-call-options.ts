import type { LanguageModelV2CallOptions } from 'provider-v2';
import type { LanguageModelV3CallOptions } from 'provider-v3';
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4ToolResultOutput,
  SharedV4FileData,
} from '@ai-sdk/provider';

/**
 * Call options of any AI SDK major to V4's. A model cannot know which dialect it gets: ai@6 hands V3 prompts to V2
 * models and ai@7 V4 prompts to V2 and V3 models, both unconverted (docs/wire.md#prompts-that-are-not-converted), so
 * every part is recognised by its own shape.
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

/** File data of any dialect: bytes, base64, a URL or a string that is one (V2, V3), or V4's tagged form. */
function toV4FileData(data: unknown): SharedV4FileData {
  if (data instanceof URL) {
    return { type: 'url', url: data };
  }
  if (data instanceof Uint8Array) {
    return { type: 'data', data };
  }
  if (typeof data === 'string') {
    // Base64 has no colon, so a scheme is unmistakable.
    return /^[a-z][a-z0-9+.-]*:/i.test(data) ? { type: 'url', url: new URL(data) } : { type: 'data', data };
  }
  return data as SharedV4FileData;
}

type ContentItem = Extract<LanguageModelV4ToolResultOutput, { type: 'content' }>['value'][number];
type AnyItem = {
  type: string;
  data?: unknown;
  url?: string;
  fileId?: string | Record<string, string>;
  mediaType?: string;
  filename?: string;
};

/** Tool results of any dialect: V2's `media`, V3's `file-data`, `image-url` and the like become V4's `file`. */
function toV4ToolResultOutput(output: unknown): LanguageModelV4ToolResultOutput {
  const { type, value } = output as { type: string; value?: unknown };
  return (
    type === 'content' ? { ...(output as object), value: (value as AnyItem[]).map(toV4Item) } : output
  ) as LanguageModelV4ToolResultOutput;
}

function toV4Item(item: AnyItem): ContentItem {
  const named = item.filename === undefined ? {} : { filename: item.filename };
  switch (item.type) {
    case 'media':
    case 'file-data':
    case 'image-data':
    case 'file':
      return { type: 'file', data: toV4FileData(item.data), mediaType: item.mediaType ?? topLevelType(item), ...named };
    case 'file-url':
    case 'image-url':
      return { type: 'file', data: toV4FileData(item.url), mediaType: item.mediaType ?? topLevelType(item), ...named };
    case 'file-id':
    case 'image-file-id':
      return {
        type: 'file',
        data: {
          type: 'reference',
          reference: typeof item.fileId === 'string' ? { kimi: item.fileId } : (item.fileId ?? {}),
        },
        mediaType: item.mediaType ?? topLevelType(item),
        ...named,
      };
    default:
      return item as ContentItem;
  }
}

const TYPES_BY_EXTENSION: Readonly<Record<string, string>> = {
  mp4: 'video',
  mov: 'video',
  webm: 'video',
  avi: 'video',
  mpeg: 'video',
  mpg: 'video',
  pdf: 'application/pdf',
  txt: 'text',
  md: 'text',
};

/**
 * V3's `file-url` reaches a V3 model without its media type (docs/wire.md#v3-on-ai-sdk-7): the data URL or the name
 * tells, else it is an image, the usual case.
 */
function topLevelType({ type, url = '', filename = '' }: AnyItem): string {
  if (type.startsWith('image')) {
    return 'image';
  }
  const declared = /^data:([^;,]+)/.exec(url)?.[1];
  const extension = /\.([a-z0-9]+)(?:$|[?#])/i.exec(filename || url)?.[1]?.toLowerCase() ?? '';
  return declared ?? TYPES_BY_EXTENSION[extension] ?? 'image';
}
