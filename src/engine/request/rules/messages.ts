import { KimiInvalidArgumentError } from '../../../errors/kimi-error';
import { isBlank, type BodyRule } from '../body';

/** What the official client says of a tool without output (docs/wire.md#empty-tool-results). */
const EMPTY_OUTPUT = 'Tool output is empty.';

export const dropBlankText: BodyRule = {
  name: 'drop-blank-text',
  summary:
    'Blank text parts are left out, and messages of system and user that hold nothing else; one text part ' +
    'alone is a plain string.',
  source:
    'docs/wire.md#blank-text-parts, #omitted-content: "text content is empty"; an empty tool result says ' +
    'so (docs/wire.md#empty-tool-results)',
  apply(body) {
    const kept = body.messages.filter(message => {
      if (Array.isArray(message.content)) {
        message.content = withoutBlankParts(message.content);
      }
      if (message.role === 'tool' && isBlank(message.content)) {
        message.content = EMPTY_OUTPUT;
      }
      return message.role === 'assistant' || message.tools !== undefined || !isBlank(message.content);
    });
    if (kept.length === 0 && body.messages.length > 0) {
      throw new KimiInvalidArgumentError({
        argument: 'prompt',
        message: 'The prompt has no text and no media; Kimi refuses an empty conversation.',
      });
    }
    body.messages = kept;
  },
};

function withoutBlankParts(parts: Record<string, unknown>[]): string | Record<string, unknown>[] {
  const kept = parts.filter(part => part.type !== 'text' || !isBlank(part.text));
  const [first] = kept;
  return kept.length === 0 ? '' : kept.length === 1 && first?.type === 'text' ? (first.text as string) : kept;
}

export const omitContentBesideToolCalls: BodyRule = {
  name: 'omit-content-beside-tool-calls',
  summary: 'An assistant message with tool calls and blank text has no `content` key.',
  source: 'docs/wire.md#omitted-content: null and "" are refused with "text content is empty"',
  apply(body) {
    for (const message of body.messages) {
      if (message.role === 'assistant' && message.tool_calls !== undefined && isBlank(message.content)) {
        delete message.content;
      }
    }
  },
};

export const messageName: BodyRule = {
  name: 'message-name',
  summary: "A message's `name` goes to the platform only; elsewhere it is left out with a warning.",
  source:
    'docs/wire.md#message-name: the official client of the coding service never sends it; ' +
    'docs/wire.md#fields-of-the-platform',
  apply(body, call, warn) {
    if (call.service === 'platform') {
      return;
    }
    const named = body.messages.filter(message => message.name !== undefined);
    for (const message of named) {
      delete message.name;
    }
    if (named.length > 0) {
      warn({
        type: 'unsupported',
        feature: 'message name',
        details: `The ${call.service} service knows no names of messages; they were not sent.`,
      });
    }
  },
};

export const partial: BodyRule = {
  name: 'partial',
  summary:
    'With `partial` the last assistant message is a beginning that the model goes on with; on the platform only.',
  source:
    'docs/wire.md#partial: last message only, not with JSON output; no official client of the coding service sends it',
  apply(body, call, warn) {
    const last = body.messages.at(-1);
    if (call.options.partial === true) {
      if (last?.role !== 'assistant') {
        throw invalid('needs a prompt that ends with an assistant message, the beginning of the answer');
      }
      last.partial = true;
    }
    const marked = body.messages.filter(message => message.partial !== undefined);
    if (marked.length === 0) {
      return;
    }
    if (call.service !== 'platform') {
      for (const message of marked) {
        delete message.partial;
      }
      warn({
        type: 'unsupported',
        feature: 'partial',
        details: 'Only the platform goes on with a begun answer; the message was sent as a finished one.',
      });
      return;
    }
    if (marked.some(message => message !== last || message.role !== 'assistant' || message.tool_calls !== undefined)) {
      throw invalid('belongs to the last message, which must be an assistant message without tool calls');
    }
    if (body.response_format !== undefined) {
      throw invalid('cannot go with JSON output');
    }
  },
};

function invalid(reason: string): KimiInvalidArgumentError {
  return new KimiInvalidArgumentError({
    argument: 'providerOptions.kimi.partial',
    message: `providerOptions.kimi.partial ${reason}.`,
  });
}

export const dropEmptyAssistant: BodyRule = {
  name: 'drop-empty-assistant',
  summary:
    'An assistant message without text, reasoning and tool calls is left out; an aborted turn leaves one behind.',
  source:
    'docs/wire.md#empty-assistant-messages: "the message at position N with role \'assistant\' must not be empty"',
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
