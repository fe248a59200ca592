import { isErrorBody } from '../../api/error-body';
import { utf8Length } from '../../transport/utf8-length';
import { faultEvent } from '../answer-fault';
import type { Delta } from '../delta-frame';
import { EVENT_LIMIT } from '../event-framing';
import type { EventSteps, StreamFault } from '../event-pipeline';
import { StreamEvent } from '../stream-event';
import { BlockRecovery } from './block-recovery';
import { readMessagesDelta, textFieldOf, type MessagesChunk } from './messages-chunk';
import { MessagesWatch } from './messages-watch';
import { isFields, soundDelta, soundStart } from './sound-chunk';

/** How one answer of the Anthropic wire is looked after as a whole. */
export type MessagesAnswerOptions = {
  /** Tools that the request declared; without any, markup stays text. */
  toolNames: ReadonlySet<string>;
  /** The caller's name of a tool that has another one on the wire. */
  callerNames: ReadonlyMap<string, string>;
  /** Makes ids for tool calls that have none. */
  generateId: () => string;
  /** Called before the stop reason leaves. */
  onRecovered: (count: number) => void;
  /** What the answer says of the model that answers, and at its end of use. */
  onMessage: (seen: { usage?: unknown; model?: unknown }) => void;
  /** An event that is no part of the answer, or a fault; one error event leaves for each. */
  onError: (event: object) => void;
};

type MessagesEvent = StreamEvent<MessagesChunk>;
type BlockType = 'text' | 'thinking' | 'tool_use' | 'redacted_thinking';

/** `received` and `left`: how much of its text came and left, where leaked calls are looked for. */
type OpenBlock = { type: BlockType; received: number; left: number };

const DELTA = /"type"\s*:\s*"content_block_delta"/;
const PIECE = /"(text|thinking)"\s*:\s*"[^"]/;

/** Of the field that a delta has its text in, the type of its block. */
const BLOCK_TYPES: Readonly<Record<string, BlockType>> = {
  text: 'text',
  thinking: 'thinking',
  partial_json: 'tool_use',
};

/** What is kept of a call beside its input: a stream of calls without any must end, too. */
const CALL_BYTES = 1024;

/**
 * The Anthropic wire: what the wrapped model would trip over is put right, leaked tool calls become real ones, and what
 * is wrong with the answer is its last event. Deltas of text and thinking that need nothing go by unparsed.
 *
 * One long file, because it is one state machine: a method for each event of the wire, all over the same open blocks.
 */
export class MessagesSteps implements EventSteps<MessagesChunk> {
  isDone = false;

  private readonly answer: MessagesAnswerOptions;
  private readonly limit: number;
  private readonly watch = new MessagesWatch();
  private readonly recovery: BlockRecovery | undefined;
  private readonly open = new Map<number, OpenBlock>();
  private hasBegun = false;
  private usage: Record<string, unknown> | undefined;
  private callBytes = 0;

  /** @param limit how many bytes may be kept of the answer until its end: tool calls, and text that may be one */
  constructor(answer: MessagesAnswerOptions, limit = EVENT_LIMIT) {
    this.answer = answer;
    this.limit = limit;
    this.recovery = answer.toolNames.size === 0 ? undefined : new BlockRecovery(answer);
  }

  get isOverLimit(): boolean {
    return this.callBytes + (this.recovery?.heldBytes ?? 0) > this.limit;
  }

  /** All that may be wrong is put right by `emit`. */
  needsRepair(): boolean {
    return false;
  }

  repair(): boolean {
    return false;
  }

  readDelta(chunk: MessagesChunk): Delta | undefined {
    return readMessagesDelta(chunk);
  }

  needsParsing(events: string): boolean {
    const field = DELTA.test(events) ? PIECE.exec(events)?.[1] : undefined;
    if (field === undefined || this.mustObserve(field)) {
      return true;
    }
    // A value that is blank: behind it a line may still begin.
    const isBlank = events.includes('" "') || events.includes('"  ');
    return this.recovery !== undefined && (isBlank || this.recovery.needsParsing(channelOf(field), events));
  }

  deltaNeedsParsing(field: string, content: string): boolean {
    return (
      field === 'partial_json' ||
      this.mustObserve(field) ||
      (this.recovery?.needsParsing(channelOf(field), content) ?? false)
    );
  }

  private mustObserve(field: string): boolean {
    return this.isDone || this.open.size === 0 || this.watch.needs(field);
  }

