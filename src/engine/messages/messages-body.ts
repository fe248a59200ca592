import type { KimiChatRequestBody } from '../request/body';

/** A block of a message on the Anthropic wire. */
export type ContentBlock = { type: string; [field: string]: unknown };

/**
 * A message while the rules turn it from the words of chat into those of the Anthropic wire; `content` is text or
 * blocks.
 */
export type WireMessage = { role: string; content?: unknown; [field: string]: unknown };

/** The messages of a body whose rules have begun. */
export function wireMessages(body: KimiChatRequestBody): WireMessage[] {
  return body.messages as WireMessage[];
}

export function setWireMessages(body: KimiChatRequestBody, messages: readonly WireMessage[]): void {
  body.messages = messages as KimiChatRequestBody['messages'];
}

/** Text as a block, blocks as they are. */
export function blocksOf(content: unknown): ContentBlock[] {
  if (typeof content === 'string') {
    return content.trim() === '' ? [] : [{ type: 'text', text: content }];
  }
  return Array.isArray(content) ? (content as ContentBlock[]) : [];
}

/** Adds fields to an object of the body, which may not be there yet. */
export function extend(body: KimiChatRequestBody, field: string, fields: Record<string, unknown>): void {
  body[field] = { ...(body[field] as object | undefined), ...fields };
}
