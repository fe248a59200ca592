import type { MessagesChunk } from './messages-chunk';

/**
 * What of the head and the end of an answer the wrapped model trips over: it wants counts of tokens that are numbers,
 * and knows fields of Anthropic's alone. Their numbers are read from what the server sent, not from these.
 */
type Fields = Record<string, unknown>;

/** The same chunk where it is sound, else the little of it that is read. */
export function soundStart(chunk: MessagesChunk): MessagesChunk {
  const message = isFields(chunk.message) ? chunk.message : {};
  const isSound =
    isTextOrNone(message.id) &&
    isTextOrNone(message.model) &&
    isTextOrNone(message.role) &&
    hasCounts(message.usage, 'input_tokens') &&
    (message.content == null || (Array.isArray(message.content) && message.content.length === 0)) &&
    message.stop_reason == null &&
    hasOnly(message, ['id', 'type', 'role', 'model', 'content', 'stop_reason', 'stop_sequence', 'usage']);
  return isSound
    ? chunk
    : { type: 'message_start', message: { ...texts(message, ['id', 'model']), usage: { input_tokens: 0 } } };
}

/** The same, with another stop reason where one is given. */
export function soundDelta(chunk: MessagesChunk, stopReason: unknown): MessagesChunk {
  const delta = isFields(chunk.delta) ? chunk.delta : {};
  const isSound =
    delta.stop_reason === stopReason &&
    isTextOrNone(delta.stop_reason) &&
    isTextOrNone(delta.stop_sequence) &&
    hasOnly(delta, ['stop_reason', 'stop_sequence']) &&
    hasCounts(chunk.usage, 'output_tokens') &&
    hasOnly(chunk, ['type', 'delta', 'usage']);
  return isSound
    ? chunk
    : {
        type: 'message_delta',
        delta: { ...texts(delta, ['stop_sequence']), ...texts({ stop_reason: stopReason }, ['stop_reason']) },
        usage: { output_tokens: 0 },
      };
}

function hasCounts(usage: unknown, needed: string): boolean {
  if (!isFields(usage)) {
    return false;
  }
  const { input_tokens: input, output_tokens: output, output_tokens_details: details } = usage;
  const counts = [input, output, usage.cache_creation_input_tokens, usage.cache_read_input_tokens];
  return (
    typeof usage[needed] === 'number' &&
    counts.every(count => count == null || typeof count === 'number') &&
    isTextOrNone(usage.service_tier) &&
    usage.iterations == null &&
    (details == null || (isFields(details) && typeof (details.thinking_tokens ?? 0) === 'number'))
  );
}

function hasOnly(fields: object, names: readonly string[]): boolean {
  return Object.keys(fields).every(name => names.includes(name));
}

function texts(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.filter(name => typeof fields[name] === 'string').map(name => [name, fields[name]]));
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextOrNone(value: unknown): boolean {
  return value == null || typeof value === 'string';
}
