/** What `ask` takes besides its words: files of this machine and addresses, by what they are. */
import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { LanguageModelV4FilePart, LanguageModelV4TextPart } from '@ai-sdk/provider';
import { HEAD_BYTES, mediaTypeOf, purposeOf, type FilePurpose } from '../files/media-type';
import type { KimiProviderV4 } from '../provider/kimi-provider-v4';
import { UsageError } from './failures';

/** An attachment as a part of the prompt. */
export type AttachedPart = LanguageModelV4FilePart | LanguageModelV4TextPart;

/** What a flag of `ask` takes; `--attach` takes each of them. */
export type AttachmentKind = 'image' | 'video' | 'text';

/** A larger picture is uploaded; inline it would be sent again with each request. */
const LARGEST_INLINE = 4 * 1024 * 1024;

/** More text is no attachment to a question. */
const LONGEST_TEXT = 2 * 1024 * 1024;

/**
 * Pictures go inline, large ones and videos as uploads, text as text under its name. Of an address: a picture or a
 * video is fetched here and uploaded; any other is a page, whose text Kimi reads.
 * @param wanted what it has to be; without it any of them
 * @throws UsageError for what is none of these; what `kimi.files` and `kimi.web` throw
 */
export async function attachedPart(
  kimi: Pick<KimiProviderV4, 'files' | 'web'>,
  place: string,
  abortSignal: AbortSignal,
  wanted?: AttachmentKind,
): Promise<AttachedPart> {
  if (/^https?:\/\//i.test(place)) {
    if (!URL.canParse(place)) {
      throw new UsageError(`${place} is no address.`);
    }
    const mediaType = mediaTypeOf({ head: new Uint8Array(), filename: basename(new URL(place).pathname) });
    const isMedia = mediaType !== undefined && purposeOf(mediaType) !== undefined;
    checkKind(place, isMedia ? purposeOf(mediaType) : undefined, wanted);
    if (isMedia) {
      return uploadedPart(await kimi.files.upload({ url: place, abortSignal }));
    }
    const { text } = await kimi.web.fetch(place, { abortSignal });
    return textPart(place, text);
  }
  const { head, size } = await lookAt(place);
  const mediaType = mediaTypeOf({ head, filename: basename(place) });
  const purpose = mediaType === undefined ? undefined : purposeOf(mediaType);
  checkKind(place, purpose, wanted);
  if (mediaType !== undefined && purpose === 'image' && size <= LARGEST_INLINE) {
    return { type: 'file', mediaType, data: { type: 'data', data: await readFile(place) } };
  }
  if (purpose !== undefined) {
    return uploadedPart(await kimi.files.upload({ path: place, mediaType, abortSignal }));
  }
  return textPart(basename(place), await readText(place, size));
}

/** Before anything is sent. @throws UsageError */
function checkKind(place: string, purpose: FilePurpose | undefined, wanted: AttachmentKind | undefined): void {
  if (wanted !== undefined && wanted !== (purpose ?? 'text')) {
    const what = { image: 'a picture', video: 'a video', text: 'text' }[wanted];
    throw new UsageError(`${place} is not ${what}. To attach it as what it is: --attach`);
  }
}

function uploadedPart({ reference, mediaType }: { reference: string; mediaType: string }): LanguageModelV4FilePart {
  return { type: 'file', mediaType, data: { type: 'url', url: new URL(reference) } };
}

function textPart(name: string, text: string): LanguageModelV4TextPart {
  return { type: 'text', text: `${name}:\n\n${text}` };
}

async function lookAt(path: string): Promise<{ head: Uint8Array; size: number }> {
  try {
    // Without waiting: a named pipe that nobody writes to would be opened for ever.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stats = await file.stat();
      if (!stats.isFile()) {
        throw new UsageError(`${path} is not a file.`);
      }
      const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return { head: buffer.subarray(0, bytesRead), size: stats.size };
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    throw error instanceof UsageError ? error : new UsageError(`${path} cannot be read (${code ?? name}).`);
  }
}

async function readText(path: string, size: number): Promise<string> {
  if (size > LONGEST_TEXT) {
    throw new UsageError(`${path} is no picture and no video, and for text it is too long (at most 2 MiB).`);
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
    if (text.includes('\0')) {
      throw new TypeError('a zero byte');
    }
    return text;
  } catch {
    throw new UsageError(`${path} is none of what can be attached: a picture, a video, or text in UTF-8.`);
  }
}
