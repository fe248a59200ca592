import { utf8Length } from '../../transport/utf8-length';
import { HeldText } from '../held-text';
import { ToolCallRecovery, type Said } from '../markup/tool-call-recovery';
import { MARKUP_SIGNS } from '../markup/markup-signs';
import type { MessagesChunk } from './messages-chunk';

type Channel = 'text' | 'thinking';

/** Indices of blocks that are added, above those of the server. */
const FIRST_INDEX = 1000;

/**
 * Takes the tool calls that leaked into the text out of the blocks of one answer and adds them as real ones at its end
 * (openclaw/openclaw#60775). What was held back for its sake, and belongs to a block that is over, leaves in a block of
 * its own.
 */
export class BlockRecovery {
  private readonly recovery: ToolCallRecovery;
  private readonly callerNames: ReadonlyMap<string, string>;
  private readonly generateId: () => string;
  private readonly onRecovered: (count: number) => void;
  /** The server's own tool calls by index. */
  private readonly toolCalls = new Map<unknown, { name: string; input: HeldText }>();
  private nextIndex = FIRST_INDEX;
  /** Bytes of text that came and has not left. */
  heldBytes = 0;

  constructor({
    toolNames,
    callerNames,
    generateId,
    onRecovered,
  }: {
    toolNames: ReadonlySet<string>;
    callerNames: ReadonlyMap<string, string>;
    generateId: () => string;
    onRecovered: (count: number) => void;
  }) {
    this.recovery = new ToolCallRecovery(toolNames);
    this.callerNames = callerNames;
    this.generateId = generateId;
    this.onRecovered = onRecovered;
  }

  /**
   * Cheap signs that a delta must go through `write`. One that need not counts as seen.
   * @param content its text as it is written in JSON
   */
  needsParsing(channel: Channel, content: string): boolean {
    if (content === '') {
      return false;
    }
    if (content.trim() === '' || !this.recovery.isIdle || MARKUP_SIGNS.test(content)) {
      return true;
    }
    this.recovery.skip(channel === 'text' ? 'content' : 'reasoning');
    return false;
  }

  /** A piece of a block in; out what leaves in its place, and blocks for what was held back and belongs before it. */
  write(channel: Channel, text: string): { before: MessagesChunk[]; text: string } {
    const said = channel === 'text' ? this.recovery.writeContent(text) : this.recovery.writeReasoning(text);
    const [own, other] =
      channel === 'text'
        ? [said.content, { reasoning: said.reasoning, content: '' }]
        : [said.reasoning, { reasoning: '', content: said.content }];
    this.heldBytes += utf8Length(text) - utf8Length(said.content) - utf8Length(said.reasoning);
    return { before: this.blocks(other), text: own };
  }

  /** A call of the server's own begins. */
  beginToolCall(index: unknown, name: string): MessagesChunk[] {
    this.toolCalls.set(index, { name, input: new HeldText() });
    return this.leave(this.recovery.beginToolCall());
  }

  addInput(index: unknown, json: string): void {
    this.toolCalls.get(index)?.input.add(json);
  }

  /** What is left when the answer is over, its calls included; `isCall` where there is one. */
  finish(): { chunks: MessagesChunk[]; isCall: boolean } {
    for (const { name, input } of this.toolCalls.values()) {
      this.recovery.addToolCall(name, input.take());
    }
    this.toolCalls.clear();
    const { calls, ...said } = this.recovery.end();
    if (calls.length > 0) {
      this.onRecovered(calls.length);
    }
    const ids = new Set<string>();
    const chunks = calls.flatMap(({ id: own, name, arguments: input }) => {
      const id = own !== undefined && !ids.has(own) ? own : this.generateId();
      ids.add(id);
      return this.block(
        { type: 'tool_use', id, name: this.callerNames.get(name) ?? name, input: {} },
        { type: 'input_json_delta', partial_json: input },
      );
    });
    return { chunks: [...this.leave(said), ...chunks], isCall: calls.length > 0 };
  }

  /** What was held back of an answer that broke off, as text: its calls may not be whole. */
  abandon(): MessagesChunk[] {
    return this.leave(this.recovery.abandon());
  }

  private leave(said: Said): MessagesChunk[] {
    this.heldBytes -= utf8Length(said.content) + utf8Length(said.reasoning);
    return this.blocks(said);
  }

  private blocks({ reasoning, content }: Said): MessagesChunk[] {
    return [
      ...(reasoning === ''
        ? []
        : this.block({ type: 'thinking', thinking: '' }, { type: 'thinking_delta', thinking: reasoning })),
      ...(content === '' ? [] : this.block({ type: 'text', text: '' }, { type: 'text_delta', text: content })),
    ];
  }

  private block(block: Record<string, unknown>, delta: Record<string, unknown>): MessagesChunk[] {
    const index = this.nextIndex++;
    return [
      { type: 'content_block_start', index, content_block: block },
      { type: 'content_block_delta', index, delta },
      { type: 'content_block_stop', index },
    ];
  }
}
