import type { Answer } from './answer-prompt.ts';

/** Tokens and money of this run. */
export class Spent {
  private input = 0;
  private output = 0;
  private amount = 0;
  private list = 0;
  private isPriced = false;

  add(answer: Answer): void {
    if (!('usage' in answer)) {
      return;
    }
    this.input += answer.usage.inputTokens ?? 0;
    this.output += answer.usage.outputTokens ?? 0;
    if (answer.cost !== undefined) {
      this.isPriced = true;
      this.amount += answer.cost.amount;
      this.list += answer.cost.list;
    }
  }

  /** For the end of the run; nothing where nothing was answered. */
  get text(): string[] {
    if (this.input + this.output === 0) {
      return [];
    }
    const tokens = `${this.input.toLocaleString('en')} tokens in, ${this.output.toLocaleString('en')} out`;
    const list = `$${this.list.toFixed(4)} at list prices`;
    const cost = this.amount === 0 ? `${list}, paid by the plan` : list;
    return [this.isPriced ? `${tokens}; ${cost}.` : `${tokens}.`];
  }
}