  emit(event: MessagesEvent): MessagesEvent[] {
    if (!event.hasData || event.isDone) {
      return [event];
    }
    if (this.isDone) {
      // Garbage behind the end.
      return [];
    }
    const { chunk } = event;
    if (chunk === undefined) {
      return this.failed(faultEvent('malformed'));
    }
    if (chunk.error != null || (typeof chunk.type !== 'string' && isErrorBody(chunk))) {
      return this.failed(event);
    }
    switch (chunk.type) {
      case 'ping':
        return [event];
      case 'message_start':
        return this.hasBegun ? [] : this.begin(event, chunk);
      case 'content_block_start':
        return [...this.begun(), ...this.startBlock(event, chunk)];
      case 'content_block_delta':
        return [...this.begun(), ...this.delta(event, chunk)];
      case 'content_block_stop':
        return this.open.delete(chunk.index as number) ? [event] : [];
      case 'message_delta':
        return [...this.begun(), ...this.messageDelta(event, chunk)];
      case 'message_stop':
        return [...this.begun(), ...this.stop(event)];
      default:
        // The official client skips what it does not know (docs/wire.md#anthropic-answers).
        return [];
    }
  }

  end(_rest: string): MessagesEvent[] {
    if (this.watch.isOver || this.isDone) {
      return [];
    }
    if (!this.watch.isFinished) {
      return [...this.broken(), ...this.failed(faultEvent('cut'))];
    }
    return this.stop(StreamEvent.with<MessagesChunk>({ type: 'message_stop' }));
  }

  /** An answer that is whole lacks nothing. */
  fail(fault: StreamFault): MessagesEvent[] {
    if (this.watch.isFinished || this.isDone) {
      return this.end('');
    }
    return [...this.broken(), ...(this.watch.isOver ? [] : this.failed(faultEvent(fault)))];
  }

  private begin(event: MessagesEvent, chunk: MessagesChunk): MessagesEvent[] {
    this.hasBegun = true;
    const { usage, model } = isFields(chunk.message) ? chunk.message : {};
    // Told with the end, which has the tokens of the answer: those of one that broke off are not known.
    this.noteUsage(usage);
    this.answer.onMessage({ model });
    return [withChunk(event, soundStart(chunk))];
  }

  /** The wrapped model takes an answer that begins with an error for a refusal. */
  private begun(): MessagesEvent[] {
    return this.hasBegun ? [] : this.begin(StreamEvent.with<MessagesChunk>({ type: 'message_start' }), {});
  }

  private startBlock(event: MessagesEvent, { index, content_block: block }: MessagesChunk): MessagesEvent[] {
    if (typeof index !== 'number' || !isFields(block)) {
      return this.failed(faultEvent('malformed'));
    }
    const closing = this.open.delete(index) ? made([{ type: 'content_block_stop', index }]) : [];
    const start = (content: Record<string, unknown>): MessagesEvent => {
      const chunk = { type: 'content_block_start', index, content_block: content };
      this.watch.observe(chunk);
      return content === block ? event : event.changed(chunk);
    };
    switch (block.type) {
      case 'text':
      case 'thinking': {
        const { type } = block;
        const { [type]: text, signature } = block;
        this.open.set(index, { type, received: 0, left: 0 });
        return [
          ...closing,
          start(text === '' && !signature ? block : { type, [type]: '' }),
          ...this.first(index, `${type}_delta`, type, text),
          ...this.first(index, 'signature_delta', 'signature', signature),
        ];
      }
      case 'redacted_thinking':
        this.open.set(index, { type: 'redacted_thinking', received: 0, left: 0 });
        return [...closing, start(typeof block.data === 'string' ? block : { type: block.type, data: '' })];
      case 'tool_use':
        return [...closing, ...this.startCall(index, block, start)];
      default:
        return closing;
    }
  }

  private startCall(
    index: number,
    block: Record<string, unknown>,
    start: (content: Record<string, unknown>) => MessagesEvent,
  ): MessagesEvent[] {
    const { id, name, input } = block;
    if (!isText(name)) {
      return this.failed(faultEvent('malformed'));
    }
    this.callBytes += CALL_BYTES + utf8Length(name);
    this.open.set(index, { type: 'tool_use', received: 0, left: 0 });
    const callerName = this.answer.callerNames.get(name) ?? name;
    const isSound = isText(id) && callerName === name && isFields(input) && Object.keys(block).length === 4;
    const content = isSound
      ? block
      : {
          type: 'tool_use',
          id: isText(id) ? id : this.answer.generateId(),
          name: callerName,
          input: isFields(input) ? input : {},
        };
    return [...this.observed(this.recovery?.beginToolCall(index, name) ?? []), start(content)];
  }

  /** What a block begins with, as a delta of its own: the wrapped model does not read it. */
  private first(index: number, type: string, field: string, text: unknown): MessagesEvent[] {
    if (typeof text !== 'string' || text === '') {
      return [];
    }
    const chunk = { type: 'content_block_delta', index, delta: { type, [field]: text } };
    return this.delta(StreamEvent.with<MessagesChunk>(chunk), chunk);
  }

