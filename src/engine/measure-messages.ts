import type { KimiChatMessage } from './kimi-chat-request-body';

export type MessageMeasure = {
  /** UTF-8 JSON of the messages without the data of inline media. */
  bytes: number;
  /**
   * The official client's estimate: four ASCII characters, or one other, are a token; an image or video counts 2,000
   * (wire.md 6.3).
   */
  tokens: number;
};

const MEDIA_TOKENS = 2_000;

const measured = new WeakMap<readonly KimiChatMessage[], MessageMeasure>();

/** How large a conversation is. Measured once for each array, so nothing may change it afterwards. */
export function measureMessages(messages: readonly KimiChatMessage[]): MessageMeasure {
  let measure = measured.get(messages);
  if (measure === undefined) {
    let media = 0;
    const text = JSON.stringify(
      messages.map(message =>
        Array.isArray(message.content)
          ? {
              ...message,
              content: message.content.map(part => {
                const holder =
                  part.type === 'image_url' ? part.image_url : part.type === 'video_url' ? part.video_url : undefined;
                media += holder === undefined ? 0 : 1;
                const inline = (holder as { url?: string } | undefined)?.url?.startsWith('data:') === true;
                return inline ? { type: part.type } : part;
              }),
            }
          : message,
      ),
    );
    const size = measureText(text);
    measure = { bytes: size.bytes, tokens: size.tokens + media * MEDIA_TOKENS };
    measured.set(messages, measure);
  }
  return measure;
}

export function measureText(text: string): MessageMeasure {
  let ascii = 0;
  let other = 0;
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x80) {
      ascii += 1;
    } else if (code < 0xd800 || code > 0xdfff) {
      other += 1;
      bytes += code < 0x800 ? 2 : 3;
    } else {
      // Half of a surrogate pair: two of its four bytes, half of its character.
      other += 0.5;
      bytes += 2;
    }
  }
  return { bytes: bytes + ascii, tokens: Math.ceil(ascii / 4 + other) };
}
