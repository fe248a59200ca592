import { faultEvent } from './answer-fault';
import { AnswerWatch } from './answer-watch';
import { ChunkRecovery } from './chunk-recovery';
import { isErrorBody } from '../api/error-body';
import { rawChunkOf, withoutRawChunk, withRawChunk } from './raw-chunk';
import type { ChatChunk } from './repair-chunk';

/** What an {@link AnswerRewriter} needs to know of the request. */
export type AnswerRewriterOptions = {
  /** Tools that the request declared; without any, markup stays text. */
  toolNames: ReadonlySet<string>;
  /** The caller's name of a tool that has another one on the wire. */
  callerNames: ReadonlyMap<string, string>;
  /** Makes ids for recovered tool calls. */
  generateId: () => string;
  /** Called before the finish reason leaves. */
  onRecovered: (count: number) => void;
  /** Whether changed chunks carry what the server sent (raw-chunk.ts). */
  keepsRaw: boolean;
};

/**
 * Looks after one answer as a whole: takes leaked tool calls out of it, and reports at its end what is wrong with it,
 * as an error event. Gets whole events that are well-formed; most leave as they came, and without being parsed.
 */
export class AnswerRewriter {
  private readonly watch = new AnswerWatch();
  private readonly recovery: ChunkRecovery | undefined;
  private readonly keepsRaw: boolean;
  private isDone = false;

  constructor(options: AnswerRewriterOptions) {
    this.recovery = options.toolNames.size + options.callerNames.size === 0 ? undefined : new ChunkRecovery(options);
    this.keepsRaw = options.keepsRaw;
  }

  /** Whole events in, what leaves in their place out. */
  write(events: string): string {
    // `[DONE]` and torn JSON do not end in a brace; comments that keep the line alive have no data.
    const isOdd = !events.endsWith('}\n\n') && events.includes('data:');
    if (!isOdd && !this.watch.mustSee(events) && !this.recovery?.mustLook(events)) {
      return events;
    }
    return events
      .split('\n\n')
      .map(event => (event.trim() === '' ? '' : this.rewriteEvent(event)))
      .join('');
  }

  /** What is still to say when the server has said everything. @param rest an event that was torn, empty if none was */
  end(rest: string): string {
    if (this.watch.isOver) {
      return '';
    }
    let closing = '';
    if (!this.watch.isFinished) {
      if (!this.isDone || rest.trim() !== '') {
        return this.broken() + faultEvent('cut');
      }
      // With `[DONE]` nothing is missing but the word.
      closing = this.leave(this.recovery?.finish() ?? []);
      closing += this.leave([{ choices: [{ index: 0, delta: {}, finish_reason: this.watch.impliedFinishReason }] }]);
    }
    const fault = this.watch.fault();
    return fault === undefined ? closing : closing + faultEvent(fault);
  }

  /** What to say when the connection broke. An answer that is whole lacks nothing. */
  fail(): string {
    if (this.isDone && this.watch.isFinished) {
      return this.end('');
    }
    const text = this.broken();
    return this.watch.fail() ? text + faultEvent('connection') : '';
  }

  private rewriteEvent(event: string): string {
    const data = dataOf(event);
    if (data === undefined) {
      return `${event}\n\n`;
    }
    if (data.trim() === '[DONE]') {
      this.isDone = true;
      return `${event}\n\n`;
    }
    const chunk = chunkOf(data);
    if (chunk === undefined) {
      this.watch.fail();
      return faultEvent('malformed');
    }
    const chunks = withErrorsApart(chunk).flatMap(part =>
      isErrorBody(part) ? [part] : (this.recovery?.rewrite(part) ?? [part]),
    );
    if (chunks.length === 1 && chunks[0] === chunk) {
      this.watch.see(chunk);
      return `${event}\n\n`;
    }
    return this.leave(chunks, rawChunkOf(chunk));
  }

  private broken(): string {
    return this.leave(this.recovery?.abandon() ?? []);
  }

  /** @param sent what the server sent in place of all of them */
  private leave(chunks: ChatChunk[], sent?: unknown): string {
    chunks.forEach(chunk => this.watch.see(chunk));
    const raw = (position: number) => (position === 0 ? (sent ?? null) : null);
    return chunks
      .map((chunk, position) => eventOf(this.keepsRaw ? withRawChunk(withoutRawChunk(chunk), raw(position)) : chunk))
      .join('');
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

function eventOf(chunk: ChatChunk): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

function dataOf(event: string): string | undefined {
  const lines = event.split('\n').filter(line => line.startsWith('data:'));
  return lines.length === 0 ? undefined : lines.map(line => line.slice('data:'.length)).join('\n');
}

function chunkOf(data: string): ChatChunk | undefined {
  try {
    const chunk: unknown = JSON.parse(data);
    return typeof chunk === 'object' && chunk !== null && !Array.isArray(chunk) ? chunk : undefined;
  } catch {
    return undefined;
  }
}
