import { ToolCallMarkup, type MarkupFound } from './tool-call-markup';
import type { MarkupToolCall } from './tool-call-markup-parser';

/** Reasoning and text that can leave, in the order that the method says. */
export type Said = { reasoning: string; content: string };

/** What is left when an answer is over: the last of its reasoning and text, and the calls that were in them. */
export type RecoveredAnswer = Said & { calls: MarkupToolCall[] };

/**
 * Takes the tool calls out of the reasoning and the text of one answer. They are given back when it is over, because
 * only then it is sure that they are no doubles of real ones (a server may give both, vllm-project/vllm#31207). Markup
 * in the reasoning is a call only where it is the last thing that the answer says; a model that goes on to answer was
 * thinking about it.
 */
export class ToolCallRecovery {
  private readonly reasoning: ToolCallMarkup;
  private readonly content: ToolCallMarkup;

  /** Markup in the text. */
  private readonly found: MarkupFound[] = [];
  /** Markup at the end of the reasoning so far, with the blank text behind it. */
  private thought: Array<MarkupFound | string> = [];
  /** Real calls, by name and arguments. */
  private readonly real: string[] = [];
  private hasContent = false;
  /** Blank text that came behind such reasoning, and must not leave before it. */
  private blank = '';

  constructor(toolNames: ReadonlySet<string>) {
    this.reasoning = new ToolCallMarkup(toolNames);
    this.content = new ToolCallMarkup(toolNames);
  }

  /** Whether a delta without any sign of markup may pass by, and be told of by `skip`. */
  get isIdle(): boolean {
    return !this.reasoning.isHolding && !this.content.isHolding && this.thought.length === 0 && this.blank === '';
  }

  skip(channel: 'reasoning' | 'content'): void {
    this[channel].skip();
    this.hasContent ||= channel === 'content';
  }

  /** Reasoning in; out what can leave, after the text that turned out to be no call. */
  writeReasoning(text: string): Said {
    const content = text === '' ? '' : this.endContent();
    return {
      content,
      reasoning: this.reasoning
        .write(text)
        .map(piece => this.think(piece))
        .join(''),
    };
  }

  /** Text in; out what can leave, after the reasoning that turned out to be no call. */
  writeContent(text: string): Said {
    let reasoning = text === '' ? '' : this.endReasoning();
    const content =
      this.blank +
      this.content
        .write(text)
        .map(piece => this.say(piece))
        .join('');
    this.blank = '';
    if (this.thought.length > 0 && !this.hasContent && this.found.length === 0) {
      this.blank = content;
      return { reasoning, content: '' };
    }
    reasoning += this.thoughtAsText();
    return { reasoning, content };
  }

  /** A real tool call begins: out comes what turned out to be none. */
  beginToolCall(): Said {
    const content = this.endContent();
    return { content, reasoning: this.endReasoning() + this.thoughtAsText() };
  }

  /** A real tool call, whole. */
  addToolCall(name: string, input: string): void {
    this.real.push(keyOf(name, input));
  }

  end(): RecoveredAnswer {
    let reasoning = this.endReasoning();
    const content = this.endContent();
    const isLeak = !this.hasContent && this.real.length === 0 && this.found.length === 0;
    const thoughtCalls = isLeak ? this.thought.flatMap(piece => (typeof piece === 'string' ? [] : piece.calls)) : [];
    if (isLeak) {
      this.thought = [];
    }
    reasoning += this.thoughtAsText();
    const real = new Map<string, number>();
    this.real.forEach(key => real.set(key, (real.get(key) ?? 0) + 1));
    const calls = [...thoughtCalls, ...this.found.flatMap(markup => markup.calls)].filter(call => {
      const key = keyOf(call.name, call.arguments);
      const doubles = real.get(key) ?? 0;
      real.set(key, doubles - 1);
      return doubles <= 0;
    });
    return { reasoning, content, calls };
  }

  /** The answer broke off: everything that was held back, as text. */
  abandon(): { reasoning: string; content: string } {
    const reasoning = this.endReasoning() + this.thoughtAsText();
    const content = this.endContent();
    return { reasoning, content: this.found.map(markup => markup.source).join('') + content };
  }

  private endReasoning(): string {
    return this.reasoning
      .end()
      .map(piece => this.think(piece))
      .join('');
  }

  private endContent(): string {
    const content =
      this.blank +
      this.content
        .end()
        .map(piece => this.say(piece))
        .join('');
    this.blank = '';
    return content;
  }

  private think(piece: MarkupFound | string): string {
    if (typeof piece !== 'string' || (piece.trim() === '' && this.thought.length > 0)) {
      this.thought.push(piece);
      return '';
    }
    return this.thoughtAsText() + piece;
  }

  private say(piece: MarkupFound | string): string {
    if (typeof piece !== 'string') {
      this.found.push(piece);
      return '';
    }
    this.hasContent ||= piece.trim() !== '';
    return piece;
  }

  private thoughtAsText(): string {
    const text = this.thought.map(piece => (typeof piece === 'string' ? piece : piece.source)).join('');
    this.thought = [];
    return text;
  }
}

/** The same for arguments that differ only in their blanks and the order of their keys. */
function keyOf(name: string, input: string): string {
  try {
    return `${name} ${JSON.stringify(sorted(JSON.parse(input)))}`;
  } catch {
    return `${name} ${input}`;
  }
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => [key, sorted(field)]),
  );
}
