import { AnswerProgress } from '../answer-progress';
import type { MessagesChunk } from './messages-chunk';

/** Follows one answer of the Anthropic wire, chunk by chunk, by what leaves. */
export class MessagesWatch extends AnswerProgress {
  constructor() {
    super(['max_tokens', 'model_context_window_exceeded', 'refusal']);
  }

  /** The stop reason of an answer that ended well and has none. */
  get impliedStopReason(): string {
    return this.hasToolCall ? 'tool_use' : 'end_turn';
  }

  /** Whether a piece of this field must be observed. */
  needs(field: string): boolean {
    return field === 'text' ? !this.hasText : !this.hasReasoning;
  }

  observe({ type, content_block: block, delta }: MessagesChunk): void {
    if (type === 'content_block_start') {
      this.hasToolCall ||= block?.type === 'tool_use';
      this.hasReasoning ||= block?.type === 'thinking' || block?.type === 'redacted_thinking';
    } else if (type === 'content_block_delta') {
      this.hasText ||= typeof delta?.text === 'string' && delta.text.trim() !== '';
    } else if (type === 'message_delta' && typeof delta?.stop_reason === 'string' && delta.stop_reason !== '') {
      this.finishReason = delta.stop_reason;
    }
  }
}
