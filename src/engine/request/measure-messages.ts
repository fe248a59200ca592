import { countJson, type JsonCount } from '../count-json';
import type { KimiChatMessage, KimiChatTool } from './body';

export type MessageMeasure = {
  /** UTF-8 JSON of the messages without the data of inline media. */
  bytes: number;
  /**
   * The official client's estimate: four ASCII characters, or one other, are a token; an image or video counts 2,000
   * (docs/wire.md#token-estimate).
   */
  tokens: number;
};

const MEDIA_TOKENS = 2_000;

const measured = new WeakMap<readonly KimiChatMessage[], MessageMeasure>();
const countedSchemas = new WeakMap<object, JsonCount>();

/** How large a conversation is. Measured once for each array, so nothing may change it afterwards. */
export function measureMessages(messages: readonly KimiChatMessage[]): MessageMeasure {
  let measure = measured.get(messages);
  if (measure === undefined) {
    let media = 0;
    const plain = messages.map(message => {
      if (!Array.isArray(message.content)) {
        return message;
      }
      media += message.content.filter(part => mediaOf(part) !== undefined).length;
      return { ...message, content: message.content.map(withoutData) };
    });
    const count = countJson(plain);
    measure = { bytes: count.ascii + count.otherBytes, tokens: tokensOf(count) + media * MEDIA_TOKENS };
    measured.set(messages, measure);
  }
  return measure;
}

/** The same estimate for tools. Each schema is counted once, for `normalizeSchema` gives the same one each time. */
export function toolTokens(tools: readonly KimiChatTool[]): number {
  let ascii = 0;
  let other = 0;
  const add = (count: JsonCount): void => {
    ascii += count.ascii;
    other += count.other;
  };
  const named = tools.map(tool => {
    const { parameters, ...rest } = tool.function;
    if (typeof parameters !== 'object' || parameters === null) {
      return tool;
    }
    ascii += ',"parameters":'.length;
    add(countSchema(parameters));
    return { ...tool, function: rest };
  });
  add(countJson(named));
  return tokensOf({ ascii, other });
}

function mediaOf(part: Record<string, unknown>): unknown {
  return part.type === 'image_url' ? part.image_url : part.type === 'video_url' ? part.video_url : undefined;
}

function withoutData(part: Record<string, unknown>): Record<string, unknown> {
  const inline = (mediaOf(part) as { url?: string } | undefined)?.url?.startsWith('data:') === true;
  return inline ? { type: part.type } : part;
}

function countSchema(schema: object): JsonCount {
  let count = countedSchemas.get(schema);
  if (count === undefined) {
    count = countJson(schema);
    countedSchemas.set(schema, count);
  }
  return count;
}

function tokensOf({ ascii, other }: Pick<JsonCount, 'ascii' | 'other'>): number {
  return Math.ceil(ascii / 4 + other);
}
