/**
 * How the server fails. A fault is drawn for each request from the stream of its host and endpoint, so that the nth
 * request there meets the same one in every run with the seed. `FAULTS` says of each how often, where, and whether the
 * request still reaches the strict server behind.
 */
import { gzipSync } from 'node:zlib';
import { randomOf, type Random } from './random.ts';

export type Endpoint = 'token' | 'models' | 'chat';

/** What the client sees. `before`: the strict server never hears of the request. `after`: it has answered already. */
export type Fault = {
  name: string;
  stage: 'before' | 'after';
  /** Whether the answer, though odd, can be read as it was meant. */
  delivers: boolean;
  act: Act;
};

export type Act =
  | { answer: number; body: Buffer | string; headers?: Record<string, string> }
  | { echo: number; copies: number }
  | { redirect: number; to: 'same' | 'other-host' | 'loop' | 'nowhere' }
  | { reset: 'before-body' | 'after-body' | 'after-headers' | 'mid-body' }
  | { hang: 'headers' | 'body' }
  | { endless: 'text' | 'event' }
  | { delayMs: number }
  | { slowMs: number }
  | { mangle: 'cut' | 'garbage-end' | 'broken-event' | 'error-event' | 'no-done' | 'not-json' | 'empty' | 'odd-type' };

const BOMB = gzipSync(Buffer.alloc(128 * 1024 * 1024));
const PAGE =
  '<!doctype html><html><head><title>Hotel network</title></head><body><h1>Please accept the terms of use' +
  '</h1><script>location="https://login.hotel.example/"</script></body></html>';
const HTML = { 'content-type': 'text/html; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json' };
const api = (message: string, type: string) => JSON.stringify({ error: { message, type } });

type Row = [weight: Partial<Record<Endpoint, number>>, name: string, act: Act, stage?: 'after', delivers?: true];

/** Refusals in the vendor's own words (docs/wire.md#one-status-for-several-cases). */
const REFUSALS: readonly [number, string, string, Record<string, string>?][] = [
  [400, 'Invalid request: the parameter is not allowed', 'invalid_request_error'],
  [401, 'Your current subscription does not have access to this model', 'invalid_request_error'],
  [402, 'We could not verify your membership benefits', 'invalid_request_error'],
  [403, 'You have reached your weekly usage limit for this billing cycle', 'permission_error'],
  [403, 'Kimi For Coding is currently only available for Coding Agents', 'access_terminated_error'],
  [404, 'Not found the model k3 or Permission denied', 'resource_not_found_error'],
  [408, 'Request timeout', 'timeout'],
  [409, 'Conflict', 'conflict'],
  [413, 'Request body too large', 'invalid_request_error'],
  [422, 'Unprocessable', 'invalid_request_error'],
  [
    429,
    'The engine is currently overloaded, please try again later',
    'engine_overloaded_error',
    { 'retry-after': '1' },
  ],
  [429, 'Your account request reached organization max RPM', 'rate_limit_reached_error', { 'retry-after': 'soon' }],
  [429, 'max organization concurrency: 3', 'rate_limit_reached_error', { 'retry-after': '120' }],
  [500, 'Internal server error', 'server_error'],
  [502, 'Bad gateway', 'server_error'],
  [503, 'Service unavailable', 'server_error', { 'retry-after': '2' }],
  [504, 'Gateway timeout', 'server_error'],
  [529, 'Overloaded', 'overloaded_error'],
];

