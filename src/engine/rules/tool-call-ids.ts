import type { BodyRule } from '../body-rule';

const LONGEST_ID = 64;

export const toolCallIds: BodyRule = {
  name: 'tool-call-ids',
  summary:
    'Tool call ids have at most 64 of `[A-Za-z0-9_-]` and are unique in the conversation, the same on call and result.',
  source:
    'wire.md 6.5 (captured; B:191295-191392, 220948-221020): the official client writes `Bash:0` as `Bash_0` ' +
    'and numbers repeats; ' +
    'peers.md 5.4 (oh-my-pi#2055: the same id in several turns)',
  appliesTo: () => true,
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
