import { UnsupportedFunctionalityError } from '@ai-sdk/provider';
import { IMAGE_TYPES, VIDEO_TYPES } from '../../../files/media-type';
import type { KimiCall } from '../../call';
import type { BodyRule } from '../body';
import { UNSUPPORTED_FILE } from '../prepare-prompt';

/**
 * The official client's policy for inline images, in bytes: each, and all of a request
 * (docs/wire.md#inline-media-limits).
 */
const LARGE_IMAGE = 5 * 1024 * 1024;
const LARGE_REQUEST = 20 * 1024 * 1024;

type Part = Record<string, unknown>;

export const media: BodyRule = {
  name: 'media',
  summary:
    'Images and videos go as data URLs or `ms://`. What Kimi does not take is an error in a message of the ' +
    'user, and a note in its ' +
    'place in a tool result, with a warning; large inline media get a warning.',
  source:
    'docs/wire.md#image-input, #video-input, #inline-media-limits, #inputs-of-a-model; http URLs are ' +
    'refused (docs/wire.md#media-by-url), no model takes audio (docs/wire.md#no-audio)',
  apply(body, call, warn) {
    let total = 0;
    for (const message of body.messages) {
      if (!Array.isArray(message.content)) {
        continue;
      }
      message.content = message.content.map(part => {
        const problem = problemOf(part, call);
        if (problem !== undefined && message.role !== 'tool') {
          throw new UnsupportedFunctionalityError({
            functionality: problem.what,
            message: `${problem.what}: ${problem.reason}`,
          });
        }
        if (problem !== undefined) {
          // A tool's output is not the user's to mend, and an error here would come back with every later turn.
          warn({
            type: 'unsupported',
            feature: problem.what,
            details: `A tool result holds ${problem.what}: ${problem.reason} The model was told so.`,
          });
          return {
            type: 'text',
            text: `[${problem.what} left out${problem.link === undefined ? '' : `: ${problem.link}`}]`,
          };
        }
        const size = inlineSize(part);
        total += size;
        if (part.type === 'image_url' && size > LARGE_IMAGE) {
          warn({
            type: 'other',
            message:
              `An image has ${size} bytes; Kimi's own client uploads images above ${LARGE_IMAGE} and sends an ` +
              'ms:// URL.',
          });
        }
        return withPlainType(part);
      });
    }
    if (total > LARGE_REQUEST) {
      warn({
        type: 'other',
        message:
          `The request has ${total} bytes of inline media; Kimi's own client sends at most ${LARGE_REQUEST}. ` +
          'Upload media instead.',
      });
    }
  },
};

function problemOf(part: Part, { model }: KimiCall): { what: string; reason: string; link?: string } | undefined {
  if (part.type === UNSUPPORTED_FILE) {
    return {
      what: `a file of type ${String(part.media_type)}`,
      reason: `Kimi takes images (${IMAGE_TYPES.join(', ')}), videos and text.`,
    };
  }
  const kind = part.type === 'image_url' ? 'image' : part.type === 'video_url' ? 'video' : undefined;
  if (kind === undefined) {
    return undefined;
  }
  const takes = kind === 'image' ? model.imageInput : model.videoInput;
  if (!takes) {
    return {
      what: `${kind} input`,
      reason:
        `${model.id} does not take ${kind === 'image' ? 'images' : 'videos'}; use another model or leave them ` +
        'out.',
    };
  }
  const url = urlOf(part);
  if (url.startsWith('ms://')) {
    return undefined;
  }
  if (!url.startsWith('data:')) {
    return {
      what: `${kind} by URL`,
      reason: 'Kimi takes data URLs and ms:// files and fetches nothing; give the bytes or upload the file.',
      link: url.slice(0, 500),
    };
  }
  const type = typeOf(url);
  const types = kind === 'image' ? [...IMAGE_TYPES, 'jpg'] : VIDEO_TYPES;
  return types.some(known => type === `${kind}/${known}`)
    ? undefined
    : {
        what: `a file of type ${type}`,
        reason: `Kimi takes these ${kind} types: ${(kind === 'image' ? IMAGE_TYPES : VIDEO_TYPES).join(', ')}.`,
      };
}

function urlOf(part: Part): string {
  return ((part.image_url ?? part.video_url) as { url: string }).url;
}

function typeOf(url: string): string {
  return (/^data:([^;,]*)/.exec(url.slice(0, 200))?.[1] ?? '').toLowerCase();
}

function inlineSize(part: Part): number {
  const url = part.type === 'image_url' || part.type === 'video_url' ? urlOf(part) : '';
  return url.startsWith('data:') ? Math.floor((url.length - url.indexOf(',') - 1) * 0.75) : 0;
}

/** `image/jpg` is no registered type, but a common one. */
function withPlainType(part: Part): Part {
  return part.type === 'image_url' && typeOf(urlOf(part)) === 'image/jpg'
    ? {
        ...part,
        image_url: { ...(part.image_url as object), url: urlOf(part).replace(/^data:image\/jpg/i, 'data:image/jpeg') },
      }
    : part;
}
