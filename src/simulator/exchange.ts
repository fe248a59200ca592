import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, FaultStage } from './fault';
import { floodOf } from './flood';
import { errorBodyOf } from './error-body';
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
  private isSilent = false;

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

  /** Nothing more can be said: the client left, or a fault cut it. */
  get closed(): boolean {
    return this.isSilent || this.response.destroyed || this.response.closed;
  }

  begin(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.failAt('request')) {
      return;
    }
    this.request.status = status;
    this.response.writeHead(status, { ...this.standardHeaders, ...headers, ...this.fault?.headers });
    this.response.flushHeaders();
    this.failAt('headers');
  }

  /** Whether the connection is to fail at this stage; it has then. */
  failAt(stage: FaultStage): boolean {
    const fault = this.fault?.connection;
    if (fault?.at !== stage || this.closed) {
      return false;
    }
    if (fault.how === 'silence') {
      this.isSilent = true;
    } else {
      this.destroyedHere = true;
      breakConnection(this.response.socket, fault.how);
      this.response.destroy();
    }
    return true;
  }

  /** The same in the middle of these bytes. */
  async failWithin(stage: FaultStage, bytes: Buffer): Promise<boolean> {
    if (this.fault?.connection?.at !== stage) {
      return false;
    }
    await this.push(bytes.subarray(0, Math.ceil(bytes.length / 2)));
    return this.failAt(stage);
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

  async end(): Promise<void> {
    const { garbage } = this.fault ?? {};
    if (garbage?.in === 'body') {
      await this.push(Buffer.from(garbage.text));
    }
    if (this.closed || this.failAt('done')) {
      return;
    }
    this.request.completed = true;
    const { socket } = this.response;
    this.response.end(() => {
      if (garbage?.in === 'connection') {
        socket?.write(garbage.text);
      }
    });
  }

  /** A body without end, as fast as the client reads. Ends when the client goes away. */
  async flood(text: string): Promise<void> {
    const { body, flood, status = 200 } = this.fault ?? {};
    const { first, again } = await floodOf(textOf(body ?? ''), text, flood?.encoding);
    this.begin(status, {
      'content-type': 'application/json; charset=utf-8',
      ...(flood?.encoding === undefined ? {} : { 'content-encoding': flood.encoding }),
    });
    for (let piece = first; !this.closed; piece = again) {
      await this.push(piece);
    }
  }

  destroy(): void {
    this.destroyedHere = true;
    this.response.socket?.destroy();
    this.response.destroy();
  }

  /** A whole answer: bytes and text as they are, anything else as JSON. */
  async reply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const bytes = Buffer.from(body instanceof Uint8Array ? body : textOf(body));
    this.begin(status, {
      'content-type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
      ...headers,
    });
    if (await this.failWithin('event', bytes)) {
      return;
    }
    await this.write(bytes);
    if (!this.failAt('last-event')) {
      await this.end();
    }
  }

  private async push(bytes: Buffer): Promise<void> {
    const { byteDelayMs } = this.fault ?? {};
    if (byteDelayMs === undefined) {
      await this.send(bytes);
      return;
    }
    for (const byte of bytes) {
      await this.send(Buffer.of(byte));
      await delay(byteDelayMs, undefined, { ref: false });
    }
  }

  private send(bytes: Buffer): Promise<void> {
    return new Promise(resolve => {
      if (bytes.length === 0 || this.closed) {
        resolve();
        return;
      }
      this.response.write(bytes, () => resolve());
    });
  }
}

/** Text as it is, anything else as JSON. */
function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body ?? {});
}

/** Ends a connection with an RST or a FIN. */
export function breakConnection(socket: Socket | null, how: 'reset' | 'close'): void {
  if (how === 'reset') {
    socket?.resetAndDestroy();
  } else {
    socket?.destroy();
  }
}

/** Answers with an error of the API, in the words of the wire that was asked (docs/wire.md#error-bodies). */
export async function refuseApi(exchange: Exchange, row: SimulatorRule, text = row.text ?? ''): Promise<void> {
  const { request } = exchange;
  const status = row.status ?? 400;
  request.refusedBy = row.rule;
  await exchange.reply(status, errorBodyOf(request.wire, status, { error: { message: text, type: row.type } }));
}

/** Answers with an error of the OAuth host: `{ error, error_description }` (docs/wire.md#oauth-error-bodies). */
export async function refuseOAuth(exchange: Exchange, row: SimulatorRule, status = row.status ?? 400): Promise<void> {
  exchange.request.refusedBy = row.rule;
  await exchange.reply(status, { error: row.type, error_description: row.text });
}
