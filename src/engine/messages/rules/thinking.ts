import { KEEPS_THINKING_EDIT } from '../../../upstream';
import type { BodyRule } from '../../request/body';
import { extend } from '../messages-body';

export const thinkingFields: BodyRule = {
  name: 'thinking-fields',
  summary:
    '`thinking` keeps its `type`; the effort goes as `output_config.effort`, `keep: "all"` as ' +
    '`context_management`; nothing has a budget.',
  source: 'docs/wire.md#anthropic-body, #anthropic-headers',
  apply(body) {
    const { thinking, reasoning_effort: level } = body as {
      thinking?: { type?: string; effort?: string; keep?: string };
      reasoning_effort?: string;
    };
    delete body.reasoning_effort;
    const effort = thinking?.effort ?? level;
    if (effort !== undefined) {
      extend(body, 'output_config', { effort });
    }
    if (thinking !== undefined) {
      body.thinking = { type: thinking.type };
    }
    if (thinking?.keep === 'all') {
      body.context_management = { edits: [{ type: KEEPS_THINKING_EDIT, keep: 'all' }] };
    }
  },
};
