import { isErrorBody } from '../../api/error-body';
import type { Delta } from '../delta-frame';
import { EVENT_LIMIT } from '../event-framing';
import type { EventSteps, StreamFault } from '../event-pipeline';
import { StreamEvent } from '../stream-event';
import { faultEvent } from '../answer-fault';
import { AnswerWatch } from './answer-watch';
import { readChatDelta, type ChatChunk } from './chat-chunk';
import { ChunkRecovery } from './chunk-recovery';
import { mayNeedRepair, repairChunk, ToolCallLabels } from './repair-chunk';

/** How one answer is looked after as a whole. */
export type AnswerOptions = {
  /** Tools that the request declared; without any, markup stays text. */
  toolNames: ReadonlySet<string>;
  /** The caller's name of a tool that has another one on the wire. */
  callerNames: ReadonlyMap<string, string>;
  /** Makes ids for recovered tool calls. */
  generateId: () => string;
  /** The caller is given the log probabilities of the whole answer at its end. */
  keepsLogprobs?: boolean | undefined;
  /** Called before the finish reason leaves. */
  onRecovered: (count: number) => void;
};

type ChatEvent = StreamEvent<ChatChunk>;

/** Chunks that openai-compatible would trip over are put right; nothing else is looked at. */
export class ChatRepair implements EventSteps<ChatChunk> {
  /** Told by `[DONE]`, which is not looked for here. */
  isDone = false;

  private readonly toolCalls: ToolCallLabels;

  /**
   * @param generateId makes ids for tool calls that the server sent without one
   * @param limit how many bytes may be kept of the answer until its end: tool calls, and text that may be one
   */
  constructor(
    generateId: () => string,
    private readonly limit = EVENT_LIMIT,
  ) {
    this.toolCalls = new ToolCallLabels(generateId);
  }

  get isOverLimit(): boolean {
    return this.keptBytes > this.limit;
  }

  protected get keptBytes(): number {
    return this.toolCalls.bytes;
  }

  needsRepair(events: string): boolean {
    return mayNeedRepair(events);
  }

  repair(chunk: ChatChunk): boolean {
    return repairChunk(chunk, this.toolCalls);
  }

  readDelta(chunk: ChatChunk): Delta | undefined {
    return readChatDelta(chunk);
  }

  needsParsing(_events: string): boolean {
    return false;
  }

  deltaNeedsParsing(_field: string, _content: string): boolean {
    return false;
  }

  emit(event: ChatEvent): ChatEvent[] {
    return [event];
  }

  /** For calls that never got a name. */
  protected unnamedCalls(): ChatEvent[] {
    const calls = this.toolCalls.nameless();
    return calls.length === 0 ? [] : [StreamEvent.with({ choices: [{ index: 0, delta: { tool_calls: calls } }] })];
  }

  /** A torn event leaves as it is, without a blank line, so that it counts for nobody. */
  end(rest: string): ChatEvent[] {
    return rest === '' ? [] : [StreamEvent.of(rest)];
  }

  fail(_fault: StreamFault): ChatEvent[] {
    return [];
  }
}

/**
 * Besides, looks after one answer as a whole: takes leaked tool calls out of it, and reports at its end what is wrong
 * with it, as an error event.
 */
export class ChatSteps extends ChatRepair {
  private readonly watch = new AnswerWatch();
  private readonly recovery: ChunkRecovery | undefined;
  private readonly keepsLogprobs: boolean;
  private logprobBytes = 0;

  constructor(generateId: () => string, answer: AnswerOptions, limit?: number) {
    super(generateId, limit);
    this.keepsLogprobs = answer.keepsLogprobs === true;
    this.recovery = answer.toolNames.size + answer.callerNames.size === 0 ? undefined : new ChunkRecovery(answer);
  }

  protected override get keptBytes(): number {
    return super.keptBytes + (this.recovery?.heldBytes ?? 0) + this.logprobBytes;
  }

  override needsRepair(events: string): boolean {
    return super.needsRepair(events) || (this.keepsLogprobs && events.includes('logprobs"'));
  }

  override repair(chunk: ChatChunk): boolean {
    if (this.keepsLogprobs) {
      this.logprobBytes += JSON.stringify(chunk.choices?.[0]?.logprobs ?? '').length;
    }
    return super.repair(chunk);
  }

  override needsParsing(events: string): boolean {
    // `[DONE]` and torn JSON do not end in a brace; comments that keep the line alive have no data.
    const isOdd = !events.endsWith('}\n\n') && events.includes('data');
    return this.isDone || isOdd || this.watch.needsParsing(events) || (this.recovery?.needsParsing(events) ?? false);
  }

  override deltaNeedsParsing(field: string, content: string): boolean {
    return this.watch.deltaNeedsParsing(field) || (this.recovery?.deltaNeedsParsing(field, content) ?? false);
  }

  /** Recovers and observes. */
  override emit(event: ChatEvent): ChatEvent[] {
    if (!event.hasData) {
      return [event];
    }
    if (this.isDone) {
      // Garbage behind the end.
      return [];
    }
    if (event.isDone) {
      this.isDone = true;
      return [event];
    }
    const { chunk } = event;
    if (chunk === undefined) {
      this.watch.fail();
      return [faultEvent('malformed')];
    }
    const chunks = withErrorsApart(chunk).flatMap(part =>
      isErrorBody(part) ? [part] : (this.recovery?.rewrite(part) ?? [part]),
    );
    if (chunks.length === 1 && chunks[0] === chunk) {
      this.watch.observe(chunk);
      return [event];
    }
    return this.observed(chunks);
  }

  override end(rest: string): ChatEvent[] {
    const unnamed = this.unnamedCalls();
    if (this.watch.isOver) {
      return unnamed;
    }
    if (unnamed.length > 0) {
      this.watch.fail();
      return [...unnamed, faultEvent('malformed')];
    }
    const closing: ChatEvent[] = [];
    if (!this.watch.isFinished) {
      if (!this.isDone) {
        return [...this.broken(), faultEvent('cut')];
      }
      // With `[DONE]` nothing is missing but the word.
      closing.push(...this.observed(this.recovery?.finish() ?? []));
      const last = { index: 0, delta: {}, finish_reason: this.watch.impliedFinishReason };
      closing.push(...this.observed([{ choices: [last] }]));
    }
    const fault = this.watch.fault();
    return fault === undefined ? closing : [...closing, faultEvent(fault)];
  }

  /** An answer that is whole lacks nothing. */
  override fail(fault: StreamFault): ChatEvent[] {
    if (this.isDone && this.watch.isFinished) {
      return this.end('');
    }
    const events = [...this.unnamedCalls(), ...this.broken()];
    return this.watch.fail() ? [...events, faultEvent(fault)] : events;
  }

  private broken(): ChatEvent[] {
    return this.observed(this.recovery?.abandon() ?? []);
  }

  private observed(chunks: ChatChunk[]): ChatEvent[] {
    return chunks.map(chunk => {
      this.watch.observe(chunk);
      return StreamEvent.with(chunk);
    });
  }
}

/**
 * To openai-compatible any `error` beside `choices` is one, `null` too, and one in a form that it does not look into.
 */
function withErrorsApart(chunk: ChatChunk): ChatChunk[] {
  if (!('error' in chunk) || !('choices' in chunk)) {
    return [chunk];
  }
  const { error, ...answer } = chunk;
  const { choices, ...rest } = chunk;
  return error == null ? [answer] : [...(choices?.length ? [answer] : []), rest];
}
