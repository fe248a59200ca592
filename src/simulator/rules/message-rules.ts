import { notice, partsOf, refusal, textOf, toolCallsOf, verdict, type ChatRule } from './simulator-rule';

/** What Kimi refuses in the conversation itself. */
export const MESSAGE_RULES: readonly ChatRule[] = [
  refusal({
    rule: 'developer-role',
    summary: 'A message with the role `developer`; Kimi knows system, user, assistant and tool.',
    source: 'docs/wire.md#message-roles',
    confidence: 'reported',
    text: "Invalid request: unsupported role 'developer'",
    wording: 'ours',
    check: ({ body }) =>
      verdict(
        body.messages.length > 0,
        body.messages.some(message => message.role === 'developer')
          ? "Invalid request: unsupported role 'developer'"
          : undefined,
      ),
  }),
  refusal({
    rule: 'reasoning-content-missing',
    summary:
      'An assistant message with tool calls and no `reasoning_content` while thinking is on ("" counts as ' +
      'missing on K2.5, K2.6, K2.7).',
    source: 'docs/wire.md#reasoning-content, #padded-reasoning',
    confidence: 'reported',
    text: 'thinking is enabled but reasoning_content is missing in assistant tool call message at index …',
    wording: 'real',
    check({ body, model, thinking }) {
      if (!thinking) {
        return undefined;
      }
      const accepts = (value: unknown): boolean =>
        typeof value === 'string' && (value !== '' || model.behaviour?.emptyReasoning !== 'missing');
      const calling = body.messages.filter(message => message.role === 'assistant' && toolCallsOf(message).length > 0);
      const index = body.messages.findIndex(
        message => calling.includes(message) && !accepts(message.reasoning_content),
      );
      return verdict(
        calling.length > 0,
        index === -1
          ? undefined
          : `thinking is enabled but reasoning_content is missing in assistant tool call message at index ${index}`,
      );
    },
  }),
  refusal({
    rule: 'empty-content-beside-tool-calls',
    summary:
      'An assistant message with tool calls whose `content` is "" or has an empty text part; the key must be left out.',
    source: 'docs/wire.md#omitted-content',
    confidence: 'read in source',
    text: 'text content is empty',
    wording: 'real',
    check({ body }) {
      const calling = body.messages.filter(message => message.role === 'assistant' && toolCallsOf(message).length > 0);
      const bad = calling.some(
        ({ content }) =>
          (typeof content === 'string' && content.trim() === '') ||
          partsOf(content).some(part => part.type === 'text' && String(part.text ?? '').trim() === '') ||
          (Array.isArray(content) && content.length === 0),
      );
      return verdict(calling.length > 0, bad ? 'text content is empty' : undefined);
    },
  }),
  refusal({
    rule: 'empty-assistant-message',
    summary: 'An assistant message without text, reasoning or tool calls.',
    source: 'docs/wire.md#empty-assistant-messages',
    confidence: 'read in source',
    text: "the message at position … with role 'assistant' must not be empty",
    wording: 'real',
    check({ body }) {
      const assistants = body.messages.filter(message => message.role === 'assistant');
      const index = body.messages.findIndex(
        message =>
          message.role === 'assistant' &&
          toolCallsOf(message).length === 0 &&
          textOf(message.content).trim() === '' &&
          partsOf(message.content).every(part => part.type === 'text') &&
          String(message.reasoning_content ?? '').trim() === '',
      );
      return verdict(
        assistants.length > 0,
        index === -1 ? undefined : `the message at position ${index} with role 'assistant' must not be empty`,
      );
    },
  }),
  refusal({
    rule: 'tool-message-without-call',
    summary: 'A tool message that no assistant message with tool calls precedes.',
    source: 'docs/wire.md#tool-call-pairs',
    confidence: 'read in source',
    text: "Invalid request: messages with role 'tool' must be a response to a preceding message with 'tool_calls'",
    wording: 'real',
    check({ body }) {
      const first = body.messages.findIndex(message => message.role === 'tool');
      const call = body.messages.findIndex(message => message.role === 'assistant' && toolCallsOf(message).length > 0);
      return verdict(
        first !== -1,
        first !== -1 && (call === -1 || call > first)
          ? "Invalid request: messages with role 'tool' must be a response to a preceding message with 'tool_calls'"
          : undefined,
      );
    },
  }),
  refusal({
    rule: 'tool-call-id-not-found',
    summary: 'A tool message whose `tool_call_id` no earlier tool call has.',
    source: 'docs/wire.md#tool-call-pairs',
    confidence: 'read in source',
    text: 'Invalid request: tool_call_id … is not found',
    wording: 'ours',
    check({ body }) {
      const known = new Set<string>();
      let concerned = false;
      for (const message of body.messages) {
        for (const { id } of toolCallsOf(message)) {
          known.add(id);
        }
        if (message.role === 'tool') {
          concerned = true;
          if (!known.has(String(message.tool_call_id ?? ''))) {
            return { text: `Invalid request: tool_call_id ${String(message.tool_call_id ?? '')} is not found` };
          }
        }
      }
      return verdict(concerned, undefined);
    },
  }),
  refusal({
    rule: 'tool-results-missing',
    summary: 'Tool calls that are not followed by a tool message for each of them.',
    source: 'docs/wire.md#tool-call-pairs',
    confidence: 'read in source',
    text:
      "Invalid request: an assistant message with 'tool_calls' must be followed by tool messages responding to " +
      "each 'tool_call_id'. " +
      'The following tool_call_ids did not have response messages: …',
    wording: 'real',
    check({ body }) {
      let concerned = false;
      for (const [index, message] of body.messages.entries()) {
        const wanted = new Set(toolCallsOf(message).map(call => call.id));
        concerned ||= wanted.size > 0;
        for (const later of body.messages.slice(index + 1)) {
          if (later.role !== 'tool') {
            break;
          }
          wanted.delete(String(later.tool_call_id ?? ''));
        }
        if (wanted.size > 0) {
          return {
            text:
              "Invalid request: an assistant message with 'tool_calls' must be followed by tool messages " +
              "responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: " +
              `${[...wanted].join(', ')}`,
          };
        }
      }
      return verdict(concerned, undefined);
    },
  }),
  notice({
    rule: 'null-content',
    summary: '`content: null`; the official clients leave the key out.',
    source: 'docs/wire.md#omitted-content: that null is refused is not said',
    confidence: 'captured',
    check({ body }) {
      const index = body.messages.findIndex(message => message.content === null);
      return verdict(body.messages.length > 0, index === -1 ? undefined : `message ${index}`);
    },
  }),
  notice({
    rule: 'blank-text-part',
    summary: 'A blank text part or blank text in a system or user message; the official client filters them.',
    source: 'docs/wire.md#blank-text-parts',
    confidence: 'read in source',
    check({ body }) {
      const index = body.messages.findIndex(
        ({ role, content }) =>
          (role === 'system' || role === 'user') &&
          ((typeof content === 'string' && content.trim() === '') ||
            partsOf(content).some(part => part.type === 'text' && String(part.text ?? '').trim() === '')),
      );
      return verdict(body.messages.length > 0, index === -1 ? undefined : `message ${index}`);
    },
  }),
  notice({
    rule: 'repeated-tool-call-id',
    summary: 'Two tool calls of one message with the same id.',
    source: 'docs/wire.md#tool-call-pairs, #tool-call-ids',
    confidence: 'read in source',
    check({ body }) {
      const calling = body.messages.filter(message => toolCallsOf(message).length > 0);
      const bad = calling.find(
        message => new Set(toolCallsOf(message).map(call => call.id)).size < toolCallsOf(message).length,
      );
      return verdict(calling.length > 0, bad ? `message ${body.messages.indexOf(bad)}` : undefined);
    },
  }),
];
