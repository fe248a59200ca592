import type { LanguageModelV4FilePart } from '@ai-sdk/provider';

/**
 * The type under which a file that Kimi does not take reaches the body rule `media`, which decides what becomes of it.
 */
export const UNSUPPORTED_FILE = 'unsupported_file';

/** Kinds that openai-compatible may turn into what Kimi takes. */
const KINDS = ['image', 'video', 'text'];

/**
 * The same file, where it is an image, a video or text. Anything else openai-compatible would refuse, or send as what
 * Kimi does not know; it goes as an empty text whose type its metadata overwrites.
 */
export function markUnsupportedFile<T extends Pick<LanguageModelV4FilePart, 'data' | 'mediaType'>>(file: T): T {
  const kind = file.mediaType.split('/')[0] ?? '';
  if (KINDS.includes(kind) && (file.data.type !== 'text' || kind === 'text')) {
    return file;
  }
  return {
    ...file,
    mediaType: 'text/plain',
    data: { type: 'text', text: '' },
    providerOptions: { openaiCompatible: { type: UNSUPPORTED_FILE, media_type: file.mediaType } },
  };
}
