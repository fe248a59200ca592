import { mayNeedRepair, repairChunk, type ChatChunk } from './repair-chunk';
import { withRawChunk } from './raw-chunk';
import { ToolCallLabels } from './tool-call-labels';

/** The two fields that stream token by token. */
type DeltaField = 'content' | 'reasoning_content';

/** Neighbouring deltas of one kind, on their way to become one. */
type Run = { chunk: ChatChunk; event: string; field: DeltaField; texts: string[] };

/**
 * Rewrites the text of a chat event stream, piece by piece as it arrives. Holds back an event until it is whole; whole
 * events leave with the piece that completed them. A piece that is a single well-formed event leaves as it came,
 * without being parsed.
 */
export class ChatStreamRewriter {
  private readonly coalesce: boolean;
  private readonly keepsRaw: boolean;
  private readonly toolCalls: ToolCallLabels;

  /** The event that is not whole yet, in pieces: one event may be megabytes long and come in hundreds of them. */
  private pending: string[] = [];
  private started = false;
  /**
   * The last piece ended in a carriage return, which counted as a whole line end: a line feed that follows belongs to
   * it.
   */
  private afterCarriageReturn = false;

  /** @param keepsRaw whether changed chunks carry what the server sent (raw-chunk.ts) */
  constructor({
    generateId,
    coalesce,
    keepsRaw = false,
  }: {
    generateId: () => string;
    coalesce: boolean;
    keepsRaw?: boolean;
  }) {
    this.coalesce = coalesce;
    this.keepsRaw = keepsRaw;
    this.toolCalls = new ToolCallLabels(generateId);
  }

  /** Takes the next piece of the stream and gives back what can leave now, which may be nothing. */
  write(piece: string): string {
    const text = this.withLineFeeds(piece);
    if (text === '') {
      return '';
    }
    const end = this.endOfLastEvent(text);
    if (end === 0) {
      this.pending.push(text);
      return '';
    }
    if (this.pending.length === 0 && end === text.length) {
      return this.rewriteEvents(text);
    }
    const whole = this.pending.join('') + text.slice(0, end);
    this.pending = end === text.length ? [] : [text.slice(end)];
    return this.rewriteEvents(whole);
  }

  /**
   * The rest, when the stream has ended. A whole event that only lacks its blank line still counts; a torn one leaves
   * as it is, without a blank line, so that it counts for nobody.
   */
  end(): string {
    const rest = this.pending.join('');
    this.pending = [];
    return isWhole(rest) ? this.rewriteEvents(rest.endsWith('\n') ? `${rest}\n` : `${rest}\n\n`) : rest;
  }

  /** `piece` without a byte order mark at the stream's start, and with `\n` for `\r\n` and `\r`. */
  private withLineFeeds(piece: string): string {
    let text = piece;
    if (!this.started && text !== '') {
      this.started = true;
      text = text.startsWith('\uFEFF') ? text.slice(1) : text;
    }
    if (this.afterCarriageReturn && text !== '') {
      this.afterCarriageReturn = false;
      text = text.startsWith('\n') ? text.slice(1) : text;
    }
    if (!text.includes('\r')) {
      return text;
    }
    this.afterCarriageReturn = text.endsWith('\r');
    return text.replace(/\r\n?/g, '\n');
  }

  /**
   * Where the last whole event in `text` ends, looking back one character: the blank line may be split over two pieces.
   */
  private endOfLastEvent(text: string): number {
    const boundary = text.lastIndexOf('\n\n');
    if (boundary >= 0) {
      return boundary + 2;
    }
    return text.startsWith('\n') && this.pending.at(-1)?.endsWith('\n') ? 1 : 0;
  }

