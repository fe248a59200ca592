import type { BodyRule } from '../body-rule';
import { isBlank } from './blank';

export const omitContentBesideToolCalls: BodyRule = {
  name: 'omit-content-beside-tool-calls',
  summary: 'An assistant message with tool calls and blank text has no `content` key.',
  source: 'wire.md 6.4 (captured; B:188913-188918): null and "" are refused with "text content is empty"',
  appliesTo: () => true,
  apply(body) {
    for (const message of body.messages) {
      if (message.role === 'assistant' && message.tool_calls !== undefined && isBlank(message.content)) {
        delete message.content;
      }
    }
  },
};