const ROWS: readonly Row[] = [
  ...REFUSALS.map(([status, message, type, headers = {}]): Row => [
    { chat: 0.6, models: 0.6 },
    `HTTP ${status}, ${message.slice(0, 24)}`,
    { answer: status, body: api(message, type), headers: { ...JSON_TYPE, ...headers } },
  ]),
  ...[400, 404, 408, 429, 500, 502, 503].map((status): Row => [
    { token: 0.8 },
    `OAuth HTTP ${status}`,
    {
      answer: status,
      body: '{"error":"temporarily_unavailable","error_description":"Try again"}',
      headers: { ...JSON_TYPE, ...(status === 429 || status === 503 ? { 'retry-after': '1' } : {}) },
    },
  ]),
  [{ chat: 3 }, 'token refused', { answer: 401, body: api('Invalid Authentication', 'invalid_authentication_error') }],
  ...[200, 401, 403, 407, 502].map((status): Row => [
    { chat: 1, models: 1.5, token: 2.5 },
    `proxy page, HTTP ${status}`,
    { answer: status, body: PAGE, headers: HTML },
  ]),
  [{ chat: 1, models: 1, token: 1 }, 'huge error body', { answer: 500, body: 'x'.repeat(4_000_000) }],
  [{ chat: 2, models: 1, token: 2 }, 'echo of the request', { echo: 400, copies: 1 }],
  [{ chat: 1, token: 1 }, 'echo, many times', { echo: 500, copies: 400 }],
  [{ chat: 1, models: 1, token: 1 }, 'echo in a proxy page, HTTP 403', { echo: 403, copies: 3 }],
  ...[200, 400, 502].map((status): Row => [
    { chat: 0.7, models: 1, token: 0.8 },
    `gzip bomb, HTTP ${status}`,
    { answer: status, body: BOMB, headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } },
  ]),
  [{ chat: 1, models: 1, token: 1 }, 'endless body', { endless: 'text' }],
  [{ chat: 1 }, 'endless event', { endless: 'event' }],
  ...(['before-body', 'after-body', 'after-headers'] as const).map((reset): Row => [
    { chat: 1.5, models: 1.5, token: 2 },
    `reset ${reset}`,
    { reset },
  ]),
  [{ chat: 1, models: 1, token: 2.5 }, 'hangs without headers', { hang: 'headers' }],
  [{ chat: 1, models: 1, token: 1.5 }, 'hangs after headers', { hang: 'body' }],
  ...[301, 302, 303, 307, 308].map((status): Row => [
    { chat: 0.4, models: 0.4, token: 0.4 },
    `redirect ${status} to another host`,
    { redirect: status, to: 'other-host' },
  ]),
  [{ chat: 0.6, models: 0.6, token: 0.5 }, 'redirect loop', { redirect: 307, to: 'loop' }],
  [{ chat: 0.6, models: 0.6, token: 0.5 }, 'redirect to nowhere', { redirect: 302, to: 'nowhere' }],
  [{ chat: 0.6, models: 0.6 }, 'redirect on the host', { redirect: 307, to: 'same' }],
  [{ chat: 2, models: 2, token: 5 }, 'late', { delayMs: 700 }, 'after', true],
  [{ chat: 1, token: 3 }, 'very late', { delayMs: 3_000 }, 'after', true],
  [{ chat: 2, models: 2, token: 2 }, 'slow bytes', { slowMs: 4 }, 'after', true],
  [{ chat: 1, models: 1, token: 0.5 }, 'one byte a second', { slowMs: 1_000 }, 'after'],
  [{ chat: 2, models: 1, token: 1.5 }, 'answer lost: reset', { reset: 'before-body' }, 'after'],
  [{ chat: 2, models: 1, token: 1 }, 'answer lost: reset in the body', { reset: 'mid-body' }, 'after'],
  [{ chat: 1, token: 0.7 }, 'answer lost: hangs', { hang: 'body' }, 'after'],
  [{ token: 0.7 }, 'answer lost: proxy page', { answer: 502, body: PAGE, headers: HTML }, 'after'],
  [{ chat: 1, models: 1, token: 0.5 }, 'answer cut', { mangle: 'cut' }, 'after'],
  [{ chat: 1, models: 1, token: 0.5 }, 'answer is not JSON', { mangle: 'not-json' }, 'after'],
  [{ chat: 1, models: 1, token: 0.5 }, 'empty answer', { mangle: 'empty' }, 'after'],
  [{ chat: 1, models: 1 }, 'garbage after the end', { mangle: 'garbage-end' }, 'after'],
  [{ chat: 1, models: 1, token: 1 }, 'wrong content type', { mangle: 'odd-type' }, 'after', true],
  [{ chat: 2 }, 'broken event', { mangle: 'broken-event' }, 'after'],
  [{ chat: 2 }, 'error event', { mangle: 'error-event' }, 'after'],
  [{ chat: 2 }, 'stream without its end', { mangle: 'no-done' }, 'after'],
];

/** How much of the whole goes well. */
const FAULTLESS: Readonly<Record<Endpoint, number>> = { chat: 110, models: 40, token: 60 };

/** Draws the faults of one endpoint of one host. */
export function faultsOf(seed: number, host: number, endpoint: Endpoint): () => Fault | undefined {
  const random: Random = randomOf(seed, `server/${host}/${endpoint}`);
  const weights: Record<string, number> = { none: FAULTLESS[endpoint] };
  const byName = new Map<string, Fault>();
  for (const [weight, name, act, stage = 'before', delivers = false] of ROWS) {
    if (weight[endpoint] !== undefined) {
      weights[name] = weight[endpoint];
      byName.set(name, { name, act, stage, delivers });
    }
  }
  return () => byName.get(random.weighted(weights));
}

/** Every token answer takes long enough for two processes to meet there. */
export const SLOW_TOKENS: Fault = { name: 'late', act: { delayMs: 400 }, stage: 'after', delivers: true };
