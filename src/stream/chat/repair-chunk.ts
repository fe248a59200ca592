import { utf8Length } from '../../transport/utf8-length';
import type { ChatChunk, ToolCallDelta } from './chat-chunk';

/**
 * Puts right what openai-compatible would trip over, in place; returns whether anything changed.
 * - A usage chunk without `choices` is an error to it (docs/wire.md#odd-chunks): it gets an empty list.
 * - So is a tool call entry without `function`, which the official client skips (docs/wire.md#tool-call-deltas): an
 *   empty one where an index says whose it is, else the entry goes.
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

type Call = {
  index: number | undefined;
  id: string;
  name: string | undefined;
  /** Made here, and not replaced by the server yet. */
  minted: boolean;
  /** What the server called it later, after an id had been made. */
  lateId?: string;
};

/** What is kept of a call beside its arguments: a stream of calls without any must end, too. */
const CALL_BYTES = 1024;

/**
 * Tells the tool calls of one stream apart and completes their labels, because openai-compatible makes up ids of its
 * own and drops a delta that could belong to two calls (docs/wire.md#odd-chunks, #tool-call-deltas: an id may be
 * missing, then the client mints one; a missing index means "append to the current call").
 */
export class ToolCallLabels {
  /** Of all calls so far: they are kept until the answer is over. */
  bytes = 0;

  private readonly generateId: () => string;
  private readonly byIndex = new Map<number, Call>();
  private current: Call | undefined;

  constructor(generateId: () => string) {
    this.generateId = generateId;
  }

  /**
   * Completes `delta` in place; returns whether anything changed. A call keeps its first id, also when the server names
   * one later.
   */
  label(delta: ToolCallDelta): boolean {
    const { arguments: input } = delta.function ?? {};
    this.bytes += typeof input === 'string' ? utf8Length(input) : 0;
    const index = typeof delta.index === 'number' ? delta.index : undefined;
    const id = nonBlank(delta.id);
    const name = nonBlank(delta.function?.name);
    const unlabelled = index === undefined && id === undefined && name === undefined;
    const call = unlabelled ? this.current : index === undefined ? this.sameId(id) : this.byIndex.get(index);

    if (call === undefined) {
      return unlabelled ? false : this.begin(delta, { index, id, name });
    }
    this.current = call;
    if (unlabelled) {
      Object.assign(delta, call.index === undefined ? { id: call.id } : { index: call.index });
      return true;
    }
    // Another name, or another id where the first was the server's own: the index is used for a second call.
    const otherName = name !== undefined && call.name !== undefined && name !== call.name;
    if (otherName && id !== call.id) {
      return this.begin(delta, { index, id, name });
    }
    call.name ??= name;
    if (id === undefined || id === call.id) {
      return false;
    }
    if (call.minted && (call.lateId === undefined || call.lateId === id)) {
      call.lateId = id;
      delta.id = call.id;
      return true;
    }
    return this.begin(delta, { index, id, name });
  }

  /**
   * Deltas that give an empty name to the calls that never had one: openai-compatible throws over those at the end,
   * with what stood in them.
   */
  nameless(): ToolCallDelta[] {
    const calls = new Set([...this.byIndex.values(), ...(this.current === undefined ? [] : [this.current])]);
    return [...calls]
      .filter(({ name }) => name === undefined)
      .map(({ index, id }) => ({ ...(index === undefined ? {} : { index }), id, function: { name: '' } }));
  }

  private begin(
    delta: ToolCallDelta,
    { index, id, name }: { index: number | undefined; id: string | undefined; name: string | undefined },
  ): boolean {
    this.bytes += CALL_BYTES + utf8Length(id ?? '') + utf8Length(name ?? '');
    this.current = { index, id: id ?? this.generateId(), name, minted: id === undefined };
    if (index !== undefined) {
      this.byIndex.set(index, this.current);
    }
    delta.id = this.current.id;
    return id === undefined;
  }

  private sameId(id: string | undefined): Call | undefined {
    return id !== undefined && this.current?.id === id ? this.current : undefined;
  }
}

function nonBlank(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}
