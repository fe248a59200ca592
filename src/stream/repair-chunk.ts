/** A chunk of a chat stream, as far as it is looked at. */
export type ChatChunk = {
  id?: unknown;
  choices?: Array<{
    delta?: ({ content?: unknown; reasoning_content?: unknown; tool_calls?: Array<{ index?: unknown; id?: unknown }> } & Record<string, unknown>) | null;
    finish_reason?: unknown;
    logprobs?: unknown;
    usage?: unknown;
  } | null>;
  usage?: unknown;
  error?: unknown;
};

/**
 * Puts right what openai-compatible would trip over, in place; returns whether anything changed.
 * - A usage chunk without `choices` is an error to it (aisdk.md 4): it gets an empty list.
 * - A tool call may come without an id (wire.md 7, B:193566-193612: the client mints one): it gets one of `generateId`.
 *
 * @param toolCallIds ids by tool call index, of the stream so far
 */
export function repairChunk(chunk: ChatChunk, toolCallIds: Map<number, string>, generateId: () => string): boolean {
  let changed = false;
  if (chunk.choices === undefined && chunk.usage != null && chunk.error === undefined) {
    chunk.choices = [];
    changed = true;
  }
  for (const toolCall of chunk.choices?.[0]?.delta?.tool_calls ?? []) {
    if (typeof toolCall.index !== 'number') {
      continue;
    }
    const known = toolCallIds.get(toolCall.index);
    if (typeof toolCall.id === 'string' && toolCall.id !== '') {
      toolCallIds.set(toolCall.index, toolCall.id);
    } else if (known === undefined) {
      toolCall.id = generateId();
      toolCallIds.set(toolCall.index, toolCall.id as string);
      changed = true;
    }
  }
  return changed;
}
