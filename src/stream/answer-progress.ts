import type { AnswerFault } from './answer-fault';

/** What one answer has had so far, as far as it takes to say at its end what is wrong with it. */
export class AnswerProgress {
  protected hasReasoning = false;
  protected hasText = false;
  protected hasToolCall = false;
  protected finishReason: string | undefined;
  private hasFailed = false;

  /**
   * @param mayBeEmpty finish reasons with which an answer may be empty: cut by the output limit, or withheld
   *   (docs/decisions.md#33-empty-answers, docs/wire.md#empty-answers)
   */
  constructor(private readonly mayBeEmpty: readonly string[]) {}

  /** Whether the answer has a finish reason. */
  get isFinished(): boolean {
    return this.finishReason !== undefined;
  }

  /** Whether an error event has come; nothing more needs to be said then. */
  get isOver(): boolean {
    return this.hasFailed;
  }

  /** The answer failed: whether that is news. */
  fail(): boolean {
    const isNews = !this.hasFailed;
    this.hasFailed = true;
    return isNews;
  }

  /** What is wrong with the answer now that it is over. */
  fault(): AnswerFault | undefined {
    if (this.hasFailed || this.hasText || this.hasToolCall || this.mayBeEmpty.includes(this.finishReason ?? '')) {
      return undefined;
    }
    return this.hasReasoning ? 'thinking-only' : 'empty';
  }
}
