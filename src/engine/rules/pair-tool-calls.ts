import type { BodyRule } from '../body-rule';
import type { KimiChatMessage } from '../kimi-chat-request-body';

/** The official client's words for a call that was cut off (B:264153). */
const INTERRUPTED =
  'Tool result is not available in the current context. Do not assume the tool completed successfully.';

type Slot = { id: string; result: KimiChatMessage | undefined };
type Block = { message: KimiChatMessage; slots: Slot[] };

export const pairToolCalls: BodyRule = {
  name: 'pair-tool-calls',
  summary:
    'Every tool call is followed by its result: results are moved there, a cancelled or denied call gets one ' +
    'that says so, a result ' +
    'without a call is left out with a warning.',
  source:
    'wire.md 6.4, strict resend (B:50802-50820, 263858-264044): "tool_call_id is not found", "must be followed ' +
    'by tool messages"; ' +
    'peers.md 5.4 (opencode#6056)',
  appliesTo: () => true,
  apply(body, _call, warn) {
    const blocks: Block[] = [];
    for (const message of body.messages) {
      if (message.role !== 'tool') {
        blocks.push({ message, slots: (message.tool_calls ?? []).map(({ id }) => ({ id, result: undefined })) });
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
      ...slots.map(
        ({ id, result }): KimiChatMessage => result ?? { role: 'tool', tool_call_id: id, content: INTERRUPTED },
      ),
    ]);
  },
};

/** Kimi repeats ids from turn to turn (wire.md 6.5), so the latest open call counts. */
function openSlot(blocks: readonly Block[], id: string | undefined): Slot | undefined {
  for (const { slots } of blocks.toReversed()) {
    const slot = slots.find(candidate => candidate.id === id && candidate.result === undefined);
    if (slot !== undefined) {
      return slot;
    }
  }
  return undefined;
}
