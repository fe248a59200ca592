import type { Delta } from '../delta-frame';

/** One entry of `delta.tool_calls`. */
export type ToolCallDelta = {
  index?: unknown;
  id?: unknown;
  function?: { name?: unknown; arguments?: unknown } | null;
};

export type ChatDelta = {
  content?: unknown;
  reasoning_content?: unknown;
  tool_calls?: Array<ToolCallDelta | null> | null;
} & Record<string, unknown>;

/** A chunk of a chat stream, as far as it is looked at. It comes from the wire unchecked, so the types are hopes. */
export type ChatChunk = {
  id?: unknown;
  choices?: Array<{
    index?: unknown;
    delta?: ChatDelta | null;
    finish_reason?: unknown;
    logprobs?: unknown;
    usage?: unknown;
  } | null> | null;
  usage?: unknown;
  error?: unknown;
};

/** The delta that a chunk is: a piece of text or of reasoning and nothing else, of one answer and one choice. */
export function readChatDelta(chunk: ChatChunk): Delta | undefined {
  const { id, choices, usage } = chunk;
  const choice = Array.isArray(choices) && choices.length === 1 ? choices[0] : undefined;
  if (!choice?.delta || usage || 'error' in chunk || choice.usage || choice.finish_reason || choice.logprobs) {
    return undefined;
  }
  let field: string | undefined;
  let text = '';
  for (const [key, value] of Object.entries(choice.delta)) {
    if (key === 'content' || key === 'reasoning_content') {
      if (value === null || value === '') {
        continue;
      }
      if (field !== undefined || typeof value !== 'string') {
        return undefined;
      }
      field = key;
      text = value;
    } else if (key !== 'role') {
      return undefined;
    }
  }
  return field === undefined ? undefined : { field, key: JSON.stringify([id, choice.index, field]), text };
}
