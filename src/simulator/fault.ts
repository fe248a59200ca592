import type { RecordedRequest } from './recorded-request';

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
  /** Body of that answer: text as it is, anything else as JSON. */
  body?: unknown;
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

  take(request: RecordedRequest): Fault | undefined {
    for (const entry of this.entries) {
      if (entry.left <= 0 || !matches(entry.fault, request)) {
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
