import type { IncomingMessage } from 'node:http';
import { inspect } from 'node:util';
import type { KimiService } from '../upstream';

/** Chat completions, or Anthropic messages. */
export type SimulatorWire = 'chat' | 'messages';

/**
 * What the simulator saw of one request, and what it answered.
 * Nothing is redacted in memory; `console.log` shows one line without secrets.
 */
export type RecordedRequest = {
  method: string;
  /** Without the query. */
  path: string;
  query: Readonly<Record<string, string>>;
  /** Name and value pairs in the case and order in which they came. */
  rawHeaders: readonly (readonly [name: string, value: string])[];
  /** By lower-case name; repeated ones are joined by ", ". */
  headers: Readonly<Record<string, string>>;
  body: string;
  /** The body parsed, when it is JSON. */
  json: unknown;
  /** The body parsed, when it is a form with files; `body` is empty then. */
  multipart: FormData | undefined;
  /** The body parsed, when it is a form. */
  form: Readonly<Record<string, string>> | undefined;
  /** Milliseconds by the simulator's clock. */
  time: number;
  /** Which service the path belongs to; `undefined` for OAuth and unknown paths. */
  service: KimiService | undefined;
  /** Which wire a call for an answer speaks, counting tokens included; `undefined` for all other paths. */
  wire: SimulatorWire | undefined;
  /** Status of the answer; `undefined` while there is none, or when the socket was destroyed instead. */
  status: number | undefined;
  /** Whether the whole answer went out. */
  completed: boolean;
  /** Whether the client closed the connection before that. */
  clientGone: boolean;
  /** Name of the rule that refused the request. */
  refusedBy: string | undefined;
  /** Oddities that no source says Kimi refuses: "<rule>: <detail>". */
  notices: string[];
  /** Names of the rules that had something to look at and were content. */
  passedRules: string[];
  /** Names of the answer rows that the reply was made of. */
  answeredRules: string[];
};

/** Reads the whole request. Rejects when the client goes away before its body is complete. */
export async function readRequest(message: IncomingMessage, time: number): Promise<RecordedRequest> {
  const packets: Buffer[] = [];
  for await (const packet of message) {
    packets.push(packet as Buffer);
  }
  const url = new URL(message.url ?? '/', 'http://127.0.0.1');
  const rawHeaders: [string, string][] = [];
  for (let index = 0; index + 1 < message.rawHeaders.length; index += 2) {
    rawHeaders.push([message.rawHeaders[index] as string, message.rawHeaders[index + 1] as string]);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of rawHeaders) {
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  const type = headers['content-type'] ?? '';
  const bytes = Buffer.concat(packets);
  const multipart = type.startsWith('multipart/form-data') ? await readForm(bytes, type) : undefined;
  const body = multipart === undefined ? bytes.toString('utf8') : '';
  const request: RecordedRequest = {
    method: message.method ?? 'GET',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    rawHeaders,
    headers,
    body,
    multipart,
    json: type.includes('json') ? parseJson(body) : undefined,
    form: type.includes('x-www-form-urlencoded') ? Object.fromEntries(new URLSearchParams(body)) : undefined,
    time,
    service: serviceOf(url.pathname),
    wire: wireOf(url.pathname),
    status: undefined,
    completed: false,
    clientGone: false,
    refusedBy: undefined,
    notices: [],
    passedRules: [],
    answeredRules: [],
  };
  return Object.defineProperty(request, inspect.custom, {
    enumerable: false,
    value: () =>
      `${request.method} ${request.path} -> ${request.status ?? 'no answer'} (${body.length} characters of body)`,
  });
}

function serviceOf(path: string): KimiService | undefined {
  if (path.startsWith('/coding/')) {
    return 'coding';
  }
  return path.startsWith('/v1/') || path.startsWith('/anthropic/') ? 'platform' : undefined;
}

function wireOf(path: string): SimulatorWire | undefined {
  if (path.endsWith('/v1/chat/completions')) {
    return 'chat';
  }
  return path.endsWith('/v1/messages') || path.endsWith('/v1/messages/count_tokens') ? 'messages' : undefined;
}

async function readForm(bytes: Buffer, type: string): Promise<FormData | undefined> {
  try {
    const form = new Response(new Uint8Array(bytes), { headers: { 'content-type': type } });
    return await form.formData();
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
