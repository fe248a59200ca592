/** What the official client and the documents name (docs/wire.md#image-input, #video-input); the part behind `image/`. */
export const IMAGE_TYPES = ['png', 'jpeg', 'jpg', 'gif', 'webp', 'bmp', 'heic', 'heif'];

/** The part behind `video/`. */
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
