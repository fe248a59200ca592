import { utf8Length } from '../../transport/utf8-length';
import { HeldText } from '../held-text';
import { MARKUP_SIGNS } from '../markup/markup-signs';
import { ToolCallRecovery } from '../markup/tool-call-recovery';
import type { ChatChunk, ChatDelta, ToolCallDelta } from './chat-chunk';

type ChunkRecoveryOptions = {
  toolNames: ReadonlySet<string>;
  callerNames: ReadonlyMap<string, string>;
  generateId: () => string;
  onRecovered: (count: number) => void;
};

/**
 * Takes the tool calls that leaked into the text out of the chunks of one answer and adds them as real ones before its
 * finish reason, which becomes `tool_calls` where it was `stop` (openclaw/openclaw#60775). Tools that have another name
 * on the wire get the caller's back.
 */
export class ChunkRecovery {
  private readonly callerNames: ReadonlyMap<string, string>;
  private readonly recovery: ToolCallRecovery;
  private readonly generateId: () => string;
  private readonly onRecovered: (count: number) => void;

  /** The server's own tool calls by index. */
  private readonly toolCalls = new Map<number, { name: string; input: HeldText }>();
  /** Bytes of text that came and has not left. */
  heldBytes = 0;
  /** The last chunk: its `id`, `model` and the like are those of chunks that are added. */
  private last: ChatChunk = {};

  constructor({ toolNames, callerNames, generateId, onRecovered }: ChunkRecoveryOptions) {
    this.callerNames = callerNames;
    this.recovery = new ToolCallRecovery(toolNames);
    this.generateId = generateId;
    this.onRecovered = onRecovered;
  }

