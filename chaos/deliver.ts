/** Puts an answer on the wire, or what a fault makes of it. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Act } from './faults.ts';

export type Answer = { status: number; headers: Record<string, string>; body: Buffer };

/** What an answer may quote, and where else it may point. */
export type Place = { request: Buffer; headers: IncomingHttpHeaders; path: string; others: readonly string[] };

/** A server that never ends gives up at last, so that the run does. */
const LONGEST_MS = 100_000;
const DROPPED = ['content-length', 'connection', 'keep-alive', 'transfer-encoding', 'date'];

/** Resolves with whether the whole answer was taken by the client's side of the connection. */
export async function deliver(
  response: ServerResponse,
  answer: Answer,
  act: Act | undefined,
  place: Place,
): Promise<boolean> {
  const finished = new Promise<boolean>(resolve => {
    response.once('finish', () => resolve(true));
    response.once('close', () => resolve(false));
  });
  const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !DROPPED.includes(name)));
  await send(response, { ...answer, headers }, act, place);
  return finished;
}

async function send(response: ServerResponse, answer: Answer, act: Act | undefined, place: Place): Promise<void> {
  if (act === undefined) {
    response.writeHead(answer.status, answer.headers).end(answer.body);
  } else if ('answer' in act) {
    response.writeHead(act.answer, act.headers).end(act.body);
  } else if ('echo' in act) {
    response.writeHead(act.echo, { 'content-type': 'text/html' }).end(echoOf(place, act.copies));
  } else if ('redirect' in act) {
    response.writeHead(act.redirect, { location: locationOf(act.to, place) }).end();
  } else if ('reset' in act) {
    await reset(response, answer, act.reset);
  } else if ('hang' in act) {
    if (act.hang === 'body') {
      response.writeHead(answer.status, answer.headers).flushHeaders();
    }
    await untilGone(response, LONGEST_MS);
    response.destroy();
  } else if ('endless' in act) {
    await endless(response, act.endless);
  } else if ('delayMs' in act) {
    await delay(act.delayMs);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  } else if ('slowMs' in act) {
    await slowly(response, answer, act.slowMs);
  } else {
    const { headers, body } = mangled(answer, act.mangle);
    response.writeHead(answer.status, headers).end(body);
  }
}

/** All that the client said, as a debugging page shows it: with its credential, and in other writings. */
function echoOf({ request, headers, path }: Place, copies: number): string {
  const text = `${path}\n${JSON.stringify(headers)}\n${request.toString()}\n`;
  const credential = String(headers.authorization ?? request.toString());
  const more = [encodeURIComponent(credential), Buffer.from(credential).toString('base64'), credential.toUpperCase()];
  return `<html><pre>${text.repeat(copies)}\n${more.join('\n')}</pre></html>`;
}

function locationOf(to: 'same' | 'other-host' | 'loop' | 'nowhere', { path, others }: Place): string {
  switch (to) {
    case 'same':
      return `${path}?again=1`;
    case 'loop':
      return path;
    case 'other-host':
      return `${others[0] ?? 'http://127.0.0.1:9'}${path}`;
    case 'nowhere':
      return 'https://[not a place/';
  }
}

async function reset(response: ServerResponse, { status, headers, body }: Answer, stage: string): Promise<void> {
  if (stage === 'after-headers' || stage === 'mid-body') {
    response.writeHead(status, { ...headers, 'content-length': String(body.length + 100) });
    response.flushHeaders();
    response.write(body.subarray(0, stage === 'mid-body' ? body.length / 2 : 0));
    await delay(20);
  }
  response.socket?.resetAndDestroy();
  response.destroy();
}

async function endless(response: ServerResponse, what: 'text' | 'event'): Promise<void> {
  response.writeHead(200, { 'content-type': what === 'event' ? 'text/event-stream' : 'application/json' });
  response.write(what === 'event' ? 'data: {"id":"' : '{"error":"');
  const packet = Buffer.alloc(65_536, 'a');
  const end = Date.now() + LONGEST_MS;
  while (!response.destroyed && Date.now() < end) {
    // A server is not faster than this, and the harness shares the machine with those it tests.
    await delay(2);
    if (!response.writableNeedDrain) {
      response.write(packet);
    }
  }
  response.destroy();
}

async function slowly(response: ServerResponse, { status, headers, body }: Answer, pauseMs: number): Promise<void> {
  response.writeHead(status, headers);
  // Timers of less than a few milliseconds are not kept: several bytes at once for a fast trickle.
  const size = pauseMs < 100 ? 16 : 1;
  const end = Date.now() + LONGEST_MS;
  for (let sent = 0; sent < body.length && !response.destroyed && Date.now() < end; sent += size) {
    response.write(body.subarray(sent, sent + size));
    await delay(pauseMs);
  }
  response.end();
}

function mangled({ headers, body }: Answer, how: string): { headers: Record<string, string>; body: Buffer | string } {
  const text = body.toString();
  const events = text.split(/(?<=\n\n)/);
  switch (how) {
    case 'cut':
      return { headers, body: body.subarray(0, body.length / 2) };
    case 'garbage-end':
      return { headers, body: `${text}\n\0\x1b[31m}{"trailing":` };
    case 'broken-event':
      return { headers, body: events.toSpliced(1, 0, 'data: {"choices":[{"delta":\n\n').join('') };
    case 'error-event':
      return { headers, body: `${events[0]}data: {"error":{"message":"Internal error","type":"server_error"}}\n\n` };
    case 'no-done':
      return { headers, body: events.slice(0, Math.max(1, Math.floor(events.length / 2))).join('') };
    case 'empty':
      return { headers, body: '' };
    case 'odd-type':
      return { headers: { ...headers, 'content-type': 'text/html' }, body };
    default:
      return { headers, body: 'upstream connect error or disconnect/reset before headers' };
  }
}

async function untilGone(response: ServerResponse, mostMs: number): Promise<void> {
  if (response.destroyed) {
    return;
  }
  const gone = new AbortController();
  const close = () => gone.abort();
  response.once('close', close);
  await delay(mostMs, undefined, { signal: gone.signal, ref: false }).catch(() => undefined);
  response.off('close', close);
}
