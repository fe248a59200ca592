import type { ToolCallDelta, ToolCallLabels } from './tool-call-labels';

/** A chunk of a chat stream, as far as it is looked at. It comes from the wire unchecked, so the types are hopes. */
export type ChatChunk = {
  id?: unknown;
  choices?: Array<{
    index?: unknown;
    delta?:
      | ({ content?: unknown; reasoning_content?: unknown; tool_calls?: Array<ToolCallDelta | null> | null } & Record<
          string,
          unknown
        >)
      | null;
    finish_reason?: unknown;
    logprobs?: unknown;
    usage?: unknown;
  } | null> | null;
  usage?: unknown;
  error?: unknown;
};

/**
 * Puts right what openai-compatible would trip over, in place; returns whether anything changed.
 * - A usage chunk without `choices` is an error to it (aisdk.md 4): it gets an empty list.
 * - So is a tool call entry without `function`, which the official client skips (wire.md 7): an empty one where an
 *   index says whose it is,
 *   else the entry goes.
 * - Tool call deltas without an id or an index: see {@link ToolCallLabels}.
 */
export function repairChunk(chunk: ChatChunk, toolCalls: ToolCallLabels): boolean {
  let changed = false;
  if (chunk.choices == null && chunk.usage != null && chunk.error == null) {
    chunk.choices = [];
    changed = true;
  }
  const delta = chunk.choices?.[0]?.delta;
  if (delta && Array.isArray(delta.tool_calls)) {
    const entries = delta.tool_calls.filter(
      entry => entry?.function || typeof entry?.index === 'number',
    ) as ToolCallDelta[];
    changed ||= entries.length < delta.tool_calls.length;
    delta.tool_calls = entries;
    for (const entry of entries) {
      if (!entry.function) {
        entry.function = {};
        changed = true;
      }
      if (toolCalls.label(entry)) {
        changed = true;
      }
    }
  }
  return changed;
}

/**
 * Cheap signs, by text, that one of these events may be changed by {@link repairChunk}. Runs on every event, and the
 * words come without their quotes because a search for a quote finds one at every third character: 120 ns instead of
 * 350 for a chunk of 230 characters.
 */
export function mayNeedRepair(events: string): boolean {
  return events.includes('tool_calls') || (events.includes('usage"') && !isOneWithChoices(events));
}

/** Whether this is one chunk with a list of choices. Two chunks in one text could hide one without. */
function isOneWithChoices(events: string): boolean {
  return /"choices"\s*:\s*\[/.test(events) && events.indexOf('\n\n') === events.length - 2;
}