  /**
   * Cheap signs, by text, that these events, which have no finish reason, must go through `rewrite`. Those that need
   * not count as seen.
   */
  needsParsing(events: string): boolean {
    // A value that is blank: behind it a line may still begin.
    const isBlank = events.includes('" "') || events.includes('"  ');
    if (isBlank || !this.recovery.isIdle || MARKUP_SIGNS.test(events) || events.includes('tool_calls')) {
      return true;
    }
    if (/"content"\s*:\s*"[^"]/.test(events)) {
      this.recovery.skip('content');
    }
    if (events.includes('reasoning') && /"reasoning_content"\s*:\s*"[^"]/.test(events)) {
      this.recovery.skip('reasoning');
    }
    return false;
  }

  /** The same for a delta. @param content its text as it is written in JSON */
  deltaNeedsParsing(field: string, content: string): boolean {
    if (content === '') {
      return false;
    }
    if (content.trim() === '' || !this.recovery.isIdle || MARKUP_SIGNS.test(content)) {
      return true;
    }
    this.recovery.skip(field === 'content' ? 'content' : 'reasoning');
    return false;
  }

  /** The chunks that leave in place of this one; the same object where nothing changes. */
  rewrite(chunk: ChatChunk): ChatChunk[] {
    const choice = chunk.choices?.[0];
    if (!choice) {
      return [chunk];
    }
    this.last = chunk;
    const { before, delta } = this.rewriteDelta(choice.delta ?? {});
    const isFinish = typeof choice.finish_reason === 'string' && choice.finish_reason !== '';
    if (!isFinish) {
      return delta === undefined ? [...before, chunk] : [...before, { ...chunk, choices: [{ ...choice, delta }] }];
    }
    const rest = choice.finish_reason === 'content_filter' ? this.abandon() : this.finish();
    if (before.length === 0 && delta === undefined && rest.length === 0) {
      return [chunk];
    }
    const isCall = rest.some(({ choices }) => choices?.[0]?.delta?.tool_calls !== undefined);
    const finishReason = isCall && choice.finish_reason === 'stop' ? 'tool_calls' : choice.finish_reason;
    const last = { ...chunk, choices: [{ ...choice, delta: {}, finish_reason: finishReason }] };
    return [...before, this.chunk(delta ?? choice.delta ?? {}), ...rest, last];
  }

  /** What is left when the answer is over, its calls included. */
  finish(): ChatChunk[] {
    for (const { name, input } of this.toolCalls.values()) {
      this.recovery.addToolCall(name, input.take());
    }
    this.toolCalls.clear();
    const { reasoning, content, calls } = this.recovery.end();
    if (calls.length > 0) {
      this.onRecovered(calls.length);
    }
    const ids = new Set<string>();
    const toolCalls = calls.map(({ id: own, name, arguments: input }, position) => {
      const id = own !== undefined && !ids.has(own) ? own : this.generateId();
      ids.add(id);
      const called = { name: this.callerNames.get(name) ?? name, arguments: input };
      return { index: FIRST_INDEX + position, id, type: 'function', function: called };
    });
    return [
      ...this.textChunks(reasoning, content),
      ...(toolCalls.length > 0 ? [this.chunk({ tool_calls: toolCalls })] : []),
    ];
  }

  /** What was held back of an answer that broke off, as text: its calls may not be whole. */
  abandon(): ChatChunk[] {
    const { reasoning, content } = this.recovery.abandon();
    return this.textChunks(reasoning, content);
  }

  /** The delta without markup, `undefined` where it stays, and chunks for what was held back and belongs before it. */
  private rewriteDelta(delta: ChatDelta): { before: ChatChunk[]; delta: ChatDelta | undefined } {
    const changed = { ...delta };
    const before: ChatChunk[] = [];
    if (typeof delta.reasoning_content === 'string') {
      const { content, reasoning } = this.recovery.writeReasoning(delta.reasoning_content);
      before.push(...this.textChunks('', content));
      changed.reasoning_content = reasoning;
    }
    if (typeof delta.content === 'string') {
      const { reasoning, content } = this.recovery.writeContent(delta.content);
      before.push(...this.textChunks(reasoning, ''));
      changed.content = content;
    }
    if (Array.isArray(delta.tool_calls) && delta.tool_calls.length > 0) {
      const { content, reasoning } = this.recovery.beginToolCall();
      before.push(...this.textChunks(reasoning, content));
      delta.tool_calls.forEach(entry => this.follow(entry));
      changed.tool_calls =
        this.callerNames.size === 0 ? delta.tool_calls : delta.tool_calls.map(entry => this.renamed(entry));
    }
    const isSame =
      changed.reasoning_content === delta.reasoning_content &&
      changed.content === delta.content &&
      changed.tool_calls === delta.tool_calls;
    if (!isSame || before.length > 0) {
      this.heldBytes +=
        textBytes(delta) - [...before.map(deltaOf), changed].reduce((sum, out) => sum + textBytes(out), 0);
    }
    return { before, delta: isSame ? undefined : changed };
  }

  private follow(entry: ToolCallDelta | null): void {
    const index = typeof entry?.index === 'number' ? entry.index : -1;
    const call = this.toolCalls.get(index) ?? { name: '', input: new HeldText() };
    this.toolCalls.set(index, call);
    const { name, arguments: input } = entry?.function ?? {};
    call.name ||= typeof name === 'string' ? name : '';
    if (typeof input === 'string' && input !== '') {
      call.input.add(input);
    }
  }

  private renamed(entry: ToolCallDelta | null): ToolCallDelta | null {
    const name = entry?.function?.name;
    const callerName = typeof name === 'string' ? this.callerNames.get(name) : undefined;
    return callerName === undefined ? entry : { ...entry, function: { ...entry?.function, name: callerName } };
  }

  private textChunks(reasoning: string, content: string): ChatChunk[] {
    return [
      ...(reasoning === '' ? [] : [this.chunk({ reasoning_content: reasoning })]),
      ...(content === '' ? [] : [this.chunk({ content })]),
    ];
  }

  private chunk(delta: ChatDelta): ChatChunk {
    const { choices: _choices, usage: _usage, error: _error, ...head } = this.last;
    return { ...head, choices: [{ index: 0, delta }] };
  }
}

/** Above the indices of the server's own tool calls. */
const FIRST_INDEX = 1000;

function deltaOf({ choices }: ChatChunk): ChatDelta {
  return choices?.[0]?.delta ?? {};
}

function textBytes({ reasoning_content: reasoning, content }: ChatDelta): number {
  const bytes = (text: unknown): number => (typeof text === 'string' ? utf8Length(text) : 0);
  return bytes(reasoning) + bytes(content);
}
