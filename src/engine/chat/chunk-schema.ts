import { asSchema, jsonSchema, type FlexibleSchema } from '@ai-sdk/provider-utils';

/**
 * The same schema with a short cut in front: a chunk that is plainly well-formed is accepted as it is, everything else
 * goes through `schema`. openai-compatible takes about a fifth of a stream's CPU for zod (`asSchema` and three promises
 * per event included), where each event is a packet.
 *
 * The chunk that is accepted keeps fields of its choices that zod would drop; openai-compatible reads none of them.
 *
 * @param unreadable what stands for a chunk that the schema refuses: the AI SDK's own error would quote it
 */
export function withShortCut<T>(schema: FlexibleSchema<T>, unreadable: (chunk: object) => T): FlexibleSchema<T> {
  const whole = asSchema(schema);
  // Nobody asks for the JSON Schema of a chunk, and zod would throw over it where a model is serialised.
  return jsonSchema<T>(
    {},
    {
      validate: async value => {
        if (isPlainChunk(value)) {
          return { success: true, value: value as T };
        }
        const result = await whole.validate?.(value);
        return result?.success === false && isObject(value)
          ? { success: true, value: unreadable(value) }
          : (result ?? { success: true, value: value as T });
      },
    },
  );
}

type Fields = Record<string, unknown>;

/** Whether openai-compatible's schema accepts this chunk and changes nothing that openai-compatible reads. */
export function isPlainChunk(value: unknown): boolean {
  if (!isObject(value)) {
    return false;
  }
  const { id, created, model, choices, usage } = value;
  return (
    isTextOrNone(id) &&
    (created == null || typeof created === 'number') &&
    isTextOrNone(model) &&
    usage == null &&
    Array.isArray(choices) &&
    choices.every(isPlainChoice)
  );
}

function isPlainChoice(choice: unknown): boolean {
  if (!isObject(choice) || !isTextOrNone(choice.finish_reason)) {
    return false;
  }
  const { delta } = choice;
  if (delta == null) {
    return true;
  }
  if (!isObject(delta)) {
    return false;
  }
  const { role, content, reasoning_content: thought, reasoning, refusal, tool_calls: calls } = delta;
  return (
    (role == null || role === 'assistant' || role === '') &&
    isTextOrNone(content) &&
    isTextOrNone(thought) &&
    isTextOrNone(reasoning) &&
    isTextOrNone(refusal) &&
    (calls == null || (Array.isArray(calls) && calls.every(isPlainToolCall)))
  );
}

function isPlainToolCall(call: unknown): boolean {
  return (
    isObject(call) &&
    (call.index == null || typeof call.index === 'number') &&
    isTextOrNone(call.id) &&
    isObject(call.function) &&
    isTextOrNone(call.function.name) &&
    isTextOrNone(call.function.arguments) &&
    call.extra_content == null
  );
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextOrNone(value: unknown): boolean {
  return value == null || typeof value === 'string';
}
