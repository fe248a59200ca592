import { isBlank, type BodyRule, type KimiChatMessage } from '../body';

export const toolCallArguments: BodyRule = {
  name: 'tool-call-arguments',
  summary:
    'Arguments that were not valid JSON go back as the model wrote them, not as a quoted string; none go as `{}`.',
  source: 'docs/wire.md#tool-call-arguments: malformed arguments are echoed as the raw string',
  apply(body) {
    for (const { function: called } of body.messages.flatMap(message => message.tool_calls ?? [])) {
      // openai-compatible writes a string that is no JSON as a JSON string; a tool's arguments are never one.
      const written = isQuoted(called.arguments) ? (JSON.parse(called.arguments) as string) : called.arguments;
      called.arguments = isBlank(written) ? '{}' : written;
    }
  },
};

function isQuoted(text: unknown): boolean {
  if (typeof text !== 'string' || !text.startsWith('"')) {
    return false;
  }
  try {
    return typeof JSON.parse(text) === 'string';
  } catch {
    return false;
  }
}

/** The official client's words for a call that was cut off (docs/wire.md#tool-call-pairs). */
const INTERRUPTED =
  'Tool result is not available in the current context. Do not assume the tool completed successfully.';

type Slot = {
  id: string;
  result: KimiChatMessage | undefined;
  /** The arguments of a call of one of Kimi's own functions: they are its result. */
  builtin?: string;
};
type Block = { message: KimiChatMessage; slots: Slot[] };

export const pairToolCalls: BodyRule = {
  name: 'pair-tool-calls',
  summary:
    'Every tool call is followed by its result: results are moved there, a cancelled or denied call gets one ' +
    'that says so, a result ' +
    "without a call is left out with a warning. The result of one of Kimi's own functions is its arguments.",
  source:
    'docs/wire.md#tool-call-pairs: "tool_call_id is not found", "must be followed by tool messages"; ' +
    'docs/wire.md#builtin-web-search',
  apply(body, _call, warn) {
    const blocks: Block[] = [];
    for (const message of body.messages) {
      if (message.role !== 'tool') {
        blocks.push({ message, slots: (message.tool_calls ?? []).map(slotOf) });
        continue;
      }
      const slot = openSlot(blocks, message.tool_call_id);
      if (slot === undefined) {
        const id = JSON.stringify(message.tool_call_id);
        warn({
          type: 'other',
          message: `A tool result was left out: no earlier tool call has the id ${id}, or it has a result already.`,
        });
      } else {
        slot.result = message;
      }
    }
    body.messages = blocks.flatMap(({ message, slots }) => [
      message,
      ...slots.map(({ id, result, builtin }): KimiChatMessage => {
        const answer: KimiChatMessage = result ?? { role: 'tool', tool_call_id: id, content: INTERRUPTED };
        return builtin === undefined ? answer : { ...answer, content: builtin };
      }),
    ]);
  },
};

function slotOf({
  id,
  function: { name, arguments: input },
}: NonNullable<KimiChatMessage['tool_calls']>[number]): Slot {
  return { id, result: undefined, ...(name.startsWith('$') ? { builtin: input } : {}) };
}

/** Kimi repeats ids from turn to turn (docs/wire.md#tool-call-ids), so the latest open call counts. */
function openSlot(blocks: readonly Block[], id: string | undefined): Slot | undefined {
  for (const { slots } of blocks.toReversed()) {
    const slot = slots.find(candidate => candidate.id === id && candidate.result === undefined);
    if (slot !== undefined) {
      return slot;
    }
  }
  return undefined;
}

const LONGEST_ID = 64;

export const toolCallIds: BodyRule = {
  name: 'tool-call-ids',
  summary:
    'Tool call ids have at most 64 of `[A-Za-z0-9_-]` and are unique in the conversation, the same on call and result.',
  source:
    'docs/wire.md#tool-call-ids: the official client writes `Bash:0` as `Bash_0` and numbers repeats; ' +
    'the same id comes in several turns',
  apply(body) {
    const used = new Set<string>();
    // What the calls before the next results are called now, oldest first, by what they were called.
    let renamed = new Map<string, string[]>();
    for (const message of body.messages) {
      if (message.role === 'tool') {
        const id = message.tool_call_id ?? '';
        message.tool_call_id = renamed.get(id)?.shift() ?? sanitize(id);
        continue;
      }
      renamed = new Map();
      for (const call of message.tool_calls ?? []) {
        const id = uniqueId(sanitize(call.id), used);
        renamed.set(call.id, [...(renamed.get(call.id) ?? []), id]);
        used.add(id);
        call.id = id;
      }
    }
  },
};

function sanitize(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, LONGEST_ID) || 'tool_call';
}

/**
 * In the order of the conversation, so that a later turn never changes an earlier one, and with it the cached prefix.
 */
function uniqueId(id: string, used: ReadonlySet<string>): string {
  let unique = id;
  for (let count = 2; used.has(unique); count++) {
    const suffix = `_${count}`;
    unique = `${id.slice(0, LONGEST_ID - suffix.length)}${suffix}`;
  }
  return unique;
}
