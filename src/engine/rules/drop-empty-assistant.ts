import type { BodyRule } from '../body-rule';
import { isBlank } from './blank';

export const dropEmptyAssistant: BodyRule = {
  name: 'drop-empty-assistant',
  summary:
    'An assistant message without text, reasoning and tool calls is left out; an aborted turn leaves one behind.',
  source:
    'wire.md 6.4 (B:263898-263905): "the message at position N with role \'assistant\' must not be empty"; ' +
    'peers.md 5.4 ' +
    '(opencode#6056)',
  appliesTo: () => true,
  apply(body) {
    body.messages = body.messages.filter(
      ({ role, content, reasoning_content: reasoning, tool_calls: calls, partial }) =>
        // A prefill may be empty: it carries the name that speaks.
        role !== 'assistant' ||
        partial === true ||
        (calls ?? []).length > 0 ||
        !isBlank(content) ||
        !isBlank(reasoning),
    );
  },
};
