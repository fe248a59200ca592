import type { ServerResponse } from 'node:http';
import type { Fault } from './fault';
import type { RecordedRequest } from './recorded-request';

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
