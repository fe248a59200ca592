import { repairChunk, type ChatChunk } from './repair-chunk';

/** The two fields that stream token by token. */
type DeltaField = 'content' | 'reasoning_content';

/**
 * Rewrites the text of a chat event stream, piece by piece as it arrives. Holds back an event until it is whole; whole events leave
 * with the piece that completed them. A piece with a single well-formed event leaves as it came, without being parsed.
 */
export class ChatStreamRewriter {
  private readonly generateId: () => string;
  private readonly coalesce: boolean;
  private readonly toolCallIds = new Map<number, string>();

  /** The event that is not whole yet, in pieces: one event may be megabytes long and come in hundreds of them. */
  private pending: string[] = [];
  private carriageReturn = '';

  constructor({ generateId, coalesce }: { generateId: () => string; coalesce: boolean }) {
    this.generateId = generateId;
    this.coalesce = coalesce;
  }

  /** Takes the next piece of the stream and gives back what can leave now, which may be nothing. */
  write(piece: string): string {
    let text = this.carriageReturn + piece;
    this.carriageReturn = '';
    if (text.includes('\r')) {
      // A pair may be split over two pieces; the half that ends this one waits.
      this.carriageReturn = text.endsWith('\r') ? '\r' : '';
      text = text.slice(0, text.length - this.carriageReturn.length).replace(/\r\n?/g, '\n');
    }
    if (text === '') {
      return '';
    }
    const end = this.endOfLastEvent(text);
    if (end === 0) {
      this.pending.push(text);
      return '';
    }
    const whole = this.pending.join('') + text.slice(0, end);
    this.pending = end === text.length ? [] : [text.slice(end)];
    return this.rewriteEvents(whole);
  }

  /** The rest, when the stream has ended: a whole event that only lacks its blank line still counts. */
  end(): string {
    const rest = this.pending.join('') + (this.carriageReturn === '' ? '' : '\n');
    this.pending = [];
    this.carriageReturn = '';
    return rest.trim() === '' ? '' : this.rewriteEvents(`${rest.replace(/\n+$/, '')}\n\n`);
  }

  /** Where the last whole event in `text` ends, looking back one character: the blank line may be split over two pieces. */
  private endOfLastEvent(text: string): number {
    const boundary = text.lastIndexOf('\n\n');
    if (boundary >= 0) {
      return boundary + 2;
    }
    return text.startsWith('\n') && this.pending.at(-1)?.endsWith('\n') ? 1 : 0;
  }

  private rewriteEvents(events: string): string {
    if (isSingleEvent(events) && !needsRepair(events)) {
      return events;
    }
    const output: string[] = [];
    let merged: { chunk: ChatChunk; field: DeltaField; texts: string[] } | undefined;
    const flush = () => {
      if (merged !== undefined) {
        const delta = merged.chunk.choices?.[0]?.delta;
        if (delta) {
          delta[merged.field] = merged.texts.join('');
        }
        output.push(`data: ${JSON.stringify(merged.chunk)}\n\n`);
        merged = undefined;
      }
    };

    for (const event of events.split('\n\n')) {
      const chunk = parseEvent(event);
      if (chunk === undefined) {
        flush();
        if (event !== '') {
          output.push(`${event}\n\n`);
        }
        continue;
      }
      const repaired = repairChunk(chunk, this.toolCallIds, this.generateId);
      const field = this.coalesce ? mergeableField(chunk) : undefined;
      const text = field === undefined ? undefined : chunk.choices?.[0]?.delta?.[field];
      if (field === undefined || typeof text !== 'string') {
        flush();
        output.push(repaired ? `data: ${JSON.stringify(chunk)}\n\n` : `${event}\n\n`);
      } else if (merged?.field === field && merged.chunk.id === chunk.id) {
        merged.texts.push(text);
      } else {
        flush();
        merged = { chunk, field, texts: [text] };
      }
    }
    flush();
    return output.join('');
  }
}

function isSingleEvent(events: string): boolean {
  return events.indexOf('\n\n') === events.length - 2;
}

/** Cheap signs, by text, that a chunk may be one of those that `repairChunk` changes. */
function needsRepair(event: string): boolean {
  return event.includes('"tool_calls"') || (event.includes('"usage"') && !event.includes('"choices"'));
}

function parseEvent(event: string): ChatChunk | undefined {
  if (!event.startsWith('data:') || event.includes('\n')) {
    return undefined;
  }
  try {
    const chunk: unknown = JSON.parse(event.slice(5));
    return typeof chunk === 'object' && chunk !== null && !Array.isArray(chunk) ? chunk : undefined;
  } catch {
    return undefined;
  }
}

/** The field of a chunk that carries nothing but a piece of text or of reasoning; `undefined` for every other chunk. */
function mergeableField({ choices, usage }: ChatChunk): DeltaField | undefined {
  const choice = choices?.length === 1 ? choices[0] : undefined;
  if (!choice?.delta || usage || choice.usage || choice.finish_reason || choice.logprobs) {
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
