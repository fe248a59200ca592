import type { RecordedRequest } from './recorded-request';

/**
 * How far an exchange comes before its connection fails:
 * - `accept`: the connection stands, no request was read. Meets the next new connection; `match` does not count
 * - `request`: the request was read, no header was sent
 * - `headers`: the headers were sent, nothing of the body
 * - `event`: in the middle of the second event of a stream, or of the body of a whole answer
 * - `last-event`: after the last event, before `[DONE]` or `message_stop`; after the last byte of a whole answer
 * - `done`: after those; the end of the body is still missing
 */
export type FaultStage = 'accept' | 'request' | 'headers' | 'event' | 'last-event' | 'done';

/** Content codings of a flood. Node's `fetch` decodes the first three, from 24 on all four. */
export type FloodEncoding = 'gzip' | 'deflate' | 'br' | 'zstd';

/** A failure of the network or of the server, injected by a test. Matches before any route is asked. */
export type Fault = {
  /**
   * Which requests; all when absent. `path`: its end, or a pattern.
   * `nth`: from the nth matching request on, counted from 1 since the fault was set.
   */
  match?: { path?: string | RegExp; method?: string; nth?: number };
  /** How many matching requests it hits. Default 1. */
  times?: number;
  /** Answer with this status instead of the real answer. */
  status?: number;
  /**
   * Body of that answer: text as it is, anything else as JSON. `{ error: { message, type } }` becomes an error of the
   * Anthropic wire on that wire.
   */
  body?: unknown;
  /** Of that answer, or, without `status`, in place of those of the real one. */
  headers?: Record<string, string>;
  /** `Retry-After` of that answer: seconds, or any text. */
  retryAfter?: number | string;
  /** Real milliseconds before anything else happens. */
  delayMs?: number;
  /** Close the socket without an answer. */
  destroySocket?: boolean;
  /** Let the real answer start and close the socket after this many bytes of its body. */
  cutAfterBytes?: number;
  /** Put an event that is not JSON before the event with this number (from 0; `true` is 1) of a streamed answer. */
  malformedChunk?: boolean | number;
  /**
   * Lets the exchange come to a stage, and no further. `reset`: with an RST. `close`: with a FIN. `silence`: the
   * connection stays and says nothing any more, as one does whose other end was cut off.
   */
  connection?: { at: FaultStage; how: 'reset' | 'close' | 'silence' };
  /** The body goes byte by byte, with this many real milliseconds in between. */
  byteDelayMs?: number;
  /** Text behind the end: the last bytes of the body, or bytes on the connection behind the whole answer. */
  garbage?: { text: string; in: 'body' | 'connection' };
  /**
   * A body that never ends: this text again and again, compressed where an encoding is given, so that a gigabyte of it
   * is a megabyte or less on the wire. After `body`, with `status` (default 200) and `headers`. Sends no faster than
   * the client reads.
   */
  flood?: { text: string; encoding?: FloodEncoding };
};

/** Faults in the order in which they were set; the first that matches counts. */
export class FaultQueue {
  private readonly entries: { fault: Fault; seen: number; left: number }[] = [];

  add(fault: Fault): void {
    this.entries.push({ fault, seen: 0, left: fault.times ?? 1 });
  }

  clear(): void {
    this.entries.length = 0;
  }

  /** The fault of a new connection. */
  takeConnection(): Fault['connection'] {
    return this.first(({ connection }) => connection?.at === 'accept')?.connection;
  }

  /** The fault of a request. */
  take(request: RecordedRequest): Fault | undefined {
    return this.first(fault => fault.connection?.at !== 'accept' && matches(fault, request));
  }

  private first(isMet: (fault: Fault) => boolean): Fault | undefined {
    for (const entry of this.entries) {
      if (entry.left <= 0 || !isMet(entry.fault)) {
        continue;
      }
      entry.seen += 1;
      const nth = entry.fault.match?.nth;
      if (nth === undefined || entry.seen >= nth) {
        entry.left -= 1;
        return entry.fault;
      }
    }
    return undefined;
  }
}

function matches({ match }: Fault, request: RecordedRequest): boolean {
  if (match?.method !== undefined && match.method.toUpperCase() !== request.method) {
    return false;
  }
  const path = match?.path;
  return path === undefined || (typeof path === 'string' ? request.path.endsWith(path) : path.test(request.path));
}
