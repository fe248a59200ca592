import type { LanguageModelV4ToolResultOutput } from '@ai-sdk/provider';
import { toV4FileData } from './to-v4-file-data';

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
export function toV4ToolResultOutput(output: unknown): LanguageModelV4ToolResultOutput {
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
 * V3's `file-url` reaches a V3 model without its media type (aisdk.md 2.3): the data URL or the name tells, else it is
 * an image, the usual case.
 */
function topLevelType({ type, url = '', filename = '' }: AnyItem): string {
  if (type.startsWith('image')) {
    return 'image';
  }
  const declared = /^data:([^;,]+)/.exec(url)?.[1];
  const extension = /\.([a-z0-9]+)(?:$|[?#])/i.exec(filename || url)?.[1]?.toLowerCase() ?? '';
  return declared ?? TYPES_BY_EXTENSION[extension] ?? 'image';
}
