import type { ServerResponse } from 'node:http';
import type { RecordedRequest } from './recorded-request';
import type { SimulatorRule } from './rules/simulator-rule';

/** One request and its answer: writes the answer, records what went out, and obeys a fault that cuts it. */
export class Exchange {
  readonly request: RecordedRequest;
  readonly fault: Fault | undefined;
  private readonly response: ServerResponse;
  private readonly standardHeaders: Readonly<Record<string, string>>;
  private sent = 0;
  private destroyedHere = false;

  constructor(
    request: RecordedRequest,
    response: ServerResponse,
    fault: Fault | undefined,
    standardHeaders: Readonly<Record<string, string>>,
  ) {
    this.request = request;
    this.response = response;
    this.fault = fault;
    this.standardHeaders = standardHeaders;
    response.once('close', () => {
      request.clientGone = !response.writableFinished && !this.destroyedHere;
    });
  }

  /** The socket is gone: the client left, or a fault cut it. */
  get closed(): boolean {
    return this.response.destroyed || this.response.closed;
  }

  begin(status: number, headers: Readonly<Record<string, string>>): void {
    this.request.status = status;
    this.response.writeHead(status, { ...this.standardHeaders, ...headers });
    this.response.flushHeaders();
  }

  /** Resolves when the bytes were taken. After a cut nothing is written any more. */
  async write(bytes: Buffer): Promise<void> {
    if (this.closed) {
      return;
    }
    const limit = this.fault?.cutAfterBytes;
    const left = limit === undefined ? bytes.length : Math.max(0, limit - this.sent);
    if (left < bytes.length) {
      await this.push(bytes.subarray(0, left));
      this.destroy();
      return;
    }
    this.sent += bytes.length;
    await this.push(bytes);
  }

  end(): void {
    if (!this.closed) {
      this.request.completed = true;
      this.response.end();
    }
  }

  destroy(): void {
    this.destroyedHere = true;
    this.response.socket?.destroy();
    this.response.destroy();
  }

  /** A whole answer: text as it is, anything else as JSON. */
  async reply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const text = typeof body === 'string' ? body : JSON.stringify(body ?? {});
    this.begin(status, {
      'content-type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
      ...headers,
    });
    await this.write(Buffer.from(text));
    this.end();
  }

  private push(bytes: Buffer): Promise<void> {
    return new Promise(resolve => {
      if (bytes.length === 0 || this.closed) {
        resolve();
        return;
      }
      this.response.write(bytes, () => resolve());
    });
  }
}

/** Answers with an error of the OpenAI-style API: `{ error: { message, type } }` (docs/wire.md#error-bodies). */
export async function refuseApi(exchange: Exchange, row: SimulatorRule, text = row.text ?? ''): Promise<void> {
  exchange.request.refusedBy = row.rule;
  await exchange.reply(row.status ?? 400, { error: { message: text, type: row.type } });
}

/** Answers with an error of the OAuth host: `{ error, error_description }` (docs/wire.md#oauth-error-bodies). */
export async function refuseOAuth(exchange: Exchange, row: SimulatorRule, status = row.status ?? 400): Promise<void> {
  exchange.request.refusedBy = row.rule;
  await exchange.reply(status, { error: row.type, error_description: row.text });
}

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