  private delta(event: MessagesEvent, chunk: MessagesChunk): MessagesEvent[] {
    const { index, delta } = chunk;
    const field = textFieldOf(chunk);
    const block = this.open.get(index as number);
    if (delta?.type === 'signature_delta') {
      // A signature is of the text that came; of another one it would be refused.
      const isGood = block?.type === 'thinking' && block.received === block.left && typeof delta.signature === 'string';
      return isGood ? [event] : [];
    }
    const text = field === undefined ? undefined : delta?.[field];
    if (field === undefined || typeof text !== 'string' || typeof index !== 'number') {
      return [];
    }
    const type = BLOCK_TYPES[field];
    if (block === undefined && (type === 'text' || type === 'thinking')) {
      const start = { type: 'content_block_start', index, content_block: { type, [type]: '' } };
      return [...this.startBlock(StreamEvent.with<MessagesChunk>(start), start), ...this.delta(event, chunk)];
    }
    if (block === undefined || block.type !== type) {
      return [];
    }
    if (type === 'tool_use') {
      this.callBytes += utf8Length(text);
      this.recovery?.addInput(index, text);
      return [event];
    }
    return this.said(event, chunk, block, text);
  }

  private said(event: MessagesEvent, chunk: MessagesChunk, block: OpenBlock, text: string): MessagesEvent[] {
    const type = block.type as 'text' | 'thinking';
    const written = this.recovery?.write(type, text) ?? { before: [], text };
    block.received += text.length;
    block.left += written.text.length;
    const before = this.observed(written.before);
    if (written.text === text) {
      this.watch.observe(chunk);
      return [...before, event];
    }
    const changed = { ...chunk, delta: { ...chunk.delta, [type]: written.text } };
    this.watch.observe(changed);
    return written.text === '' ? before : [...before, event.changed(changed)];
  }

  private messageDelta(event: MessagesEvent, chunk: MessagesChunk): MessagesEvent[] {
    this.noteUsage(chunk.usage);
    this.answer.onMessage({ usage: this.usage });
    const reason = chunk.delta?.stop_reason;
    if (!isText(reason)) {
      return [withChunk(event, soundDelta(chunk, undefined))];
    }
    const { events, isCall } = this.rest(reason);
    const changed = soundDelta(chunk, isCall && reason === 'end_turn' ? 'tool_use' : reason);
    this.watch.observe(changed);
    return [...events, withChunk(event, changed)];
  }

  /** Blocks that are not closed, and what was held back. */
  private rest(reason: string): { events: MessagesEvent[]; isCall: boolean } {
    const stops = [...this.open.keys()].map(index => ({ type: 'content_block_stop', index }));
    this.open.clear();
    const held =
      this.recovery === undefined
        ? { chunks: [], isCall: false }
        : reason === 'refusal'
          ? { chunks: this.recovery.abandon(), isCall: false }
          : this.recovery.finish();
    return { events: [...made(stops), ...this.observed(held.chunks)], isCall: held.isCall };
  }

  private stop(event: MessagesEvent): MessagesEvent[] {
    // With the event that says that all is said nothing is missing but the word.
    const said = this.watch.isFinished ? [] : this.impliedEnd();
    this.isDone = true;
    const fault = this.watch.fault();
    return fault === undefined ? [...said, event] : [...said, ...this.failed(faultEvent(fault))];
  }

  private impliedEnd(): MessagesEvent[] {
    const { events } = this.rest('end_turn');
    const chunk = { type: 'message_delta', delta: { stop_reason: this.watch.impliedStopReason } };
    this.watch.observe(chunk);
    return [...events, ...made([soundDelta(chunk, chunk.delta.stop_reason)])];
  }

  private broken(): MessagesEvent[] {
    return this.hasBegun ? this.rest('refusal').events : [];
  }

  private failed(event: MessagesEvent): MessagesEvent[] {
    if (!this.watch.fail()) {
      return [];
    }
    this.answer.onError(event.chunk ?? {});
    return [
      ...this.begun(),
      event.changed({ type: 'error', error: { type: 'api_error', message: 'error' } } as object),
    ];
  }

  private observed(chunks: readonly MessagesChunk[]): MessagesEvent[] {
    chunks.forEach(chunk => this.watch.observe(chunk));
    return made(chunks);
  }

  private noteUsage(usage: unknown): void {
    if (isFields(usage)) {
      this.usage = { ...this.usage, ...usage };
    }
  }
}

function channelOf(field: string): 'text' | 'thinking' {
  return field === 'text' ? 'text' : 'thinking';
}

function made(chunks: readonly MessagesChunk[]): MessagesEvent[] {
  return chunks.map(chunk => StreamEvent.with(chunk));
}

function withChunk(event: MessagesEvent, chunk: MessagesChunk): MessagesEvent {
  return chunk === event.chunk ? event : event.changed(chunk);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
