import type { Delta } from '../delta-frame';

/** An event of the Anthropic wire, as far as it is looked at. It comes unchecked, so the types are hopes. */
export type MessagesChunk = {
  type?: unknown;
  index?: unknown;
  message?: { model?: unknown; usage?: unknown; [field: string]: unknown } | null;
  content_block?: Fields | null;
  delta?: Fields | null;
  usage?: unknown;
  error?: unknown;
};

type Fields = Record<string, unknown>;

/** Of a delta's type, the field that has its text. */
const TEXT_FIELDS: Readonly<Record<string, string>> = {
  text_delta: 'text',
  thinking_delta: 'thinking',
  input_json_delta: 'partial_json',
};

/** The field that a delta has its text in, and what kind of delta it is; `undefined` for any other. */
export function textFieldOf({ delta }: MessagesChunk): string | undefined {
  return typeof delta?.type === 'string' ? TEXT_FIELDS[delta.type] : undefined;
}

/** The delta that an event is: a piece of text, of thinking or of a tool's input, of one block, and nothing else. */
export function readMessagesDelta(chunk: MessagesChunk): Delta | undefined {
  const { type, index, delta } = chunk;
  const field = textFieldOf(chunk);
  if (type !== 'content_block_delta' || !delta || field === undefined || Object.keys(chunk).length > 3) {
    return undefined;
  }
  const text = delta[field];
  return typeof text === 'string' && text !== '' && Object.keys(delta).length === 2
    ? { field, key: JSON.stringify([index, field]), text }
    : undefined;
}
