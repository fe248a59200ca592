import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultPart,
  SharedV4FileData,
  SharedV4Warning,
} from '@ai-sdk/provider';
import { convertBase64ToUint8Array } from '@ai-sdk/provider-utils';
import { KimiAPIError } from '../errors/kimi-api-error';
import { fileIdOf } from '../files/file-id';
import { HEAD_BYTES, mediaTypeOf, purposeOf } from '../files/media-type';
import type { ModelInfo } from '../models/model-info';
import type { CallTarget, MediaUploads } from './call-target';
import { anySignal } from '../transport/any-signal';

/** Smaller images go inline: that is quicker than a request of their own (docs/decisions.md#61-files). */
const SMALL_IMAGE = 1024 * 1024;

/** As many at once; an account has few (docs/wire.md#error-concurrency). */
const AT_ONCE = 4;

type FileLike = { type: string; data?: unknown; mediaType?: string };

/** A prompt whose media are at Kimi's. */
export type UploadedPrompt = {
  prompt: LanguageModelV4Prompt;
  /** Ids that Kimi was believed to have; it may have forgotten them. */
  cachedIds: readonly string[];
  warnings: readonly SharedV4Warning[];
};

/**
 * Uploads the videos and the images above 1 MiB of a prompt, also those in results of tools, each content once, and
 * puts their references in their place. What the model or Kimi does not take stays for the rules to say so; where there
 * is nowhere to upload to, everything stays inline, with a warning.
 * @throws as `KimiFiles.upload`
 */
export async function uploadMedia(
  { prompt, abortSignal }: Pick<LanguageModelV4CallOptions, 'prompt' | 'abortSignal'>,
  { model, uploads }: Pick<CallTarget, 'model' | 'uploads'>,
): Promise<UploadedPrompt> {
  const parts = [...fileParts(prompt)];
  const references = new Map<FileLike, { id: string; mediaType: string }>();
  const cachedIds: string[] = [];
  const warnings: SharedV4Warning[] = [];
  const work = parts.values();
  // What fails fails the call: nothing more is sent for it.
  const ending = new AbortController();
  const signal = anySignal(ending.signal, abortSignal);
  const worker = async (): Promise<void> => {
    for (const part of work) {
      const media = mediaOf(part, model);
      if (media === undefined || warnings.length > 0) {
        continue;
      }
      const file = await uploads.upload({ ...media, abortSignal: signal }).catch(unlessThereIsNone);
      if (file === undefined) {
        const message = 'Kimi has no place for uploads at this "baseURL": the media of the prompt were sent inline.';
        warnings.push({ type: 'other', message });
        return;
      }
      references.set(part, { id: file.id, mediaType: media.mediaType });
      if (file.isCached) {
        cachedIds.push(file.id);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, parts.length) }, worker));
  } catch (error) {
    ending.abort(error);
    throw error;
  }
  return {
    prompt: references.size === 0 ? prompt : withReferences(prompt, references),
    cachedIds,
    warnings: warnings.slice(0, 1),
  };
}

/** Ids of the files of Kimi's that a prompt names. */
export function namedFiles(prompt: LanguageModelV4Prompt): string[] {
  const ids = [...fileParts(prompt)].flatMap(({ data }) => {
    const { type, url, reference } = data as { type: string; url?: URL; reference?: Record<string, unknown> };
    return type === 'url'
      ? [fileIdOf(url?.href)]
      : type === 'reference'
        ? Object.values(reference ?? {}).map(fileIdOf)
        : [];
  });
  return [...new Set(ids.filter(id => id !== undefined))];
}

/** Whether the server says that it does not have a file of the prompt (docs/wire.md#files-of-an-account). */
export function isFileGone(error: unknown): boolean {
  return KimiAPIError.isInstance(error) && error.reason === 'file-gone';
}

function unlessThereIsNone(error: unknown): undefined {
  if (!(KimiAPIError.isInstance(error) && error.code === 'KIMI_NOT_FOUND')) {
    throw error;
  }
}

/** The bytes of a part that is to be uploaded; `undefined` for one that stays as it is. */
function mediaOf(
  { data, mediaType: stated }: FileLike,
  { imageInput, videoInput }: ModelInfo,
): Pick<Parameters<MediaUploads['upload']>[0], 'data' | 'mediaType'> | undefined {
  const inline = inlineData(data as SharedV4FileData);
  if (inline === undefined) {
    return undefined;
  }
  const head =
    typeof inline === 'string' ? bytesOf(inline.slice(0, (HEAD_BYTES / 3) * 4)) : inline.subarray(0, HEAD_BYTES);
  const mediaType = head === undefined ? undefined : mediaTypeOf({ stated, head, filename: undefined });
  const purpose = mediaType === undefined ? undefined : purposeOf(mediaType);
  const size = typeof inline === 'string' ? inline.length * 0.75 : inline.byteLength;
  const isWanted = purpose === 'video' ? videoInput : purpose === 'image' && imageInput && size > SMALL_IMAGE;
  const bytes = isWanted ? (typeof inline === 'string' ? bytesOf(inline) : inline) : undefined;
  return bytes === undefined || mediaType === undefined ? undefined : { data: bytes, mediaType };
}

/** What is in the prompt itself: bytes, or text in base64. */
function inlineData(data: SharedV4FileData): Uint8Array | string | undefined {
  if (data.type === 'data') {
    return data.data;
  }
  return data.type === 'url' && data.url.protocol === 'data:'
    ? /^data:[^,]*;base64,(.*)$/is.exec(data.url.href)?.[1]
    : undefined;
}

/** What is no base64 is the rules' to refuse. */
function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return convertBase64ToUint8Array(base64.slice(0, base64.length - (base64.length % 4 === 1 ? 1 : 0)));
  } catch {
    return undefined;
  }
}

function* fileParts(prompt: LanguageModelV4Prompt): Generator<FileLike> {
  for (const { content } of prompt) {
    for (const part of typeof content === 'string' ? [] : content) {
      if (part.type === 'file') {
        yield part;
      } else if (part.type === 'tool-result' && part.output.type === 'content') {
        yield* part.output.value.filter(item => item.type === 'file');
      }
    }
  }
}

function withReferences(
  prompt: LanguageModelV4Prompt,
  references: ReadonlyMap<FileLike, { id: string; mediaType: string }>,
): LanguageModelV4Prompt {
  const replaced = <T extends FileLike>(part: T): T => {
    const file = references.get(part);
    return file === undefined
      ? part
      : { ...part, mediaType: file.mediaType, data: { type: 'reference', reference: { kimi: file.id } } };
  };
  const inResult = (part: LanguageModelV4ToolResultPart): LanguageModelV4ToolResultPart =>
    part.output.type === 'content'
      ? { ...part, output: { ...part.output, value: part.output.value.map(replaced) } }
      : part;
  return prompt.map(message =>
    typeof message.content === 'string'
      ? message
      : {
          ...message,
          content: message.content.map(part => (part.type === 'tool-result' ? inResult(part) : replaced(part))),
        },
  ) as LanguageModelV4Prompt;
}
