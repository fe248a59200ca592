import { signatureOf } from '../thinking-signature';
import {
  blocksOf,
  messagesNotice,
  messagesRefusal,
  resultBlocksOf,
  type MessagesBody,
  type MessagesRule,
  type PlacedBlock,
} from './messages-rule';
import { toolCallsOf, verdict } from './simulator-rule';

/** In the order in which the server names them, and `video`, which the official client sends. */
const BLOCK_TYPES = [
  'image',
  'server_tool_use',
  'text',
  'thinking',
  'tool_result',
  'tool_use',
  'web_search_tool_result',
  'video',
];
const RESULT_TYPES = ['text', 'image', 'video'];

/** Blocks with a signature, "" being none, and the one that their text would have. */
function signed(body: MessagesBody): (PlacedBlock & { signature: string; own: string })[] {
  return blocksOf(body)
    .filter(({ block }) => block.type === 'thinking' && block.signature !== undefined && block.signature !== '')
    .map(placed => ({
      ...placed,
      signature: String(placed.block.signature),
      own: signatureOf(String(placed.block.thinking ?? '')),
    }));
}

function toBase64URL(signature: string): string {
  return signature.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The messages of a request: roles, blocks, and thinking that comes back. */
export const MESSAGES_HISTORY_RULES: readonly MessagesRule[] = [
  messagesRefusal({
    rule: 'messages-role',
    summary: 'A role other than user, assistant and system.',
    source: 'docs/wire.md#anthropic-roles; the text is not known',
    confidence: 'assumed',
    text: "messages.….role: Input should be 'user', 'assistant' or 'system'",
    wording: 'ours',
    check({ messagesBody: { messages } }) {
      const index = messages.findIndex(({ role }) => !['user', 'assistant', 'system'].includes(String(role)));
      return verdict(
        messages.length > 0,
        index === -1 ? undefined : `messages.${index}.role: Input should be 'user', 'assistant' or 'system'`,
      );
    },
  }),
  messagesRefusal({
    rule: 'messages-block-type',
    summary: 'A content block that the server does not know, such as `document` or `redacted_thinking`.',
    source: 'docs/wire.md#anthropic-blocks (measured on the platform; `video` is the official client’s)',
    confidence: 'reported',
    text: "messages.….content.…: Input tag '…' found using 'type' does not match any of the expected tags: …",
    wording: 'real',
    check({ messagesBody }) {
      const blocks = blocksOf(messagesBody);
      const bad = blocks.find(({ block }) => !BLOCK_TYPES.includes(String(block.type)));
      const tags = BLOCK_TYPES.slice(0, -1)
        .map(tag => `'${tag}'`)
        .join(', ');
      return verdict(
        blocks.length > 0,
        bad &&
          `${bad.path}: Input tag '${String(bad.block.type)}' found using 'type' does not match any of the ` +
            `expected tags: ${tags}`,
      );
    },
  }),
  messagesRefusal({
    rule: 'messages-result-block-type',
    summary: 'A tool result with a block other than text, image and video, such as `tool_reference` or `document`.',
    source: 'docs/wire.md#anthropic-blocks',
    confidence: 'reported',
    text: 'Invalid request Error',
    wording: 'real',
    check({ messagesBody }) {
      const blocks = resultBlocksOf(messagesBody);
      return verdict(
        blocks.length > 0,
        blocks.some(({ block }) => !RESULT_TYPES.includes(String(block.type))) ? 'Invalid request Error' : undefined,
      );
    },
  }),
  messagesRefusal({
    rule: 'messages-source-type',
    summary: 'An image or video whose `source` is neither `base64` with media type and data nor `url` with a URL.',
    source: 'docs/wire.md#anthropic-media; the text is not known',
    confidence: 'read in source',
    text: 'messages.….content.….source: …',
    wording: 'ours',
    check({ messagesBody }) {
      const media = [...blocksOf(messagesBody), ...resultBlocksOf(messagesBody)].filter(
        ({ block }) => block.type === 'image' || block.type === 'video',
      );
      const bad = media.find(({ block }) => !isSource(block.source));
      return verdict(
        media.length > 0,
        bad && `${bad.path}.source: Input should be a base64 source with media_type and data, or a url source`,
      );
    },
  }),
  messagesRefusal({
    rule: 'messages-thinking-signature',
    summary:
      'A thinking block with a signature that is not the one it came with, or whose text is another; with ' +
      '`signatureAlphabet: "base64url"` also the very bytes that were sent. Without a signature, or with "", it is ' +
      'taken, and so is a history without any thinking.',
    source: 'docs/wire.md#thinking-signatures',
    confidence: 'reported',
    text: 'messages.….content.….signature: malformed encrypted reasoning content: invalid base64url encoding',
    wording: 'real',
    check({ messagesBody, signatureAlphabet }) {
      const blocks = signed(messagesBody);
      const bad = blocks.find(
        ({ signature, own }) =>
          toBase64URL(signature) !== toBase64URL(own) ||
          (signatureAlphabet === 'base64url' && signature !== toBase64URL(own)),
      );
      return verdict(
        blocks.length > 0,
        bad && `${bad.path}.signature: malformed encrypted reasoning content: invalid base64url encoding`,
      );
    },
  }),
  messagesNotice({
    rule: 'messages-thinking-reencoded',
    summary:
      'The signature of a thinking block in other letters (base64url) than it was sent in, where those would do.',
    source: 'docs/wire.md#thinking-signatures',
    confidence: 'reported',
    check({ messagesBody, signatureAlphabet }) {
      const blocks = signed(messagesBody);
      const other = blocks.find(
        ({ signature, own }) => signature !== own && toBase64URL(signature) === toBase64URL(own),
      );
      return verdict(blocks.length > 0, signatureAlphabet === 'any' ? other?.path : undefined);
    },
  }),
  messagesNotice({
    rule: 'messages-thinking-missing',
    summary:
      'An assistant message with tool calls and no thinking block while thinking is on. Some report that it is ' +
      'taken, others a refusal; the official client always sends one.',
    source: 'docs/wire.md#anthropic-history',
    confidence: 'reported',
    check({ body, thinking }) {
      if (!thinking) {
        return undefined;
      }
      const calling = body.messages.filter(message => toolCallsOf(message).length > 0);
      const bad = calling.find(message => message.reasoning_content === undefined);
      return verdict(calling.length > 0, bad && `message ${body.messages.indexOf(bad)}`);
    },
  }),
];

function isSource(source: unknown): boolean {
  const { type, media_type: mediaType, data, url } = (source ?? {}) as Record<string, unknown>;
  return type === 'base64'
    ? typeof mediaType === 'string' && typeof data === 'string'
    : type === 'url' && typeof url === 'string';
}