  private rewriteEvents(events: string): string {
    if ((!this.coalesce || isSingleEvent(events)) && !mayNeedRepair(events)) {
      return events;
    }
    const output: string[] = [];
    let run: Run | undefined;
    for (const event of events.split('\n\n')) {
      if (event === '') {
        continue;
      }
      const next = this.rewriteEvent(event);
      if (typeof next !== 'string' && run !== undefined && belongsTo(run, next)) {
        run.texts.push(...next.texts);
        continue;
      }
      if (run !== undefined) {
        output.push(eventOf(run));
      }
      run = typeof next === 'string' ? undefined : next;
      if (typeof next === 'string') {
        output.push(next);
      }
    }
    if (run !== undefined) {
      output.push(eventOf(run));
    }
    return output.join('');
  }

  /** The event as it leaves; as a run where it may join its neighbours. */
  private rewriteEvent(event: string): string | Run {
    const data = dataOf(event);
    const chunk = data === undefined ? undefined : parseChunk(data);
    if (chunk === undefined) {
      return `${event}\n\n`;
    }
    if (repairChunk(chunk, this.toolCalls)) {
      const sent = this.keepsRaw ? withRawChunk(chunk, parseChunk(data ?? '')) : chunk;
      return `${otherLines(event)}data: ${JSON.stringify(sent)}\n\n`;
    }
    const field = this.coalesce && !event.includes('\n') ? mergeableField(chunk) : undefined;
    const text = field === undefined ? undefined : chunk.choices?.[0]?.delta?.[field];
    return field === undefined || typeof text !== 'string' ? `${event}\n\n` : { chunk, event, field, texts: [text] };
  }
}

function isSingleEvent(events: string): boolean {
  return events.indexOf('\n\n') === events.length - 2;
}

/** Deltas of one kind, one answer and one choice. */
function belongsTo({ chunk, field }: Run, next: Run): boolean {
  return (
    field === next.field && chunk.id === next.chunk.id && chunk.choices?.[0]?.index === next.chunk.choices?.[0]?.index
  );
}

function eventOf({ chunk, event, field, texts }: Run): string {
  const delta = chunk.choices?.[0]?.delta;
  if (!delta || texts.length === 1) {
    return `${event}\n\n`;
  }
  delta[field] = texts.join('');
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

/** An event's data lines as one text; `undefined` for an event without, such as a comment that keeps the line alive. */
function dataOf(event: string): string | undefined {
  if (!event.includes('\n')) {
    return event.startsWith('data:') ? event.slice('data:'.length) : undefined;
  }
  const lines = event.split('\n').filter(line => line.startsWith('data:'));
  return lines.length === 0 ? undefined : lines.map(line => line.slice('data:'.length)).join('\n');
}

function otherLines(event: string): string {
  return event.includes('\n')
    ? event
        .split('\n')
        .filter(line => line !== '' && !line.startsWith('data'))
        .map(line => `${line}\n`)
        .join('')
    : '';
}

function parseChunk(data: string): ChatChunk | undefined {
  // Only an object can be a chunk: spares `[DONE]` the cost of an exception.
  if (!/^\s*\{/.test(data)) {
    return undefined;
  }
  try {
    return JSON.parse(data) as ChatChunk;
  } catch {
    return undefined;
  }
}

/** Whether this event, which lacks its blank line, was cut behind its last character. */
function isWhole(event: string): boolean {
  const data = dataOf(event.trimEnd());
  return data !== undefined && (data.trim() === '[DONE]' || parseChunk(data) !== undefined);
}

/** The field of a chunk that carries nothing but a piece of text or of reasoning; `undefined` for every other chunk. */
function mergeableField({ choices, usage, error }: ChatChunk): DeltaField | undefined {
  const choice = Array.isArray(choices) && choices.length === 1 ? choices[0] : undefined;
  if (!choice?.delta || usage || error || choice.usage || choice.finish_reason || choice.logprobs) {
    return undefined;
  }
  let field: DeltaField | undefined;
  for (const [key, value] of Object.entries(choice.delta)) {
    if (key === 'content' || key === 'reasoning_content') {
      if (value === null || value === '') {
        continue;
      }
      if (field !== undefined || typeof value !== 'string') {
        return undefined;
      }
      field = key;
    } else if (key !== 'role') {
      return undefined;
    }
  }
  return field;
}
