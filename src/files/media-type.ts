/** What Kimi looks at: the types it takes, and which of them some bytes, a name or a word mean. */
import { detectMediaType } from '@ai-sdk/provider-utils';

/** What an upload is for, Kimi's own words (docs/wire.md#file-uploads). */
export type FilePurpose = 'image' | 'video';

/** docs/wire.md#image-input. */
export const IMAGE_TYPES = ['png', 'jpeg', 'gif', 'webp', 'bmp', 'heic', 'heif'];

/** What the official client uploads and the platform documents name (docs/wire.md#video-input). */
export const VIDEO_TYPES = [
  'mp4',
  'mpeg',
  'mpg',
  'quicktime',
  'mov',
  'webm',
  'x-matroska',
  'x-msvideo',
  'avi',
  'x-flv',
  'x-ms-wmv',
  'wmv',
  '3gpp',
];

/** Endings of file names; the registered type of each. */
const ENDINGS: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  bmp: 'image/bmp',
  heic: 'image/heic',
  heif: 'image/heif',
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  mpeg: 'video/mpeg',
  mpg: 'video/mpeg',
  mov: 'video/quicktime',
  webm: 'video/webm',
  mkv: 'video/x-matroska',
  avi: 'video/x-msvideo',
  flv: 'video/x-flv',
  wmv: 'video/x-ms-wmv',
  '3gp': 'video/3gpp',
};

/** So many bytes say what a file is. */
export const HEAD_BYTES = 4096;

/** What a file of this type is uploaded for; `undefined` for what Kimi does not take. */
export function purposeOf(mediaType: string): FilePurpose | undefined {
  const [kind, subtype = ''] = plainType(mediaType).split('/');
  if (kind === 'image' && [...IMAGE_TYPES, 'jpg'].includes(subtype)) {
    return kind;
  }
  return kind === 'video' && VIDEO_TYPES.includes(subtype) ? kind : undefined;
}

/**
 * The whole type of a file: what is said of it, as far as that is a whole type; else what its bytes begin with; else
 * what its name ends with.
 * @param stated a type, or only `image` or `video`; a server's `application/octet-stream` says nothing
 * @returns `undefined` where nothing says it
 */
export function mediaTypeOf({
  stated = '',
  head,
  filename,
}: {
  stated?: string | undefined;
  head: Uint8Array;
  filename: string | undefined;
}): string | undefined {
  const type = plainType(stated);
  if (/^[^/]+\/[^/*]+$/.test(type) && type !== 'application/octet-stream') {
    return type === 'image/jpg' ? 'image/jpeg' : type;
  }
  const kind = type.split('/')[0];
  const top = kind === 'image' || kind === 'video' ? kind : undefined;
  const found =
    detectMediaType({ data: head, ...(top === undefined ? {} : { topLevelType: top }) }) ??
    ENDINGS[filename?.split('.').at(-1)?.toLowerCase() ?? ''];
  return top === undefined || found?.startsWith(`${top}/`) === true ? found : undefined;
}

/** A name for a file of this type that has none. */
export function nameFor(mediaType: string): string {
  const [kind, subtype] = mediaType.split('/');
  return `${kind}.${Object.entries(ENDINGS).find(([, type]) => type === mediaType)?.[0] ?? subtype}`;
}

/** Without parameters, in lower case. */
function plainType(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase();
}
