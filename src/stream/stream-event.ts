import { isTooDeep } from '../transport/json-depth';

import { secureJsonParse } from '@ai-sdk/provider-utils';

/**
 * One event of an event stream on its way from the server to the reader: its text as it came, or a chunk that somebody
 * put in its place. The chunk is parsed when it is first asked for, and once; an event that was changed is written when
 * its text is asked for, which is at the end.
 */
export class StreamEvent<Chunk extends object> {
  private readonly chunkMade: Chunk | undefined;
  private readonly linesMade: string;
  private written: string | undefined;
  private read: { data: string | undefined; chunk: Chunk | undefined } | undefined;

  private constructor(written: string | undefined, chunk?: Chunk, lines = '') {
    this.written = written;
    this.chunkMade = chunk;
    this.linesMade = lines;
  }

  /** @param text a whole event with its blank line, all line ends `\n` */
  static of<Chunk extends object>(text: string): StreamEvent<Chunk> {
    return new StreamEvent<Chunk>(text);
  }

  /** An event that carries `chunk` and nothing else. */
  static with<Chunk extends object>(chunk: Chunk): StreamEvent<Chunk> {
    return new StreamEvent<Chunk>(undefined, chunk);
  }

  /** This event with another chunk; what else it has (`id`, `event`, comments) stays. */
  changed(chunk: Chunk): StreamEvent<Chunk> {
    return new StreamEvent(undefined, chunk, otherLines(this.text));
  }

  /** Whether this is not as the server sent it. */
  get isChanged(): boolean {
    return this.chunkMade !== undefined;
  }

  get text(): string {
    this.written ??= `${this.linesMade}data: ${JSON.stringify(this.chunkMade)}\n\n`;
    return this.written;
  }

  /** Whether this event has data: a comment that keeps the line alive has none. */
  get hasData(): boolean {
    return this.isChanged || this.parse().data !== undefined;
  }

  /** The data as an object; `undefined` where it is none. */
  get chunk(): Chunk | undefined {
    return this.chunkMade ?? this.parse().chunk;
  }

  /** Whether this has data that is neither an object nor `[DONE]`. */
  get isUnreadable(): boolean {
    return this.hasData && !this.isDone && this.chunk === undefined;
  }

  /** Whether this is the `[DONE]` with which OpenAI's streams end. */
  get isDone(): boolean {
    return !this.isChanged && this.parse().data?.trim() === '[DONE]';
  }

  private parse(): { data: string | undefined; chunk: Chunk | undefined } {
    if (this.read === undefined) {
      const data = dataOf(this.text);
      this.read = { data, chunk: data === undefined ? undefined : parseObject<Chunk>(data) };
    }
    return this.read;
  }
}

/** An event's data by the rules of the HTML standard: `data` lines, each without one blank behind its colon. */
export function dataOf(event: string): string | undefined {
  const text = event.endsWith('\n\n') ? event.slice(0, -2) : event;
  if (!text.includes('\n')) {
    return dataOfLine(text);
  }
  const lines = text.split('\n').flatMap(line => dataOfLine(line) ?? []);
  return lines.length === 0 ? undefined : lines.join('\n');
}

/** The JSON object that `data` is; none that is too deep to be written again. */
export function parseObject<Chunk extends object>(data: string): Chunk | undefined {
  // Only an object can be a chunk: spares `[DONE]` the cost of an exception.
  if (!/^\s*\{/.test(data) || isTooDeep(data)) {
    return undefined;
  }
  try {
    // As the AI SDK reads it, which refuses what would change a prototype.
    return secureJsonParse(data) as Chunk;
  } catch {
    return undefined;
  }
}

function dataOfLine(line: string): string | undefined {
  if (!line.startsWith('data:')) {
    return line === 'data' ? '' : undefined;
  }
  return line.startsWith(' ', 5) ? line.slice(6) : line.slice(5);
}

function otherLines(event: string): string {
  return event
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('data'))
    .map(line => `${line}\n`)
    .join('');
}
