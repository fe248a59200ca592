import { IMAGE_TYPES } from './media-types';
import { notice, partsOf, refusal, textOf, verdict, type ChatRule, type ChatSubject } from './simulator-rule';

const KNOWN_PARTS = ['text', 'image_url', 'video_url'];
const MESSAGE_SIZE_LIMIT = 2_097_152;

function allParts({ body }: ChatSubject): Record<string, unknown>[] {
  return body.messages.flatMap(message => partsOf(message.content));
}

function urlOf(part: Record<string, unknown>, kind: 'image_url' | 'video_url'): string | undefined {
  const holder = part[kind];
  const url = typeof holder === 'string' ? holder : (holder as { url?: unknown } | undefined)?.url;
  return part.type === kind && typeof url === 'string' ? url : undefined;
}

function urlsOf(subject: ChatSubject, kind: 'image_url' | 'video_url'): string[] {
  return allParts(subject)
    .map(part => urlOf(part, kind))
    .filter(url => url !== undefined);
}

/**
 * A rough count that is never above what a real tokenizer gives for plain English: 4 ASCII characters, or one other, a
 * token.
 */
export function estimateTokens(text: string): number {
  let ascii = 0;
  let other = 0;
  for (const character of text) {
    if (character.charCodeAt(0) < 128) {
      ascii += 1;
    } else {
      other += 1;
    }
  }
  return Math.ceil(ascii / 4) + other;
}

// Inline media is limited on its own: the official client sends up to 20 MiB of it (docs/wire.md#inline-media-limits),
// more than the message limit.
const INLINE_MEDIA = /data:[a-z]+\/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=]+/g;

function messageText({ body }: ChatSubject): string {
  return JSON.stringify(body.messages).replace(INLINE_MEDIA, 'data:');
}

/** Media, and how much of everything. */
export const MEDIA_RULES: readonly ChatRule[] = [
  refusal({
    rule: 'image-url-not-inline',
    summary: 'An image by http or https URL; Kimi takes data URLs and `ms://`.',
    source: 'docs/wire.md#media-by-url',
    confidence: 'reported',
    text: 'Invalid request: unsupported image url: …',
    wording: 'real',
    check(subject) {
      const urls = urlsOf(subject, 'image_url');
      const bad = urls.find(url => !/^(data:|ms:\/\/)/.test(url));
      return verdict(urls.length > 0, bad === undefined ? undefined : `Invalid request: unsupported image url: ${bad}`);
    },
  }),
  refusal({
    rule: 'image-type',
    summary: 'An inline image that is not png, jpeg, gif, webp, bmp, heic or heif.',
    source: 'docs/wire.md#image-input, #error-media',
    confidence: 'read in source',
    text: 'Invalid request: unsupported image format: …',
    wording: 'ours',
    check(subject) {
      const types = urlsOf(subject, 'image_url')
        .filter(url => url.startsWith('data:'))
        .map(url => /^data:([^;,]*)/.exec(url)?.[1] ?? '');
      const bad = types.find(type => !IMAGE_TYPES.some(known => type === `image/${known}`));
      return verdict(
        types.length > 0,
        bad === undefined ? undefined : `Invalid request: unsupported image format: ${bad}`,
      );
    },
  }),
  refusal({
    rule: 'file-reference-unknown',
    summary: 'An `ms://` file that the account does not have: never uploaded, deleted, expired, or of another account.',
    source: 'docs/wire.md#files-of-an-account; what the server does is not known',
    confidence: 'assumed',
    text: 'Invalid request: file not found: …',
    wording: 'ours',
    check(subject) {
      const references = [...urlsOf(subject, 'image_url'), ...urlsOf(subject, 'video_url')].filter(url =>
        url.startsWith('ms://'),
      );
      const bad = references.find(url => !subject.hasFile(url.slice('ms://'.length)));
      return verdict(references.length > 0, bad === undefined ? undefined : `Invalid request: file not found: ${bad}`);
    },
  }),
  refusal({
    rule: 'content-part-type',
    summary: 'A content part that is not text, image_url or video_url (audio, files).',
    source: 'docs/wire.md#no-audio',
    confidence: 'read in source',
    text: 'Invalid request: unsupported content type: …',
    wording: 'ours',
    check(subject) {
      const parts = allParts(subject);
      const bad = parts.find(part => !KNOWN_PARTS.includes(String(part.type)));
      return verdict(
        parts.length > 0,
        bad === undefined ? undefined : `Invalid request: unsupported content type: ${String(bad.type)}`,
      );
    },
  }),
  refusal({
    rule: 'message-size',
    summary: 'More than 2,097,152 bytes of messages, inline media not counted.',
    source: 'docs/wire.md#message-size; docs/wire.md#inline-media-limits has 20 MiB of inline media in one request',
    confidence: 'reported',
    text: 'total message size … exceeds limit 2097152',
    wording: 'real',
    check(subject) {
      const size = Buffer.byteLength(messageText(subject));
      return verdict(
        true,
        size > MESSAGE_SIZE_LIMIT ? `total message size ${size} exceeds limit ${MESSAGE_SIZE_LIMIT}` : undefined,
      );
    },
  }),
  refusal({
    rule: 'context-length',
    summary: "A prompt above the model's context; the asked-for output is not counted, the server clamps it.",
    source: 'docs/wire.md#error-context, #output-cap',
    confidence: 'read in source',
    text: 'Your request exceeded model token limit: … (requested: …)',
    wording: 'real',
    check(subject) {
      const tokens = estimateTokens(messageText(subject));
      const limit = subject.model.context_length;
      return verdict(
        true,
        tokens > limit ? `Your request exceeded model token limit: ${limit} (requested: ${tokens})` : undefined,
      );
    },
  }),
  notice({
    rule: 'media-unsupported-by-model',
    summary: 'An image or a video for a model that `/models` says takes none.',
    source: 'docs/wire.md#inputs-of-a-model; what the server does is not known',
    confidence: 'assumed',
    check(subject) {
      const { model } = subject;
      const images = urlsOf(subject, 'image_url').length;
      const videos = urlsOf(subject, 'video_url').length;
      const bad = (images > 0 && model.supports_image_in !== true) || (videos > 0 && model.supports_video_in !== true);
      return verdict(images + videos > 0, bad ? model.id : undefined);
    },
  }),
  notice({
    rule: 'inline-image-size',
    summary: 'An inline image above the official client’s 5 MiB.',
    source: 'docs/wire.md#inline-media-limits: policy of the client',
    confidence: 'read in source',
    check(subject) {
      const inline = urlsOf(subject, 'image_url').filter(url => url.startsWith('data:'));
      return verdict(
        inline.length > 0,
        inline.some(url => url.length * 0.75 > 5 * 1024 * 1024) ? 'over 5 MiB' : undefined,
      );
    },
  }),
];

/** Tokens of the whole prompt by the same rough count, for `usage`. */
export function estimatePromptTokens(subject: ChatSubject): number {
  const content = subject.body.messages.map(
    message =>
      textOf(message.content) + String(message.reasoning_content ?? '') + JSON.stringify(message.tool_calls ?? ''),
  );
  return estimateTokens(content.join('') + JSON.stringify(subject.body.tools ?? '')) + 4 * subject.body.messages.length;
}
