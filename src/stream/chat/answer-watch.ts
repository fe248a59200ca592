import { isErrorBody } from '../../api/error-body';
import { AnswerProgress } from '../answer-progress';
import type { ChatChunk } from './chat-chunk';

/**
 * A finish reason that is not `null`, or an error body. One pattern: the several searches for its words take twice as
 * long.
 */
const FINISH_OR_ERROR = /"finish_reason"[ \t\n\r]*:[ \t\n\r]*"|"(?:error|message|detail|error_description)"[ \t\n\r]*:/;

/**
 * Text that is not empty, or a list of parts. With its opening quote, or every piece of `reasoning_content` would match
 * too.
 */
const CONTENT = /"content"\s*:\s*(?:"[^"]|\[)/;

/** Follows one answer, chunk by chunk. */
export class AnswerWatch extends AnswerProgress {
  constructor() {
    super(['length', 'content_filter']);
  }

  /** The finish reason of an answer that ended well and has none. */
  get impliedFinishReason(): string {
    return this.hasToolCall ? 'tool_calls' : 'stop';
  }

  /** Cheap signs, by text, that these events must go through `observe`. */
  needsParsing(events: string): boolean {
    return (
      FINISH_OR_ERROR.test(events) ||
      (!this.hasText && (CONTENT.test(events) || events.includes('refusal"'))) ||
      (!this.hasReasoning && events.includes('"reasoning')) ||
      (!this.hasToolCall && events.includes('tool_calls'))
    );
  }

  /** The same for a delta that carries a piece of this field and nothing else. */
  deltaNeedsParsing(field: string): boolean {
    return field === 'content' ? !this.hasText : !this.hasReasoning;
  }

  observe(chunk: ChatChunk): void {
    const { choices } = chunk;
    if (isErrorBody(chunk)) {
      this.fail();
      return;
    }
    const choice = choices?.[0];
    const delta = choice?.delta;
    if (delta) {
      this.hasReasoning ||= typeof (delta.reasoning_content ?? delta.reasoning) === 'string';
      this.hasText ||= isText(delta.content) || isText(delta.refusal);
      this.hasToolCall ||=
        Array.isArray(delta.tool_calls) && delta.tool_calls.some(entry => isText(entry?.function?.name));
    }
    if (isText(choice?.finish_reason)) {
      this.finishReason = choice?.finish_reason as string;
    }
  }
}

function isText(value: unknown): boolean {
  if (typeof value === 'string') {
    return value.trim() !== '';
  }
  return Array.isArray(value) && value.some((part: { text?: unknown } | null) => isText(part?.text));
}
